// Figures of GPUs, from what NVIDIA publishes.
#include "runtime/device/ptxsim/figures/GpuModel.h"

namespace winnow::ptxsim {
namespace {

/// "NVIDIA A100 Tensor Core GPU Architecture" (2020), table 1, for multiprocessors, clock and peaks; "NVIDIA
/// A100 Tensor Core GPU" (datasheet, 2021) for the bandwidth of the SXM form with 80 GB.
constexpr GpuModel ampere() {
  GpuModel gpu;
  gpu.name = "A100";
  gpu.form = "A100 SXM 80 GB";
  gpu.target = "sm_80";
  gpu.multiprocessors = 108;
  gpu.gigahertz = 1.41;
  gpu.bandwidth = 2.039;
  // CUDA C++ Programming Guide, "Throughput of Native Arithmetic Instructions", compute capability 8.0.
  // Halves come in pairs, one pair a lane.
  gpu.lanesPerClock = {64, 32, 128, 64, 64, 16};
  gpu.tensorPeaks = {312, 312, 156, 19.5, 624, 1248, 4992, 0};
  // The same, "Technical Specifications per Compute Capability", and "Shared Memory" of compute
  // capability 8.x; granularities as in the CUDA toolkit's occupancy calculator.
  gpu.warps = 64;
  gpu.ctas = 32;
  gpu.schedulers = 4;
  gpu.registers = 65536;
  gpu.registerGranularity = 256;
  gpu.mostRegistersPerThread = 255;
  gpu.sharedBytes = 164 * 1024;
  gpu.sharedBytesPerCta = 163 * 1024;
  gpu.reservedSharedBytes = 1024;
  gpu.sharedGranularity = 128;
  return gpu;
}

/// "NVIDIA H100 Tensor Core GPU Architecture" (2022), the table of the SXM5 form, for multiprocessors and
/// peaks without sparsity; the datasheet "NVIDIA H100 Tensor Core GPU" for the bandwidth. The clock is the
/// one at which 132 multiprocessors reach the peak of FP32, 66.9 * 10^12. Tensor cores no longer have 4-bit
/// integers, and of single bits no peak is published.
constexpr GpuModel hopper() {
  GpuModel gpu = ampere();
  gpu.name = "H100";
  gpu.form = "H100 SXM 80 GB";
  gpu.target = "sm_90";
  gpu.multiprocessors = 132;
  gpu.gigahertz = 1.98;
  gpu.bandwidth = 3.35;
  gpu.lanesPerClock = {128, 64, 128, 64, 64, 16}; // compute capability 9.0
  gpu.tensorPeaks = {989.4, 989.4, 494.7, 66.9, 1978.9, 0, 0, 1978.9};
  gpu.sharedBytes = 228 * 1024;
  gpu.sharedBytesPerCta = 227 * 1024;
  return gpu;
}

/// The datasheet "NVIDIA H200 Tensor Core GPU": the peaks of the H100's SXM form, more bandwidth.
constexpr GpuModel hopperWithMoreMemory() {
  GpuModel gpu = hopper();
  gpu.name = "H200";
  gpu.form = "H200 SXM 141 GB";
  gpu.bandwidth = 4.8;
  return gpu;
}

constexpr GpuModel kModels[] = {ampere(), hopper(), hopperWithMoreMemory()};

} // namespace

std::span<const GpuModel> gpuModels() { return kModels; }

} // namespace winnow::ptxsim
