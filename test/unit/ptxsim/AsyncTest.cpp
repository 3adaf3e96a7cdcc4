// Asynchronous copies, the barriers that track them, and elect.
#include "test/unit/ptxsim/Harness.h"

#include <numeric>

namespace winnow::ptxsim::test {
namespace {

/// One warp: %x has the address of the lane's 16 bytes of x, %s that of its 16 bytes of shared memory, which
/// begin as 0xff. `body` leaves words in %r0..%r3, which go to out.
std::vector<uint32_t> copyTest(const std::string &body, const std::string &prepare = "") {
  std::vector<uint32_t> x(32 * 4), out(32 * 4);
  std::iota(x.begin(), x.end(), 1000);
  Execution run(header() + R"(.visible .entry k(.param .u64 x, .param .u64 out) {
    .reg .b32 %r<8>, %lane, %s; .reg .b64 %x, %out, %state<2>; .reg .pred %p<4>;
    .shared .align 16 .b8 tile[1024]; .shared .align 8 .b64 barrier; mov.u32 %lane, %laneid; ld.param.u64 %x, [x]; ld.param.u64 %out, [out];
    mad.wide.u32 %x, %lane, 16, %x; mad.wide.u32 %out, %lane, 16, %out; mov.u32 %s, tile; mad.lo.u32 %s, %lane, 16, %s;
    mov.b32 %r0, -1; st.shared.v4.b32 [%s], {%r0, %r0, %r0, %r0};
    )" + prepare +
                body + R"(
    st.global.v4.b32 [%out], {%r0, %r1, %r2, %r3}; ret; })");
  format::Status status = run.buffer(x, "x", false).buffer(out, "out").launch(1, 32);
  EXPECT_TRUE(status.ok()) << status.message();
  return out;
}

constexpr const char *kRead = "ld.shared.v4.b32 {%r0, %r1, %r2, %r3}, [%s];";
constexpr uint32_t kOld = 0xffffffff;

TEST(CopyAsync, SizesAndZeroFill) {
  auto check = [](const std::string &copy, std::vector<uint32_t> firstLane) {
    auto out = copyTest(copy + " cp.async.wait_all; " + kRead);
    for (uint32_t lane = 0; lane < 32; ++lane)
      for (uint32_t i = 0; i < 4; ++i)
        EXPECT_EQ(out[lane * 4 + i],
                  firstLane[i] == kOld || firstLane[i] < 1000 ? firstLane[i] : firstLane[i] + 4 * lane)
            << copy;
  };
  check("cp.async.cg.shared.global [%s], [%x], 16;", {1000, 1001, 1002, 1003});
  check("cp.async.ca.shared::cta.global.L2::128B [%s], [%x], 16, 16;", {1000, 1001, 1002, 1003});
  check("cp.async.ca.shared.global [%s], [%x], 8;", {1000, 1001, kOld, kOld});
  check("cp.async.ca.shared.global [%s+4], [%x+8], 4;", {kOld, 1002, kOld, kOld});
  check("cp.async.cg.shared.global [%s], [%x], 16, 8;", {1000, 1001, 0, 0});
  check("mov.u32 %r4, 0; cp.async.cg.shared.global [%s], [0], 16, %r4;", {0, 0, 0, 0});
  check("setp.eq.u32 %p0, 0, 0; cp.async.ca.shared.global [%s], [%x], 8, %p0;", {0, 0, kOld, kOld});
  check("setp.eq.u32 %p0, 0, 1; cp.async.ca.shared.global [%s], [%x], 8, %p0;", {1000, 1001, kOld, kOld});
}

// The address of a source that is read in part must be good for that part only.
TEST(CopyAsync, ReadsOnlyTheSourceSize) {
  std::vector<uint32_t> x(3, 5);
  auto launch = [&](const char *size) {
    Execution run(header() +
                  ".visible .entry k(.param .u64 x) { .reg .b64 %x; .shared .align 16 .b8 tile[16];"
                  "ld.param.u64 %x, [x]; cp.async.cg.shared.global [tile], [%x], 16, " +
                  size + "; ret; }");
    return run.buffer(x, "x").launch(1, 1).message();
  };
  EXPECT_EQ(launch("12"), "");
  EXPECT_NE(launch("16").find("out-of-bounds load of 16 bytes"), std::string::npos);
}

