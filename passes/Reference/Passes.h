// The reference pipeline: a whole function as its operations' definitions, lowered by upstream passes.
#pragma once

#include "mlir/Pass/Pass.h"

namespace winnow {

#define GEN_PASS_DECL
#include "passes/Reference/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/Reference/Passes.h.inc"

/// From tensors after the precision phase to the LLVM dialect. Each public function becomes
/// `SYMBOL(ptr buffers, ptr sizes, ptr allocate, ptr context)`, where the buffers are its inputs, weights
/// and outputs; its attribute `winnow.weights` holds the weights' contents in order. `hasFma`: of the CPU.
void buildReferencePipeline(mlir::OpPassManager &manager, bool hasFma);

} // namespace winnow
