// Whether a GPU and the simulator agree about a micro-kernel.
#pragma once

#include "test/gpu/Executor.h"
#include "test/gpu/MicroKernel.h"

namespace winnow::gpu {

struct Comparison {
  uint64_t results = 0, differences = 0; // differences beyond what the kernel's agreement allows
  uint64_t unequal = 0;                  // bits, within it or not
  /// The largest difference of two finite numbers, as a part of what is allowed; 0 where bits must agree.
  double largestPart = 0;
  /// The first difference: "thread 3, %d0: 0x3f800000, expected 0x3f800001, from %a0 = 0x...".
  std::string first;
};

/// Executes the kernel on both. Fails if one of them cannot.
format::Result<Comparison> compare(const MicroKernel &kernel, uint32_t threads, Executor &gpu,
                                   Executor &simulator);

} // namespace winnow::gpu
