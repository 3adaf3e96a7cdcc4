// Divergence and reconvergence, barriers, and the exchange between lanes, against the same program in C++.
#include "test/unit/ptxsim/Harness.h"

namespace winnow::ptxsim::test {
namespace {

/// A kernel that computes %r0 from %tid.x in %x and stores it to out[thread].
std::vector<uint32_t> perThread(const std::string &body, uint32_t threads, Statistics *statistics = nullptr) {
  std::vector<uint32_t> out(threads, 0xdeadbeef);
  Execution run(
      header() +
      ".visible .entry k(.param .u64 out)\n{\n.reg .b32 %x, %r<16>; .reg .pred %p<8>; .reg .b64 %q<4>;\n"
      "mov.u32 %x, %tid.x;\nmov.u32 %r0, 0;\n" +
      body +
      "\nSTORE:\nld.param.u64 %q0, [out];\nmad.wide.u32 %q0, %x, 4, %q0;\nst.global.u32 [%q0], "
      "%r0;\nret;\n}\n");
  run.buffer(out, "out");
  format::Status status = run.launch(1, threads);
  EXPECT_TRUE(status.ok()) << status.message();
  if (statistics)
    *statistics = run.statistics;
  return out;
}

TEST(Divergence, NestedConditions) {
  auto out = perThread(R"(
    and.b32 %r1, %x, 1; setp.eq.u32 %p0, %r1, 0; @%p0 bra EVEN;
    add.u32 %r0, %r0, 1;
    and.b32 %r1, %x, 2; setp.eq.u32 %p1, %r1, 0; @%p1 bra JOIN;
    add.u32 %r0, %r0, 10; bra JOIN;
    EVEN: and.b32 %r1, %x, 4; setp.eq.u32 %p1, %r1, 0; @!%p1 bra FOUR;
    add.u32 %r0, %r0, 100; bra.uni JOIN;
    FOUR: add.u32 %r0, %r0, 1000;
    JOIN: add.u32 %r0, %r0, 10000;)",
                       70);
  for (uint32_t i = 0; i < out.size(); ++i)
    EXPECT_EQ(out[i], 10000 + (i & 1 ? 1 + (i & 2 ? 10 : 0) : i & 4 ? 1000 : 100)) << i;
}

TEST(Divergence, LoopsWithDifferentTripCounts) {
  auto out = perThread(R"(
    mov.u32 %r1, 0;
    LOOP: setp.ge.u32 %p0, %r1, %x; @%p0 bra STORE;
    mov.u32 %r2, 0;
    INNER: setp.gt.u32 %p1, %r2, %r1; @%p1 bra NEXT;
    add.u32 %r0, %r0, %r2; add.u32 %r2, %r2, 1; bra INNER;
    NEXT: add.u32 %r1, %r1, 1; bra LOOP;)",
                       64);
  for (uint32_t x = 0; x < out.size(); ++x) {
    uint32_t sum = 0;
    for (uint32_t i = 0; i < x; ++i)
      for (uint32_t k = 0; k <= i; ++k)
        sum += k;
    EXPECT_EQ(out[x], sum) << x;
  }
}

// Lanes meet again: the code after the loop is executed once by the whole warp, not once for each lane.
TEST(Divergence, LanesReconverge) {
  Statistics statistics;
  perThread("LOOP: setp.ge.u32 %p0, %r0, %x; @%p0 bra STORE; add.u32 %r0, %r0, 1; bra LOOP;", 32,
            &statistics);
  // Two moves, 32 rounds of four instructions less the last two, three stores and the return.
  EXPECT_EQ(statistics.warpInstructions, 2u + 31 * 4 + 2 + 4);
  EXPECT_EQ(statistics.divergentBranches, 31u);
}

