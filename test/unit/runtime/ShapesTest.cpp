// Shape checks with their messages, and the integer arithmetic of programs with its edges.
#include "TestModule.h"

#include "runtime/plan/Binding.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace winnow::runtime;
using namespace winnow::format;

namespace {

Signature tensor(const char *name, std::vector<Dimension> shape) {
  return {name, ElementType::F32, std::move(shape)};
}

std::string messageFor(const std::vector<Signature> &signatures, const std::vector<Shape> &shapes) {
  return checkShapes("input", signatures, shapes).message();
}

TEST(Shapes, Messages) {
  std::vector<Signature> signatures = {
      tensor("x", {{kDynamic, "batch", 1, 64}, {16, "", 0, 0}}),
      tensor("m", {{kDynamic, "batch", 0, 99}, {kDynamic, "", 3, INT64_MAX}})};
  EXPECT_EQ(messageFor(signatures, {{4, 16}, {4, 3}}), "");
  EXPECT_EQ(messageFor(signatures, {{16}, {4, 3}}), "input 'x': expected rank 2, found 1 (16)");
  EXPECT_EQ(messageFor(signatures, {{}, {4, 3}}), "input 'x': expected rank 2, found 0 (scalar)");
  EXPECT_EQ(messageFor(signatures, {{4, 17}, {4, 3}}), "input 'x', dimension 1: expected 16, found 17");
  EXPECT_EQ(messageFor(signatures, {{65, 16}, {4, 3}}),
            "input 'x', dimension 0 ('batch'): expected 1 to 64, found 65");
  EXPECT_EQ(messageFor(signatures, {{4, 16}, {4, 2}}),
            "input 'm', dimension 1: expected at least 3, found 2");
  EXPECT_EQ(messageFor(signatures, {{4, 16}, {5, 3}}),
            "input 'm', dimension 0 ('batch'): expected 4 as in input 'x', found 5");
}

int64_t evaluated(Opcode opcode, std::vector<int64_t> values) {
  Function function;
  function.name = "f";
  ProgramBuilder program(function);
  std::vector<uint32_t> operands;
  for (int64_t value : values)
    operands.push_back(program.constant(value));
  uint32_t result = program.scalar(opcode, operands);
  std::vector<int64_t> scalars(function.scalarCount);
  for (size_t i = 0; i < function.body.size(); ++i) {
    if (Status status = evaluateScalar(function, i, {}, {}, scalars); !status.ok())
      throw std::runtime_error(status.message());
  }
  return scalars[result];
}

TEST(Shapes, Arithmetic) {
  EXPECT_EQ(evaluated(Opcode::Add, {3, 4}), 7);
  EXPECT_EQ(evaluated(Opcode::Subtract, {3, 4}), -1);
  EXPECT_EQ(evaluated(Opcode::Multiply, {3, 4}), 12);
  EXPECT_EQ(evaluated(Opcode::Minimum, {3, -4}), -4);
  EXPECT_EQ(evaluated(Opcode::Maximum, {3, -4}), 3);
  EXPECT_EQ(evaluated(Opcode::Equal, {3, 3}), 1);
  EXPECT_EQ(evaluated(Opcode::Equal, {3, 4}), 0);
  EXPECT_EQ(evaluated(Opcode::Less, {3, 4}), 1);
  EXPECT_EQ(evaluated(Opcode::Less, {4, 4}), 0);
  EXPECT_EQ(evaluated(Opcode::Select, {0, 5, 6}), 6);
  EXPECT_EQ(evaluated(Opcode::Select, {-1, 5, 6}), 5);
}

TEST(Shapes, DivisionRoundsByItsName) {
  for (int64_t a : {-7, -6, -1, 0, 1, 6, 7}) {
    for (int64_t b : {-3, -2, -1, 1, 2, 3}) {
      double quotient = double(a) / double(b);
      EXPECT_EQ(evaluated(Opcode::FloorDivide, {a, b}), int64_t(std::floor(quotient))) << a << "/" << b;
      EXPECT_EQ(evaluated(Opcode::CeilDivide, {a, b}), int64_t(std::ceil(quotient))) << a << "/" << b;
      EXPECT_EQ(evaluated(Opcode::Remainder, {a, b}), a - int64_t(std::floor(quotient)) * b) << a << "/" << b;
    }
  }
}

TEST(Shapes, ArithmeticFailures) {
  for (auto [opcode, a, b] : {std::tuple(Opcode::Add, INT64_MAX, int64_t(1)),
                              {Opcode::Subtract, INT64_MIN, 1},
                              {Opcode::Multiply, INT64_MAX, 2},
                              {Opcode::FloorDivide, 1, 0},
                              {Opcode::CeilDivide, 1, 0},
                              {Opcode::Remainder, 1, 0},
                              {Opcode::FloorDivide, INT64_MIN, -1},
                              {Opcode::Remainder, INT64_MIN, -1}})
    EXPECT_THROW(evaluated(opcode, {a, b}), std::runtime_error) << name(opcode);
}

TEST(Shapes, Checks) {
  Function function;
  function.name = "f";
  function.strings = {"the widths differ"};
  ProgramBuilder program(function);
  uint32_t a = program.constant(3), b = program.constant(4);
  program.effect(Opcode::Check, {a, b}, 0);
  std::vector<int64_t> scalars = {3, 4};
  EXPECT_EQ(evaluateScalar(function, function.body.size() - 1, {}, {}, scalars).message(),
            "function 'f': the widths differ: 3 and 4 are not equal");
}

TEST(Shapes, ByteSizes) {
  EXPECT_EQ(*byteSize(Shape{}, ElementType::I64), 8);
  EXPECT_EQ(*byteSize(Shape{INT64_MAX, 0, INT64_MAX}, ElementType::I64), 0);
  EXPECT_FALSE(byteSize(Shape{INT64_MAX, 2}, ElementType::I8).ok());
  EXPECT_FALSE(byteSize(Shape{(int64_t(1) << 62) + 1}, ElementType::I8).ok());
}

/// A function that runs `build` between its input x: [n] and its return.
template <typename Build> std::string bindingError(Build build, int64_t n) {
  Module module;
  Function function;
  function.name = "f";
  function.inputs = {{"x", ElementType::I8, {{kDynamic, "n"}}}};
  ProgramBuilder program(function);
  uint32_t size = program.scalar(Opcode::InputDimension, {0, 0});
  uint32_t x = program.buffer(Opcode::Input, {0});
  build(program, size, x);
  program.effect(Opcode::Return, {});
  return bindProgram(module, function, std::vector<Shape>{{n}}, {}).status().message();
}

TEST(Binding, SlicesAreWithinTheirBuffer) {
  auto slice = [](ProgramBuilder &program, uint32_t n, uint32_t x) {
    program.buffer(Opcode::Slice, {x, program.constant(8), n});
  };
  EXPECT_EQ(bindingError(slice, 9),
            "function 'f', instruction 3 (slice): 9 bytes at offset 8 exceed the buffer of 9 bytes");
  auto negative = [](ProgramBuilder &program, uint32_t n, uint32_t x) {
    program.buffer(Opcode::Slice, {x, program.constant(-1), n});
  };
  EXPECT_NE(bindingError(negative, 9).find("9 bytes at offset -1"), std::string::npos);
}

TEST(Binding, AllocationsAreSane) {
  auto allocate = [](ProgramBuilder &program, uint32_t n, uint32_t) {
    uint32_t bytes = program.scalar(Opcode::Subtract, {n, program.constant(10)});
    program.buffer(Opcode::Allocate, {bytes});
  };
  EXPECT_EQ(bindingError(allocate, 10), "");
  EXPECT_NE(bindingError(allocate, 9).find("cannot allocate -1 bytes"), std::string::npos);
  auto huge = [](ProgramBuilder &program, uint32_t, uint32_t) {
    uint32_t bytes = program.constant(int64_t(1) << 61);
    for (int i = 0; i < 3; ++i)
      program.buffer(Opcode::Allocate, {bytes});
  };
  EXPECT_NE(bindingError(huge, 1).find("cannot allocate 2305843009213693952 bytes"), std::string::npos);
}

TEST(Binding, CopiesNeedEqualSizes) {
  auto copy = [](ProgramBuilder &program, uint32_t, uint32_t x) {
    uint32_t to = program.buffer(Opcode::Allocate, {program.constant(4)});
    program.effect(Opcode::Copy, {to, x});
  };
  EXPECT_EQ(bindingError(copy, 4), "");
  EXPECT_NE(bindingError(copy, 5).find("cannot copy 5 bytes to 4"), std::string::npos);
}

TEST(Binding, OutputsKeepTheirDeclaration) {
  Module module = testModule({}, "x86-64");
  Function &function = module.functions[0];
  function.outputs[0].shape[1].size = 15; // the program makes 16
  EXPECT_EQ(bindProgram(module, function, std::vector<Shape>{{2, 16}}, {}).status().message(),
            "output 'y', dimension 1: expected 15, found 16");
}

} // namespace
