// The kernels whose items are cut by hand, because no TilingInterface describes them well.
#pragma once

#include "dialects/Winnow/WinnowOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

namespace winnow {

/// Tiles a kernel that enumerates a mask: an item is a row, scanned from its first entry to its last.
mlir::LogicalResult tileEnumeration(mlir::RewriterBase &rewriter, mlir::func::FuncOp kernel,
                                    SelectionEnumerateOp enumerate);

/// Tiles a kernel that pads a tensor by a constant, for the host: an item is a block that is whole in every
/// padded dimension; it is filled, and the source is copied into it.
mlir::LogicalResult tilePadding(mlir::RewriterBase &rewriter, mlir::func::FuncOp kernel,
                                mlir::tensor::PadOp pad);

} // namespace winnow
