// The checks of races, uninitialized memory and missing waits: broken kernels that must be reported, with
// both sides, and correct ones that must not be.
#include "test/unit/ptxsim/Harness.h"

namespace winnow::ptxsim::test {
namespace {

/// A kernel with shared memory `tile` of 1024 bytes. %x: the thread; %s: its word of tile; %q: its word of
/// the buffer `data` of 64 words; %n: the CTA.
format::Status run(const std::string &body, uint32_t grid = 1, uint32_t block = 64,
                   bool isInitialized = true) {
  std::vector<uint32_t> data(64, 1);
  Execution execution(header() + R"(.visible .entry k(.param .u64 data) {
    .reg .b32 %x, %s, %n, %lane, %r<8>; .reg .b64 %q, %d, %l<4>; .reg .pred %p<8>; .reg .b16 %h;
    .shared .align 16 .b8 tile[1024]; .shared .align 8 .b64 barrier; .local .align 8 .b8 stack[64];
    mov.u32 %x, %tid.x; mov.u32 %n, %ctaid.x; mov.u32 %lane, %laneid; mov.u32 %s, tile; mad.lo.u32 %s, %x, 4, %s;
    ld.param.u64 %d, [data]; mad.wide.u32 %q, %x, 4, %d; setp.eq.u32 %p7, %x, 0;
    )" + body + " ret; }");
  MemoryRange range{reinterpret_cast<uint64_t>(data.data()), data.size() * 4, "data"};
  range.isInitialized = isInitialized;
  EXPECT_TRUE(execution.memory.add(range).ok());
  execution.scalar(range.begin);
  execution.options.checkRaces = execution.options.checkUninitialized = true;
  execution.options.instructionLimit = 1 << 20;
  return execution.launch(grid, block);
}

void expectReport(const format::Status &status, std::initializer_list<const char *> parts) {
  EXPECT_EQ(status.code(), format::Code::DeviceFault);
  for (const char *part : parts)
    EXPECT_NE(status.message().find(part), std::string::npos) << part << " in: " << status.message();
}

void expectClean(const format::Status &status) { EXPECT_TRUE(status.ok()) << status.message(); }

constexpr const char *kFill = "st.shared.u32 [%s], %x; ";
constexpr const char *kReadOther = "xor.b32 %r0, %s, 128; ld.shared.u32 %r1, [%r0]; ";

// Which of the two comes first is chance; a read of what is not written yet is a race, not uninitialized.
TEST(SharedRaces, ReadAfterWrite) {
  expectReport(
      run(std::string(kFill) + kReadOther),
      {"race: store of 4 bytes at byte 128 of shared memory and the load by thread (0,0,0) at test.ptx:",
       "(ld.shared.u32 %r1, [%r0];), with no barrier between them", "kernel 'k'", "thread (32,0,0)",
       "(st.shared.u32 [%s], %x;)"});
  expectClean(run(std::string(kFill) + "bar.sync 0; " + kReadOther));
  expectClean(run(std::string(kFill) + "barrier.sync 1, 64; " + kReadOther));
}

TEST(SharedRaces, WriteAfterRead) {
  std::string body = std::string(kFill) + "bar.sync 0; " + kReadOther;
  expectReport(run(body + kFill), {"race: ", "load", "store", "with no barrier between them"});
  expectClean(run(body + "bar.sync 0; " + kFill));
}

TEST(SharedRaces, WriteAfterWrite) {
  expectReport(run("st.shared.u32 [tile], %x;"),
               {"race: store of 4 bytes at byte 0", "and the store by thread"});
  // One value from all is what many kernels do on purpose.
  expectClean(run("mov.u32 %r0, 7; st.shared.u32 [tile], %r0;"));
}

// Within a warp bar.warp.sync orders; without it lanes are no more in step than warps are.
TEST(SharedRaces, WithinAWarp) {
  const std::string read = "xor.b32 %r0, %s, 64; ld.shared.u32 %r1, [%r0];";
  expectReport(run(kFill + read, 1, 32), {"race: load of 4 bytes", "store by thread (16,0,0)"});
  expectClean(run(std::string(kFill) + "bar.warp.sync -1;" + read, 1, 32));
  // It does not order the accesses of other warps.
  expectReport(run(std::string(kFill) + "bar.warp.sync -1;" + kReadOther), {"race: "});
}

TEST(SharedRaces, BytesOfOneWordAreApart) {
  expectClean(run("cvt.u16.u32 %h, %x; mov.u32 %r0, tile; add.u32 %r0, %r0, %x; st.shared.u8 [%r0], %h;"));
}

TEST(SharedRaces, AtomicsDoNotRaceWithAtomics) {
  const std::string clear = "mov.u32 %r0, 0; @%p7 st.shared.u32 [tile], %r0; bar.sync 0;";
  expectClean(run(clear + "red.shared.add.u32 [tile], 1; bar.sync 0; ld.shared.u32 %r1, [tile];"));
  expectReport(run(clear + "red.shared.add.u32 [tile], 1; ld.shared.u32 %r1, [tile];"),
               {"race: load of 4 bytes", "and the atomic operation by thread"});
}

// A flag with a fence on either side orders what threads do.
TEST(SharedRaces, FlagsWithFences) {
  const std::string clear = "mov.u32 %r0, 0; @%p7 st.shared.u32 [tile+512], %r0; bar.sync 0;";
  const std::string body =
      "setp.ge.u32 %p0, %x, 32; @%p0 bra WAIT; st.shared.u32 [%s], %x; bar.warp.sync -1; @!%p7 bra END;"
      "FENCE1 mov.u32 %r1, 1; st.volatile.shared.u32 [tile+512], %r1; bra END;"
      "WAIT: ld.volatile.shared.u32 %r1, [tile+512]; setp.eq.u32 %p1, %r1, 0; @%p1 bra WAIT;"
      "FENCE2 xor.b32 %r0, %s, 128; ld.shared.u32 %r1, [%r0]; END:";
  auto with = [&](const std::string &fence) {
    std::string text = body;
    text.replace(text.find("FENCE1"), 6, fence);
    text.replace(text.find("FENCE2"), 6, fence);
    return run(clear + text);
  };
  expectClean(with("membar.cta;"));
  expectClean(with("fence.acq_rel.cta;"));
  expectReport(with(""), {"race: load of 4 bytes", "store by thread"});
}

TEST(SharedRaces, MemoryBarriersOrder) {
  const std::string init = "@%p7 mbarrier.init.shared.b64 [barrier], 64; bar.sync 0;";
  const std::string wait = "WAIT: mbarrier.try_wait.parity.shared.b64 %p0, [barrier], 0; @!%p0 bra WAIT;";
  expectClean(run(init + kFill + "mbarrier.arrive.shared.b64 _, [barrier];" + wait + kReadOther));
  expectReport(run(init + "mbarrier.arrive.shared.b64 _, [barrier];" + wait + kFill + kReadOther),
               {"race: "});
}

TEST(SharedRaces, EveryCtaHasItsOwn) { expectClean(run(std::string(kFill) + "bar.sync 0;" + kReadOther, 5)); }

TEST(AsyncCopies, MissingWait) {
  const std::string copy = "cp.async.ca.shared.global [%s], [%q], 4; cp.async.commit_group; ";
  const std::string read = "ld.shared.u32 %r1, [%s];";
  expectReport(run(copy + read),
               {"race: load of 4 bytes at byte 0 of shared memory while the copy by thread (0,0,0) at",
                "cp.async.ca.shared.global", "is under way: a wait for it is missing before"});
  expectReport(run(copy + copy + "cp.async.wait_group 1;" + read), {"race: "});
  expectClean(run(copy + "cp.async.wait_group 0;" + read));
  // A wait is the thread's own; others need a barrier after it.
  expectReport(run(copy + "cp.async.wait_all;" + kReadOther), {"race: ", "and the load by thread"});
  expectClean(run(copy + "cp.async.wait_all; bar.sync 0;" + kReadOther));
  expectReport(run(copy + "bar.sync 0; cp.async.wait_all;" + kReadOther), {"race: "});
  // The next copy into a buffer that others still read.
  expectReport(run(copy + "cp.async.wait_all; bar.sync 0;" + kReadOther + copy), {"race: "});
}

// Blocks that write to one place, or read what another writes.
TEST(GlobalRaces, BetweenCtas) {
  expectReport(run("@%p7 st.global.u32 [%d], %n;", 2),
               {"race: store of 4 bytes at byte 0 of 'data' in global memory and the store by CTA (0,0,0), "
                "thread (0,0,0)",
                "of which neither must come first", "CTA (1,0,0)"});
  expectReport(run("setp.eq.u32 %p0, %n, 1; @!%p0 st.global.u32 [%q], %x; @%p0 ld.global.u32 %r0, [%q];", 2),
               {"race: load of 4 bytes", "store by CTA (0,0,0)"});
  expectReport(run("setp.eq.u32 %p0, %n, 0; @!%p0 st.global.u32 [%q], %n; @%p0 ld.global.u32 %r0, [%q];", 2),
               {"race: store of 4 bytes", "load by CTA (0,0,0)"});
  expectClean(run("ld.global.u32 %r0, [%q];", 4));
  expectClean(run("red.global.add.u32 [%d], 1;", 4));
  expectReport(run("red.global.add.u32 [%d], 1; ld.global.u32 %r0, [%d];", 2),
               {"race: ", "atomic operation by"});
}

// The last block to arrive reads what all have written: fences around the counter order it.
TEST(GlobalRaces, LastBlockReduction) {
  auto with = [](const std::string &fence) {
    return run(
        "setp.eq.u32 %p1, %lane, 0; mul.wide.u32 %l0, %n, 4; add.s64 %l0, %l0, %d; @!%p7 bra END;"
        "st.global.u32 [%l0+128], %n; " +
            fence +
            "atom.global.add.u32 %r0, [%d], 1; setp.ne.u32 %p0, %r0, 4;"
            "@%p0 bra END; " +
            fence +
            "ld.global.u32 %r1, [%d+128]; ld.global.u32 %r2, [%d+132]; ld.global.u32 %r3, [%d+140]; END:",
        4);
  };
  expectClean(with("membar.gl;"));
  expectClean(with("fence.acq_rel.gpu;"));
  expectReport(with(""), {"race: load of 4 bytes", "store by CTA"});
}

TEST(GlobalRaces, WithinACta) {
  const std::string store = "st.global.u32 [%q], %x; ",
                    load = "xor.b32 %r0, %x, 32; mad.wide.u32 %l0, %r0, 4, %d;"
                           "ld.global.u32 %r1, [%l0];";
  expectReport(run(store + load), {"race: ", "in global memory", "with no barrier between them"});
  expectClean(run(store + "bar.sync 0;" + load));
}

TEST(Uninitialized, Shared) {
  expectReport(run("ld.shared.u32 %r0, [%s];"),
               {"uninitialized: load of 4 bytes at byte 0 of shared memory, which nobody has written"});
  // Every CTA begins anew, and one unwritten byte is enough.
  expectReport(run("setp.eq.u32 %p0, %n, 0; @%p0 st.shared.u32 [%s], %x; ld.shared.u32 %r0, [%s];", 2),
               {"uninitialized", "CTA (1,0,0)"});
  expectReport(run("cvt.u16.u32 %h, %x; st.shared.u16 [%s], %h; ld.shared.u32 %r0, [%s];"),
               {"uninitialized"});
  expectReport(run("red.shared.add.u32 [tile], 1;"), {"uninitialized: atomic operation of 4 bytes"});
}

// A compiler may load from a thread's own memory before it knows whether the value is used.
TEST(Uninitialized, LocalIsNotWatched) { expectClean(run("ld.local.u32 %r0, [stack+8];")); }

TEST(Uninitialized, Global) {
  const std::string load = "ld.global.u32 %r0, [%q];";
  expectClean(run(load));
  expectReport(
      run(load, 1, 64, /*isInitialized=*/false),
      {"uninitialized: load of 4 bytes at byte 0 of 'data' in global memory, which nobody has written"});
  expectClean(run("st.global.u32 [%q], %x;" + load, 1, 64, false));
}

TEST(Uninitialized, MatricesAndCopies) {
  const std::string address =
      "shl.b32 %r0, %lane, 4; mov.u32 %r1, tile; add.u32 %r0, %r0, %r1; mov.u32 %r2, 0;";
  const std::string load = "ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r3}, [%r0];";
  expectReport(run(address + load, 1, 32), {"uninitialized: load of 16 bytes"});
  expectClean(run(address + "st.shared.v4.u32 [%r0], {%r2, %r2, %r2, %r2}; bar.warp.sync -1;" + load, 1, 32));
  expectReport(run(address + "st.shared.v4.u32 [%r0], {%r2, %r2, %r2, %r2};" + load +
                       "stmatrix.sync.aligned.m8n8.x1.shared.b16 [%r1], {%r2};" + load,
                   1, 32),
               {"race: store of 16 bytes"});
  expectReport(run("cp.async.ca.shared.global [%s], [%q], 4;", 1, 64, false),
               {"uninitialized: load of 4 bytes", "cp.async"});
}

} // namespace
} // namespace winnow::ptxsim::test
