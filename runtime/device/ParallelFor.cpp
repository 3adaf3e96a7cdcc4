// Spreads ranges over oneTBB's workers; the only file that knows oneTBB.
#include "runtime/device/ParallelFor.h"

#include <algorithm>
#include <oneapi/tbb/info.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

namespace winnow::runtime {
namespace {

class ThreadPool : public ParallelFor {
public:
  explicit ThreadPool(int threads) : arena(threads) {}

  int threads() const override { return arena.max_concurrency(); }

  void run(int64_t count, Body body, void *argument) override {
    // The caller's ranges are as small as they should get: one for each task.
    arena.execute([&] {
      tbb::parallel_for(
          tbb::blocked_range<int64_t>(0, count, 1),
          [&](const tbb::blocked_range<int64_t> &range) { body(argument, range.begin(), range.end()); },
          tbb::simple_partitioner());
    });
  }

private:
  tbb::task_arena arena;
};

class CallerThreads : public ParallelFor {
public:
  CallerThreads(CallerParallelFor function, void *context, int count)
      : function(function), context(context), count(count) {}

  int threads() const override { return count; }
  void run(int64_t count, Body body, void *argument) override { function(context, count, body, argument); }

private:
  CallerParallelFor function;
  void *context;
  int count;
};

int processors() { return std::max(1, tbb::info::default_concurrency()); }

} // namespace

std::unique_ptr<ParallelFor> makeThreadPool(int threads) {
  // oneTBB has no more workers than processors, and prints a warning when asked for more.
  return std::make_unique<ThreadPool>(threads > 0 ? std::min(threads, processors()) : processors());
}

std::unique_ptr<ParallelFor> makeCallerParallelFor(CallerParallelFor function, void *context, int threads) {
  return std::make_unique<CallerThreads>(function, context, threads > 0 ? threads : processors());
}

} // namespace winnow::runtime
