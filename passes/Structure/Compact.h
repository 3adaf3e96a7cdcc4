// Builds operations on selected channels in place of operations on all of them.
#pragma once

#include "lib/Analysis/Channelwise.h"
#include "mlir/IR/PatternMatch.h"

namespace winnow {

/// The selected channels of a tensor, [rows, channels, ...] or, if shared, [channels, ...].
mlir::Value buildGathered(mlir::OpBuilder &builder, mlir::Location location, mlir::Value source,
                          mlir::Value selection, bool shared = false);

/// The extents of `dense` with the selection's capacity as dimension 1.
llvm::SmallVector<mlir::OpFoldResult> compactExtents(mlir::OpBuilder &builder, mlir::Location location,
                                                     mlir::Value dense, mlir::Value selection);

/// A channel-wise operation on the selected channels of its operands.
mlir::Value buildCompact(mlir::RewriterBase &rewriter, mlir::linalg::LinalgOp op, ChannelLoops loops,
                         mlir::Value selection);

/// A reshape or padding of `source`, which is compact in place of the operand of `op`.
mlir::Value buildCompact(mlir::OpBuilder &builder, mlir::tensor::ExpandShapeOp op, mlir::Value source);
mlir::Value buildCompact(mlir::OpBuilder &builder, mlir::tensor::CollapseShapeOp op, mlir::Value source);
mlir::Value buildCompact(mlir::OpBuilder &builder, mlir::tensor::PadOp op, mlir::Value source);

/// A contraction with the given selections (either may be null) in place of `op`. `x` is what it reads.
mlir::Value buildSelected(mlir::OpBuilder &builder, mlir::linalg::MatmulOp op, mlir::Value x,
                          mlir::Value inputs, mlir::Value outputs);
mlir::Value buildSelected(mlir::OpBuilder &builder, mlir::linalg::Conv2DNchwFchwOp op, mlir::Value x,
                          mlir::Value inputs, mlir::Value outputs);
mlir::Value buildSelected(mlir::OpBuilder &builder, MatmulOp op, mlir::Value x, mlir::Value inputs,
                          mlir::Value outputs);
mlir::Value buildSelected(mlir::OpBuilder &builder, Conv2DOp op, mlir::Value x, mlir::Value inputs,
                          mlir::Value outputs);

/// `value` as `type`, which says as much or less of its extents.
mlir::Value castTo(mlir::OpBuilder &builder, mlir::Location location, mlir::Value value, mlir::Type type);

/// Patterns that move gathers up and scatters down.
void populateGatherPatterns(mlir::RewritePatternSet &patterns);
void populateScatterPatterns(mlir::RewritePatternSet &patterns);

} // namespace winnow
