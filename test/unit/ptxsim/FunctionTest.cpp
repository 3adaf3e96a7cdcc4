// Calls that are not expanded in place: recursion, pointers to functions, virtual functions, printf and
// assert. calls.ptx is nvcc's, from Inputs/calls.cu.
#include "test/unit/ptxsim/Harness.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>

namespace winnow::ptxsim::test {
namespace {

Execution kernel(const std::string &name) {
  std::ifstream stream(std::string(WINNOW_PTXSIM_INPUTS) + "/calls.ptx");
  Execution run(std::string(std::istreambuf_iterator<char>(stream), {}));
  run.name = name;
  return run;
}

void expectOk(const format::Status &status) { ASSERT_TRUE(status.ok()) << status.message(); }

void expectFault(const format::Status &status, const std::string &message) {
  EXPECT_EQ(status.code(), format::Code::DeviceFault);
  EXPECT_NE(status.message().find(message), std::string::npos) << status.message();
}

TEST(Functions, ThroughPointers) {
  std::vector<int> which(96);
  std::vector<float> x(96), y(96);
  for (size_t i = 0; i < x.size(); ++i) {
    which[i] = int(i * i % 3);
    x[i] = 0.25f * float(i);
  }
  Execution run = kernel("through_pointers");
  expectOk(run.buffer(which, "which").buffer(x, "x").buffer(y, "y").launch(3, 32));
  for (size_t i = 0; i < x.size(); ++i) {
    float expected = which[i] == 0 ? x[i] * float(i) : x[i] + float(i);
    if (which[i] == 2) {
      expected = x[i];
      for (size_t k = 0; k < i; ++k)
        expected = expected * 0.5f + 1;
    }
    EXPECT_EQ(y[i], expected) << i;
  }
}

// Lanes of different depths meet behind the outermost call.
TEST(Functions, Recursion) {
  std::vector<uint32_t> out(64);
  expectOk(kernel("recursive").buffer(out, "out").launch(1, 64));
  std::vector<uint32_t> fibonacci{0, 1};
  for (size_t i = 2; i < 12; ++i)
    fibonacci.push_back(fibonacci[i - 1] + fibonacci[i - 2]);
  for (uint32_t i = 0; i < 64; ++i) {
    uint32_t first = i / 32 * 32, deep = 0;
    for (uint32_t lane = first; lane < first + 32; ++lane)
      deep += lane % 12 > 5;
    EXPECT_EQ(out[i], fibonacci[i % 12] + 1000 * deep) << i;
  }
}

TEST(Functions, MutualRecursion) {
  std::vector<int> out(64);
  expectOk(kernel("mutual").buffer(out, "out").launch(1, 64));
  for (int i = 0; i < 64; ++i)
    EXPECT_EQ(out[size_t(i)], i % 2 == 0) << i;
}

TEST(Functions, EveryActivationHasItsOwnVariables) {
  std::vector<int> out(64);
  expectOk(kernel("frames").buffer(out, "out").launch(1, 64));
  for (int i = 0; i < 64; ++i) {
    int expected = 0;
    for (int depth = i % 7; depth > 0; --depth)
      expected += 4 * depth + (depth % 4 + 1) * depth;
    EXPECT_EQ(out[size_t(i)], expected) << i;
  }
}

TEST(Functions, VirtualFunctions) {
  std::vector<float> out(64);
  expectOk(kernel("virtual_calls").buffer(out, "out").launch(1, 64));
  for (size_t i = 0; i < 64; ++i)
    EXPECT_EQ(out[i], i % 3 ? float(i * i) * 0.5f : float(3 * i * i) * 0.5f + 1) << i;
}

TEST(Functions, Quicksort) {
  std::vector<int> x(40 * 33);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = int(i * 7919 % 1009) - 500;
  std::vector<int> expected = x;
  for (size_t row = 0; row < 40; ++row)
    std::sort(expected.begin() + long(33 * row), expected.begin() + long(33 * row + 33));
  expectOk(kernel("sort_rows").buffer(x, "x").scalar(int32_t(33)).launch(1, 40));
  EXPECT_EQ(x, expected);
}

TEST(Functions, EndlessRecursionIsReported) {
  std::vector<int> out(1);
  Execution run = kernel("endless");
  expectFault(run.buffer(out, "out").launch(1, 1),
              "stack overflow: 512 nested calls with 16384 bytes of local memory");
}

TEST(Functions, BadPointers) {
  const std::string text = header() + R"(
    .func f(.param .b32 x) { ret; }
    .global .u64 table[3] = {f, 0, f+16};
    .visible .entry k(.param .u32 which) {
      .reg .b32 %i; .reg .b64 %t<3>; .param .b64 wide; .param .b32 narrow;
      P: .callprototype _ (.param .b32 _);
      Q: .callprototype _ (.param .b64 _);
      ld.param.u32 %i, [which]; mov.u64 %t0, table; mad.wide.u32 %t1, %i, 8, %t0;
      ld.global.u64 %t2, [%t1]; BODY ret; })";
  auto launch = [&](const std::string &body, uint32_t which) {
    std::string kernel = text;
    Execution run(kernel.replace(kernel.find("BODY"), 4, body));
    return run.scalar(which).launch(1, 1);
  };
  EXPECT_TRUE(launch("call %t2, (narrow), P;", 0).ok());
  expectFault(launch("call %t2, (narrow), P;", 1), "call of address 0x0, where no function with a body is");
  expectFault(launch("call %t2, (narrow), P;", 2), "where no function with a body is");
  expectFault(launch("call %t2, (wide), Q;", 0),
              "call of function 'f', which has other parameters or results than the prototype");
  expectFault(launch("mov.u64 %t2, f; ld.u32 %i, [%t2];", 0), "out-of-bounds");
}

TEST(Functions, ListsOfTargets) {
  Execution run(header() + R"(
    .func (.param .b32 r) one(.param .b32 x) { .reg .b32 %v; ld.param.b32 %v, [x]; add.u32 %v, %v, 1;
      st.param.b32 [r], %v; ret; }
    .func (.param .b32 r) two(.param .b32 x) { .reg .b32 %v; ld.param.b32 %v, [x]; add.u32 %v, %v, 2;
      st.param.b32 [r], %v; }
    .visible .entry k(.param .u64 out) {
      .reg .b32 %x; .reg .b64 %f<2>, %q; .reg .pred %p; .param .b32 a; .param .b32 b;
      T: .calltargets one, two;
      mov.u32 %x, %tid.x; setp.lt.u32 %p, %x, 5; mov.u64 %f0, one; mov.u64 %f1, two;
      selp.b64 %f0, %f0, %f1, %p; st.param.b32 [a], %x; st.param.b32 [b], 100; setp.ne.u32 %p, %x, 9;
      @%p call (b), %f0, (a), T;
      ld.param.u64 %q, [out]; mad.wide.u32 %q, %x, 4, %q; ld.param.b32 %x, [b]; st.global.u32 [%q], %x; ret; })");
  std::vector<uint32_t> out(32);
  expectOk(run.buffer(out, "out").launch(1, 32));
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(out[i], i == 9 ? 100 : i < 5 ? i + 1 : i + 2) << i;
}

/// What a kernel stores for each of 64 threads: %r of the body, which has the thread in %x.
std::vector<uint64_t> resultOf(const std::string &functions, const std::string &body) {
  Execution run(header() + functions + R"(
    .visible .entry k(.param .u64 out) {
      .reg .b32 %x, %v<4>; .reg .b64 %r, %f<2>, %q; .reg .b16 %h<2>; .reg .f32 %g; .reg .pred %p;
      mov.u32 %x, %tid.x; mov.u64 %r, 0; )" +
                body + R"(
      ld.param.u64 %q, [out]; mad.wide.u32 %q, %x, 8, %q; st.global.u64 [%q], %r; ret; })");
  std::vector<uint64_t> out(64);
  expectOk(run.buffer(out, "out").launch(1, 64));
  return out;
}

