// The sign of error functions, whose magnitude is upstream's approximation.
#include "lib/MathExpansions/Arithmetic.h"
#include "lib/MathExpansions/MathExpansions.h"

using namespace mlir;
using namespace winnow;

namespace {

/// erf(x) = copysign(erf(|x|), x): upstream's approximation of erf(-0) is 0.
struct KeepSignOfErf : OpRewritePattern<math::ErfOp> {
  explicit KeepSignOfErf(MLIRContext *context) : OpRewritePattern(context, ownBenefit) {}

  LogicalResult matchAndRewrite(math::ErfOp op, PatternRewriter &rewriter) const override {
    if (!Arithmetic::isSupported(op.getType()))
      return rewriter.notifyMatchFailure(op, "not an f32, nor a vector of it");
    if (op.getOperand().getDefiningOp<math::AbsFOp>())
      return rewriter.notifyMatchFailure(op, "has no sign to lose");
    Arithmetic arithmetic(rewriter, op.getLoc(), op.getType());
    Value magnitude = arithmetic.absolute(op.getOperand());
    Value result = math::ErfOp::create(rewriter, op.getLoc(), magnitude);
    rewriter.replaceOp(op, arithmetic.copySign(result, op.getOperand()));
    return success();
  }
};

} // namespace

void winnow::populateErrorFunctionExpansion(RewritePatternSet &patterns) {
  patterns.add<KeepSignOfErf>(patterns.getContext());
}