// A copy is made as late as its group allows: what is read too early is old.
TEST(CopyAsync, MissingWaitsShow) {
  const std::string copies = "cp.async.ca.shared.global [%s], [%x], 4; cp.async.commit_group;"
                             "cp.async.ca.shared.global [%s+4], [%x+4], 4; cp.async.commit_group;"
                             "cp.async.ca.shared.global [%s+8], [%x+8], 4;";
  struct {
    std::string wait;
    std::vector<uint32_t> words;
  } cases[] = {{"", {kOld, kOld, kOld}},
               {"cp.async.wait_group 2;", {kOld, kOld, kOld}},
               {"cp.async.wait_group 1;", {1000, kOld, kOld}},
               {"cp.async.wait_group 0;", {1000, 1001, kOld}},
               {"cp.async.commit_group; cp.async.wait_group 1;", {1000, 1001, kOld}},
               {"cp.async.commit_group; cp.async.wait_group 0;", {1000, 1001, 1002}},
               {"cp.async.wait_all;", {1000, 1001, 1002}}};
  for (const auto &[wait, words] : cases) {
    auto out = copyTest(copies + wait + kRead);
    for (uint32_t lane = 0; lane < 32; ++lane)
      for (uint32_t i = 0; i < 3; ++i)
        EXPECT_EQ(out[lane * 4 + i], words[i] == kOld ? kOld : words[i] + 4 * lane) << wait << " word " << i;
  }
}

// Every thread has groups of its own: odd lanes commit once more, so the same wait leaves more of theirs.
TEST(CopyAsync, GroupsAreCountedForEachThread) {
  auto out = copyTest("and.b32 %r4, %lane, 1; setp.eq.u32 %p0, %r4, 1;"
                      "cp.async.ca.shared.global [%s], [%x], 4; cp.async.commit_group;"
                      "@%p0 cp.async.ca.shared.global [%s+4], [%x+4], 4; @%p0 cp.async.commit_group;"
                      "cp.async.wait_group 1;" +
                      std::string(kRead));
  for (uint32_t lane = 0; lane < 32; ++lane) {
    EXPECT_EQ(out[lane * 4], lane & 1 ? 1000 + 4 * lane : kOld);
    EXPECT_EQ(out[lane * 4 + 1], kOld);
  }
}

TEST(MemoryBarrier, PhasesAndParity) {
  // 32 arrivals end phase 0. State and parity tests before and after, from every lane.
  auto out =
      copyTest(R"(
    mbarrier.arrive.shared.b64 %state0, [barrier];
    mbarrier.test_wait.shared.b64 %p0, [barrier], %state0; selp.u32 %r0, 1, 0, %p0;
    mbarrier.test_wait.parity.shared.b64 %p1, [barrier], 0; selp.u32 %r1, 1, 0, %p1;
    mbarrier.try_wait.parity.acquire.cta.shared::cta.b64 %p2, [barrier], 1, 100; selp.u32 %r2, 1, 0, %p2;
    mbarrier.pending_count.b64 %r3, %state0;)",
               "setp.eq.u32 %p3, %lane, 0; @%p3 mbarrier.init.shared.b64 [barrier], 32; bar.warp.sync -1;");
  for (uint32_t lane = 0; lane < 32; ++lane) {
    EXPECT_EQ(out[lane * 4], 1u); // the phase of the state is over
    EXPECT_EQ(out[lane * 4 + 1], 1u);
    EXPECT_EQ(out[lane * 4 + 2], 0u); // phase 1 is not
    EXPECT_EQ(out[lane * 4 + 3], 32 - lane);
  }
}