// n! by recursion: n and the result in registers, and each activation keeps its own.
TEST(Functions, RecursionWithParametersInRegisters) {
  const std::string factorial = R"(
    .func (.reg .b64 %result) factorial(.reg .b32 %n) {
      .reg .b32 %less; .reg .b64 %wide; .reg .pred %p;
      setp.eq.u32 %p, %n, 0; mov.u64 %result, 1; @%p ret;
      sub.u32 %less, %n, 1; call (%result), factorial, (%less);
      cvt.u64.u32 %wide, %n; mul.lo.u64 %result, %result, %wide; })";
  auto out = resultOf(factorial, "rem.u32 %v0, %x, 20; call (%r), factorial, (%v0);");
  for (uint64_t i = 0; i < 64; ++i) {
    uint64_t expected = 1;
    for (uint64_t k = 2; k <= i % 20; ++k)
      expected *= k;
    EXPECT_EQ(out[i], expected) << i;
  }
}

// Two functions that call each other; types of all widths; a guarded call leaves the others' results alone.
TEST(Functions, RegistersOfAllWidths) {
  const std::string functions = R"(
    .func (.reg .b16 %d, .reg .f32 %e) odd(.reg .b16 %a, .reg .f32 %b, .reg .b64 %c);
    .func (.reg .b16 %d, .reg .f32 %e) even(.reg .b16 %a, .reg .f32 %b, .reg .b64 %c) {
      .reg .pred %p; .reg .b64 %less; setp.eq.u64 %p, %c, 0; mov.b16 %d, %a; mov.f32 %e, %b; @%p bra END;
      sub.u64 %less, %c, 1; add.u16 %a, %a, 3; call (%d, %e), odd, (%a, %b, %less);
      END: ret; }
    .func (.reg .b16 %d, .reg .f32 %e) odd(.reg .b16 %a, .reg .f32 %b, .reg .b64 %c) {
      .reg .pred %p; .reg .b64 %less; setp.eq.u64 %p, %c, 0; mov.b16 %d, 60000; mov.f32 %e, 0fBF800000;
      @!%p sub.u64 %less, %c, 1; @!%p add.f32 %b, %b, 0f40000000;
      @!%p call (%d, %e), even, (%a, %b, %less); ret; })";
  auto out = resultOf(functions, R"(
      mov.b16 %h0, 7; mov.f32 %g, 0f41200000; cvt.u64.u32 %f0, %x; setp.lt.u32 %p, %x, 50;
      @%p call (%h0, %g), even, (100, %g, %f0);
      cvt.rni.u64.f32 %r, %g; cvt.u64.u16 %f1, %h0; shl.b64 %f1, %f1, 32; or.b64 %r, %r, %f1;
      setp.lt.f32 %p, %g, 0f00000000; @%p or.b64 %r, %f1, 999;)");
  for (uint64_t i = 0; i < 64; ++i) {
    uint64_t half = i >= 50 ? 7 : i % 2 ? 60000 : 100 + 3 * (i / 2);
    uint64_t single = i >= 50 ? 10 : i % 2 ? 999 : 10 + 2 * (i / 2);
    EXPECT_EQ(out[i], half << 32 | single) << i;
  }
}

