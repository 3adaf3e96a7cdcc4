// Element-wise operators: emitted as one linalg.generic, or computed now where everything is known.
#pragma once

#include "lib/Import/ONNX/NarrowTypes.h"
#include "lib/Import/ONNX/Node.h"
#include "lib/Import/ONNX/Scalars.h"

namespace winnow::frontend {

/// What an element-wise operator computes. The folds are optional and may decline.
struct ElementFunction {
  std::function<mlir::Value(const Scalars &, mlir::ValueRange)> emit;
  std::function<std::optional<double>(llvm::ArrayRef<double>)> foldReal;
  std::function<std::optional<Extent>(ExtentTable &, llvm::ArrayRef<Extent>)> foldInteger;
};

/// Applies the function to operands that broadcast. Folds need all operands to be known.
mlir::FailureOr<GraphValue> applyElementwise(Node &node, mlir::Type resultType,
                                             llvm::ArrayRef<const GraphValue *> operands,
                                             const ElementFunction &function);

/// The same, as the node's output 0.
mlir::LogicalResult setElementwise(Node &node, mlir::Type resultType,
                                   llvm::ArrayRef<const GraphValue *> operands,
                                   const ElementFunction &function);

/// a + b and so on, for importers that compose them.
mlir::FailureOr<GraphValue> applyBinary(Node &node, llvm::StringRef operation, const GraphValue &a,
                                        const GraphValue &b);
/// ONNX's Cast of one element, in its type of storage.
mlir::Value castScalar(const Scalars &s, mlir::Value value, mlir::Type from, mlir::Type to,
                       NarrowRounding rounding = {});
/// The least and the greatest number of an integer type.
std::pair<double, double> integerRange(mlir::Type type);
/// The integer of the type that is nearest to a float, of two the even one; NaN becomes the least.
mlir::Value roundScalar(const Scalars &s, mlir::Value real, mlir::Type type);
/// ONNX's Cast.
GraphValue castTo(Node &node, const GraphValue &value, mlir::Type type, NarrowRounding rounding = {});
/// A known scalar of rank 0.
GraphValue realScalar(mlir::Type type, double value);

} // namespace winnow::frontend
