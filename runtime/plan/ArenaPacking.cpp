// Greedy best-fit packing by size, tried again with another order where it is not tight.
#include "runtime/plan/ArenaPacking.h"
#include "runtime/memory/Memory.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <vector>

namespace winnow::runtime {
namespace {

int64_t aligned(int64_t bytes) {
  constexpr int64_t alignment = kBufferAlignment;
  return (bytes + alignment - 1) / alignment * alignment;
}

int64_t mostAlive(std::span<const Interval> intervals) {
  std::map<int64_t, int64_t> changes;
  for (const Interval &interval : intervals) {
    changes[interval.begin] += aligned(interval.bytes);
    changes[interval.end + 1] -= aligned(interval.bytes);
  }
  int64_t alive = 0, most = 0;
  for (auto [time, change] : changes)
    most = std::max(most, alive += change);
  return most;
}

/// The offset of the smallest gap of at least `bytes` between `placed`, which are sorted by offset; without
/// one, the end of the last.
int64_t bestGap(const std::vector<const Interval *> &placed, int64_t bytes) {
  int64_t end = 0, best = -1, bestBytes = 0;
  for (const Interval *other : placed) {
    int64_t gap = other->offset - end;
    if (gap >= bytes && (best < 0 || gap < bestBytes)) {
      best = end;
      bestBytes = gap;
    }
    end = std::max(end, other->offset + aligned(other->bytes));
  }
  return best < 0 ? end : best;
}

/// Places the intervals in this order; returns the arena's bytes.
int64_t place(std::span<Interval> intervals, const std::vector<size_t> &order) {
  int64_t arenaBytes = 0;
  std::vector<const Interval *> placed; // sorted by offset
  std::vector<const Interval *> overlapping;
  for (size_t index : order) {
    Interval &interval = intervals[index];
    if (interval.bytes == 0)
      continue;
    overlapping.clear();
    for (const Interval *other : placed) {
      if (other->begin <= interval.end && interval.begin <= other->end)
        overlapping.push_back(other);
    }
    interval.offset = bestGap(overlapping, aligned(interval.bytes));
    arenaBytes = std::max(arenaBytes, interval.offset + aligned(interval.bytes));
    placed.insert(
        std::upper_bound(placed.begin(), placed.end(), &interval,
                         [](const Interval *a, const Interval *b) { return a->offset < b->offset; }),
        &interval);
  }
  return arenaBytes;
}

/// Moves the interval that ends highest to the front of the order, so that it is placed lower next time.
void favorHighest(std::span<const Interval> intervals, std::vector<size_t> &order) {
  auto end = [&](size_t index) { return intervals[index].offset + aligned(intervals[index].bytes); };
  auto highest =
      std::max_element(order.begin(), order.end(), [&](size_t a, size_t b) { return end(a) < end(b); });
  std::rotate(order.begin(), highest, highest + 1);
}

} // namespace

Packing packIntervals(std::span<Interval> intervals) {
  // Few attempts are enough for the plans of networks, and each is cheap beside one kernel.
  constexpr int kAttempts = 32;
  std::vector<size_t> order(intervals.size());
  std::iota(order.begin(), order.end(), size_t(0));
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return intervals[a].bytes > intervals[b].bytes; });
  Packing packing;
  packing.lowerBound = mostAlive(intervals);
  packing.arenaBytes = place(intervals, order);
  std::vector<Interval> attempt(intervals.begin(), intervals.end());
  for (int count = 1; count < kAttempts && packing.arenaBytes > packing.lowerBound; ++count) {
    favorHighest(attempt, order);
    int64_t bytes = place(attempt, order);
    if (bytes < packing.arenaBytes) {
      packing.arenaBytes = bytes;
      std::copy(attempt.begin(), attempt.end(), intervals.begin());
    }
  }
  return packing;
}

} // namespace winnow::runtime
