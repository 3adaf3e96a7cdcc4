// Evaluates the scalar body of a structured operation for given values, to prove what it computes.
#pragma once

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/BuiltinAttributes.h"

namespace winnow {

/// True for a zero of either sign, a zero integer and false.
bool isZero(mlir::Attribute value);

/// What the body of `op` yields when its block arguments and `linalg.index` (by loop) have these values. A
/// null attribute is an unknown value, on both sides. A product with zero is zero, whatever the other factor:
/// what is multiplied by zero is taken to be finite.
llvm::SmallVector<mlir::Attribute> evaluateBody(mlir::linalg::LinalgOp op,
                                                llvm::ArrayRef<mlir::Attribute> arguments,
                                                llvm::ArrayRef<mlir::Attribute> indices = {});

} // namespace winnow
