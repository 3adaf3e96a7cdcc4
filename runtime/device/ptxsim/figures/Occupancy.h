// How many CTAs of a kernel a multiprocessor holds, and what limits them.
#pragma once

#include "runtime/device/ptxsim/figures/GpuModel.h"

#include <optional>

namespace winnow::ptxsim {

/// What a CTA needs. Without registers they do not count.
struct CtaResources {
  unsigned threads = 0;
  std::optional<unsigned> registersPerThread;
  uint64_t sharedBytes = 0; // static and dynamic
};

struct Occupancy {
  /// CTAs that one resource allows.
  struct Limit {
    std::string_view resource; // "warps", "ctas", "registers", "shared_memory"
    unsigned ctas = 0;
  };
  std::vector<Limit> limits;
  unsigned ctas = 0, warps = 0; // of a multiprocessor; 0: a CTA does not fit
  double fraction = 0;          // of the warps that it could hold
  std::string_view limitedBy;   // the resource with the least limit, the first of equal ones
};

/// As the hardware allocates: registers to warps, in the quarters of a multiprocessor; shared memory to CTAs,
/// of which each costs some more (CUDA C++ Programming Guide: "Hardware Multithreading", "Shared Memory").
Occupancy occupancyOf(const CtaResources &cta, const GpuModel &gpu);

} // namespace winnow::ptxsim
