// A small valid module that uses every instruction, for tests to read, write and break.
#pragma once

#include "format/Module.h"

namespace winnow::format {

inline Module sampleModule() {
  Module module;
  module.producer = "winnow test";
  module.report = R"({"phases":["tile","lower"]})";
  module.images = {{"host:x86-64", "elf", {1, 2, 3, 4, 5}},
                   {"cuda:sm_80", "ptx", std::vector<uint8_t>(100, 'p')}};
  module.weightData.resize((size_t(1) << 20) + 4096);
  for (size_t i = 0; i < module.weightData.size(); ++i)
    module.weightData[i] = uint8_t(i * 31 + (i >> 8));
  module.weights = {{"w", 0, 256}, {"bias", uint64_t(1) << 20, 64}};

  module.parameters = {{"beta", ElementType::F32, 0x3f000000}, {"rows", ElementType::I64, 8}};
  module.states = {{"history", ElementType::F32, {{kDynamic, 1}, {16, 0}}, 0}};

  Kernel kernel;
  kernel.name = "main_0";
  kernel.origin = "Conv_0, Relu_1";
  kernel.bufferCount = 3;
  kernel.sizeCount = 1;
  kernel.bufferIsWritten = {0, 0, 1};
  kernel.variants = {{0, "main_0", {8}, 1, 0}, {1, "main_0", {8}, 128, 1024}};
  module.kernels = {kernel};

  Function function;
  function.name = "main";
  function.inputs = {{"x", ElementType::F32, {{kDynamic, "batch", 0, 64}, {16, "", 16, 16}}}};
  function.outputs = {{"y", ElementType::F32, {{kDynamic, "batch", 0, 64}, {16, "", 16, 16}}}};
  function.strings = {"'batch' is not what it should be"};
  function.scalarCount = 16;
  function.bufferCount = 10;
  function.body = {
      {Opcode::InputDimension, 0, 0, {0, 0}},
      {Opcode::Constant, 1, 64, {}},
      {Opcode::Multiply, 2, 0, {0, 1}},
      {Opcode::Constant, 3, 0, {}},
      {Opcode::Add, 4, 0, {2, 3}},
      {Opcode::Subtract, 5, 0, {4, 3}},
      {Opcode::FloorDivide, 6, 0, {5, 1}},
      {Opcode::CeilDivide, 7, 0, {5, 1}},
      {Opcode::Remainder, 8, 0, {5, 1}},
      {Opcode::Minimum, 9, 0, {6, 7}},
      {Opcode::Maximum, 10, 0, {6, 7}},
      {Opcode::Equal, 11, 0, {9, 10}},
      {Opcode::Less, 12, 0, {9, 10}},
      {Opcode::Select, 13, 0, {11, 9, 10}},
      {Opcode::Check, 0, 0, {13, 0}},
      {Opcode::Constant, 14, 16, {}},
      {Opcode::ParameterValue, 15, 0, {1}},
      {Opcode::Input, 0, 0, {0}},
      {Opcode::Weight, 1, 0, {1}},
      {Opcode::Output, 2, 0, {0, 0, 14}},
      {Opcode::Allocate, 3, 0, {2}},
      {Opcode::Dispatch, 0, 0, {0, 1, 0, 3, 0, 1, 3, 0}},
      {Opcode::Slice, 4, 0, {3, 3, 2}},
      {Opcode::Allocate, 5, 0, {2}},
      {Opcode::Copy, 0, 0, {5, 4}},
      {Opcode::Release, 0, 0, {3}},
      {Opcode::Copy, 0, 0, {2, 5}},
      {Opcode::Release, 0, 0, {5}},
      {Opcode::Parameter, 7, 0, {0}},
      {Opcode::State, 8, 0, {0}},
      {Opcode::NextState, 9, 0, {0}},
      {Opcode::Copy, 0, 0, {9, 8}},
      {Opcode::If, 0, 0, {0}},
      {Opcode::Allocate, 6, 0, {2}},
      {Opcode::Copy, 0, 0, {6, 0}},
      {Opcode::Release, 0, 0, {6}},
      {Opcode::Else, 0, 0, {}},
      {Opcode::Copy, 0, 0, {2, 0}},
      {Opcode::EndIf, 0, 0, {}},
      {Opcode::Return, 0, 0, {}},
  };
  module.functions = {function};
  return module;
}

} // namespace winnow::format
