// Builds linalg.generic operations whose first loops are the dimensions of their one result.
#pragma once

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/ValueRange.h"

namespace winnow {

using GenericBody =
    llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Location, mlir::ValueRange arguments)>;

/// Updates the tensor `init` in loops over its dimensions and then `reductions` more. `maps` are those of the
/// inputs; the body's last argument is the element of the result.
mlir::Value createGenericInto(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value init,
                              mlir::ValueRange inputs, llvm::ArrayRef<mlir::AffineMap> maps,
                              unsigned reductions, GenericBody body);

/// The map from `loops` loops to these of them.
mlir::AffineMap mapOf(mlir::OpBuilder &builder, unsigned loops, llvm::ArrayRef<unsigned> dimensions);

} // namespace winnow
