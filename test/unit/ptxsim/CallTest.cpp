// Functions: parameters in memory and in registers, nested and divergent calls, and what is refused.
#include "test/unit/ptxsim/Harness.h"

#include <numeric>

namespace winnow::ptxsim::test {
namespace {

constexpr const char *kFunctions = R"(
.func (.param .b32 result) twice(.param .b32 x);
.func (.param .b32 result) twice(.param .b32 x) {
  .reg .b32 %r<2>; ld.param.b32 %r0, [x]; add.u32 %r1, %r0, %r0; st.param.b32 [result], %r1; ret; }
.func (.reg .u32 %result) square(.reg .u32 %x) { mul.lo.u32 %result, %x, %x; ret; }
// 3 for even x; else 10 * twice(x).
.func (.param .b32 result) mixed(.param .b32 x) {
  .reg .b32 %r<4>; .reg .pred %p;
  ld.param.b32 %r0, [x]; and.b32 %r1, %r0, 1; setp.ne.u32 %p, %r1, 0; @%p bra ODD;
  mov.b32 %r2, 3; st.param.b32 [result], %r2; ret;
ODD: { .param .b32 a; .param .b32 b; st.param.b32 [a], %r0; call.uni (b), twice, (a); ld.param.b32 %r2, [b]; }
  mul.lo.u32 %r2, %r2, 10; st.param.b32 [result], %r2; ret; }
.func nothing() { ret; }
.func leave() { exit; }
)";

std::vector<uint32_t> perThread(const std::string &body, const std::string &functions = kFunctions) {
  std::vector<uint32_t> out(64, 77);
  Execution run(header() + functions + R"(.visible .entry k(.param .u64 out) {
    .reg .b32 %x, %r<8>; .reg .pred %p<4>; .reg .b64 %q; mov.u32 %x, %tid.x; mov.u32 %r0, 0;
    )" + body + R"( ld.param.u64 %q, [out]; mad.wide.u32 %q, %x, 4, %q; st.global.u32 [%q], %r0; ret; })");
  format::Status status = run.buffer(out, "out").launch(1, 64);
  EXPECT_TRUE(status.ok()) << status.message();
  return out;
}

TEST(Call, ParametersInMemory) {
  auto out = perThread("{ .param .b32 a; .param .b32 b; st.param.b32 [a+0], %x; call.uni (b), twice, (a); "
                       "ld.param.b32 %r0, [b+0]; }");
  for (uint32_t x = 0; x < 64; ++x)
    EXPECT_EQ(out[x], 2 * x);
}

TEST(Call, ParametersInRegisters) {
  auto out =
      perThread("call (%r1), square, (%x); call (%r2), square, (3); add.u32 %r0, %r1, %r2; call nothing;");
  for (uint32_t x = 0; x < 64; ++x)
    EXPECT_EQ(out[x], x * x + 9);
}

// Lanes return from different places, meet behind the call, and come twice with the function's own registers.
TEST(Call, NestedAndDivergent) {
  auto out = perThread("mov.u32 %r3, 2; LOOP: { .param .b32 a; .param .b32 b; st.param.b32 [a], %x;"
                       "call (b), mixed, (a); ld.param.b32 %r1, [b]; } add.u32 %r0, %r0, %r1;"
                       "vote.sync.ballot.b32 %r4, 1, -1; setp.ne.u32 %p1, %r4, -1; @%p1 trap;"
                       "sub.u32 %r3, %r3, 1; setp.ne.u32 %p0, %r3, 0; @%p0 bra LOOP;");
  for (uint32_t x = 0; x < 64; ++x)
    EXPECT_EQ(out[x], x % 2 ? 40 * x : 6) << x;
}

TEST(Call, GuardedCallsAndExits) {
  auto out = perThread("mov.u32 %r0, 5; setp.lt.u32 %p0, %x, 10; @%p0 call (%r0), square, (%x);"
                       "setp.ge.u32 %p1, %x, 50; @%p1 call leave;");
  for (uint32_t x = 0; x < 64; ++x)
    EXPECT_EQ(out[x], x >= 50 ? 77 : x < 10 ? x * x : 5) << x;
}