// Through a pointer, with a prototype that has registers.
TEST(Functions, PointersToFunctionsWithRegisters) {
  const std::string functions = R"(
    .func (.reg .b32 %d) twice(.reg .b32 %a) { add.u32 %d, %a, %a; ret; }
    .func (.reg .b32 %d) square(.reg .b32 %a) { mul.lo.u32 %d, %a, %a; })";
  auto out = resultOf(functions, R"(
      P: .callprototype (.reg .b32 _) _ (.reg .b32 _);
      mov.u64 %f0, twice; mov.u64 %f1, square; setp.lt.u32 %p, %x, 20; selp.b64 %f0, %f0, %f1, %p;
      call (%v0), %f0, (%x), P; cvt.u64.u32 %r, %v0;)");
  for (uint64_t i = 0; i < 64; ++i)
    EXPECT_EQ(out[i], i < 20 ? 2 * i : i * i) << i;
}

TEST(Functions, ExitInAFunctionEndsTheThread) {
  Execution run(header() + R"(
    .func leave(.param .b32 x) { .reg .b32 %v; .reg .pred %p; ld.param.b32 %v, [x]; setp.lt.u32 %p, %v, 7;
      @%p exit; }
    .visible .entry k(.param .u64 out) {
      .reg .b32 %x; .reg .b64 %f, %q; .param .b32 a; P: .callprototype _ (.param .b32 _);
      mov.u32 %x, %tid.x; mov.u64 %f, leave; st.param.b32 [a], %x; call %f, (a), P; bar.sync 0;
      ld.param.u64 %q, [out]; mad.wide.u32 %q, %x, 4, %q; st.global.u32 [%q], 1; ret; })");
  std::vector<uint32_t> out(40);
  expectOk(run.buffer(out, "out").launch(1, 40));
  for (uint32_t i = 0; i < 40; ++i)
    EXPECT_EQ(out[i], i >= 7) << i;
}

