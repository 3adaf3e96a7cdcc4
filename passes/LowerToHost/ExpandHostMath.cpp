// Expands mathematical functions into arithmetic, and refuses what would need a C library.
#include "lib/MathExpansions/MathExpansions.h"
#include "passes/LowerToHost/Passes.h"

#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace winnow {
#define GEN_PASS_DEF_EXPANDHOSTMATH
#include "passes/LowerToHost/Passes.h.inc"
} // namespace winnow

using namespace mlir;

namespace {

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
    SmallVector<StringRef> expanded = {"fpowi", "ipowi", "rsqrt"};
    if (!fma)
      expanded.push_back("fma");
    populateMathAlgebraicSimplificationPatterns(patterns);
    math::populateExpansionPatterns(patterns, expanded);
    populateMathPolynomialApproximationPatterns(patterns, [](StringRef) { return true; });
    winnow::populateExponentialExpansions(patterns);
    winnow::populateLogarithmExpansions(patterns);
    winnow::populateDoubleExpansions(patterns);
    winnow::populatePowerExpansion(patterns, fma);
    winnow::populateCircularExpansions(patterns);
    winnow::populateRootExpansion(patterns);
    winnow::populateErrorFunctionExpansion(patterns);
    winnow::populateRemainderExpansion(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
    if (failed(checkExpanded()))
      signalPassFailure();
  }

private:
  LogicalResult checkExpanded() {
    WalkResult result = getOperation()->walk([](Operation *op) -> WalkResult {
      bool isMath = isa_and_nonnull<math::MathDialect>(op->getDialect());
      // A remainder of floats that is left is a call of fmod.
      if ((!isMath || hasInstructions(op)) && !isa<arith::RemFOp>(op))
        return WalkResult::advance();
      return op->emitOpError("on ") << op->getResult(0).getType()
                                    << " has no expansion for host code, which may not call a C library";
    });
    return failure(result.wasInterrupted());
  }
};

} // namespace
