// Sectors, bank conflicts and divergence, against numbers worked out by hand.
#include "test/unit/ptxsim/Harness.h"

#include <map>
#include <random>
#include <set>
#include <thread>

namespace winnow::ptxsim::test {
namespace {

constexpr unsigned kLoad = unsigned(AccessKind::Load), kStore = unsigned(AccessKind::Store),
                   kAtomic = unsigned(AccessKind::Atomic);

/// `body` executed by `threads` threads of one CTA, with %i = the thread, %rd0 = a buffer of 16 KiB and %s =
/// an array of 16 KiB in shared memory; %r, %rd, %f and %p are free.
Statistics measure(const std::string &body, uint32_t threads = 32, uint32_t grid = 1) {
  Execution run(header() +
                ".visible .entry k(.param .u64 x)\n{\n"
                ".reg .b32 %r<40>, %i, %s; .reg .b64 %rd<8>; .reg .f32 %f<16>; .reg .pred %p<4>;\n"
                ".shared .align 128 .b8 tile[16384];\n"
                "ld.param.u64 %rd0, [x]; mov.u32 %i, %tid.x; mov.u32 %s, tile;\n" +
                body + "\nret;\n}\n");
  std::vector<uint32_t> x(4096);
  run.options.measuresFigures = true;
  run.options.checkAlignment = false;
  run.buffer(x, "x");
  format::Status status = run.launch(grid, threads);
  EXPECT_TRUE(status.ok()) << status.message();
  EXPECT_TRUE(run.statistics.figures);
  run.statistics.figures = run.statistics.figures.value_or(Figures());
  return run.statistics;
}

/// Thread i at byte `scale` * i + `offset` of the buffer: %rd2; of the shared array: %r2.
std::string addressOf(unsigned scale, unsigned offset = 0) {
  std::string byte = "mad.lo.u32 %r1, %i, " + std::to_string(scale) + ", " + std::to_string(offset) + ";\n";
  return byte + "cvt.u64.u32 %rd1, %r1; add.s64 %rd2, %rd0, %rd1; add.u32 %r2, %s, %r1;\n";
}

struct Sectors {
  uint64_t requests, sectors, leastSectors, bytes;
  bool operator==(const Sectors &) const = default;
};
std::ostream &operator<<(std::ostream &out, const Sectors &value) {
  return out << value.requests << " requests, " << value.sectors << " sectors, at least "
             << value.leastSectors << ", for " << value.bytes << " bytes";
}
Sectors sectors(const Statistics &statistics, unsigned kind) {
  const SectorFigures &figures = statistics.figures->global[kind];
  return {figures.requests, figures.sectors, figures.leastSectors, figures.bytes};
}
Sectors loaded(const std::string &body, uint32_t threads = 32) {
  return sectors(measure(body, threads), kLoad);
}

struct Wavefronts {
  uint64_t requests, wavefronts, conflicts;
  bool operator==(const Wavefronts &) const = default;
};
std::ostream &operator<<(std::ostream &out, const Wavefronts &value) {
  return out << value.requests << " requests, " << value.wavefronts << " wavefronts, " << value.conflicts
             << " conflicts";
}
Wavefronts wavefronts(const std::string &body, unsigned kind = kLoad, uint32_t threads = 32) {
  const WavefrontFigures figures = measure(body, threads).figures->shared[kind];
  return {figures.requests, figures.wavefronts, figures.conflicts()};
}

const std::string kLoadWord = "ld.global.u32 %r3, [%rd2];", kLoadShared = "ld.shared.u32 %r3, [%r2];";

TEST(GlobalSectors, OfWordsByStride) {
  EXPECT_EQ(loaded(addressOf(4) + kLoadWord), (Sectors{1, 4, 4, 128}));
  EXPECT_EQ(loaded(addressOf(8) + kLoadWord), (Sectors{1, 8, 4, 128}));
  EXPECT_EQ(loaded(addressOf(32) + kLoadWord), (Sectors{1, 32, 4, 128}));
  EXPECT_EQ(loaded(addressOf(128) + kLoadWord), (Sectors{1, 32, 4, 128}));
}

TEST(GlobalSectors, OfBroadcast) { EXPECT_EQ(loaded(addressOf(0) + kLoadWord), (Sectors{1, 1, 1, 4})); }

// 128 bytes from byte 16 on: half of the first sector, three whole ones and half of a fifth.
TEST(GlobalSectors, OfMisalignedBeginning) {
  EXPECT_EQ(loaded(addressOf(4, 16) + kLoadWord), (Sectors{1, 5, 4, 128}));
  // Each thread's word lies in two sectors: bytes 30 to 33 and every 32 further.
  EXPECT_EQ(loaded(addressOf(32, 30) + kLoadWord), (Sectors{1, 33, 4, 128}));
}

TEST(GlobalSectors, OfReversedAndScatteredLanes) {
  EXPECT_EQ(loaded("sub.u32 %i, 31, %i;" + addressOf(4) + kLoadWord), (Sectors{1, 4, 4, 128}));
  // 7 is odd: the words 7 i mod 32 are all of 32, in another order.
  EXPECT_EQ(loaded("mul.lo.u32 %i, %i, 7; and.b32 %i, %i, 31;" + addressOf(4) + kLoadWord),
            (Sectors{1, 4, 4, 128}));
}

TEST(GlobalSectors, OfVectorsAndSmallElements) {
  EXPECT_EQ(loaded(addressOf(16) + "ld.global.v4.f32 {%f0, %f1, %f2, %f3}, [%rd2];"),
            (Sectors{1, 16, 16, 512}));
  EXPECT_EQ(loaded(addressOf(8) + "ld.global.v2.f32 {%f0, %f1}, [%rd2];"), (Sectors{1, 8, 8, 256}));
  EXPECT_EQ(loaded(addressOf(1) + "ld.global.u8 %r3, [%rd2];"), (Sectors{1, 1, 1, 32}));
  // Windows that overlap by 12 of 16 bytes: 31 * 4 + 16 bytes in all.
  EXPECT_EQ(loaded(addressOf(4) + "ld.global.v4.f32 {%f0, %f1, %f2, %f3}, [%rd2];"), (Sectors{1, 5, 5, 140}));
}

TEST(GlobalSectors, OfActiveLanesOnly) {
  EXPECT_EQ(loaded("setp.lt.u32 %p0, %i, 10;" + addressOf(4) + "@%p0 " + kLoadWord), (Sectors{1, 2, 2, 40}));
  EXPECT_EQ(loaded("and.b32 %r0, %i, 8; setp.eq.u32 %p0, %r0, 0;" + addressOf(4) + "@%p0 " + kLoadWord),
            (Sectors{1, 2, 2, 64}));
  EXPECT_EQ(loaded(addressOf(4) + kLoadWord, 40), (Sectors{2, 5, 5, 160}));
  EXPECT_EQ(loaded("setp.gt.u32 %p0, %i, 99;" + addressOf(4) + "@%p0 " + kLoadWord), (Sectors{0, 0, 0, 0}));
}

TEST(GlobalSectors, OfStoresAndAtomics) {
  Statistics stored = measure(addressOf(8) + "st.global.u32 [%rd2], %i;");
  EXPECT_EQ(sectors(stored, kStore), (Sectors{1, 8, 4, 128}));
  EXPECT_EQ(sectors(stored, kLoad), (Sectors{0, 0, 0, 0}));
  EXPECT_EQ(sectors(measure(addressOf(0) + "red.global.add.u32 [%rd2], 1;"), kAtomic), (Sectors{1, 1, 1, 4}));
  EXPECT_EQ(sectors(measure(addressOf(64) + "atom.global.add.u32 %r3, [%rd2], 1;"), kAtomic),
            (Sectors{1, 32, 4, 128}));
}

TEST(GlobalSectors, OfGenericAddresses) {
  Statistics mixed = measure("cvta.to.global.u64 %rd0, %rd0;" + addressOf(4) +
                             "setp.lt.u32 %p0, %i, 8; cvt.u64.u32 %rd3, %r2; cvta.shared.u64 %rd3, %rd3;\n"
                             "selp.b64 %rd4, %rd2, %rd3, %p0; ld.u32 %r3, [%rd4];");
  EXPECT_EQ(sectors(mixed, kLoad), (Sectors{1, 1, 1, 32}));
  EXPECT_EQ(mixed.figures->shared[kLoad].requests, 1u);
  EXPECT_EQ(mixed.figures->shared[kLoad].wavefronts, 1u);
}

// Threads 0 to 15 copy 16 bytes, the others read but 4 of the 16 that they write.
TEST(GlobalSectors, OfAsynchronousCopies) {
  Statistics copied = measure(addressOf(16) + "setp.lt.u32 %p0, %i, 16; selp.u32 %r4, 16, 4, %p0;\n"
                                              "cp.async.cg.shared.global [%r2], [%rd2], 16, %r4;\n"
                                              "cp.async.wait_all;");
  EXPECT_EQ(sectors(copied, kLoad), (Sectors{1, 16, 10, 16 * 16 + 16 * 4}));
  EXPECT_EQ(copied.figures->shared[kStore].wavefronts, 4u);
  EXPECT_EQ(copied.figures->shared[kStore].conflicts(), 0u);
}

// Rows of 16 halves, 32 bytes each: every row is a sector.
TEST(GlobalSectors, OfMatrixFragments) {
  const std::string registers = "{%r10, %r11, %r12, %r13, %r14, %r15, %r16, %r17}";
  EXPECT_EQ(loaded("wmma.load.a.sync.aligned.row.m16n16k16.global.f16 " + registers + ", [%rd0], 16;"),
            (Sectors{1, 16, 16, 512}));
  EXPECT_EQ(loaded("wmma.load.a.sync.aligned.row.m16n16k16.global.f16 " + registers + ", [%rd0], 64;"),
            (Sectors{1, 16, 16, 512}));
  // From the middle of a sector on, each row lies in two.
  EXPECT_EQ(loaded("wmma.load.a.sync.aligned.row.m16n16k16.global.f16 " + registers + ", [%rd0+16], 64;"),
            (Sectors{1, 32, 16, 512}));
}

TEST(GlobalSectors, OfWholeLaunchOnce) {
  // Four CTAs and two loads of the same 128 bytes, and stores to 64 others.
  Statistics launch = measure(addressOf(4) + kLoadWord + kLoadWord +
                                  "setp.lt.u32 %p0, %i, 16; @%p0 st.global.u32 [%rd2+1024], %i;",
                              32, 4);
  EXPECT_EQ(sectors(launch, kLoad), (Sectors{8, 32, 32, 1024}));
  EXPECT_EQ(launch.figures->readSectors, 4u);
  EXPECT_EQ(launch.figures->writtenSectors, 2u);
}

TEST(SharedWavefronts, OfWordsByStride) {
  EXPECT_EQ(wavefronts(addressOf(4) + kLoadShared), (Wavefronts{1, 1, 0}));
  EXPECT_EQ(wavefronts(addressOf(8) + kLoadShared), (Wavefronts{1, 2, 1}));
  EXPECT_EQ(wavefronts(addressOf(12) + kLoadShared), (Wavefronts{1, 1, 0}));
  EXPECT_EQ(wavefronts(addressOf(64) + kLoadShared), (Wavefronts{1, 16, 15}));
  EXPECT_EQ(wavefronts(addressOf(128) + kLoadShared), (Wavefronts{1, 32, 31}));
}

TEST(SharedWavefronts, OfBroadcastAndBytes) {
  EXPECT_EQ(wavefronts(addressOf(0) + kLoadShared), (Wavefronts{1, 1, 0}));
  EXPECT_EQ(wavefronts(addressOf(1) + "ld.shared.u8 %r3, [%r2];"), (Wavefronts{1, 1, 0}));
  // Two words of one bank, 16 lanes each.
  EXPECT_EQ(wavefronts("and.b32 %i, %i, 1;" + addressOf(128) + kLoadShared), (Wavefronts{1, 2, 1}));
}

// A transposed tile of 32 by 32 words conflicts in every lane, one with rows of 33 words in none.
TEST(SharedWavefronts, OfTransposedTiles) {
  EXPECT_EQ(wavefronts(addressOf(32 * 4) + "st.shared.u32 [%r2], %i;", kStore), (Wavefronts{1, 32, 31}));
  EXPECT_EQ(wavefronts(addressOf(33 * 4) + "st.shared.u32 [%r2], %i;", kStore), (Wavefronts{1, 1, 0}));
}

TEST(SharedWavefronts, OfVectorsInGroups) {
  const std::string two = "ld.shared.v2.u32 {%r3, %r4}, [%r2];",
                    four = "ld.shared.v4.u32 {%r3, %r4, %r5, %r6}, [%r2];";
  EXPECT_EQ(wavefronts(addressOf(8) + two), (Wavefronts{1, 2, 0}));
  EXPECT_EQ(wavefronts(addressOf(16) + four), (Wavefronts{1, 4, 0}));
  // 16 bytes apart, the 16 lanes of a half have words of banks 4 i and 4 i + 1: two lanes for each.
  EXPECT_EQ(wavefronts(addressOf(16) + two), (Wavefronts{1, 4, 2}));
  // Rows of 32 bytes: lanes i and i + 4 of a quarter meet.
  EXPECT_EQ(wavefronts(addressOf(32) + four), (Wavefronts{1, 8, 4}));
  // Only threads 0 to 7: one quarter.
  EXPECT_EQ(wavefronts("setp.lt.u32 %p0, %i, 8;" + addressOf(16) + "@%p0 " + four), (Wavefronts{1, 1, 0}));
}

TEST(SharedWavefronts, OfAtomicsOnOneWord) {
  EXPECT_EQ(wavefronts(addressOf(0) + "red.shared.add.u32 [%r2], 1;", kAtomic), (Wavefronts{1, 32, 31}));
  EXPECT_EQ(wavefronts(addressOf(4) + "red.shared.add.u32 [%r2], 1;", kAtomic), (Wavefronts{1, 1, 0}));
}

// Thread 8 i + j gives row j of matrix i; a matrix is a wavefront when its rows lie in different banks.
TEST(SharedWavefronts, OfMatrixRows) {
  const std::string load = "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r3, %r4, %r5, %r6}, [%r2];";
  EXPECT_EQ(wavefronts(addressOf(16) + load), (Wavefronts{1, 4, 0}));
  EXPECT_EQ(wavefronts(addressOf(32) + load), (Wavefronts{1, 8, 4}));
  EXPECT_EQ(wavefronts(addressOf(128) + load), (Wavefronts{1, 32, 28}));
  EXPECT_EQ(wavefronts(addressOf(128 + 16) + load), (Wavefronts{1, 4, 0})); // rows padded by 16 bytes
  EXPECT_EQ(wavefronts(addressOf(128) + "ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r3}, [%r2];"),
            (Wavefronts{1, 8, 7}));
}

// Random accesses, of which sets count sectors, bytes and the words of banks.
TEST(AccessCosts, AreThoseOfSets) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    uint64_t bytes = uint64_t(1) << random() % 5, span = uint64_t(64) << random() % 8;
    uint32_t mask = uint32_t(random()) | 1u << random() % 32;
    uint64_t addresses[32];
    std::vector<ByteRange> ranges;
    std::set<uint64_t> touched, sectors;
    uint64_t wavefronts = 0;
    std::map<uint64_t, std::map<uint64_t, std::set<uint64_t>>> words; // by group of lanes and bank
    for (unsigned lane = 0; lane < 32; ++lane) {
      addresses[lane] = random() % span / bytes * bytes;
      if (!(mask >> lane & 1))
        continue;
      ranges.push_back({addresses[lane], addresses[lane] + bytes});
      for (uint64_t byte = addresses[lane]; byte < addresses[lane] + bytes; ++byte) {
        touched.insert(byte);
        sectors.insert(byte / 32);
        words[lane * std::max<uint64_t>(bytes, 4) / 128][byte / 4 % 32].insert(byte / 4);
      }
    }
    for (auto &[group, banks] : words) {
      size_t most = 0;
      for (auto &[bank, distinct] : banks)
        most = std::max(most, distinct.size());
      wavefronts += most;
    }
    std::vector<uint64_t> footprint(16384 / 32 / 64 + 1);
    SectorCost cost = sectorCost(ranges, footprint);
    ASSERT_EQ(cost.sectors, sectors.size());
    ASSERT_EQ(cost.bytes, touched.size());
    ASSERT_EQ(cost.leastSectors, (touched.size() + 31) / 32);
    for (uint64_t sector = 0; sector < 16384 / 32; ++sector)
      ASSERT_EQ(footprint[sector / 64] >> sector % 64 & 1, sectors.count(sector));
    WavefrontCost shared = wavefrontCost(addresses, mask, unsigned(bytes), /*isAtomic=*/false);
    ASSERT_EQ(shared.wavefronts, wavefronts);
    ASSERT_EQ(shared.leastWavefronts, words.size());
  }
}

