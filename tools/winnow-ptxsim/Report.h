// What winnow-ptxsim tells about a launch: as JSON, and as text to read.
#pragma once

#include "runtime/device/ptxsim/figures/Occupancy.h"
#include "runtime/device/ptxsim/figures/Roofline.h"
#include "tools/winnow-ptxsim/Options.h"

#include <nlohmann/json.hpp>

namespace winnow::ptxsim::tool {

/// What a launch would be on a GPU.
struct Estimate {
  const GpuModel *gpu = nullptr;
  std::optional<unsigned> registersPerThread;
  std::string registersUnknownBecause; // if they are
  Occupancy occupancy;
  double waves = 0; // how often the CTAs fill the GPU; 0 when none fits
  Roofline roofline;
};

struct Report {
  const Options &options;
  const Kernel &kernel;
  const Statistics &statistics;
  double seconds = 0; // of the simulation
  std::vector<Estimate> estimates;
};

/// Of a launch that has been simulated. Runs ptxas, if there is one, to count registers.
std::vector<Estimate> estimate(const Options &options, const Kernel &kernel, const Statistics &statistics);

nlohmann::ordered_json reportJson(const Report &report);
std::string reportText(const Report &report);

} // namespace winnow::ptxsim::tool
