// The kernels whose items are cut by hand, because no TilingInterface describes them well.
#pragma once

#include "dialects/Winnow/WinnowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

namespace winnow {

/// A tile of this size covers any extent.
constexpr int64_t kWholeTile = std::numeric_limits<int32_t>::max();

/// Tiles a kernel that enumerates a mask: an item is a row, scanned from its first entry to its last.
mlir::LogicalResult tileEnumeration(mlir::RewriterBase &rewriter, mlir::func::FuncOp kernel,
                                    SelectionEnumerateOp enumerate);

/// Tiles a kernel that accumulates counts: one item adds them up in order.
mlir::LogicalResult tileAccumulation(mlir::RewriterBase &rewriter, mlir::func::FuncOp kernel,
                                     SelectionAccumulateOp accumulate);

/// Tiles a kernel that enumerates the columns of a mask: an item is a column, scanned from its first row to
/// its last, and writes from the column's offset. The item space is that of the offsets; the last item has
/// no column.
mlir::LogicalResult tileColumnEnumeration(mlir::RewriterBase &rewriter, mlir::func::FuncOp kernel,
                                          SelectionEnumerateColumnsOp enumerate);

/// Tiles a kernel that pads a tensor by a constant, for the host: an item is a block that is whole in every
/// padded dimension; it is filled, and the source is copied into it.
mlir::LogicalResult tilePadding(mlir::RewriterBase &rewriter, mlir::func::FuncOp kernel,
                                mlir::tensor::PadOp pad);

} // namespace winnow