TEST(Functions, Print) {
  std::vector<float> x{1.25f, 0, -3.5f, 0, 100};
  Execution run = kernel("print");
  std::string printed, expected;
  run.options.print = [&](std::string_view text) { printed += text; };
  expectOk(run.buffer(x, "x").launch(1, 5));
  for (unsigned i : {0u, 2u, 4u}) {
    char line[200];
    std::snprintf(line, sizeof line, "%s %u: %5.2f|%-4d|%+lld|%x|%c%%\n", i ? "later" : "first", i,
                  double(x[i]), -int(i), 1ll << 40, 255 + i, int('a' + i));
    expected += line;
  }
  EXPECT_EQ(printed, expected);
}

/// A kernel that prints `format` with 8 bytes of arguments.
format::Status printWords(const std::string &format, uint32_t low, uint32_t high, std::string &printed) {
  std::string bytes;
  for (char c : format)
    bytes += std::to_string(int(c)) + ", ";
  Execution run(header() + ".extern .func (.param .b32 r) vprintf(.param .b64 f, .param .b64 a);\n" +
                ".global .b8 format[] = {" + bytes +
                "0};\n.visible .entry k() { .local .align 8 .b8 words[8]; "
                ".reg .b64 %p<2>; .param .b64 f; .param .b64 a; .param .b32 r; st.local.u32 [words], " +
                std::to_string(low) + "; st.local.u32 [words+4], " + std::to_string(high) +
                "; mov.u64 %p0, words; cvta.local.u64 %p0, %p0; mov.u64 %p1, format; "
                "st.param.b64 [f], %p1; st.param.b64 [a], %p0; call (r), vprintf, (f, a); ret; }");
  run.options.print = [&](std::string_view text) { printed += text; };
  return run.launch(1, 1);
}

TEST(Functions, ConversionsOfPrint) {
  struct {
    const char *format, *expected;
  } cases[] = {{"%hhd %hu", "-1 4"},       {"%5d|%-5u|", "  511|65540|"},
               {"%*d", "65540"},           {"%lld", "281492156580351"},
               {"%#x %o", "0x1ff 200004"}, {"100%% %i", "100% 511"},
               {"no end %", ""},           {"%q", ""}};
  for (auto [format, expected] : cases) {
    std::string printed;
    bool isStar = std::string(format) == "%*d";
    format::Status status = printWords(format, isStar ? 3 : 511, 65540, printed);
    if (*expected) {
      EXPECT_TRUE(status.ok()) << status.message();
      EXPECT_EQ(printed, expected);
    } else {
      expectFault(status, "printf has no conversion '%");
    }
  }
  std::string printed;
  std::string tooMany; // for the thread's local memory
  for (int i = 0; i < 20; ++i)
    tooMany += "%d";
  expectFault(printWords(tooMany, 1, 2, printed), "out-of-bounds load of 4 bytes");
  expectFault(printWords("%s", 1, 0, printed), "out-of-bounds load of 1 bytes");
}

TEST(Functions, Assertions) {
  std::vector<float> x(40, 1);
  expectOk(kernel("check").buffer(x, "x").launch(1, 40));
  x[33] = -1;
  format::Status status = kernel("check").buffer(x, "x").launch(1, 40);
  expectFault(status, "assertion 'x[threadIdx.x] >= 0 && \"no negative values\"' failed at calls.cu:");
  expectFault(status, "function 'void check(const float *)'");
  expectFault(status, "thread (33,0,0)");
}

} // namespace
} // namespace winnow::ptxsim::test
