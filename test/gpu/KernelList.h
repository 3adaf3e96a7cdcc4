// The families that the list of micro-kernels is made of.
#pragma once

#include "test/gpu/MicroKernel.h"

#include <string_view>

namespace winnow::gpu {

using Kernels = std::vector<MicroKernel>;

/// "%a0" and so on in one line: "INSTRUCTION %d0, %a0, %b0, %c0;" with as many operands as have formats.
MicroKernel laneKernel(std::string instruction, Format d, std::vector<Format> sources,
                       Agreement agreement = {});

void addFloatKernels(Kernels &kernels);
void addApproximations(Kernels &kernels);
void addComparisons(Kernels &kernels);
void addConversions(Kernels &kernels);
void addIntegerKernels(Kernels &kernels);
void addWarpKernels(Kernels &kernels);
void addMatrixKernels(Kernels &kernels);

} // namespace winnow::gpu
