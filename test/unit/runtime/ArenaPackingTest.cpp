// The packing of transient buffers: live buffers never overlap, and the arena is close to the lower bound.
#include "runtime/plan/ArenaPacking.h"

#include <gtest/gtest.h>
#include <random>
#include <vector>

using namespace winnow::runtime;

namespace {

void expectDisjoint(const std::vector<Interval> &intervals, const Packing &packing) {
  for (size_t i = 0; i < intervals.size(); ++i) {
    const Interval &a = intervals[i];
    EXPECT_EQ(a.offset % 64, 0);
    EXPECT_LE(a.offset + a.bytes, packing.arenaBytes);
    for (size_t j = 0; j < i; ++j) {
      const Interval &b = intervals[j];
      bool together = a.begin <= b.end && b.begin <= a.end;
      bool overlap = a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
      EXPECT_FALSE(together && overlap) << i << " and " << j;
    }
  }
}

TEST(ArenaPacking, Empty) {
  Packing packing = packIntervals({});
  EXPECT_EQ(packing.arenaBytes, 0);
  EXPECT_EQ(packing.lowerBound, 0);
}

TEST(ArenaPacking, ChainReusesMemory) {
  // As in a feed-forward network: each buffer lives until the next is written.
  std::vector<Interval> intervals;
  for (int i = 0; i < 10; ++i)
    intervals.push_back({i, i + 1, 1000, 0});
  Packing packing = packIntervals(intervals);
  expectDisjoint(intervals, packing);
  EXPECT_EQ(packing.arenaBytes, 2048);
  EXPECT_EQ(packing.lowerBound, 2048);
}

TEST(ArenaPacking, ChoosesTheGapThatFitsBest) {
  // Gaps of 512 and 128 between long-lived buffers; the small one fits the second exactly.
  std::vector<Interval> intervals = {{0, 9, 4096, 0}, {0, 1, 512, 0}, {0, 9, 256, 0}, {0, 1, 128, 0},
                                     {0, 9, 64, 0},   {5, 6, 128, 0}, {5, 6, 512, 0}};
  Packing packing = packIntervals(intervals);
  expectDisjoint(intervals, packing);
  EXPECT_EQ(packing.arenaBytes, packing.lowerBound);
}

TEST(ArenaPacking, RandomPrograms) {
  std::mt19937 random(5);
  for (int round = 0; round < 50; ++round) {
    std::vector<Interval> intervals;
    for (int i = 0; i < 60; ++i) {
      int64_t begin = random() % 100;
      intervals.push_back({begin, begin + int64_t(random() % 8), int64_t(random() % 20000), 0});
    }
    Packing packing = packIntervals(intervals);
    expectDisjoint(intervals, packing);
    EXPECT_GE(packing.arenaBytes, packing.lowerBound);
    EXPECT_LE(double(packing.arenaBytes), 1.5 * double(packing.lowerBound)) << round;
  }
}

} // namespace
