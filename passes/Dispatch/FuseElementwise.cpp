// Fuses element-wise operations into the one operation that reads them.
#include "passes/Dispatch/Passes.h"

#include "dialects/Winnow/WinnowOps.h"

#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace winnow {
#define GEN_PASS_DEF_FUSEELEMENTWISE
#include "passes/Dispatch/Passes.h.inc"

using namespace mlir;

namespace {

struct FuseElementwise : impl::FuseElementwiseBase<FuseElementwise> {
  void runOnOperation() override {
    auto visitsOnce = [](OpOperand *operand) {
      auto consumer = dyn_cast<linalg::GenericOp>(operand->getOwner());
      // What is before a loop is not computed again in each round.
      Operation *producer = operand->get().getDefiningOp();
      bool isSameRound =
          producer && consumer && producer->getParentOfType<LoopOp>() == consumer->getParentOfType<LoopOp>();
      return isSameRound && operand->get().hasOneUse() &&
             consumer.getMatchingIndexingMap(operand).isPermutation();
    };
    RewritePatternSet patterns(&getContext());
    linalg::populateElementwiseOpsFusionPatterns(patterns, visitsOnce);
    linalg::populateEraseUnusedOperandsAndResultsPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns)))) {
      getOperation().emitError() << "element-wise fusion did not reach an end";
      signalPassFailure();
    }
  }
};

} // namespace
} // namespace winnow