// Shared memory of a function is one variable, however often it is called.
TEST(Call, SharedVariablesOfFunctions) {
  auto out = perThread("call put, (%x); bar.sync 0; call (%r0), get;", R"(
    .shared .align 4 .b32 box[64];
    .func put(.reg .u32 %v) { .reg .b32 %a; mov.u32 %a, box; mad.lo.u32 %a, %v, 4, %a; st.shared.u32 [%a], %v; ret; }
    .func (.reg .u32 %v) get() { .reg .b32 %a; mov.u32 %a, %tid.x; xor.b32 %v, %a, 63; mov.u32 %a, box;
      mad.lo.u32 %a, %v, 4, %a; ld.shared.u32 %v, [%a]; ret; })");
  for (uint32_t x = 0; x < 64; ++x)
    EXPECT_EQ(out[x], x ^ 63);
}

TEST(Call, RefusesWhatItCannotExecute) {
  struct {
    const char *text, *message;
  } cases[] = {
      {".func f(.reg .b32 %x) { call f, (%x); ret; } .entry k() { .reg .b64 %r; call f, (%r); ret; }",
       "a 32-bit register instead of '%r'"},
      {".func (.reg .b32 %y) f() { call (%y), f; ret; } .entry k() { .param .b32 p; call (p), f; ret; }",
       "a register instead of 'p'"},
      {".extern .func __assertfail(.param .b64 a); .entry k() { .param .b64 p; call __assertfail, (p); ret; "
       "}",
       "function '__assertfail' is declared with other parameters than the CUDA runtime's"},
      {".extern .func f(); .entry k() { call f; ret; }", "function 'f' has no body"},
      {".entry k() { call f; ret; }", "'f' is not declared"},
      {".func f(.reg .b32 %x) { ret; } .entry k() { call f; ret; }",
       "function 'f' has 1 parameters and 0 results"},
      {".func f(.param .b32 x) { ret; } .entry k() { .reg .b32 %r; call f, (%r); ret; }",
       "a variable in state space '.param'"},
      {".func f(.param .b64 x) { ret; } .entry k() { .param .b32 a; call f, (a); ret; }",
       "a variable of 8 bytes"},
      {".func f() { ret; } .func f() { ret; } .entry k() { ret; }", "function 'f' is defined twice"},
      {".entry k() { .reg .b64 %r; call %r; ret; }",
       "expected a prototype or a list of targets at the end of an indirect call"},
      {".entry k() { .reg .b64 %r; call %r, %r; ret; }", "expected a prototype or a list of targets"},
      {".entry k() { .reg .b64 %r; P: .callprototype _ (.param .b32 _); call %r, P; ret; }",
       "'P' has 1 parameters and 0 results"},
      {".entry k() { .reg .b64 %r; T: .calltargets g; call %r, T; ret; }", "'g' is not declared"},
      {".entry k() { .reg .b64 %r; P: .callprototype f; ret; }", "expected '_'"},
  };
  for (auto [text, message] : cases) {
    auto program = Program::parse(header() + text);
    ASSERT_FALSE(program.ok()) << text;
    EXPECT_NE(program.status().message().find(message), std::string::npos) << program.status().message();
  }
}

// Calls that double at every level would need more instructions than there is memory for.
TEST(Call, ExpansionIsBounded) {
  for (const char *innermost : {"membar.cta; ret;", ""}) {
    std::string text = ".func f0() { " + std::string(innermost) + " }\n";
    for (int i = 1; i < 40; ++i) {
      std::string inner = "call f" + std::to_string(i - 1) + ";";
      text += ".func f" + std::to_string(i) + "() { " + inner + inner + " }\n";
    }
    auto program = Program::parse(header() + text + ".entry k() { call f39; ret; }");
    ASSERT_FALSE(program.ok());
    EXPECT_NE(program.status().message().find("has more than 1048576 instructions"), std::string::npos)
        << program.status().message();
  }
}

} // namespace
} // namespace winnow::ptxsim::test
