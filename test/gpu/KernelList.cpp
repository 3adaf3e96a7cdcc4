// The list of micro-kernels.
#include "test/gpu/KernelList.h"

namespace winnow::gpu {

MicroKernel laneKernel(std::string instruction, Format d, std::vector<Format> sources, Agreement agreement) {
  MicroKernel kernel;
  kernel.name = instruction;
  kernel.d = {d, 1, Fill::Any};
  kernel.body = std::move(instruction) + " %d0";
  Operand *operands[] = {&kernel.a, &kernel.b, &kernel.c};
  for (size_t i = 0; i < sources.size(); ++i) {
    *operands[i] = {sources[i], 1, Fill::Any};
    kernel.body += std::string(", %") + "abc"[i] + "0";
  }
  kernel.body += ";";
  kernel.agreement = agreement;
  return kernel;
}

std::vector<MicroKernel> microKernels() {
  Kernels kernels;
  addFloatKernels(kernels);
  addApproximations(kernels);
  addComparisons(kernels);
  addConversions(kernels);
  addIntegerKernels(kernels);
  addWarpKernels(kernels);
  addMatrixKernels(kernels);
  return kernels;
}

} // namespace winnow::gpu
