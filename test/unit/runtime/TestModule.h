// A module for the runtime's tests, with native code made of kernels.c.
//   main(x: float32[batch=1..64, 16]) -> y: float32[batch, 16], z: int64[batch]
//     h = relu(x * w); y = h + bias; z = argmax(y); w = 1, -2, 3, -4, ...; bias = 0.5
//   count(steps: bool[n=0..100000, steps]) -> counts: int64[n], each the size of `steps`
#pragma once

#include "format/Module.h"

#include <cstring>
#include <fstream>
#include <initializer_list>
#include <iterator>

namespace winnow::runtime {

inline std::vector<uint8_t> readBytes(const std::string &path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// Appends instructions and numbers their registers.
class ProgramBuilder {
public:
  explicit ProgramBuilder(format::Function &function) : function(function) {}

  uint32_t scalar(format::Opcode opcode, std::vector<uint32_t> operands, int64_t immediate = 0) {
    function.body.push_back({opcode, function.scalarCount, immediate, std::move(operands)});
    return function.scalarCount++;
  }
  uint32_t constant(int64_t value) { return scalar(format::Opcode::Constant, {}, value); }
  uint32_t buffer(format::Opcode opcode, std::vector<uint32_t> operands) {
    function.body.push_back({opcode, function.bufferCount, 0, std::move(operands)});
    return function.bufferCount++;
  }
  void effect(format::Opcode opcode, std::vector<uint32_t> operands, int64_t immediate = 0) {
    function.body.push_back({opcode, 0, immediate, std::move(operands)});
  }
  void dispatch(uint32_t kernel, std::vector<uint32_t> extents, std::vector<uint32_t> buffers,
                std::vector<uint32_t> sizes) {
    std::vector<uint32_t> operands = {kernel, uint32_t(extents.size())};
    operands.insert(operands.end(), extents.begin(), extents.end());
    operands.push_back(uint32_t(buffers.size()));
    operands.insert(operands.end(), buffers.begin(), buffers.end());
    operands.insert(operands.end(), sizes.begin(), sizes.end());
    effect(format::Opcode::Dispatch, std::move(operands));
  }

private:
  format::Function &function;
};

inline void addFloats(format::Module &module, std::string name, const std::vector<float> &values) {
  module.weights.push_back({std::move(name), module.weightData.size(), values.size() * sizeof(float)});
  size_t start = module.weightData.size();
  module.weightData.resize(start + (values.size() * sizeof(float) + 63) / 64 * 64);
  std::memcpy(module.weightData.data() + start, values.data(), values.size() * sizeof(float));
}

inline format::Function mainSignature() {
  format::Function function;
  function.name = "main";
  format::Dimension batch = {format::kDynamic, "batch", 1, 64}, width = {16, "", 16, 16};
  function.inputs = {{"x", format::ElementType::F32, {batch, width}}};
  function.outputs = {{"y", format::ElementType::F32, {batch, width}},
                      {"z", format::ElementType::I64, {batch}}};
  return function;
}

inline format::Function mainFunction() {
  using format::Opcode;
  format::Function function = mainSignature();
  ProgramBuilder program(function);
  uint32_t batch = program.scalar(Opcode::InputDimension, {0, 0});
  uint32_t width = program.constant(16), rowBytes = program.constant(64), which = program.constant(0);
  uint32_t bytes = program.scalar(Opcode::Multiply, {batch, rowBytes});
  uint32_t x = program.buffer(Opcode::Input, {0});
  uint32_t w = program.buffer(Opcode::Weight, {0});
  uint32_t h = program.buffer(Opcode::Allocate, {bytes});
  program.dispatch(0, {batch, width}, {x, w, h}, {batch, batch});
  uint32_t bias = program.buffer(Opcode::Weight, {1});
  uint32_t sum = program.buffer(Opcode::Allocate, {bytes});
  program.dispatch(1, {batch, width}, {h, bias, sum}, {batch, batch});
  program.effect(Opcode::Release, {h});
  uint32_t y = program.buffer(Opcode::Output, {0, batch, width});
  uint32_t z = program.buffer(Opcode::Output, {1, batch});
  program.effect(Opcode::Copy, {y, sum});
  program.dispatch(2, {batch}, {sum, z}, {batch, batch, which});
  program.effect(Opcode::Release, {sum});
  program.effect(Opcode::Return, {});
  return function;
}

inline format::Function referenceFunction() {
  using format::Opcode;
  format::Function function = mainSignature();
  function.device = "reference";
  ProgramBuilder program(function);
  uint32_t batch = program.scalar(Opcode::InputDimension, {0, 0}), width = program.constant(16);
  uint32_t x = program.buffer(Opcode::Input, {0}), w = program.buffer(Opcode::Weight, {0});
  uint32_t bias = program.buffer(Opcode::Weight, {1});
  uint32_t y = program.buffer(Opcode::Output, {0, batch, width}),
           z = program.buffer(Opcode::Output, {1, batch});
  program.dispatch(4, {}, {x, w, bias, y, z}, {batch, batch, batch});
  program.effect(Opcode::Return, {});
  return function;
}

inline format::Function countFunction() {
  using format::Opcode;
  format::Function function;
  function.name = "count";
  format::Dimension n = {format::kDynamic, "n", 0, 100000}, steps = {format::kDynamic, "steps"};
  function.inputs = {{"steps", format::ElementType::Bool, {n, steps}}};
  function.outputs = {{"counts", format::ElementType::I64, {n}}};
  ProgramBuilder program(function);
  uint32_t items = program.scalar(Opcode::InputDimension, {0, 0});
  uint32_t stepCount = program.scalar(Opcode::InputDimension, {0, 1});
  uint32_t counts = program.buffer(Opcode::Output, {0, items});
  program.dispatch(3, {items}, {counts}, {items, stepCount});
  program.effect(Opcode::Return, {});
  return function;
}

/// `image`: the ELF file that kernels.c was compiled to. `cpu` names the CPU that it is said to be for.
inline format::Module testModule(std::vector<uint8_t> image, const std::string &cpu) {
  format::Module module;
  module.producer = "winnow test";
  module.report = R"({"note":"made by a test"})";
  module.images = {{"host:" + cpu, "elf", image}, {"reference:" + cpu, "elf", image}};
  std::vector<float> weights, bias(16, 0.5f);
  for (int i = 0; i < 16; ++i)
    weights.push_back(float(i % 2 ? -(i + 1) : i + 1));
  addFloats(module, "w", weights);
  addFloats(module, "bias", bias);
  auto kernel = [&](const char *name, const char *symbol, std::vector<uint8_t> written, uint32_t sizeCount,
                    std::vector<int64_t> tile, uint32_t imageIndex) {
    format::Kernel made;
    made.name = name;
    made.origin = std::string("node_") + name;
    made.bufferCount = uint32_t(written.size());
    made.sizeCount = sizeCount;
    made.bufferIsWritten = std::move(written);
    made.variants = {{imageIndex, symbol, std::move(tile), 1, 0}};
    module.kernels.push_back(std::move(made));
  };
  kernel("main_0", "scale_relu", {0, 0, 1}, 2, {1, 16}, 0);
  kernel("main_1", "add_bias", {0, 0, 1}, 2, {1, 16}, 0);
  kernel("main_2", "choose", {0, 1}, 3, {1}, 0);
  kernel("count_0", "count", {1}, 2, {1}, 0);
  kernel("reference_0", "reference_main", {0, 0, 0, 1, 1}, 3, {}, 1);
  module.functions = {mainFunction(), referenceFunction(), countFunction()};
  return module;
}

} // namespace winnow::runtime
