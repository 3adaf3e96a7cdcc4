// Scatters move down, to the contractions that read the channels.
#include "passes/Structure/Compact.h"

using namespace mlir;
using namespace winnow;

namespace {

void replaceByScatter(PatternRewriter &rewriter, Operation *op, Value compact, Value selection) {
  rewriter.replaceOpWithNewOp<ScatterOp>(op, op->getResult(0).getType(), compact, selection);
}

struct BelowChannelwise : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;
  LogicalResult matchAndRewrite(linalg::LinalgOp op, PatternRewriter &rewriter) const override {
    std::optional<ChannelLoops> loops = findChannelLoops(op);
    if (!loops)
      return rewriter.notifyMatchFailure(op, "is not channel-wise");
    auto scatterOf = [&](OpOperand &operand) {
      bool isRowwise = accessOf(op.getMatchingIndexingMap(&operand), *loops) == ChannelAccess::Rowwise;
      return isRowwise ? findScatter(op, operand.get()) : ScatterOp();
    };
    for (OpOperand *input : op.getDpsInputOperands()) {
      ScatterOp scatter = scatterOf(*input);
      if (!scatter)
        continue;
      Value selection = scatter.getSelection();
      bool keepsZeros = preservesZeros(op, [&](OpOperand &operand) {
        ScatterOp other = scatterOf(operand);
        return other && other.getSelection() == selection;
      });
      if (!keepsZeros)
        continue;
      replaceByScatter(rewriter, op, buildCompact(rewriter, op, *loops, selection), selection);
      return success();
    }
    return rewriter.notifyMatchFailure(op, "has no scattered operand that it gives zero for");
  }
};

template <typename OpTy> struct BelowReshape : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op, PatternRewriter &rewriter) const override {
    auto scatter = op.getSrc().template getDefiningOp<ScatterOp>();
    if (!scatter || !keepsChannels(op))
      return rewriter.notifyMatchFailure(op, "is not of a scatter, or does not keep channels");
    replaceByScatter(rewriter, op, buildCompact(rewriter, op, scatter.getSource()), scatter.getSelection());
    return success();
  }
};

struct BelowPadding : OpRewritePattern<tensor::PadOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tensor::PadOp op, PatternRewriter &rewriter) const override {
    auto scatter = op.getSource().getDefiningOp<ScatterOp>();
    if (!scatter || !isSpatialPadding(op) || !isZeroPadding(op))
      return rewriter.notifyMatchFailure(op, "is not of a scatter, or not with zeros");
    replaceByScatter(rewriter, op, buildCompact(rewriter, op, scatter.getSource()), scatter.getSelection());
    return success();
  }
};

/// A contraction reads only what was scattered into its operand.
template <typename OpTy> struct IntoDense : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op, PatternRewriter &rewriter) const override {
    auto scatter = op.getInputs()[0].template getDefiningOp<ScatterOp>();
    if (!scatter || !isSelectable(op))
      return rewriter.notifyMatchFailure(op, "does not read a scatter, or cannot skip");
    Value selected = buildSelected(rewriter, op, scatter.getSource(), scatter.getSelection(), Value());
    rewriter.replaceOp(op, castTo(rewriter, op.getLoc(), selected, op.getResult(0).getType()));
    return success();
  }
};

template <typename OpTy> struct IntoSelected : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op, PatternRewriter &rewriter) const override {
    auto scatter = op.getX().template getDefiningOp<ScatterOp>();
    if (!scatter || op.getInputs())
      return rewriter.notifyMatchFailure(op, "does not read a scatter, or skips inputs already");
    Value selected =
        buildSelected(rewriter, op, scatter.getSource(), scatter.getSelection(), op.getOutputs());
    rewriter.replaceOp(op, castTo(rewriter, op.getLoc(), selected, op.getType()));
    return success();
  }
};

} // namespace

void winnow::populateScatterPatterns(RewritePatternSet &patterns) {
  patterns.add<BelowChannelwise, BelowReshape<tensor::ExpandShapeOp>, BelowReshape<tensor::CollapseShapeOp>,
               BelowPadding, IntoDense<linalg::MatmulOp>, IntoDense<linalg::Conv2DNchwFchwOp>,
               IntoSelected<MatmulOp>, IntoSelected<Conv2DOp>>(patterns.getContext());
}
