// Gathers move up, to the contractions that make the channels.
#include "passes/Structure/Compact.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace winnow;

namespace {

/// What a gather takes from, if `OpTy` makes it for this gather alone, and as often: not before a loop.
template <typename OpTy> OpTy findSource(GatherOp gather) {
  Value source = gather.getSource();
  if (gather.getShared() || !source.hasOneUse() || source.getParentBlock() != gather->getBlock())
    return {};
  return source.getDefiningOp<OpTy>();
}

void replaceGather(PatternRewriter &rewriter, GatherOp gather, Value compact) {
  rewriter.replaceOp(gather, castTo(rewriter, gather.getLoc(), compact, gather.getType()));
}

struct AboveChannelwise : OpRewritePattern<GatherOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(GatherOp gather, PatternRewriter &rewriter) const override {
    auto op = findSource<linalg::LinalgOp>(gather);
    std::optional<ChannelLoops> loops = op ? findChannelLoops(op) : std::nullopt;
    if (!loops)
      return rewriter.notifyMatchFailure(gather, "no channel-wise operation makes the source for it alone");
    replaceGather(rewriter, gather, buildCompact(rewriter, op, *loops, gather.getSelection()));
    return success();
  }
};

template <typename OpTy> struct AboveReshape : OpRewritePattern<GatherOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(GatherOp gather, PatternRewriter &rewriter) const override {
    auto op = findSource<OpTy>(gather);
    if (!op || !keepsChannels(op))
      return rewriter.notifyMatchFailure(gather, "no reshape that keeps channels makes the source");
    Value source = buildGathered(rewriter, op.getLoc(), op.getSrc(), gather.getSelection());
    replaceGather(rewriter, gather, buildCompact(rewriter, op, source));
    return success();
  }
};

struct AbovePadding : OpRewritePattern<GatherOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(GatherOp gather, PatternRewriter &rewriter) const override {
    auto op = findSource<tensor::PadOp>(gather);
    if (!op || !isSpatialPadding(op))
      return rewriter.notifyMatchFailure(gather, "no padding of other dimensions makes the source");
    Value source = buildGathered(rewriter, op.getLoc(), op.getSource(), gather.getSelection());
    replaceGather(rewriter, gather, buildCompact(rewriter, op, source));
    return success();
  }
};

/// The channels of a filled tensor are all alike.
struct OfFill : OpRewritePattern<GatherOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(GatherOp gather, PatternRewriter &rewriter) const override {
    auto fill = dyn_cast_if_present<TypedAttr>(findFill(gather.getSource()));
    if (!fill || gather.getShared())
      return rewriter.notifyMatchFailure(gather, "the source is not filled with one value");
    Location location = gather.getLoc();
    Value scalar = arith::ConstantOp::create(rewriter, location, fill);
    Value empty = tensor::EmptyOp::create(
        rewriter, location, compactExtents(rewriter, location, gather.getSource(), gather.getSelection()),
        fill.getType());
    replaceGather(rewriter, gather, linalg::FillOp::create(rewriter, location, scalar, empty).getResult(0));
    return success();
  }
};

/// A mask is set wherever its own selection looks.
struct OfOwnMask : OpRewritePattern<GatherOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(GatherOp gather, PatternRewriter &rewriter) const override {
    auto toMask = gather.getSource().getDefiningOp<SelectionToMaskOp>();
    auto fromMask = gather.getSelection().getDefiningOp<SelectionFromMaskOp>();
    bool isOwn = (toMask && toMask.getSelection() == gather.getSelection()) ||
                 (fromMask && fromMask.getMask() == gather.getSource());
    if (!isOwn || gather.getShared())
      return rewriter.notifyMatchFailure(gather, "the source is not the selection's mask");
    Location location = gather.getLoc();
    Value yes = arith::ConstantOp::create(rewriter, location, rewriter.getBoolAttr(true));
    Value empty = tensor::EmptyOp::create(
        rewriter, location, compactExtents(rewriter, location, gather.getSource(), gather.getSelection()),
        rewriter.getI1Type());
    replaceGather(rewriter, gather, linalg::FillOp::create(rewriter, location, yes, empty).getResult(0));
    return success();
  }
};

/// A contraction computes only what is gathered from its result.
template <typename OpTy> struct IntoDense : OpRewritePattern<GatherOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(GatherOp gather, PatternRewriter &rewriter) const override {
    auto op = findSource<OpTy>(gather);
    if (!op || !isSelectable(op))
      return rewriter.notifyMatchFailure(gather,
                                         "no contraction that can skip makes the source for it alone");
    replaceGather(rewriter, gather,
                  buildSelected(rewriter, op, op.getInputs()[0], Value(), gather.getSelection()));
    return success();
  }
};

template <typename OpTy> struct IntoSelected : OpRewritePattern<GatherOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(GatherOp gather, PatternRewriter &rewriter) const override {
    auto op = findSource<OpTy>(gather);
    if (!op || op.getOutputs())
      return rewriter.notifyMatchFailure(gather, "no contraction with all outputs makes the source");
    replaceGather(rewriter, gather,
                  buildSelected(rewriter, op, op.getX(), op.getInputs(), gather.getSelection()));
    return success();
  }
};

/// Zeros around the image are the convolution's own padding.
struct FoldPadding : OpRewritePattern<Conv2DOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(Conv2DOp op, PatternRewriter &rewriter) const override {
    auto pad = op.getX().getDefiningOp<tensor::PadOp>();
    if (!pad || !isSpatialPadding(pad) || !isZeroPadding(pad))
      return rewriter.notifyMatchFailure(op, "x is not padded with zeros");
    SmallVector<int64_t> padding(op.getPadding());
    for (int64_t axis = 0; axis < 2; ++axis) {
      padding[axis] += pad.getStaticLow()[axis + 2];
      padding[axis + 2] += pad.getStaticHigh()[axis + 2];
    }
    rewriter.modifyOpInPlace(op, [&] {
      op.getXMutable().assign(pad.getSource());
      op.setPadding(padding);
    });
    return success();
  }
};

} // namespace

void winnow::populateGatherPatterns(RewritePatternSet &patterns) {
  patterns
      .add<AboveChannelwise, AboveReshape<tensor::ExpandShapeOp>, AboveReshape<tensor::CollapseShapeOp>,
           AbovePadding, OfFill, OfOwnMask, IntoDense<linalg::MatmulOp>, IntoDense<linalg::Conv2DNchwFchwOp>,
           IntoSelected<MatmulOp>, IntoSelected<Conv2DOp>, FoldPadding>(patterns.getContext());
}
