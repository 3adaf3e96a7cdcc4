// What 8-bit weights would cost each contraction: bytes and error, or why it cannot have them.
#pragma once

#include "mlir/IR/BuiltinAttributeInterfaces.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>
#include <string>

namespace winnow {

/// A matrix product or convolution that has an integer form, and its parts.
struct Contraction {
  mlir::Value x, weights;
  mlir::Value inputs, outputs; // selections, null if there are none
  int64_t channelDimension;    // the weights' dimension of output channels
};

/// Recognizes linalg.matmul, linalg.conv_2d_nchw_fchw, winnow.matmul and winnow.conv2d on tensors.
std::optional<Contraction> matchContraction(mlir::Operation *op);

/// A contraction's weights in f32 and in i8.
struct WeightError {
  mlir::Operation *op = nullptr;
  mlir::ElementsAttr weights; // null if they are not constant
  int64_t bytes = 0;          // of the weights as they are
  int64_t quantizedBytes = 0; // as i8, with one f32 scale for each output channel
  double error = 0;           // relative error of the weights as i8, ||W - Wq|| / ||W||
  std::string obstacle;       // why it cannot be i8; empty if it can
};

/// Measures one contraction; nothing for other operations. Matrix products and convolutions without an
/// integer form are measured if their weights are constant, and have an obstacle.
std::optional<WeightError> measureWeightError(mlir::Operation *op);

/// The name that the model gives an operation (from its location), or else its own name.
std::string layerName(mlir::Operation *op);

/// Measures all contractions under `root`, in program order. Weights with a use that needs them in f32 are
/// an obstacle for all who use them.
class WeightErrorAnalysis {
public:
  explicit WeightErrorAnalysis(mlir::Operation *root);

  llvm::ArrayRef<WeightError> getEntries() const { return entries; }

  /// The entries in groups that use the same weights, which only all of them together can give up.
  /// Entries without constant weights are in no group.
  llvm::ArrayRef<llvm::SmallVector<size_t>> getGroups() const { return groups; }

private:
  void formGroups();
  void findForeignUses(mlir::Operation *root);

  llvm::SmallVector<WeightError> entries;
  llvm::SmallVector<llvm::SmallVector<size_t>> groups;
};

} // namespace winnow
