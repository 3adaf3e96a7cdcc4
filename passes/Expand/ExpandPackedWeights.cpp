// Replaces packed weights by their parts, and what uses them by operations on tensors.
#include "passes/Expand/Passes.h"

#include "dialects/Winnow/WinnowOps.h"
#include "passes/Expand/PackedKernels.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace winnow {
#define GEN_PASS_DEF_EXPANDPACKEDWEIGHTS
#include "passes/Expand/Passes.h.inc"

using namespace mlir;

namespace {

SmallVector<Value> partsOf(OpBuilder &builder, Location loc, Value packed) {
  if (auto assemble = packed.getDefiningOp<PackedAssembleOp>())
    return llvm::to_vector(ValueRange(assemble.getParts()));
  return llvm::to_vector(ValueRange(PackedPartsOp::create(builder, loc, packed).getParts()));
}

struct ExpandCompress : OpRewritePattern<CompressOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(CompressOp op, PatternRewriter &rewriter) const override {
    PackedType type = op.getType();
    SmallVector<Value> parts = isa<NMAttr>(type.getStructure())
                                   ? compressGroups(rewriter, op.getLoc(), op.getX(), type)
                                   : compressGrid(rewriter, op.getLoc(), op.getX(), type);
    rewriter.replaceOpWithNewOp<PackedAssembleOp>(op, type, parts);
    return success();
  }
};

struct ExpandExpand : OpRewritePattern<ExpandOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ExpandOp op, PatternRewriter &rewriter) const override {
    PackedType type = op.getPacked().getType();
    SmallVector<Value> parts = partsOf(rewriter, op.getLoc(), op.getPacked());
    rewriter.replaceOp(op, isa<NMAttr>(type.getStructure()) ? expandGroups(rewriter, op.getLoc(), parts, type)
                                                            : expandGrid(rewriter, op.getLoc(), parts, type));
    return success();
  }
};

struct ExpandPackedMatmul : OpRewritePattern<PackedMatmulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(PackedMatmulOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    PackedType type = op.getWeights().getType();
    Type result = cast<RankedTensorType>(op.getType()).getElementType();
    SmallVector<Value> parts = partsOf(rewriter, loc, op.getWeights());
    Value product = isa<NMAttr>(type.getStructure())
                        ? multiplyGroups(rewriter, loc, op.getX(), parts, type, result)
                        : multiplyGrid(rewriter, loc, op.getX(), parts, type, result);
    if (product.getType() != op.getType())
      product = tensor::CastOp::create(rewriter, loc, op.getType(), product);
    rewriter.replaceOp(op, product);
    return success();
  }
};

struct ExpandPackedWeights : impl::ExpandPackedWeightsBase<ExpandPackedWeights> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandCompress, ExpandExpand, ExpandPackedMatmul>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns)))) {
      getOperation().emitError() << "expansion of packed weights did not reach an end";
      signalPassFailure();
    }
  }
};

} // namespace
} // namespace winnow