/// The figures of the line whose text begins with `text`.
LineFigures lineOf(const Statistics &statistics, std::string_view text) {
  for (const LineFigures &line : statistics.figures->lines)
    if (line.text.starts_with(text))
      return line;
  ADD_FAILURE() << "no line " << text;
  return {};
}

TEST(Divergence, OfOneBranch) {
  // 8 lanes skip three instructions, and wait for 24 there.
  Statistics found =
      measure("setp.lt.u32 %p0, %i, 8;\n@%p0 bra JOIN;\n"
              "add.u32 %r1, %i, 1;\nadd.u32 %r1, %i, 2;\nadd.u32 %r1, %i, 3;\nJOIN: sub.u32 %r1, %i, 3;");
  LineFigures branch = lineOf(found, "@%p0 bra");
  EXPECT_EQ(branch.divergences, 1u);
  EXPECT_EQ(branch.lostLanes, 3u * 8);
  EXPECT_EQ(found.figures->lostLanes, 3u * 8);
  EXPECT_EQ(lineOf(found, "add.u32 %r1, %i, 1").laneInstructions, 24u);
  EXPECT_EQ(lineOf(found, "sub").laneInstructions, 32u);
}

TEST(Divergence, OfNestedBranches) {
  // 16 lanes enter, of which 4 execute the two in the middle: 16 are lost to the outer branch in all five
  // instructions (the inner setp, bra and three others), 12 to the inner in two.
  Statistics found =
      measure("setp.ge.u32 %p0, %i, 16;\n@%p0 bra OUTER;\nsetp.ge.u32 %p1, %i, 4;\n@%p1 bra INNER;\n"
              "add.u32 %r1, %i, 1;\nadd.u32 %r1, %i, 2;\nINNER: add.u32 %r1, %i, 3;\n"
              "OUTER: sub.u32 %r1, %i, 3;");
  EXPECT_EQ(lineOf(found, "@%p0 bra").lostLanes, 5u * 16);
  EXPECT_EQ(lineOf(found, "@%p1 bra").lostLanes, 2u * 12);
}

