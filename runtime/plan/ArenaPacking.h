// Places buffers with known lifetimes into one arena.
#pragma once

#include <cstdint>
#include <span>

namespace winnow::runtime {

/// A transient buffer: alive at the times `begin` to `end`, both included.
struct Interval {
  int64_t begin = 0, end = 0;
  int64_t bytes = 0;
  int64_t offset = 0; // set by packIntervals, a multiple of 64
};

struct Packing {
  int64_t arenaBytes = 0;
  int64_t lowerBound = 0; // the most bytes that are alive at one time: no packing needs less
};

/// Largest first, each where it fits best among those placed already that it overlaps in time; if that
/// is not the least possible, a few more attempts place first what came to lie highest. The sum of all sizes
/// must not exceed 2^62.
Packing packIntervals(std::span<Interval> intervals);

} // namespace winnow::runtime
