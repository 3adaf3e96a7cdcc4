// What weights of fewer bits would cost each contraction: bytes and error, or why it cannot have them.
#pragma once

#include "dialects/Winnow/WinnowAttributes.h"
#include "mlir/IR/BuiltinAttributeInterfaces.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>
#include <string>

namespace winnow {

/// A matrix product or convolution that has forms in other precisions, and its parts.
struct Contraction {
  mlir::Value x, weights;
  mlir::Value inputs, outputs; // selections, null if there are none
  int64_t channelDimension;    // the weights' dimension of output channels
};

/// Recognizes linalg.matmul, linalg.conv_2d_nchw_fchw, winnow.matmul and winnow.conv2d on tensors.
std::optional<Contraction> matchContraction(mlir::Operation *op);

/// The 16-bit float type of a precision, or null for the others.
mlir::FloatType halfTypeOf(Precision precision, mlir::MLIRContext *context);

/// A contraction's weights in f32 and in another precision: i8, f16 or bf16.
struct WeightError {
  mlir::Operation *op = nullptr;
  mlir::ElementsAttr weights; // null if they are not constant
  int64_t bytes = 0;          // of the weights as they are
  int64_t quantizedBytes = 0; // in that precision; i8 has one f32 scale for each output channel
  double error = 0;           // relative error of the weights there, ||W - Wq|| / ||W||
  std::string obstacle;       // why it cannot have that precision; empty if it can
};

/// Measures one contraction; nothing for other operations. Matrix products and convolutions without forms in
/// other precisions are measured if their weights are constant, and have an obstacle.
std::optional<WeightError> measureWeightError(mlir::Operation *op, Precision precision = Precision::I8);

/// The name that the model gives an operation (from its location), or else its own name.
std::string layerName(mlir::Operation *op);

/// Measures all contractions under `root`, in program order. Weights with a use that needs them in f32 are
/// an obstacle for all who use them.
class WeightErrorAnalysis {
public:
  explicit WeightErrorAnalysis(mlir::Operation *root) : WeightErrorAnalysis(root, Precision::I8) {}
  WeightErrorAnalysis(mlir::Operation *root, Precision precision);

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
