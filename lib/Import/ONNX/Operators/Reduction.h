// Reductions that several operators are made of.
#pragma once

#include "lib/Import/ONNX/Elementwise.h"

namespace winnow::frontend {

enum class Reduce { Sum, Product, Maximum, Minimum, SumOfSquares, SumOfAbsolutes };

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
