// Lists the set entries of one row or column of a mask.
#pragma once

#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <array>

namespace winnow {

/// Where an entry of the row or column stands in the mask: its row and its column.
using PlaceInMask = llvm::function_ref<std::array<mlir::Value, 2>(mlir::Value entry)>;

/// Writes which of the entries below `extent` are set in `mask` to `list`, ascending and as i32, as far as
/// there is room. `list` has one dimension, perhaps behind one of extent 1. Returns it, and how many it was
/// filled with.
std::pair<mlir::Value, mlir::Value> listSetEntries(mlir::OpBuilder &builder, mlir::Location loc,
                                                   mlir::Value mask, PlaceInMask placeOf, mlir::Value extent,
                                                   mlir::Value list);

} // namespace winnow
