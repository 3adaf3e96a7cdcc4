// What the expansions of the dispatch phase are written with: linalg.generic operations and their bodies.
#pragma once

#include "dialects/Winnow/GenericInto.h"
#include "passes/Expand/Passes.h"

namespace winnow {

/// A linalg.generic with one result of `sizes`, whose loops are the result's dimensions and then
/// `reductions` more; `maps` are those of the inputs. Accumulations start at `start`.
mlir::Value createGeneric(mlir::OpBuilder &builder, mlir::Location loc,
                          llvm::ArrayRef<mlir::OpFoldResult> sizes, mlir::Type elementType,
                          mlir::ValueRange inputs, llvm::ArrayRef<mlir::AffineMap> maps, unsigned reductions,
                          mlir::Attribute start, GenericBody body);

/// `value` as a tensor of `type`.
mlir::Value castTo(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type, mlir::Value value);

/// The index of loop `dimension` as i32, and the indices of the loops before `rank`.
mlir::Value index32(mlir::OpBuilder &builder, mlir::Location loc, int64_t dimension);
llvm::SmallVector<mlir::Value> allIndices(mlir::OpBuilder &builder, mlir::Location loc, int64_t rank);

mlir::Value compare(mlir::OpBuilder &builder, mlir::Location loc, mlir::arith::CmpIPredicate predicate,
                    mlir::Value a, mlir::Value b);
mlir::Value compare(mlir::OpBuilder &builder, mlir::Location loc, mlir::arith::CmpFPredicate predicate,
                    mlir::Value a, mlir::Value b);

/// An entry of an i32 tensor as an index.
mlir::Value entryAsIndex(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value tensor,
                         mlir::ValueRange place);

/// An i64 constant; an index as an i64; the element of a scalar tensor.
mlir::Value constant64(mlir::OpBuilder &builder, mlir::Location loc, int64_t value);
mlir::Value toI64(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value index);
mlir::Value scalarOf(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value tensor);

/// The first place from `first`, and before `last`, whose entry in the ascending tensor `sorted` is at
/// least `wanted`; `last` if there is none. All are indices.
mlir::Value createLowerBound(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value sorted,
                             mlir::Value first, mlir::Value last, mlir::Value wanted);

} // namespace winnow