TEST(Divergence, OfLoopsWithUnequalTrips) {
  // Lane i goes round i + 1 times, three instructions each: in round r, r lanes have left.
  Statistics found =
      measure("mov.u32 %r1, 0;\nLOOP: add.u32 %r1, %r1, 1;\nsetp.le.u32 %p0, %r1, %i;\n@%p0 bra LOOP;");
  LineFigures branch = lineOf(found, "@%p0 bra");
  EXPECT_EQ(branch.warpInstructions, 32u);
  EXPECT_EQ(branch.divergences, 31u);
  EXPECT_EQ(branch.lostLanes, 3u * 31 * 32 / 2);
}

TEST(Divergence, IsNotWhatExitedLanesLeave) {
  Statistics found = measure("setp.ge.u32 %p0, %i, 10;\n@%p0 ret;\nadd.u32 %r1, %i, 1;");
  EXPECT_EQ(found.figures->lostLanes, 0u);
  EXPECT_EQ(lineOf(found, "add").laneInstructions, 10u);
  // Both sides end on their own: each waits for nobody once the other has exited.
  Statistics apart = measure(
      "setp.ge.u32 %p0, %i, 10;\n@%p0 bra OTHER;\nadd.u32 %r1, %i, 1;\nret;\nOTHER: add.u32 %r1, %i, 2;");
  EXPECT_EQ(lineOf(apart, "@%p0 bra").divergences, 1u);
}

