// The forms that a softmax and the scores it is taken of have after import.
#pragma once

#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <optional>

namespace winnow {

/// A softmax over the last dimension: exp(scores - max) / sum of exp(scores - max). Zeros may be put in place
/// of its NaNs, which is how exporters say that a row of minus infinities has no weights, or of such rows.
struct SoftmaxForm {
  mlir::Value scores;
  llvm::SmallVector<mlir::Operation *> operations; // everything that computes it
};

std::optional<SoftmaxForm> findSoftmax(mlir::Value weights);

/// One step from products to scores: an element-wise operation whose operand `score` is read in place.
struct ScoreStep {
  mlir::linalg::GenericOp op;
  mlir::OpOperand *score;
  llvm::SmallVector<mlir::OpOperand *> captures; // the other inputs, each indexed by different dimensions
};

/// The steps, first to last, from `products` to the scores.
struct ScoreChain {
  mlir::Value products;
  llvm::SmallVector<ScoreStep> steps;
};

/// The chain of element-wise operations that ends in `scores` and begins where `isProducts` holds.
std::optional<ScoreChain> findScoreChain(mlir::Value scores,
                                         llvm::function_ref<bool(mlir::Value)> isProducts);

/// The number by which an element-wise operation multiplies its only input, and that input.
struct ConstantScale {
  mlir::Value input;
  float factor;
};

std::optional<ConstantScale> findConstantScale(mlir::Value value);

} // namespace winnow
