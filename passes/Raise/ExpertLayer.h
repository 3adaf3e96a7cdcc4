// The forms in which exporters write the layers of experts: an activation between two matrix products.
#pragma once

#include "dialects/Winnow/WinnowAttributes.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/DenseSet.h"

#include <optional>

namespace winnow {

/// Which dimensions of a tensor are experts, tokens and columns. A tensor of one expert has no first one.
struct LayerAxes {
  std::optional<unsigned> expert;
  unsigned token, column;
};

/// The product of activations and weights, with a bias or without.
struct LayerProduct {
  mlir::Value x;                     // [tokens, inputs], or with experts as well
  std::optional<LayerAxes> axes;     // of x; the columns are the inputs
  mlir::Value weights;               // of the dimensions expert, input and column in `order`
  llvm::SmallVector<unsigned> order; // which dimension of the weights is the expert, input, column
  mlir::Value bias;                  // [columns], or [experts, columns]; may be null
};

/// down * activation(up), or down * (activation(gate) .* up), each product with its bias.
struct ExpertLayer {
  LayerProduct up, down;
  std::optional<LayerProduct> gate;
  Activation activation;
  llvm::SmallVector<mlir::Operation *> operations; // everything that computes it
};

/// The layer whose result is `value`, on tokens that are the same for all experts.
std::optional<ExpertLayer> findExpertLayer(mlir::Value value, const LayerAxes &axes);

} // namespace winnow