TEST(MemoryBarrier, CountsTransactionsAndDrops) {
  auto out = copyTest(R"(
    setp.ne.u32 %p3, %lane, 0; @%p3 bra END;
    mbarrier.init.shared.b64 [barrier], 3;
    mbarrier.arrive.noComplete.shared.b64 _, [barrier], 1;
    mbarrier.arrive_drop.shared.b64 _, [barrier];
    mbarrier.arrive.expect_tx.release.cta.shared::cta.b64 _, [barrier], 128;
    mbarrier.test_wait.parity.shared.b64 %p0, [barrier], 0; selp.u32 %r0, 1, 0, %p0;
    mbarrier.complete_tx.shared.b64 [barrier], 100; mbarrier.complete_tx.shared.b64 [barrier], 28;
    mbarrier.test_wait.parity.shared.b64 %p0, [barrier], 0; selp.u32 %r1, 1, 0, %p0;
    mbarrier.arrive.shared.b64 _, [barrier], 2;
    mbarrier.test_wait.parity.shared.b64 %p0, [barrier], 1; selp.u32 %r2, 1, 0, %p0;
    mbarrier.inval.shared.b64 [barrier];
    END:)");
  EXPECT_EQ(out[0], 0u); // bytes are under way
  EXPECT_EQ(out[1], 1u);
  EXPECT_EQ(out[2], 1u); // after the drop two arrivals are a phase
}

// The copies of a thread arrive when somebody asks for the phase, not before.
TEST(MemoryBarrier, TracksCopies) {
  for (bool asks : {false, true}) {
    auto out = copyTest(
        "cp.async.cg.shared.global [%s], [%x], 16;"
        "cp.async.mbarrier.arrive.noinc.shared.b64 [barrier];" +
            std::string(asks ? "mbarrier.test_wait.parity.shared.b64 %p0, [barrier], 0; @!%p0 trap;" : "") +
            kRead,
        "setp.eq.u32 %p3, %lane, 0; @%p3 mbarrier.init.shared.b64 [barrier], 32; bar.warp.sync -1;");
    EXPECT_EQ(out[4], asks ? 1004 : kOld);
  }
}

TEST(MemoryBarrier, ReportsBadUse) {
  auto message = [](const std::string &body) {
    Execution run(header() + ".visible .entry k() { .reg .b64 %s; .shared .align 8 .b64 barrier;" + body +
                  "ret; }");
    return run.launch(1, 1).message();
  };
  EXPECT_NE(message("mbarrier.arrive.shared.b64 %s, [barrier];").find("it is not initialized"),
            std::string::npos);
  EXPECT_NE(message("mbarrier.init.shared.b64 [barrier], 0;").find("its count is 0"), std::string::npos);
  EXPECT_NE(message("mbarrier.init.shared.b64 [barrier], 1; mbarrier.arrive.shared.b64 %s, [barrier], 2;")
                .find("2 arrivals, but the phase lacks 1"),
            std::string::npos);
  EXPECT_NE(message("mbarrier.init.shared.b64 [barrier+4], 1;").find("misaligned"), std::string::npos);
}

TEST(Elect, ChoosesOneLane) {
  auto out = copyTest("mov.u32 %r1, 7; setp.ge.u32 %p1, %lane, 5; mov.b32 %r0, 0; @!%p1 bra END;"
                      "elect.sync %r0|%p0, 0xffffffe0; selp.u32 %r1, 1, 0, %p0; elect.sync _|%p2, "
                      "0xffffffe0; @!%p2 bra END; add.u32 %r1, %r1, 10; END:");
  for (uint32_t lane = 5; lane < 32; ++lane) {
    EXPECT_EQ(out[lane * 4], 5u);
    EXPECT_EQ(out[lane * 4 + 1], lane == 5 ? 11u : 0u);
  }
  EXPECT_EQ(out[1], 7u);
}

TEST(CopyAsync, RefusesBadForms) {
  for (const char *bad :
       {"cp.async.cg.shared.global [tile], [%x], 8;", "cp.async.ca.shared.global [tile], [%x], 12;",
        "cp.async.ca.global.shared [tile], [%x], 16;", "cp.async.bulk.shared.global [tile], [%x], 16;",
        "cp.async.wait_group;", "mbarrier.arrive.shared.b32 %x, [tile];"}) {
    auto program = Program::parse(header() + ".entry k() { .reg .b64 %x; .shared .align 16 .b8 tile[16];" +
                                  bad + " ret; }");
    EXPECT_FALSE(program.ok()) << bad;
  }
}

} // namespace
} // namespace winnow::ptxsim::test
