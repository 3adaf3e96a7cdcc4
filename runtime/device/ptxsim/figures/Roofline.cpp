// Work divided by peaks.
#include "runtime/device/ptxsim/figures/Roofline.h"

#include <algorithm>

namespace winnow::ptxsim {
namespace {

constexpr double kTera = 1e12, kMicroseconds = 1e6;

/// Seconds of all multiprocessors for the products. Sparse ones take half of the time, even those of types
/// whose peak without sparsity is all there is.
double tensorSeconds(const Work &work, const GpuModel &gpu, std::vector<TensorType> &withoutPeak) {
  double seconds = 0;
  for (unsigned type = 0; type < kTensorTypes; ++type) {
    double operations = 2 * (double(work.multiplyAdds[type]) + double(work.sparseMultiplyAdds[type]) / 2);
    if (operations > 0 && gpu.tensorPeaks[type] == 0)
      withoutPeak.push_back(TensorType(type));
    else if (operations > 0)
      seconds += operations / (gpu.tensorPeaks[type] * kTera);
  }
  return seconds;
}

} // namespace

Roofline rooflineOf(const Statistics &statistics, uint64_t ctas, const GpuModel &gpu) {
  const Figures figures = statistics.figures.value_or(Figures());
  Roofline result;
  auto add = [&](std::string resource, double seconds) {
    result.bounds.push_back({std::move(resource), seconds * kMicroseconds});
  };
  auto memorySeconds = [&](uint64_t sectors) {
    return double(sectors * kSectorBytes) / (gpu.bandwidth * kTera);
  };
  // How much longer the busiest multiprocessor works than it would if all had equal shares.
  uint64_t most = (ctas + gpu.multiprocessors - 1) / gpu.multiprocessors;
  double imbalance = double(most * gpu.multiprocessors) / double(ctas);
  double clocks = gpu.gigahertz * 1e9 * gpu.multiprocessors / imbalance; // per second, of all that work
  add("memory", memorySeconds(figures.readSectors + figures.writtenSectors));
  add("issue", double(statistics.warpInstructions) / (clocks * gpu.schedulers));
  for (unsigned unit = 0; unit < kUnits; ++unit)
    add(name(Unit(unit)), double(statistics.work.lanes[unit]) / (clocks * gpu.lanesPerClock[unit]));
  add("tensor", tensorSeconds(statistics.work, gpu, result.withoutPeak) * imbalance);
  add("shared_memory", double(figures.sharedTotal().wavefronts) / clocks);
  result.binding =
      *std::max_element(result.bounds.begin(), result.bounds.end(),
                        [](const auto &a, const auto &b) { return a.microseconds < b.microseconds; });
  result.uncachedMemoryMicroseconds = memorySeconds(figures.globalTotal().sectors) * kMicroseconds;
  return result;
}

} // namespace winnow::ptxsim
