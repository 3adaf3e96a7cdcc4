// A module for the tests of the cuda device: everything that a program can do with a device's memory.
//   step(x: float32[n <= 65536], other: bool[1]) -> y: float32[n]
//     far' = x * beta + far; near' = far' * 2 + near; y = other ? near' : far'
// `far` and `near` are states, in the device's memory and in the host's; beta is a parameter, 2 a weight.
#pragma once

#include "../TestModule.h"

#include <string>
#include <string_view>

namespace winnow::test {

/// y[i] = x[i] * factor + addend[i] for each item i < n.
inline constexpr std::string_view kMultiplyAdd = R"(.version 8.0
.target sm_80
.address_size 64
.visible .entry multiply_add(.param .u64 x, .param .u64 factor, .param .u64 addend, .param .u64 y, .param .u64 n)
{
  .reg .b32 %r<4>; .reg .b64 %rd<7>; .reg .f32 %f<5>; .reg .pred %p<1>;
  mov.u32 %r0, %ctaid.x; mov.u32 %r1, %ntid.x; mov.u32 %r2, %tid.x;
  mad.lo.s32 %r0, %r0, %r1, %r2;
  cvt.u64.u32 %rd0, %r0;
  ld.param.u64 %rd1, [n];
  setp.ge.u64 %p0, %rd0, %rd1;
  @%p0 bra END;
  ld.param.u64 %rd2, [x]; ld.param.u64 %rd3, [factor]; ld.param.u64 %rd4, [addend]; ld.param.u64 %rd5, [y];
  shl.b64 %rd6, %rd0, 2;
  add.s64 %rd2, %rd2, %rd6; add.s64 %rd4, %rd4, %rd6; add.s64 %rd5, %rd5, %rd6;
  ld.global.f32 %f0, [%rd2]; ld.global.f32 %f1, [%rd3]; ld.global.f32 %f2, [%rd4];
  mul.rn.f32 %f3, %f0, %f1; add.rn.f32 %f4, %f3, %f2;
  st.global.f32 [%rd5], %f4;
END:
  ret;
}
)";

inline std::vector<uint8_t> bytesOf(std::string_view text) { return {text.begin(), text.end()}; }

/// How many floats each state has.
inline constexpr int64_t kStateWidth = 600;

inline format::Function stepFunction() {
  using format::Opcode;
  format::Function function;
  function.name = "step";
  format::Dimension n = {kStateWidth, "n", kStateWidth, kStateWidth};
  function.inputs = {{"x", format::ElementType::F32, {n}},
                     {"other", format::ElementType::Bool, {{1, "", 1, 1}}}};
  function.outputs = {{"y", format::ElementType::F32, {n}}};
  runtime::ProgramBuilder program(function);
  uint32_t width = program.constant(kStateWidth), bytes = program.constant(kStateWidth * 4);
  uint32_t x = program.buffer(Opcode::Input, {0}), other = program.buffer(Opcode::Input, {1});
  uint32_t y = program.buffer(Opcode::Output, {0, width});
  uint32_t beta = program.buffer(Opcode::Parameter, {0}), two = program.buffer(Opcode::Weight, {0});
  uint32_t far = program.buffer(Opcode::State, {0}), near = program.buffer(Opcode::State, {1});
  uint32_t nextFar = program.buffer(Opcode::NextState, {0}),
           nextNear = program.buffer(Opcode::NextState, {1});
  uint32_t sum = program.buffer(Opcode::Allocate, {bytes});
  program.dispatch(0, {width}, {x, beta, far, sum}, {width});
  program.effect(Opcode::Copy, {nextFar, sum});
  program.dispatch(0, {width}, {sum, two, near, nextNear}, {width});
  program.effect(Opcode::If, {other});
  program.effect(Opcode::Copy, {y, nextNear});
  program.effect(Opcode::Else, {});
  program.effect(Opcode::Copy, {y, sum});
  program.effect(Opcode::EndIf, {});
  program.effect(Opcode::Release, {sum});
  program.effect(Opcode::Return, {});
  return function;
}

inline format::Module stepModule() {
  format::Module module;
  module.producer = "winnow test";
  module.images = {{"cuda:sm_80", "ptx", bytesOf(kMultiplyAdd)}};
  runtime::addFloats(module, "two", {2});
  module.parameters = {{"beta", format::ElementType::F32, 0x3f800000}};
  module.states = {{"far", format::ElementType::F32, {{kStateWidth, 0}}, 0, format::Placement::Device},
                   {"near", format::ElementType::F32, {{kStateWidth, 0}}, 0, format::Placement::Host}};
  module.kernels = {{"step_0", "node", 4, 1, {0, 0, 0, 1}, {{0, "multiply_add", {1}, 64, 0}}}};
  module.functions = {stepFunction()};
  return module;
}

} // namespace winnow::test
