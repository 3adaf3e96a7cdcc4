// Extents of tensors and selections: how verifiers compare them and how they are computed from operands.
#pragma once

#include "dialects/Winnow/WinnowTypes.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Operation.h"

namespace winnow {

/// Equal, or at least one is known at run time only.
bool areCompatibleExtents(int64_t a, int64_t b);

/// Fails with "`what` is `found`, but `expectedWhat` is `expected` (`label`)" unless they are compatible.
mlir::LogicalResult checkExtent(mlir::Operation *op, const llvm::Twine &what, int64_t found,
                                const llvm::Twine &expectedWhat, int64_t expected, llvm::StringRef label);

/// As checkExtent, for a dimension of the tensor that is called `name`.
mlir::LogicalResult checkDimension(mlir::Operation *op, llvm::StringRef name, mlir::Value tensor,
                                   int64_t dimension, const llvm::Twine &expectedWhat, int64_t expected,
                                   llvm::StringRef label);

/// A dimension of a tensor: an attribute if static, else a tensor.dim.
mlir::OpFoldResult getDimension(mlir::OpBuilder &builder, mlir::Location location, mlir::Value tensor,
                                int64_t dimension);

/// An extent of a selection, from what made it: an attribute if static, a value, or null when it cannot be
/// told (a block argument, the result of a call).
mlir::OpFoldResult findRows(mlir::OpBuilder &builder, mlir::Location location, mlir::Value selection);
mlir::OpFoldResult findUniverse(mlir::OpBuilder &builder, mlir::Location location, mlir::Value selection);
mlir::OpFoldResult findCapacity(mlir::OpBuilder &builder, mlir::Location location, mlir::Value selection);

/// As above, but never null: what cannot be told from above is read from the selection's parts.
mlir::OpFoldResult getRows(mlir::OpBuilder &builder, mlir::Location location, mlir::Value selection);
mlir::OpFoldResult getUniverse(mlir::OpBuilder &builder, mlir::Location location, mlir::Value selection);
mlir::OpFoldResult getCapacity(mlir::OpBuilder &builder, mlir::Location location, mlir::Value selection);

/// The extents of `result` in the form that shape reification promises: an attribute where its type is
/// static and a value where it is dynamic.
llvm::SmallVector<mlir::OpFoldResult> matchExtents(mlir::OpBuilder &builder, mlir::Value result,
                                                   llvm::ArrayRef<mlir::OpFoldResult> extents);

/// True if every entry of every row is known to be selected.
bool isFullSelection(mlir::Value selection);

} // namespace winnow
