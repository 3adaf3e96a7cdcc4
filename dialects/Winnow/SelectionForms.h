// The forms of a selection in executable definitions: the values that stand for each, and their masks.
#pragma once

#include "dialects/Winnow/Definition.h"

namespace winnow {

/// The mask [rows, universe] of a selection in any form, from the values that stand for it.
mlir::Value buildMask(mlir::OpBuilder &builder, mlir::Location location, SelectionType type,
                      mlir::ValueRange values);

/// The capacity of a selection in any form, from the values that stand for it.
mlir::OpFoldResult buildCapacity(mlir::OpBuilder &builder, mlir::Location location, SelectionType type,
                                 mlir::ValueRange values);

/// The values that stand for a selection of `type` of what is set in a mask. No row has more set than
/// `capacity`.
llvm::SmallVector<mlir::Value> buildForm(mlir::OpBuilder &builder, mlir::Location location,
                                         SelectionType type, mlir::Value mask, mlir::OpFoldResult capacity);

/// How many entries of each row of a mask are set (`dimension` is 0), or how many rows of each entry (1).
mlir::Value buildMaskCounts(mlir::OpBuilder &builder, mlir::Location location, mlir::Value mask,
                            int64_t dimension);

/// The n + 1 offsets of n groups that follow each other, from their sizes.
mlir::Value buildOffsets(mlir::OpBuilder &builder, mlir::Location location, mlir::Value counts);

/// The rows that are set in each column of a mask, column by column, in `size` places.
mlir::Value buildMembers(mlir::OpBuilder &builder, mlir::Location location, mlir::Value mask,
                         mlir::Value offsets, mlir::OpFoldResult size);

} // namespace winnow
