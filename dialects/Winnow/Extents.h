// Extents of tensors and selections: how verifiers compare them, how they are computed from operands, and
// what is known of a selection from what made it.
#pragma once

#include "dialects/Winnow/WinnowTypes.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Operation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"

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

/// Reifies one result from its extents; fails if one of them could not be told and is null.
mlir::LogicalResult reifyShape(mlir::OpBuilder &builder, mlir::Value result,
                               llvm::ArrayRef<mlir::OpFoldResult> extents,
                               mlir::ReifiedRankedShapedTypeDims &shapes);

/// The static extent `a * b`, dynamic if one of them is; and the same product at run time.
int64_t multiplyExtents(int64_t a, int64_t b);
mlir::OpFoldResult multiplyExtents(mlir::OpBuilder &builder, mlir::Location location, mlir::OpFoldResult a,
                                   mlir::OpFoldResult b);

/// How many words of 32 bits a row of a bitmap has: `universe / 32`, rounded up.
int64_t wordsOfUniverse(int64_t universe);
mlir::OpFoldResult wordsOfUniverse(mlir::OpBuilder &builder, mlir::Location location,
                                   mlir::OpFoldResult universe);

/// `extent + amount`; what is dynamic stays so.
int64_t addToExtent(int64_t extent, int64_t amount);
mlir::OpFoldResult addToExtent(mlir::OpBuilder &builder, mlir::Location location, mlir::OpFoldResult extent,
                               int64_t amount);

/// Lets a reader of `selection` read what it was converted from, since every form selects the same. False if
/// it was not converted.
bool readThroughConversion(mlir::OpOperand &selection);

/// True if every entry of every row is known to be selected.
bool isFullSelection(mlir::Value selection);

} // namespace winnow
