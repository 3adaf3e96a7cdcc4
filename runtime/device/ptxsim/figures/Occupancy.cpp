// The rules by which warps, registers and shared memory are given to CTAs.
#include "runtime/device/ptxsim/figures/Occupancy.h"

#include "runtime/device/ptxsim/code/Instruction.h"

#include <algorithm>

namespace winnow::ptxsim {
namespace {

template <typename T> T roundUp(T value, T granularity) {
  return (value + granularity - 1) / granularity * granularity;
}

/// A warp's registers lie in one quarter of the register file; a CTA whose warps, rounded up to all quarters,
/// need more than there are cannot be launched.
unsigned limitOfRegisters(unsigned registersPerThread, unsigned warps, const GpuModel &gpu) {
  if (registersPerThread > gpu.mostRegistersPerThread)
    return 0;
  unsigned perWarp = roundUp(std::max(1u, registersPerThread) * kLanes, gpu.registerGranularity);
  if (perWarp * roundUp(warps, gpu.schedulers) > gpu.registers)
    return 0;
  return gpu.registers / gpu.schedulers / perWarp * gpu.schedulers / warps;
}

unsigned limitOfSharedMemory(uint64_t bytes, const GpuModel &gpu) {
  if (bytes > gpu.sharedBytesPerCta)
    return 0;
  return unsigned(gpu.sharedBytes / roundUp(bytes + gpu.reservedSharedBytes, gpu.sharedGranularity));
}

} // namespace

Occupancy occupancyOf(const CtaResources &cta, const GpuModel &gpu) {
  unsigned warps = std::max(1u, (cta.threads + kLanes - 1) / kLanes);
  Occupancy result;
  result.limits = {{"warps", gpu.warps / warps}, {"ctas", gpu.ctas}};
  if (cta.registersPerThread)
    result.limits.push_back({"registers", limitOfRegisters(*cta.registersPerThread, warps, gpu)});
  result.limits.push_back({"shared_memory", limitOfSharedMemory(cta.sharedBytes, gpu)});
  auto least = std::min_element(result.limits.begin(), result.limits.end(),
                                [](const auto &a, const auto &b) { return a.ctas < b.ctas; });
  result.ctas = least->ctas;
  result.limitedBy = least->resource;
  result.warps = result.ctas * warps;
  result.fraction = double(result.warps) / gpu.warps;
  return result;
}

} // namespace winnow::ptxsim
