// What the importer knows of one value of the ONNX graph.
#pragma once

#include "lib/Import/ONNX/Constant.h"
#include "lib/Import/ONNX/Extent.h"

#include "mlir/IR/Value.h"

#include <optional>

namespace winnow::frontend {

/// A tensor of the model: its type, and as much of its contents as is known at import.
struct GraphValue {
  mlir::Type elementType; // the IR has its storageType()
  Shape shape;

  /// Known data. Uniform data may have a dynamic shape.
  ConstantPointer constant;
  /// Known integers or bools (0, 1) that depend on sizes, in row-major order; the shape is static.
  std::optional<llvm::SmallVector<Extent>> integers;
  /// The tensor in the IR. Made from the above when first needed.
  mutable mlir::Value tensor;
  /// Integers that an operator made as positions: none is negative.
  bool isNatural = false;
  /// An error was reported for the node that makes this: nothing is known and nothing more to be said.
  bool isFaulty = false;

  int64_t rank() const { return static_cast<int64_t>(shape.size()); }
  bool isKnown() const { return constant || integers; }
  bool isUniform() const { return constant && constant->isUniform(); }
  bool isReal() const { return frontend::isReal(elementType); }
};

} // namespace winnow::frontend
