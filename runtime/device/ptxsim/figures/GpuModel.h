// The GPUs that estimates are made for.
#pragma once

#include "runtime/device/ptxsim/figures/Work.h"

#include <span>
#include <string_view>

namespace winnow::ptxsim {

/// Peaks are in units of 10^12 per second, and a multiply-add is two operations. GpuModel.cpp says where each
/// figure comes from.
struct GpuModel {
  std::string_view name;   // "H100"
  std::string_view form;   // which product of that name
  std::string_view target; // for ptxas: "sm_90"
  unsigned multiprocessors = 0;
  double gigahertz = 0;                           // the highest clock
  double bandwidth = 0;                           // of global memory, in 10^12 bytes per second
  std::array<double, kUnits> lanesPerClock{};     // of a multiprocessor, by Unit
  std::array<double, kTensorTypes> tensorPeaks{}; // by TensorType, without sparsity; 0: none is published
  // Of a multiprocessor, and what a CTA or a warp takes of it at least.
  unsigned warps = 0, ctas = 0, schedulers = 0;
  unsigned registers = 0, registerGranularity = 0, mostRegistersPerThread = 0;
  uint64_t sharedBytes = 0, sharedBytesPerCta = 0, reservedSharedBytes = 0, sharedGranularity = 0;
};

/// Ascending by age: A100, H100, H200.
std::span<const GpuModel> gpuModels();

} // namespace winnow::ptxsim