TEST(Divergence, EarlyReturnAndGuardedExit) {
  std::vector<uint32_t> out(96, 7);
  Execution run(header() + R"(.visible .entry k(.param .u64 out) {
    .reg .b32 %r<4>; .reg .pred %p<4>; .reg .b64 %q<2>;
    mov.u32 %r0, %tid.x;
    setp.gt.u32 %p0, %r0, 80; @%p0 bra DONE;
    and.b32 %r1, %r0, 3; setp.eq.u32 %p1, %r1, 1;
    @%p1 exit;
    setp.eq.u32 %p2, %r1, 2; @%p2 ret;
    ld.param.u64 %q0, [out]; mad.wide.u32 %q0, %r0, 4, %q0; st.global.u32 [%q0], %r0;
    DONE: ret; })");
  ASSERT_TRUE(run.buffer(out, "out").launch(1, 96).ok());
  for (uint32_t i = 0; i < out.size(); ++i)
    EXPECT_EQ(out[i], i <= 80 && (i & 3) != 1 && (i & 3) != 2 ? i : 7) << i;
}

// A loop with two entries: no structured program has this control flow.
TEST(Divergence, IrreducibleLoop) {
  auto out = perThread(R"(
    mov.u32 %r1, %x; and.b32 %r2, %x, 1; setp.eq.u32 %p0, %r2, 0; @%p0 bra B;
    A: add.u32 %r0, %r0, 1; setp.eq.u32 %p1, %r1, 0; @%p1 bra STORE; sub.u32 %r1, %r1, 1;
    B: add.u32 %r0, %r0, 100; setp.eq.u32 %p2, %r1, 0; @%p2 bra STORE; sub.u32 %r1, %r1, 1; bra A;)",
                       64);
  for (uint32_t x = 0; x < out.size(); ++x) {
    uint32_t value = 0, left = x;
    for (bool inA = x & 1;; inA = !inA) {
      value += inA ? 1 : 100;
      if (left-- == 0)
        break;
    }
    EXPECT_EQ(out[x], value) << x;
  }
}

TEST(Divergence, BranchTable) {
  auto out = perThread(R"(
    and.b32 %r1, %x, 3;
    TABLE: .branchtargets L0, L1, L2, L1;
    brx.idx %r1, TABLE;
    L0: add.u32 %r0, %r0, 5; bra.uni J;
    L1: add.u32 %r0, %r0, 6;
    L2: add.u32 %r0, %r0, 70;
    J: add.u32 %r0, %r0, 1000;)",
                       40);
  const uint32_t expected[4] = {1005, 1076, 1070, 1076};
  for (uint32_t i = 0; i < out.size(); ++i)
    EXPECT_EQ(out[i], expected[i & 3]) << i;
}

// A lane waits for another of its own warp: a stack that runs one side to its end would never finish.
TEST(Divergence, LockWithinOneWarp) {
  auto out = perThread(R"(
    .shared .align 4 .b32 lock; .shared .align 4 .b32 counter;
    TRY: atom.shared.cas.b32 %r1, [lock], 0, 1; setp.ne.u32 %p0, %r1, 0; @%p0 bra TRY;
    ld.shared.u32 %r0, [counter]; add.u32 %r1, %r0, 1; st.shared.u32 [counter], %r1; membar.cta;
    atom.shared.exch.b32 %r1, [lock], 0;)",
                       64);
  std::vector<bool> seen(out.size(), false);
  for (uint32_t value : out) {
    ASSERT_LT(value, seen.size());
    EXPECT_FALSE(seen[value]);
    seen[value] = true;
  }
}

TEST(Barrier, ReductionInSharedMemory) {
  for (uint32_t threads : {1u, 32u, 100u, 1024u}) {
    std::vector<uint32_t> out(3, 0);
    Execution run(header() + R"(.visible .entry k(.param .u64 out) {
      .reg .b32 %r<8>; .reg .pred %p<4>; .reg .b64 %q<2>;
      .shared .align 4 .b8 values[4096];
      mov.u32 %r0, %tid.x; mov.u32 %r1, %ntid.x; shl.b32 %r2, %r0, 2; mov.u32 %r3, values; add.u32 %r2, %r2, %r3;
      mov.u32 %r7, %ctaid.x; add.u32 %r4, %r0, %r7; st.shared.u32 [%r2], %r4;
      mov.u32 %r5, 512;
      LOOP: bar.sync 0;
      add.u32 %r4, %r0, %r5; setp.ge.u32 %p0, %r4, %r1; setp.ge.or.u32 %p0, %r0, %r5, %p0; @%p0 bra SKIP;
      shl.b32 %r4, %r4, 2; add.u32 %r4, %r4, %r3; ld.shared.u32 %r4, [%r4]; ld.shared.u32 %r6, [%r2];
      add.u32 %r6, %r6, %r4; st.shared.u32 [%r2], %r6;
      SKIP: shr.u32 %r5, %r5, 1; setp.ne.u32 %p1, %r5, 0; @%p1 bra LOOP;
      setp.ne.u32 %p2, %r0, 0; @%p2 bra END;
      ld.param.u64 %q0, [out]; mad.wide.u32 %q0, %r7, 4, %q0; ld.shared.u32 %r6, [values]; st.global.u32 [%q0], %r6;
      END: ret; })");
    ASSERT_TRUE(run.buffer(out, "out").launch(3, threads).ok());
    for (uint32_t cta = 0; cta < 3; ++cta)
      EXPECT_EQ(out[cta], threads * (threads - 1) / 2 + threads * cta) << threads;
  }
}

