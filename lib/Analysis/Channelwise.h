// Operations that treat every row and channel alone: what a selection of channels can move through.
#pragma once

#include "dialects/Winnow/WinnowOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace winnow {

/// How an operand of a channel-wise operation depends on rows and channels.
enum class ChannelAccess {
  None,        // not on channels
  Shared,      // its dimension 0 is the channel, for all rows alike: a bias
  Rowwise,     // its dimensions 0 and 1 are row and channel
  Unsupported, // in another way
};

/// The loops over dimensions 0 and 1 of an operation's only result.
struct ChannelLoops {
  unsigned row, channel;
};

/// The loops of an operation each of whose results at (row, channel, ...) depends on that row and channel of
/// its operands only: element-wise operations, reductions over other dimensions, pooling. Nothing if it is
/// another; then `reason`, if given, says why, as the end of "the operation ...".
std::optional<ChannelLoops> findChannelLoops(mlir::linalg::LinalgOp op, std::string *reason = nullptr);

ChannelAccess accessOf(mlir::AffineMap map, ChannelLoops loops);

/// The scatter of which `operand` is the result, through a padding that pooling with maxima ignores; null if
/// there is none.
ScatterOp findScatter(mlir::linalg::LinalgOp op, mlir::Value operand);

/// True if the result is zero wherever `isZeroed` operands are.
bool preservesZeros(mlir::linalg::LinalgOp op, llvm::function_ref<bool(mlir::OpOperand &)> isZeroed);

/// The scalar that fills the tensor: a linalg.fill or a constant; null if it is neither.
mlir::Attribute findFill(mlir::Value tensor);

/// True if a reshape leaves dimensions 0 and 1 as they are but for dimensions of extent 1.
bool keepsChannels(mlir::tensor::ExpandShapeOp op);
bool keepsChannels(mlir::tensor::CollapseShapeOp op);

/// True if dimensions 0 and 1 are not padded and the padding is a constant amount of one value.
bool isSpatialPadding(mlir::tensor::PadOp op);

/// True if the padding is zeros.
bool isZeroPadding(mlir::tensor::PadOp op);

/// The contraction's operands if it is one that winnow can compute for a selection: f32, f16 or bf16, or i8
/// to i32, accumulated from zero. `reason` as above.
bool isSelectable(mlir::linalg::MatmulOp op, std::string *reason = nullptr);
bool isSelectable(mlir::linalg::Conv2DNchwFchwOp op, std::string *reason = nullptr);

} // namespace winnow
