// Contractions of operands that are rounded to a 16-bit float type and summed in f32.
#pragma once

#include "lib/Analysis/WeightError.h"
#include "mlir/IR/PatternMatch.h"

namespace winnow {

/// Replaces an f32 contraction with constant weights that `type` (f16 or bf16) can hold.
void realizeHalf(mlir::IRRewriter &rewriter, mlir::Operation *op, const Contraction &contraction,
                 mlir::FloatType type);

} // namespace winnow