TEST(Barrier, ThreadsThatLeftDoNotCount) {
  auto out = perThread(R"(
    .shared .b32 s;
    setp.gt.u32 %p0, %x, 40; @%p0 exit;
    setp.eq.u32 %p1, %x, 40; @%p1 st.shared.u32 [s], 9;
    bar.sync 0; ld.shared.u32 %r0, [s];)",
                       128);
  EXPECT_EQ(out[0], 9u);
  EXPECT_EQ(out[39], 9u);
  EXPECT_EQ(out[41], 0xdeadbeef);
}

TEST(Barrier, Reduction) {
  auto out = perThread("setp.lt.u32 %p0, %x, 37; bar.red.popc.u32 %r1, 0, %p0; bar.red.and.pred %p1, 0, %p0;"
                       "bar.red.or.pred %p2, 0, !%p0; selp.u32 %r2, 1000, 0, %p1; selp.u32 %r3, 2000, 0, %p2;"
                       "add.u32 %r0, %r1, %r2; add.u32 %r0, %r0, %r3;",
                       64);
  EXPECT_EQ(out[0], 2037u);
  EXPECT_EQ(out[63], 2037u);
}

std::string failureOf(const std::string &body, uint32_t threads, LaunchOptions options = {}) {
  Execution run(header() +
                ".visible .entry k() {\n.reg .b32 %r<8>; .reg .pred %p<4>;\nmov.u32 %r0, %tid.x;\n" + body +
                "\nret;\n}\n");
  run.options = options;
  format::Status status = run.launch(2, threads);
  EXPECT_EQ(status.code(), format::Code::DeviceFault);
  return status.message();
}

TEST(Barrier, DivergentOneIsReported) {
  std::string message = failureOf("setp.lt.u32 %p0, %r0, 5;\n@%p0 bra L;\nbar.sync 1;\nL:", 64);
  EXPECT_NE(message.find("divergent barrier: only 27 of the warp's 32"), std::string::npos) << message;
  EXPECT_NE(message.find("kernel 'k', test.ptx:9:1 (bar.sync 1;), CTA (0,0,0), thread (0,0,0)"),
            std::string::npos)
      << message;
}

TEST(Barrier, DeadlockIsReported) {
  std::string message =
      failureOf("setp.lt.u32 %p0, %r0, 32; @%p0 bra L; bar.sync 1; bra M; L: bar.sync 2; M:", 64);
  EXPECT_NE(message.find("deadlock: 32 of the 64 threads that barrier 2 waits for have come; others "
                         "wait at test.ptx:7:"),
            std::string::npos)
      << message;
}

TEST(Limit, RunawayKernelIsStopped) {
  LaunchOptions options;
  options.instructionLimit = 100000;
  std::string message = failureOf("L: bra L;", 40, options);
  EXPECT_NE(message.find("instruction limit: a warp executed 100000 instructions"), std::string::npos)
      << message;
}

TEST(Limit, TrapIsReported) {
  std::string message = failureOf("setp.eq.u32 %p0, %r0, 33; @%p0 trap;", 64);
  EXPECT_NE(message.find("trap: kernel 'k'"), std::string::npos) << message;
  EXPECT_NE(message.find("thread (33,0,0)"), std::string::npos) << message;
}

