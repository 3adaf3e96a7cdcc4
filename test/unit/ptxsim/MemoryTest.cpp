// Loads, stores, atomics and address spaces, and the reports of bad accesses.
#include "test/unit/ptxsim/Harness.h"

#include <numeric>
#include <thread>

namespace winnow::ptxsim::test {
namespace {

std::string kernel(const std::string &body, const std::string &module = "") {
  return header() + module +
         "\n.visible .entry k(.param .u64 x, .param .u64 y)\n{\n.reg .b32 %r<16>, %t; .reg .b64 %q<16>; .reg "
         ".b16 %h<8>; "
         ".reg .f32 %f<8>; .reg .pred %p<4>;\nmov.u32 %t, %tid.x; ld.param.u64 %q0, [x]; ld.param.u64 %q1, "
         "[y];\n"
         "mad.wide.u32 %q2, %t, 4, %q0; mad.wide.u32 %q3, %t, 4, %q1;\n" +
         body + "\nret;\n}\n";
}

TEST(Loads, WidenAndKeepTheirSign) {
  std::vector<uint8_t> x(256);
  std::iota(x.begin(), x.end(), 0);
  std::vector<int32_t> y(32 * 8);
  Execution run(kernel(R"(
    mad.wide.u32 %q2, %t, 8, %q0; mad.wide.u32 %q3, %t, 32, %q1;
    ld.global.s8 %r0, [%q2+1]; ld.global.u8 %r1, [%q2+1]; ld.global.s16 %r2, [%q2+2]; ld.global.u16 %r3, [%q2+2];
    ld.global.u8 %h0, [%q2]; cvt.u32.u16 %r4, %h0; ld.global.s32 %q4, [%q2+4]; shr.s64 %q4, %q4, 32; cvt.u32.u64 %r5, %q4;
    ld.global.b8 %h1, [%q2+3]; cvt.s32.s8 %r6, %h1; ld.global.b64 %q5, [%q2]; cvt.u32.u64 %r7, %q5;
    st.global.v4.u32 [%q3], {%r0, %r1, %r2, %r3}; st.global.v4.u32 [%q3+16], {%r4, %r5, %r6, %r7};)"));
  ASSERT_TRUE(run.buffer(x, "x").buffer(y, "y").launch(1, 32).ok());
  for (int i = 0; i < 32; ++i) {
    int b = 8 * i, word = b | (b + 1) << 8 | (b + 2) << 16 | (b + 3) << 24;
    const int expected[8] = {int8_t(b + 1),          b + 1, int16_t((b + 3) << 8 | (b + 2)),
                             (b + 3) << 8 | (b + 2), b,     b + 7 >= 128 ? -1 : 0,
                             int8_t(b + 3),          word};
    for (int k = 0; k < 8; ++k)
      EXPECT_EQ(y[size_t(8 * i + k)], expected[k]) << i << " " << k;
  }
}

TEST(Stores, NarrowAndSkipInactiveLanes) {
  std::vector<uint8_t> x(64, 0xee);
  std::vector<uint8_t> y(64, 0xee);
  Execution run(
      kernel("and.b32 %r0, %t, 1; setp.eq.u32 %p0, %r0, 1; cvt.u64.u32 %q4, %t; add.u64 %q5, %q0, %q4;"
             "add.u32 %r1, %t, 512; @%p0 st.global.u8 [%q5], %r1; cvt.u16.u32 %h0, %r1; shl.b64 %q4, %q4, 1;"
             "add.u64 %q6, %q1, %q4; st.global.b16 [%q6], %h0;"));
  ASSERT_TRUE(run.buffer(x, "x").buffer(y, "y").launch(1, 32).ok());
  for (uint32_t i = 0; i < 32; ++i) {
    EXPECT_EQ(x[i], i & 1 ? i : 0xee);
    EXPECT_EQ(y[2 * i], i);
    EXPECT_EQ(y[2 * i + 1], 2);
  }
}

TEST(Loads, VectorsIntoTheirOwnAddressRegister) {
  std::vector<uint64_t> x(64);
  std::iota(x.begin(), x.end(), 1000);
  std::vector<uint32_t> y(32);
  Execution run(
      kernel("mad.wide.u32 %q2, %t, 16, %q0; ld.global.nc.v2.u64 {%q2, %q4}, [%q2]; add.u64 %q2, %q2, %q4;"
             "cvt.u32.u64 %r0, %q2; st.global.u32 [%q3], %r0;"));
  ASSERT_TRUE(run.buffer(x, "x", false).buffer(y, "y").launch(1, 32).ok());
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(y[i], 2001 + 4 * i);
}

TEST(Spaces, LocalArraysBelongToThreads) {
  std::vector<uint32_t> x(1), y(100);
  Execution run(kernel(R"(
    .local .align 8 .b8 depot[64]; .reg .b64 %SP, %SPL;
    mov.u64 %SPL, depot; cvta.local.u64 %SP, %SPL;
    and.b32 %r0, %t, 7; mul.wide.u32 %q4, %r0, 4; add.u64 %q5, %SP, %q4; add.u64 %q6, %SPL, %q4;
    st.u32 [%q5], %t; add.u32 %r1, %t, 1; st.local.u32 [%q6+32], %r1;
    bar.sync 0;
    ld.local.u32 %r2, [%q6]; ld.u32 %r3, [%q5+32]; mad.lo.u32 %r2, %r2, 1000, %r3; st.global.u32 [%q3], %r2;)"));
  ASSERT_TRUE(run.buffer(x, "x").buffer(y, "y").launch(1, 100).ok());
  for (uint32_t i = 0; i < 100; ++i)
    EXPECT_EQ(y[i], 1000 * i + i + 1);
}

TEST(Spaces, VariablesOfTheModule) {
  std::vector<float> x(1);
  std::vector<float> y(32);
  Execution run(kernel(R"(
    and.b32 %r0, %t, 3; mul.wide.u32 %q4, %r0, 4; mov.u64 %q5, table; add.u64 %q5, %q5, %q4; ld.const.f32 %f0, [%q5];
    ld.global.u64 %q6, [pointers+8]; ld.f32 %f1, [%q6]; fma.rn.f32 %f0, %f0, 0f41200000, %f1;
    ld.global.s16 %r1, [shorts+2]; cvt.rn.f32.s32 %f2, %r1; add.f32 %f0, %f0, %f2;
    st.global.f32 [%q3], %f0;)",
                       ".const .align 4 .f32 table[4] = {0f3F800000, 2.0, 0f40400000, 4.0};\n"
                       ".global .align 4 .f32 seven = 7.0;\n"
                       ".global .align 8 .u64 pointers[2] = {table, generic(seven)};\n"
                       ".global .align 2 .b8 shorts[4] = {0, 0, 0xf6, 255};"));
  ASSERT_TRUE(run.buffer(x, "x").buffer(y, "y").launch(1, 32).ok());
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(y[i], float(10 * (i % 4 + 1) + 7 - 10));
}

TEST(Spaces, DynamicSharedMemoryFollowsStatic) {
  std::vector<uint32_t> x(1), y(32);
  Execution run(kernel(R"(
    .shared .align 4 .b8 fixed[12];
    mov.u32 %r0, fixed; mov.u32 %r1, dynamic; sub.u32 %r2, %r1, %r0; st.global.u32 [%q3], %r2;
    mov.u32 %r3, %dynamic_smem_size; setp.eq.u32 %p0, %t, 1; @%p0 st.global.u32 [%q3], %r3;
    st.shared.u32 [dynamic+60], %t; cvt.u64.u32 %q4, %r1; cvta.shared.u64 %q5, %q4; ld.u32 %r4, [%q5+60];
    isspacep.shared %p1, %q5; isspacep.global %p2, %q5; selp.u32 %r5, 5, 6, %p1; @%p2 mov.u32 %r5, 7;
    setp.eq.u32 %p0, %t, 2; @%p0 st.global.u32 [%q3], %r5;)",
                       ".extern .shared .align 16 .b8 dynamic[];"));
  run.buffer(x, "x").buffer(y, "y");
  ASSERT_TRUE(run.launch(1, 32, 64).ok());
  EXPECT_EQ(y[0], 16u);
  EXPECT_EQ(y[1], 64u);
  EXPECT_EQ(y[2], 5u);
  EXPECT_NE(run.launch(1, 32, 60).message().find(
                "out-of-bounds store of 4 bytes at 0x4c in shared memory (76 bytes)"),
            std::string::npos);
}

// PTX ISA: "discard": of 128 bytes in global memory, checked as a store, and the bytes stay.
TEST(CacheLines, Discard) {
  auto run = [](const std::string &body, size_t words, bool checksRaces = false) {
    std::vector<uint32_t> x(words, 7), y(1);
    alignas(128) static uint32_t lines[64] = {7};
    Execution run(kernel(body));
    EXPECT_TRUE(run.memory.add(lines, words * 4, "lines", true).ok());
    run.scalar(reinterpret_cast<uint64_t>(lines)).buffer(y, "y");
    run.options.checkRaces = checksRaces;
    format::Status status = run.launch(1, 2);
    EXPECT_EQ(lines[0], 7u);
    return status.message();
  };
  EXPECT_EQ(run("discard.global.L2 [%q0], 128; applypriority.global.L2::evict_normal [%q0], 128;", 32), "");
  EXPECT_NE(run("discard.L2 [%q0+128], 128;", 32).find("out-of-bounds store of 128 bytes"),
            std::string::npos);
  EXPECT_NE(run("discard.L2 [%q0+64], 128;", 64).find("whose alignment must be 128"), std::string::npos);
  EXPECT_NE(run("setp.eq.u32 %p0, %t, 0; @%p0 discard.global.L2 [%q0], 128; "
                "@!%p0 ld.global.u32 %r0, [%q0+124];",
                32, true)
                .find("race"),
            std::string::npos);
}

TEST(SpecialRegisters, ThatNothingSets) {
  std::vector<uint32_t> x(1), y(32);
  Execution run(kernel(R"(
    mov.u32 %r0, %envreg0; mov.u32 %r1, %envreg31; or.b32 %r0, %r0, %r1;
    mov.u32 %r1, %pm0; or.b32 %r0, %r0, %r1; mov.u32 %r1, %pm7; or.b32 %r0, %r0, %r1;
    mov.u64 %q4, %pm3_64; mov.u64 %q5, %current_graph_exec; or.b64 %q4, %q4, %q5; mov.u64 %q5, %gridid;
    or.b64 %q4, %q4, %q5; cvt.u32.u64 %r1, %q4; or.b32 %r0, %r0, %r1;
    mov.b32 %r1, %reserved_smem_offset_begin; or.b32 %r0, %r0, %r1;
    mov.b32 %r1, %reserved_smem_offset_cap; or.b32 %r0, %r0, %r1;
    mov.u32 %r1, %aggr_smem_size; add.u32 %r0, %r0, %r1;
    st.global.u32 [%q3], %r0;)"));
  ASSERT_TRUE(run.buffer(x, "x").buffer(y, "y").launch(1, 32, 64).ok());
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(y[i], 64u);
}

// The halves of a timer that moves on: the second reading is later than the first.
TEST(SpecialRegisters, HalvesOfClocks) {
  std::vector<uint32_t> x(1), y(32);
  Execution run(kernel(R"(
    mov.u64 %q4, %globaltimer; mov.u32 %r0, %globaltimer_lo; mov.u32 %r1, %globaltimer_hi;
    mov.b64 %q5, {%r0, %r1}; mov.u64 %q6, %globaltimer;
    setp.le.u64 %p0, %q4, %q5; setp.le.and.u64 %p0, %q5, %q6, %p0; selp.u32 %r2, 1, 0, %p0;
    mov.u32 %r3, %clock_hi; shl.b32 %r3, %r3, 1; or.b32 %r2, %r2, %r3; st.global.u32 [%q3], %r2;)"));
  ASSERT_TRUE(run.buffer(x, "x").buffer(y, "y").launch(1, 32).ok());
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(y[i], 1u);
}

TEST(Atomics, EveryOperation) {
  std::vector<uint32_t> x = {0, 100, 5, 0xffff, 0, 0, 40, 0, 10, 3, 0x3f800000};
  std::vector<uint32_t> y(64);
  Execution run(kernel(R"(
    add.u32 %r1, %t, 1;
    atom.global.add.u32 %r2, [%q0], 1; st.global.u32 [%q3], %r2;
    red.global.min.s32 [%q0+4], -5; red.global.max.u32 [%q0+8], %r1; red.global.and.b32 [%q0+12], 0xff0f;
    shl.b32 %r3, 1, %t; red.global.or.b32 [%q0+16], %r3; red.global.xor.b32 [%q0+20], %r1;
    atom.global.exch.b32 %r4, [%q0+24], 77; atom.global.cas.b32 %r5, [%q0+28], %t, %r1;
    red.global.inc.u32 [%q0+32], 12; red.global.dec.u32 [%q0+36], 8; red.add.f32 [%q0+40], 0f3F000000;)"));
  ASSERT_TRUE(run.buffer(x, "x").buffer(y, "y").launch(1, 64).ok());
  EXPECT_EQ(x[0], 64u);
  EXPECT_EQ(int(x[1]), -5);
  EXPECT_EQ(x[2], 64u);
  EXPECT_EQ(x[3], 0xff0fu);
  EXPECT_EQ(x[4], 0xffffffffu);
  uint32_t parity = 0, increments = 10, decrements = 3;
  for (uint32_t i = 1; i <= 64; ++i) {
    parity ^= i;
    increments = increments >= 12 ? 0 : increments + 1;
    decrements = decrements == 0 || decrements > 8 ? 8 : decrements - 1;
  }
  EXPECT_EQ(x[5], parity);
  EXPECT_EQ(x[6], 77u);
  EXPECT_EQ(x[7], 64u); // each lane finds what the one before it left
  EXPECT_EQ(x[8], increments);
  EXPECT_EQ(x[9], decrements);
  EXPECT_EQ(std::bit_cast<float>(x[10]), 33.0f);
  std::vector<bool> seen(64);
  for (uint32_t old : y)
    seen[old] = true;
  EXPECT_EQ(std::count(seen.begin(), seen.end(), true), 64);
}

TEST(Atomics, AcrossCtasOnSeveralThreads) {
  std::vector<uint64_t> x(1), y(1);
  Execution run(kernel("red.global.add.u64 [%q0], 1;"));
  run.options.workers = 4;
  run.options.parallelFor = [](int64_t count, const std::function<void(int64_t)> &body) {
    std::vector<std::thread> threads;
    for (int64_t i = 0; i < count; ++i)
      threads.emplace_back(body, i);
    for (std::thread &thread : threads)
      thread.join();
  };
  ASSERT_TRUE(run.buffer(x, "x").buffer(y, "y").launch(1000, 96).ok());
  EXPECT_EQ(x[0], 96000u);
  EXPECT_EQ(run.statistics.atomics, 96000u);
}

std::string failureOf(const std::string &body, uint32_t threads = 32) {
  std::vector<float> x(10), y(32);
  Execution run(kernel(body));
  run.buffer(x, "weights", /*isWritable=*/false).buffer(y, "result");
  format::Status status = run.launch(2, threads);
  EXPECT_EQ(status.code(), format::Code::DeviceFault);
  return status.message();
}

void expectIn(const std::string &message, const std::string &part) {
  EXPECT_NE(message.find(part), std::string::npos) << message;
}

// A register of 32 bits and its offset make an address of 32 bits.
TEST(Addresses, WrapWithin32Bits) {
  Execution run(header() + R"(.visible .entry k() { .shared .align 4 .b8 s[8]; .reg .b32 r;
    mov.u32 r, -4; st.shared.u32 [r+8], 1; ld.shared.u32 r, [r+4]; ret; })");
  format::Status status = run.launch(1, 1);
  EXPECT_TRUE(status.ok()) << status.message();
}

TEST(Reports, OutOfBounds) {
  std::string message = failureOf("ld.global.f32 %f0, [%q2];");
  expectIn(message, "out-of-bounds load of 4 bytes at 0x");
  expectIn(message, "0 bytes after the end of 'weights' (40 bytes at 0x");
  expectIn(message, "kernel 'k', test.ptx:10:1 (ld.global.f32 %f0, [%q2];), CTA (0,0,0), thread (10,0,0)");
  expectIn(failureOf("st.global.f32 [%q1+-4], %f0;"), "4 bytes before 'result' (128 bytes");
  // The last element begins inside: its end does not lie there.
  expectIn(failureOf("ld.global.v4.f32 {%f0, %f1, %f2, %f3}, [%q0+32];"), "out-of-bounds load of 16 bytes");
  expectIn(failureOf("mov.u64 %q4, 0; ld.global.u32 %r0, [%q4];"), "at 0x0 in global memory");
  expectIn(failureOf("mov.u64 %q4, 0xffffffffffffffff; ld.u8 %r0, [%q4];"), "out-of-bounds load of 1 bytes");
  expectIn(failureOf(".shared .b8 s[8]; st.shared.u32 [s+8], 1;"), "at 0x8 in shared memory (8 bytes)");
  expectIn(failureOf(".shared .b8 s[8]; mov.u32 %r0, s; ld.shared.u32 %r1, [%r0+-4];"), "out-of-bounds load");
  expectIn(failureOf(".local .b8 d[16]; mov.u64 %q4, d; st.local.u8 [%q4+16], 1;"),
           "at 0x10 in local memory (16 bytes)");
}

TEST(Reports, Misaligned) {
  std::string message = failureOf("ld.global.u32 %r0, [%q1+2];");
  expectIn(message, "misaligned load of 4 bytes at 0x");
  expectIn(message, "at byte 2 of 'result'");
  expectIn(failureOf(".shared .align 8 .b8 s[16]; st.shared.v2.u32 [s+4], {%r0, %r1};"),
           "misaligned store of 8 bytes");
}

TEST(Reports, WriteToReadOnly) {
  expectIn(failureOf("st.global.f32 [%q0], %f0;"), "read-only store of 4 bytes");
  expectIn(failureOf("red.global.add.u32 [%q0], 1;"), "read-only atomic operation of 4 bytes");
}

// The first CTA's report, although a later one may fail earlier.
TEST(Reports, AreDeterministic) {
  expectIn(failureOf("mov.u32 %r0, %ctaid.x; setp.eq.u32 %p0, %r0, 0; mov.u32 %r1, 0; L: @!%p0 bra M; "
                     "add.u32 %r1, %r1, 1;"
                     "setp.lt.u32 %p1, %r1, 1000; @%p1 bra L; M: ld.global.f32 %f0, [%q2];"),
           "CTA (0,0,0)");
}

TEST(MemoryMap, RefusesOverlaps) {
  MemoryMap map;
  std::vector<int> values(10);
  EXPECT_TRUE(map.add(&values[2], 8, "a").ok());
  EXPECT_EQ(map.add(&values[3], 4, "b").message(), "memory range 'b' overlaps 'a'");
  EXPECT_TRUE(map.add(&values[4], 4, "c").ok());
  EXPECT_EQ(map.find(reinterpret_cast<uint64_t>(&values[3]))->name, "a");
  EXPECT_TRUE(map.remove(&values[2]));
  EXPECT_EQ(map.find(reinterpret_cast<uint64_t>(&values[3])), nullptr);
  EXPECT_EQ(map.nearest(reinterpret_cast<uint64_t>(&values[3]))->name, "c");
}

// What was freed is known by its name until other memory takes its place.
TEST(MemoryMap, RemembersWhatWasFreed) {
  MemoryMap map;
  std::vector<int> values(10);
  auto address = [&](size_t i) { return reinterpret_cast<uint64_t>(&values[i]); };
  EXPECT_TRUE(map.add(&values[2], 8, "a").ok());
  EXPECT_EQ(map.findFreed(address(2)), nullptr);
  EXPECT_FALSE(map.remove(&values[3]));
  EXPECT_TRUE(map.remove(&values[2]));
  ASSERT_NE(map.findFreed(address(3)), nullptr);
  EXPECT_EQ(map.findFreed(address(3))->name, "a");
  EXPECT_EQ(map.findFreed(address(4)), nullptr);
  EXPECT_TRUE(map.add(&values[3], 12, "b").ok());
  EXPECT_EQ(map.findFreed(address(2)), nullptr);
}

TEST(Statistics, CountWhatRan) {
  std::vector<float> x(64), y(64);
  Execution run(
      kernel("ld.global.f32 %f0, [%q2]; fma.rn.f32 %f0, %f0, %f0, %f0; setp.lt.u32 %p0, %t, 40;"
             "@%p0 fma.rn.f32 %f0, %f0, %f0, %f0; dp4a.s32.s32 %r0, %t, %t, 0; st.global.f32 [%q3], %f0;"));
  ASSERT_TRUE(run.buffer(x, "x").buffer(y, "y").launch(1, 64).ok());
  const Statistics &s = run.statistics;
  EXPECT_EQ(s.floatMultiplyAdds, 64u + 40);
  EXPECT_EQ(s.integerMultiplyAdds, 2u * 64 + 4 * 64); // two address computations, and dp4a
  EXPECT_EQ(s.comparisons, 64u);
  const Statistics::Traffic &global = s.memory[unsigned(StateSpace::Global)];
  EXPECT_EQ(global.loads, 64u);
  EXPECT_EQ(global.loadBytes, 256u);
  EXPECT_EQ(global.storeBytes, 256u);
  EXPECT_EQ(s.warpInstructions, 2u * 12);
  EXPECT_EQ(s.laneInstructions, 64u * 11 + 40);
}

} // namespace
} // namespace winnow::ptxsim::test
