// Reductions that several operators are made of.
#pragma once

#include "lib/Import/ONNX/Elementwise.h"

namespace winnow::frontend {

enum class Reduce { Sum, Product, Maximum, Minimum, SumOfSquares, SumOfAbsolutes };

/// The value that a reduction of nothing gives.
mlir::TypedAttr identityOf(Reduce kind, mlir::Type type);
/// What a reduction makes of its sum so far and one more element.
mlir::Value accumulate(const Scalars &s, Reduce kind, mlir::Value element, mlir::Value sum);
/// Reduces over `axes`; the reduced dimensions are dropped.
GraphValue reduceOver(Node &node, Reduce kind, const GraphValue &value, llvm::ArrayRef<int64_t> axes);
/// Sum divided by the number of elements.
mlir::FailureOr<GraphValue> meanOver(Node &node, const GraphValue &value, llvm::ArrayRef<int64_t> axes);
/// The shape with ones where it was reduced.
Shape keptShape(llvm::ArrayRef<Extent> shape, llvm::ArrayRef<int64_t> axes);
/// reduced(over axes) brought back to a shape that broadcasts with what it was reduced from.
GraphValue keepDimensions(Node &node, const GraphValue &reduced, llvm::ArrayRef<Extent> shape,
                          llvm::ArrayRef<int64_t> axes);

} // namespace winnow::frontend