TEST(LineFigures, SayWhereSectorsAndConflictsAre) {
  Statistics found = measure(addressOf(128) + kLoadWord + "\n" + kLoadShared);
  EXPECT_EQ(lineOf(found, "ld.global").global.sectors, 32u);
  EXPECT_EQ(lineOf(found, "ld.global").shared.wavefronts, 0u);
  EXPECT_EQ(lineOf(found, "ld.shared").shared.conflicts(), 31u);
  EXPECT_GT(lineOf(found, "ld.shared").location.line, lineOf(found, "ld.global").location.line);
}

TEST(LineFigures, AreOneLineOfText) {
  Statistics found = measure("add.u32\t%r1,\n    %r2,  %r3;");
  EXPECT_EQ(lineOf(found, "add").text, "add.u32 %r1, %r2, %r3;");
}

TEST(LaunchFigures, AreMeasuredOnRequestOnly) {
  Execution run(header() + ".visible .entry k()\n{\nret;\n}\n");
  ASSERT_TRUE(run.launch(1, 32).ok());
  EXPECT_FALSE(run.statistics.figures);
  run.options.measuresFigures = true;
  ASSERT_TRUE(run.launch(1, 32).ok());
  ASSERT_TRUE(run.statistics.figures);
  EXPECT_EQ(run.statistics.figures->lines.at(0).warpInstructions, 1u);
}

