// Expands mathematical functions into arithmetic, and refuses what would need a C library.
#include "passes/LowerToHost/Passes.h"

#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#include <cmath>

namespace winnow {
#define GEN_PASS_DEF_EXPANDHOSTMATH
#include "passes/LowerToHost/Passes.h.inc"
} // namespace winnow

using namespace mlir;

namespace {

/// log10(x) = ln(x) / ln(10)
struct ExpandLog10 : OpRewritePattern<math::Log10Op> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::Log10Op op, PatternRewriter &rewriter) const override {
    Type type = op.getType();
    TypedAttr factor = rewriter.getFloatAttr(getElementTypeOrSelf(type), 1.0 / std::log(10.0));
    if (auto shaped = dyn_cast<ShapedType>(type))
      factor = DenseElementsAttr::get(shaped, factor);
    Value constant = arith::ConstantOp::create(rewriter, op.getLoc(), factor);
    Value logarithm = math::LogOp::create(rewriter, op.getLoc(), op.getOperand());
    rewriter.replaceOpWithNewOp<arith::MulFOp>(op, logarithm, constant);
    return success();
  }
};

/// CPUs have instructions for these, or short sequences that LLVM knows.
bool hasInstructions(Operation *op) {
  return isa<math::AbsFOp, math::AbsIOp, math::CeilOp, math::CopySignOp, math::CountLeadingZerosOp,
             math::CountTrailingZerosOp, math::CtPopOp, math::FloorOp, math::FmaOp, math::IsFiniteOp,
             math::IsInfOp, math::IsNaNOp, math::IsNormalOp, math::RoundOp, math::RoundEvenOp, math::SqrtOp,
             math::TruncOp>(op);
}

struct ExpandHostMath : winnow::impl::ExpandHostMathBase<ExpandHostMath> {
  using ExpandHostMathBase::ExpandHostMathBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    SmallVector<StringRef> expanded = {"acosh", "asinh", "atanh", "cosh", "exp2", "fpowi",
                                       "ipowi", "powf",  "rsqrt", "sinh", "tan"};
    if (!fma)
      expanded.push_back("fma");
    populateMathAlgebraicSimplificationPatterns(patterns);
    math::populateExpansionPatterns(patterns, expanded);
    populateMathPolynomialApproximationPatterns(patterns, [](StringRef) { return true; });
    patterns.add<ExpandLog10>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
    if (failed(checkExpanded()))
      signalPassFailure();
  }

private:
  LogicalResult checkExpanded() {
    WalkResult result = getOperation()->walk([](Operation *op) -> WalkResult {
      bool isMath = isa_and_nonnull<math::MathDialect>(op->getDialect());
      // The remainder of floats is a call of fmod.
      if ((!isMath || hasInstructions(op)) && !isa<arith::RemFOp>(op))
        return WalkResult::advance();
      return op->emitOpError("on ") << op->getResult(0).getType()
                                    << " has no expansion for host code, which may not call a C library";
    });
    return failure(result.wasInterrupted());
  }
};

} // namespace