TEST(Limit, ReportsNameTheSourceLine) {
  Execution run(header() + R"(
    .visible .entry k() { .loc 1 10 3
      bar.sync 0;
      .loc 2 7 5, function_name L, inlined_at 1 11 2
      trap; }
    .file 1 "kernel.cu"
    .file 2 "src/inlined.h", 1700000000, 44)");
  EXPECT_NE(run.launch(1, 32).message().find("(trap;) from src/inlined.h:7:5, CTA"), std::string::npos);
}

TEST(Exchange, Shuffles) {
  auto up = perThread("shfl.sync.up.b32 %r0|%p0, %x, 3, 0, -1; @!%p0 mov.u32 %r0, 99;", 32);
  auto down = perThread("shfl.sync.down.b32 %r0|%p0, %x, 3, 31, -1; @!%p0 mov.u32 %r0, 99;", 32);
  auto butterfly = perThread("shfl.sync.bfly.b32 %r0, %x, 5, 31, -1;", 32);
  // Segments of 8 lanes: c = ((32 - 8) << 8) | 31.
  auto index = perThread("shfl.sync.idx.b32 %r0, %x, 2, 6175, -1;", 32);
  for (uint32_t i = 0; i < 32; ++i) {
    EXPECT_EQ(up[i], i >= 3 ? i - 3 : 99);
    EXPECT_EQ(down[i], i + 3 < 32 ? i + 3 : 99);
    EXPECT_EQ(butterfly[i], i ^ 5);
    EXPECT_EQ(index[i], (i & 24) + 2);
  }
}

// Lanes of one warp reach the same shuffle on two sides of a branch that does not join before it.
TEST(Exchange, WaitsForNamedLanes) {
  auto out = perThread(R"(
    and.b32 %r1, %x, 1; setp.eq.u32 %p0, %r1, 0; @%p0 bra EVEN;
    add.u32 %r2, %x, 100; bra SHUFFLE;
    EVEN: mov.u32 %r2, 0; SPIN: add.u32 %r2, %r2, 1; setp.lt.u32 %p1, %r2, 50; @%p1 bra SPIN; add.u32 %r2, %x, 200;
    SHUFFLE: shfl.sync.bfly.b32 %r0, %r2, 1, 31, -1;)",
                       32);
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(out[i], (i ^ 1) + ((i ^ 1) & 1 ? 100 : 200));
}

// Lanes 0 to 15 and 16 to 31 name themselves, and some of the first half come to the barrier elsewhere.
TEST(Exchange, LanesThatComeTogetherMayNameDifferentOnes) {
  for (bool isLateHalf : {true, false}) {
    auto out = perThread(R"(
      .shared .align 4 .b32 s[32];
      setp.lt.u32 %p0, %x, 16; selp.b32 %r1, 0xffff, 0xffff0000, %p0;
      mov.u32 %r2, s; mad.lo.u32 %r3, %x, 4, %r2; xor.b32 %r4, %x, 8; mad.lo.u32 %r4, %r4, 4, %r2;
      and.b32 %r5, %x, 24; setp.eq.u32 %p1, %r5, 8;)" +
                             std::string(isLateHalf ? "@%p1" : "@!%p1") + R"( bra LATE;
      st.shared.u32 [%r3], %x; bar.warp.sync %r1; ld.shared.u32 %r0, [%r4]; bra DONE;
      LATE: add.u32 %r6, %x, 100; st.shared.u32 [%r3], %r6; bar.warp.sync %r1; ld.shared.u32 %r0, [%r4];
      DONE: shfl.sync.bfly.b32 %r7, %x, 1, 31, %r1; add.u32 %r0, %r0, %r7;)",
                         32);
    for (uint32_t i = 0; i < 32; ++i) {
      uint32_t partner = i ^ 8;
      bool isLate = (partner / 8 == 1) == isLateHalf;
      EXPECT_EQ(out[i], partner + (isLate ? 100 : 0) + (i ^ 1)) << i;
    }
  }
}

