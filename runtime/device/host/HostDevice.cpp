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

/// Work that several threads take tasks of.
struct ParallelLaunch {
  KernelFunction function;
  const Launch &launch;
  int64_t begin, end, tasks;
  std::atomic<int64_t> nanoseconds = 0;

  static void execute(void *argument, int64_t firstTask, int64_t lastTask) {
    auto &self = *static_cast<ParallelLaunch *>(argument);
    if (self.launch.cancelled && self.launch.cancelled->load(std::memory_order_relaxed))
      return;
    Stopwatch watch;
    self.function(self.launch.buffers.data(), self.launch.sizes.data(), self.firstItem(firstTask),
                  self.firstItem(lastTask));
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
    if (items == 1 || threads == 1) {
      function(launch.buffers.data(), launch.sizes.data(), 0, items);
      return {};
    }
    spread(function, launch, items, itemCost[launch.kernel]);
    return {};
  }

private:
  /// `cost` is the measured time of an item in nanoseconds, 0 before the first launch of the kernel.
  void spread(KernelFunction function, const Launch &launch, int64_t items, double &cost) {
    int64_t begin = 0;
    if (cost == 0) {
      Stopwatch watch;
      function(launch.buffers.data(), launch.sizes.data(), 0, 1);
      cost = std::max(watch.nanoseconds(), 1.0);
      begin = 1;
    }
    int64_t rest = items - begin;
    int64_t tasks =
        int64_t(std::min(double(rest) * cost / kNanosecondsPerTask, double(threads * kTasksPerThread)));
    tasks = std::min(tasks, rest);
    Stopwatch watch;
    if (tasks < 2) {
      function(launch.buffers.data(), launch.sizes.data(), begin, items);
      learn(cost, watch.nanoseconds(), rest);
      return;
    }
    ParallelLaunch work{function, launch, begin, items, tasks};
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
