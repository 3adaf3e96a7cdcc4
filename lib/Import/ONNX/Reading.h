// Reads of single elements in the body of a linalg.generic, at positions that may lie outside of the tensor.
#pragma once

#include "lib/Import/ONNX/Emitter.h"
#include "lib/Import/ONNX/Scalars.h"

namespace winnow::frontend {

/// A tensor and its sizes, from outside of the body.
struct Source {
  mlir::Value tensor;
  llvm::SmallVector<mlir::Value> sizes;
};

Source sourceOf(Emitter &emit, const GraphValue &value);

/// Whether 0 <= index < size.
mlir::Value isInside(const Scalars &s, mlir::Value index, mlir::Value size);
mlir::Value both(const Scalars &s, mlir::Value a, mlir::Value b);
/// An index that counts from the end if it is negative; and the same, brought inside if it is not.
mlir::Value wrapped(const Scalars &s, mlir::Value index, mlir::Value size);
mlir::Value clamped(const Scalars &s, mlir::Value index, mlir::Value size);
/// The element, which is read only if the condition holds; `otherwise` if not.
mlir::Value readIf(const Scalars &s, mlir::Value condition, const Source &source, mlir::ValueRange indices,
                   mlir::Value otherwise);
/// The element at an index that surely is inside.
mlir::Value readAt(const Scalars &s, const Source &source, mlir::ValueRange indices);

/// A linalg.generic without inputs over `shape`, whose body computes an element from its loops.
GraphValue computeByIndex(Emitter &emit, mlir::Type type, const Shape &shape,
                          llvm::function_ref<mlir::Value(const Scalars &)> element);

} // namespace winnow::frontend