TEST(LaunchFigures, AddUpOverWorkersAndLaunches) {
  Execution run(header() + ".visible .entry k(.param .u64 x)\n{\n.reg .b32 %r<4>; .reg .b64 %rd<4>;\n"
                           "mov.u32 %r0, %tid.x; mov.u32 %r1, %ctaid.x; mad.lo.u32 %r2, %r1, 32, %r0;\n"
                           "ld.param.u64 %rd0, [x]; mad.wide.u32 %rd1, %r2, 4, %rd0;\n"
                           "st.global.u32 [%rd1], %r2;\nret;\n}\n");
  std::vector<uint32_t> x(64 * 32);
  run.buffer(x, "x");
  run.options.measuresFigures = true;
  run.options.workers = 4;
  run.options.parallelFor = [](int64_t count, const std::function<void(int64_t)> &body) {
    std::vector<std::thread> threads;
    for (int64_t i = 0; i < count; ++i)
      threads.emplace_back(body, i);
    for (std::thread &thread : threads)
      thread.join();
  };
  ASSERT_TRUE(run.launch(64, 32).ok());
  EXPECT_EQ(sectors(run.statistics, kStore), (Sectors{64, 256, 256, 8192}));
  EXPECT_EQ(run.statistics.figures->writtenSectors, 256u);
  ASSERT_TRUE(run.launch(64, 32).ok());
  EXPECT_EQ(sectors(run.statistics, kStore), (Sectors{128, 512, 512, 16384}));
  EXPECT_EQ(run.statistics.figures->writtenSectors, 512u); // of two launches
  EXPECT_EQ(lineOf(run.statistics, "st.global").warpInstructions, 128u);
}

} // namespace
} // namespace winnow::ptxsim::test
