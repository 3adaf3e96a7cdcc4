// Occupancy and time of a launch on the GPUs that the user named.
#include "tools/winnow-ptxsim/Registers.h"
#include "tools/winnow-ptxsim/Report.h"

#include <map>

namespace winnow::ptxsim::tool {

std::vector<Estimate> estimate(const Options &options, const Kernel &kernel, const Statistics &statistics) {
  std::map<std::string_view, format::Result<unsigned>> registers; // by target
  uint64_t ctas = uint64_t(options.grid[0]) * options.grid[1] * options.grid[2];
  std::vector<Estimate> estimates;
  for (const GpuModel *gpu : options.gpus) {
    if (!registers.contains(gpu->target))
      registers.emplace(gpu->target, countRegisters(options.file, kernel.name, gpu->target));
    const format::Result<unsigned> &counted = registers.at(gpu->target);
    Estimate result;
    result.gpu = gpu;
    if (counted.ok())
      result.registersPerThread = *counted;
    else
      result.registersUnknownBecause = counted.status().message();
    result.occupancy = occupancyOf({options.block[0] * options.block[1] * options.block[2],
                                    result.registersPerThread, kernel.sharedBytes + options.sharedBytes},
                                   *gpu);
    if (result.occupancy.ctas)
      result.waves = double(ctas) / (double(result.occupancy.ctas) * gpu->multiprocessors);
    result.roofline = rooflineOf(statistics, ctas, *gpu);
    estimates.push_back(std::move(result));
  }
  return estimates;
}

} // namespace winnow::ptxsim::tool
