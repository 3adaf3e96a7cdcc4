// Spreads ranges over oneTBB's workers; the only file that knows oneTBB.
#include "runtime/device/ParallelFor.h"

#include <algorithm>
#include <oneapi/tbb/info.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#ifdef WINNOW_THREAD_SANITIZER
#include <sanitizer/tsan_interface.h>
#endif

namespace winnow::runtime {
namespace {

/// A point that oneTBB lets other threads pass only when one has reached it. The thread sanitizer has to be
/// told, as it sees nothing of oneTBB.
class OrderedPoint {
public:
#ifdef WINNOW_THREAD_SANITIZER
  void reach() { __tsan_release(this); }
  void pass() { __tsan_acquire(this); }
#else
  void reach() {}
  void pass() {}
#endif
};

class ThreadPool : public ParallelFor {
public:
  explicit ThreadPool(int threads) : arena(threads) {}

  int threads() const override { return arena.max_concurrency(); }

  void run(int64_t count, Body body, void *argument) override {
    OrderedPoint start, end;
    auto runRange = [&](int64_t first, int64_t last) {
      start.pass();
      body(argument, first, last);
      end.reach();
    };
    start.reach();
    // The caller's ranges are as small as they should get: one for each task.
    arena.execute([&] {
      tbb::parallel_for(
          tbb::blocked_range<int64_t>(0, count, 1),
          [&](const tbb::blocked_range<int64_t> &range) { runRange(range.begin(), range.end()); },
          tbb::simple_partitioner());
    });
    end.pass();
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
