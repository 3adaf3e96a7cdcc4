// How work is spread over threads: oneTBB, or whatever the caller has.
#pragma once

#include <cstdint>
#include <memory>

namespace winnow::runtime {

class ParallelFor {
public:
  using Body = void (*)(void *argument, int64_t begin, int64_t end);

  virtual ~ParallelFor() = default;
  /// How many threads may work at once, at least 1.
  virtual int threads() const = 0;
  /// Calls `body` on disjoint ranges that cover 0..count, and returns when all are done.
  virtual void run(int64_t count, Body body, void *argument) = 0;
};

/// On oneTBB's workers and the calling thread; 0 threads stands for one for each processor.
std::unique_ptr<ParallelFor> makeThreadPool(int threads);

/// As wn_parallel_for_function in include/winnow/runtime.h.
using CallerParallelFor = void (*)(void *context, int64_t count, ParallelFor::Body body, void *argument);
std::unique_ptr<ParallelFor> makeCallerParallelFor(CallerParallelFor function, void *context, int threads);

} // namespace winnow::runtime
