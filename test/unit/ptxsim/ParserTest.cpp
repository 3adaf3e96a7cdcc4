// Malformed and unknown text: each is one error with its place, and no text makes the parser crash.
#include "test/unit/ptxsim/Harness.h"

#include <fstream>
#include <iterator>
#include <random>

namespace winnow::ptxsim::test {
namespace {

std::string errorOf(const std::string &text) {
  auto program = Program::parse(text, "t");
  EXPECT_FALSE(program.ok()) << text;
  return program.status().message();
}

/// The error of a kernel with this body; the body begins on line 6.
std::string bodyError(const std::string &body) {
  return errorOf(header() +
                 ".visible .entry k(.param .u64 p)\n{.reg .b32 %r<4>; .reg .b64 %d<4>; .reg .f32 %f<4>; .reg "
                 ".pred %p<2>;\n" +
                 body + "\n}\n");
}

TEST(Errors, Instructions) {
  EXPECT_EQ(bodyError("frob.u32 %r0, %r1;"), "t:6:1: unknown instruction 'frob.u32 %r0, %r1;'");
  EXPECT_EQ(bodyError("add.u32 %r0, %r1, 1;\n  @%p0 add.frob.u32 %r0, %r1, 1;"),
            "t:7:8: unsupported modifier '.frob' in '@%p0 add.frob.u32 %r0, %r1, 1;'");
  EXPECT_EQ(bodyError("add.u8 %r0, %r1, %r2;"), "t:6:1: unsupported type '.u8' in 'add.u8 %r0, %r1, %r2;'");
  EXPECT_EQ(bodyError("add %r0, %r1, %r2;"), "t:6:1: expected a type in 'add %r0, %r1, %r2;'");
  EXPECT_EQ(bodyError("add.u32 %r0, %r1;"), "t:6:1: expected 3 operands, found 2 in 'add.u32 %r0, %r1;'");
  EXPECT_EQ(bodyError("add.u32 %r0, %r9, %r2;"), "t:6:14: '%r9' is not declared");
  EXPECT_EQ(bodyError("add.u32 %r0, %d1, %r2;"),
            "t:6:14: expected a 32-bit register instead of '%d1' in 'add.u32 %r0, %d1, %r2;'");
  EXPECT_EQ(bodyError("mul.u32 %r0, %r1, %r2;"),
            "t:6:1: expected '.lo', '.hi' or '.wide' in 'mul.u32 %r0, %r1, %r2;'");
  EXPECT_EQ(bodyError("add.f32 %f0, %f1, 1;"),
            "t:6:19: expected a floating-point constant in 'add.f32 %f0, %f1, 1;'");
  EXPECT_EQ(bodyError("@%r0 ret;"), "t:6:6: expected a predicate instead of '%r0'");
  EXPECT_EQ(bodyError("bra NOWHERE;"), "t:6:5: there is no label 'NOWHERE'");
  EXPECT_EQ(bodyError("L: L: ret;"), "t:6:4: label 'L' is defined twice");
  EXPECT_EQ(bodyError("ld.param.u64 %d0, [p+4];"),
            "t:6:1: 'ld.param.u64 %d0, [p+4];' reads beyond the 8 bytes of parameters");
  EXPECT_EQ(bodyError("cvt.s32.f32 %r0, %f0;"),
            "t:6:1: expected a rounding such as '.rn' in 'cvt.s32.f32 %r0, %f0;'");
  EXPECT_EQ(bodyError("ld.global.v2.f32 {%f0}, [%d0];"),
            "t:6:18: expected a vector of 2 elements in 'ld.global.v2.f32 {%f0}, [%d0];'");
  EXPECT_EQ(bodyError("wgmma.fence.sync.aligned;"), "t:6:1: unknown instruction 'wgmma.fence.sync.aligned;'");
}

TEST(Errors, CacheLinesTablesAndPackedConversions) {
  EXPECT_EQ(bodyError("discard.global.L2 [%d0], 64;"),
            "t:6:26: expected the size 128 in 'discard.global.L2 [%d0], 64;'");
  EXPECT_EQ(bodyError("discard.shared.L2 [%r0], 128;"),
            "t:6:1: unsupported state space in 'discard.shared.L2 [%r0], 128;'");
  EXPECT_EQ(
      bodyError("lop3.or.b32 %r0, %r1, %r2, %r3, 1, %p0;"),
      "t:6:13: expected a register and a predicate, 'd|p', in 'lop3.or.b32 %r0, %r1, %r2, %r3, 1, %p0;'");
  EXPECT_EQ(bodyError("lop3.b32 %r0|%p0, %r1, %r2, %r3, 1;"),
            "t:6:10: expected a register in 'lop3.b32 %r0|%p0, %r1, %r2, %r3, 1;'");
  EXPECT_EQ(bodyError("cvt.pack.sat.u8.s32 %r0, %r1, %r2;"),
            "t:6:1: unsupported conversion in 'cvt.pack.sat.u8.s32 %r0, %r1, %r2;'");
  EXPECT_EQ(bodyError("set.lt.f32.f16 %f0, %r1, %r2;"),
            "t:6:1: unsupported result type in 'set.lt.f32.f16 %f0, %r1, %r2;'");
  EXPECT_EQ(bodyError("mov.u32 %r0, %envreg32;"), "t:6:14: '%envreg32' is not declared");
  EXPECT_EQ(bodyError("add.u32 %r0, %clock_hi, 1;"),
            "t:6:14: expected a register that mov can read into in 'add.u32 %r0, %clock_hi, 1;'");
}

TEST(Errors, Syntax) {
  EXPECT_EQ(errorOf(""), "t:1:1: the text has no '.version' directive");
  EXPECT_EQ(errorOf("hello"), "t:1:1: expected a directive, found 'hello'");
  EXPECT_EQ(errorOf(header() + ".frobnicate 3;"), "t:4:1: expected a known directive, found '.frobnicate'");
  EXPECT_EQ(errorOf(header() + "/* open"), "t:4:1: a comment is not closed");
  EXPECT_EQ(errorOf(header() + ".global .f32 x = 0f123;"),
            "t:4:18: a floating-point constant needs 8 hexadecimal digits");
  EXPECT_EQ(errorOf(header() + ".global .u32 x[2] = {1, 2, 3};"),
            "t:4:14: 'x' has more initial values than elements");
  EXPECT_EQ(errorOf(".version 8.5\n.target sm_80\n.address_size 32"), "t:3:15: the address size must be 64");
  EXPECT_EQ(bodyError("add.u32 %r0, %r1, 1"), "t:7:1: expected ',' or ';', found '}'");
  EXPECT_EQ(bodyError("ld.u32 %r0, [%d0"), "t:7:1: expected ']', found '}'");
  EXPECT_EQ(bodyError(".loc 1 x 2\n"),
            "t:6:8: expected the numbers of a file, a line and a column, found 'x'");
  EXPECT_EQ(errorOf(header() + ".file 1 name"), "t:4:9: expected a file's name in quotes, found 'name'");
  EXPECT_EQ(bodyError(".reg .frob %x;"), "t:6:6: expected a register type, found '.frob'");
  EXPECT_EQ(bodyError(".reg .b32 %x<999999999>;"), "t:6:11: more than 262144 registers");
  EXPECT_EQ(bodyError(".local .b8 huge[99999999];"), "t:6:12: more than 524288 bytes of local memory");
  EXPECT_EQ(bodyError("add.u32 %r0, %r1, 99999999999999999999;"),
            "t:6:19: an integer constant does not fit into 64 bits");
  EXPECT_EQ(errorOf(header() + ".visible .entry k() { ret;"),
            "t:4:27: expected '}' at the end of the function, found the end of the text");
}

// What ptxas and the driver refuse.
TEST(Errors, Limits) {
  EXPECT_EQ(errorOf(".version 9.1\n.target sm_80\n"),
            "t:1:10: PTX of version 9.1 is not supported, the newest is 9.0");
  EXPECT_EQ(errorOf(".version 10.0\n.target sm_80\n"),
            "t:1:10: PTX of version 10.0 is not supported, the newest is 9.0");
  EXPECT_TRUE(Program::parse(header() + ".const .b8 a[65536];").ok());
  EXPECT_EQ(errorOf(header() + ".const .b8 a[65536]; .global .b8 c[65536]; .const .b8 b;"),
            "t:4:55: more than 65536 bytes of constant memory");
  EXPECT_TRUE(Program::parse(header() + ".entry k() { .shared .b8 a[49152]; ret; }").ok());
  EXPECT_EQ(bodyError(".shared .b8 a[49152]; .shared .b8 b;"),
            "t:4:17: more than 49152 bytes of shared memory that is not dynamic");
}

TEST(Errors, SharedMemoryOfABlock) {
  for (auto [target, kibibytes] :
       {std::pair{"sm_80", 163u}, {"sm_86", 99u}, {"sm_90", 227u}, {"sm_90a", 227u}}) {
    std::string text = std::string(".version 8.5\n.target ") + target +
                       "\n.address_size 64\n.entry k() { .shared .b8 a[1024]; ret; }";
    auto program = Program::parse(text, "t");
    ASSERT_TRUE(program.ok()) << program.status().message();
    uint64_t most = uint64_t(kibibytes) * 1024 - 1024;
    auto run = [&](uint64_t dynamicBytes) {
      return launch(*program, program->kernels()[0], {1, 1, 1}, {1, 1, 1}, dynamicBytes, {}, {});
    };
    EXPECT_TRUE(run(most).ok());
    EXPECT_EQ(run(most + 1).message(), "kernel 'k': a block of " + std::string(target) + " has at most " +
                                           std::to_string(kibibytes * 1024) +
                                           " bytes of shared memory, but 1024 that are declared and " +
                                           std::to_string(most + 1) + " dynamic ones were asked for");
    EXPECT_FALSE(run(~uint64_t(0)).ok());
  }
}

TEST(Accepted, DebugAndTuningDirectives) {
  Execution run(header() + R"(
    .file 1 "kernel.cu"
    .section .debug_info { .b32 12, L1; .b8 0x7f }
    .weak .visible .entry k(.param .align 8 .b8 s[16], .param .u64 .ptr .global .align 16 q, .param .f32 f)
    .maxntid 128, 1, 1 .minnctapersm 2
    { .pragma "nounroll";
      .loc 1 10 3
      // a comment, and an inner scope with names of its own
      { .reg .b32 r; mov.u32 r, WARP_SZ; bra L; L: } { .reg .b64 r; bra L; L: mov.u64 r, k_not_used; }
      ret; } .global .u64 k_not_used;)");
  ASSERT_TRUE(run.parsed.ok());
  const Kernel *kernel = run.parsed->find("k");
  ASSERT_NE(kernel, nullptr);
  ASSERT_EQ(kernel->parameters.size(), 3u);
  EXPECT_EQ(kernel->parameters[0].size, 16u);
  EXPECT_EQ(kernel->parameters[1].offset, 16u);
  EXPECT_EQ(kernel->parameters[2].name, "f");
  EXPECT_EQ(kernel->parameters[2].offset, 24u);
  EXPECT_EQ(kernel->parameterBytes, 28u);
}

std::string readInput(const std::string &name) {
  std::ifstream stream(std::string(WINNOW_PTXSIM_INPUTS) + "/" + name);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// Deterministic mutations: deleted, doubled, replaced and swapped pieces.
std::string mutate(std::string text, std::mt19937 &random) {
  auto at = [&] { return std::uniform_int_distribution<size_t>(0, text.size() - 1)(random); };
  static const std::string pieces[] = {"{",    "}",   ";",
                                       ",",    "%",   ".v4",
                                       ".u64", "[",   "]",
                                       "0f",   "-1",  "99999999999999999999",
                                       "@!",   "%p1", ".reg .b32 %x<4>;",
                                       "\"",   "/*",  "bra",
                                       "_",    "|",   std::string(1, '\0'),
                                       "\xff", "(",   "0x"};
  for (unsigned edits = 1 + random() % 4; edits && !text.empty(); --edits) {
    size_t begin = at(), length = std::min<size_t>(random() % 40, text.size() - begin);
    switch (random() % 4) {
    case 0:
      text.erase(begin, length);
      break;
    case 1:
      text.insert(at(), text.substr(begin, length));
      break;
    case 2:
      text.insert(begin, pieces[random() % std::size(pieces)]);
      break;
    default:
      text[begin] = char(random());
      break;
    }
  }
  return text;
}

// Before it is mutated it runs, and nothing is wrong with it.
TEST(Fuzz, WarpInstructionsAreClean) {
  auto program = Program::parse(readInput("warp-instructions.ptx"), "t");
  ASSERT_TRUE(program.ok()) << program.status().message();
  LaunchOptions options;
  options.instructionLimit = 100000;
  options.checkRaces = options.checkUninitialized = true;
  format::Status status =
      launch(*program, program->kernels()[0], {2, 1, 1}, {64, 1, 1}, 0, {}, MemoryMap(), options);
  EXPECT_TRUE(status.ok()) << status.message();
}

// What still parses is executed too: bad programs must end in a report or at the limit.
TEST(Fuzz, MutatedTextNeverCrashes) {
  for (const char *name : {"kernels.ptx", "row-programs.ptx", "tensor-core.ptx", "warp-instructions.ptx"}) {
    const std::string text = readInput(name);
    ASSERT_FALSE(text.empty()) << name;
    std::mt19937 random(12345);
    for (int i = 0; i < 400; ++i) {
      auto program = Program::parse(mutate(text, random), "t");
      if (!program.ok()) {
        ASSERT_FALSE(program.status().message().empty());
        continue;
      }
      for (const Kernel &kernel : program->kernels()) {
        std::vector<std::byte> parameters(kernel.parameterBytes);
        LaunchOptions options;
        options.instructionLimit = 2000;
        options.checkRaces = options.checkUninitialized = i % 2;
        uint32_t threads = i % 3 ? 64 : 40;
        (void)launch(*program, kernel, {2, 1, 1}, {threads, 1, 1}, 0, parameters, MemoryMap(), options);
      }
    }
  }
}

} // namespace
} // namespace winnow::ptxsim::test