// Halves of a warp that execute one instruction together, each with its own member mask; some lanes do not.
TEST(Exchange, GroupsNameTheirOwnLanes) {
  auto sums = perThread("and.b32 %r1, %x, 16; mov.u32 %r2, 0xff; shl.b32 %r1, %r2, %r1; and.b32 %r2, %x, 8;"
                        "setp.eq.u32 %p0, %r2, 0; mov.u32 %r0, 7; @%p0 redux.sync.add.u32 %r0, %x, %r1;"
                        "add.u32 %r0, %r0, 1; bar.sync 0;",
                        32);
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(sums[i], i & 8 ? 8u : i < 16 ? 29u : 8 * 16 + 29u) << i;
}

TEST(Exchange, VotesAndMatches) {
  auto ballot = perThread("setp.lt.u32 %p0, %x, 5; vote.sync.ballot.b32 %r0, !%p0, -1;", 32);
  EXPECT_EQ(ballot[3], ~31u);
  auto all =
      perThread("setp.lt.u32 %p0, %x, 32; vote.sync.all.pred %p1, %p0, -1; vote.sync.any.pred %p2, !%p0, -1;"
                "selp.u32 %r0, 1, 0, %p1; @%p2 add.u32 %r0, %r0, 10;",
                64);
  EXPECT_EQ(all[0], 1u);
  EXPECT_EQ(all[40], 10u);
  auto match = perThread("and.b32 %r1, %x, 3; match.any.sync.b32 %r0, %r1, -1;", 32);
  EXPECT_EQ(match[6], 0x44444444u);
  auto sum = perThread("redux.sync.add.u32 %r0, %x, -1;", 32);
  EXPECT_EQ(sum[9], 496u);
  auto active = perThread("setp.lt.u32 %p0, %x, 7; @!%p0 bra STORE; activemask.b32 %r0;", 32);
  EXPECT_EQ(active[0], 127u);
}

TEST(Launching, SpecialRegistersInThreeDimensions) {
  std::vector<uint32_t> out(2 * 3 * 2 * 4 * 3 * 2, 0);
  Execution run(header() + R"(.visible .entry k(.param .u64 out) {
    .reg .b32 %r<20>; .reg .b64 %q<2>;
    mov.u32 %r0, %ctaid.x; mov.u32 %r1, %ctaid.y; mov.u32 %r2, %ctaid.z; mov.u32 %r3, %nctaid.x; mov.u32 %r4, %nctaid.y;
    mov.u32 %r5, %tid.x; mov.u32 %r6, %tid.y; mov.u32 %r7, %tid.z; mov.u32 %r8, %ntid.x; mov.u32 %r9, %ntid.y;
    mov.u32 %r10, %ntid.z;
    mad.lo.u32 %r11, %r2, %r4, %r1; mad.lo.u32 %r11, %r11, %r3, %r0;
    mul.lo.u32 %r12, %r8, %r9; mul.lo.u32 %r12, %r12, %r10; mul.lo.u32 %r11, %r11, %r12;
    mad.lo.u32 %r13, %r7, %r9, %r6; mad.lo.u32 %r13, %r13, %r8, %r5; add.u32 %r11, %r11, %r13;
    ld.param.u64 %q0, [out]; mad.wide.u32 %q0, %r11, 4, %q0; st.global.u32 [%q0], %r11; })");
  ASSERT_TRUE(run.buffer(out, "out").launch(Dimensions{2, 3, 2}, Dimensions{4, 3, 2}).ok());
  for (uint32_t i = 0; i < out.size(); ++i)
    EXPECT_EQ(out[i], i);
}

TEST(Launching, BadRequestsAreRefused) {
  Execution run(header() + ".visible .entry k(.param .u64 p) .reqntid 64 { ret; }");
  EXPECT_NE(run.launch(1, 64).message().find("takes 8 bytes of parameters, but got 0"), std::string::npos);
  run.scalar(uint64_t(0));
  EXPECT_TRUE(run.launch(1, 64).ok());
  EXPECT_NE(run.launch(1, 32).message().find("requires blocks of 64x1x1"), std::string::npos);
  EXPECT_NE(run.launch(1, 2000).message().find("1 to 1024 threads"), std::string::npos);
  EXPECT_NE(run.launch(0, 64).message().find("grid"), std::string::npos);
}

} // namespace
} // namespace winnow::ptxsim::test
