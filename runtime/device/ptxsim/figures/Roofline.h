// How long a launch takes at least on a GPU, by the resource that takes longest.
#pragma once

#include "runtime/device/ptxsim/Simulator.h"
#include "runtime/device/ptxsim/figures/GpuModel.h"

namespace winnow::ptxsim {

struct Roofline {
  struct Bound {
    std::string resource; // "memory", "issue", "shared_memory", "tensor", or a Unit's name
    double microseconds = 0;
  };
  std::vector<Bound> bounds; // always the same, in the same order
  Bound binding;             // the longest, which is the estimate
  /// The bound of memory when no access finds its sectors in a cache.
  double uncachedMemoryMicroseconds = 0;
  /// Tensor types with work of which the GPU has no published peak: they are not in the bounds.
  std::vector<TensorType> withoutPeak;
};

/// Of one launch of `ctas` CTAs with equal work; `statistics` have figures. Memory moves every sector that
/// the launch touches once. The other resources are those of a multiprocessor, and the busiest one has
/// ceil(ctas / multiprocessors) of the CTAs. Nothing is said about latency: a launch that cannot hide it
/// takes longer.
Roofline rooflineOf(const Statistics &statistics, uint64_t ctas, const GpuModel &gpu);

} // namespace winnow::ptxsim
