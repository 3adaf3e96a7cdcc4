// Turns expansions of dense buffers into views of their sizes and strides.
#include "passes/Reference/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

namespace winnow {
#define GEN_PASS_DEF_VIEWEXPANSIONS
#include "passes/Reference/Passes.h.inc"

using namespace mlir;

namespace {

struct ViewExpansion : OpRewritePattern<memref::ExpandShapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(memref::ExpandShapeOp op, PatternRewriter &rewriter) const override {
    if (!op.getSrcType().getLayout().isIdentity() || !op.getResultType().getLayout().isIdentity()) {
      return rewriter.notifyMatchFailure(op, "the buffer is not dense");
    }
    SmallVector<OpFoldResult> sizes = op.getMixedOutputShape(), strides(sizes.size());
    AffineExpr a = rewriter.getAffineSymbolExpr(0), b = rewriter.getAffineSymbolExpr(1);
    OpFoldResult stride = rewriter.getIndexAttr(1);
    for (int64_t dimension = sizes.size() - 1; dimension >= 0; --dimension) {
      strides[dimension] = stride;
      stride =
          affine::makeComposedFoldedAffineApply(rewriter, op.getLoc(), a * b, {stride, sizes[dimension]});
    }
    OpFoldResult offset = rewriter.getIndexAttr(0);
    Value view =
        memref::ReinterpretCastOp::create(rewriter, op.getLoc(), op.getSrc(), offset, sizes, strides);
    rewriter.replaceOpWithNewOp<memref::CastOp>(op, op.getResultType(), view);
    return success();
  }
};

struct ViewExpansions : impl::ViewExpansionsBase<ViewExpansions> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ViewExpansion>(&getContext());
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};

} // namespace
} // namespace winnow
