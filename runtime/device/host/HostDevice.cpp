// Executes native kernels, inline or in parallel, as their measured cost suggests.
#include "runtime/device/host/HostDevice.h"
#include "runtime/device/ParallelFor.h"
#include "runtime/device/host/NativeCode.h"

#include <algorithm>
#include <chrono>

namespace winnow::runtime {
namespace {

/// The host's calling convention (docs/rfcs/2026-11-23-first-slice.md).
using KernelFunction = void (*)(void *const *buffers, const int64_t *sizes, int64_t begin, int64_t end);

/// Waking a thread takes some microseconds, so less work than this is not spread, and no task gets less.
constexpr double kNanosecondsPerTask = 8000;
/// Tasks per thread, so that threads which are late or slow get fewer.
constexpr int64_t kTasksPerThread = 4;

class Stopwatch {
public:
  double nanoseconds() const {
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
  }

private:
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
};

/// Looks for a cancellation about this often.
constexpr double kNanosecondsPerSlice = 5'000'000;

bool isCancelled(const Launch &launch) {
  return launch.cancelled && launch.cancelled->load(std::memory_order_relaxed);
}

/// Executes items one slice after the other. `cost` is the estimated time of an item in nanoseconds.
void runItems(KernelFunction function, const Launch &launch, int64_t begin, int64_t end, double cost) {
  int64_t slice = int64_t(std::clamp(kNanosecondsPerSlice / cost, 1.0, double(end - begin) + 1));
  while (begin < end && !isCancelled(launch)) {
    int64_t next = end - begin > slice ? begin + slice : end;
    function(launch.buffers.data(), launch.sizes.data(), begin, next);
    begin = next;
  }
}

/// Work that several threads take tasks of.
struct ParallelLaunch {
  KernelFunction function;
  const Launch &launch;
  int64_t begin, end, tasks;
  double cost;
  std::atomic<int64_t> nanoseconds = 0;

  static void execute(void *argument, int64_t firstTask, int64_t lastTask) {
    auto &self = *static_cast<ParallelLaunch *>(argument);
    Stopwatch watch;
    runItems(self.function, self.launch, self.firstItem(firstTask), self.firstItem(lastTask), self.cost);
    self.nanoseconds.fetch_add(int64_t(watch.nanoseconds()), std::memory_order_relaxed);
  }

  /// Spreads the remainder evenly without a product that could overflow.
  int64_t firstItem(int64_t task) const {
    int64_t items = end - begin;
    return begin + items / tasks * task + std::min(task, items % tasks);
  }
};

class HostDevice : public Device {
public:
  HostDevice(NativeCode code, size_t kernelCount, ParallelFor &parallelFor)
      : code(std::move(code)), itemCost(kernelCount), parallelFor(parallelFor),
        threads(parallelFor.threads()) {}

  std::string_view name() const override { return "host"; }
  std::string_view target() const override { return code.target(); }

  Status launch(const Launch &launch) override {
    const NativeKernel &kernel = code.kernel(launch.kernel);
    auto function = reinterpret_cast<KernelFunction>(kernel.function);
    auto counted = itemCount(launch.extents, kernel.variant->tile);
    if (!counted.ok())
      return counted.status();
    int64_t items = *counted;
    if (items == 0)
      return {};
    if (items == 1) {
      function(launch.buffers.data(), launch.sizes.data(), 0, 1);
      return {};
    }
    execute(function, launch, items, itemCost[launch.kernel]);
    return {};
  }

private:
  /// `cost` is the measured time of an item in nanoseconds, 0 before the first launch of the kernel.
  void execute(KernelFunction function, const Launch &launch, int64_t items, double &cost) {
    int64_t begin = 0;
    if (cost == 0) {
      Stopwatch watch;
      function(launch.buffers.data(), launch.sizes.data(), 0, 1);
      cost = std::max(watch.nanoseconds(), 1.0);
      begin = 1;
    }
    int64_t rest = items - begin;
    double wanted = std::min(double(rest) * cost / kNanosecondsPerTask, double(threads * kTasksPerThread));
    int64_t tasks = std::min(int64_t(wanted), rest);
    if (tasks < 2 || threads == 1) {
      Stopwatch watch;
      runItems(function, launch, begin, items, cost);
      learn(cost, watch.nanoseconds(), rest);
      return;
    }
    ParallelLaunch work{function, launch, begin, items, tasks, cost};
    parallelFor.run(tasks, ParallelLaunch::execute, &work);
    learn(cost, double(work.nanoseconds), rest);
  }

  /// Follows changes within a few launches and forgets a disturbed measurement as fast.
  static void learn(double &cost, double nanoseconds, int64_t items) {
    cost = std::max(1.0, 0.5 * cost + 0.5 * nanoseconds / double(items));
  }

  NativeCode code;
  std::vector<double> itemCost;
  ParallelFor &parallelFor;
  int64_t threads;
};

} // namespace

Result<std::unique_ptr<Device>> createHostDevice(const LoadedModule &module, const DeviceOptions &options) {
  if (Status status = requireNoChecks("host", options); !status.ok())
    return status;
  auto code = NativeCode::load(module, "host", "");
  if (!code.ok())
    return code.status();
  return std::unique_ptr<Device>(
      std::make_unique<HostDevice>(std::move(*code), module.contents().kernels.size(), options.parallelFor));
}

} // namespace winnow::runtime
