// Computes what follows a matrix product on the product's own rows.
#include "passes/Dispatch/Passes.h"

#include "dialects/Winnow/WinnowOps.h"

#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/Interfaces/TilingInterface.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace winnow {
#define GEN_PASS_DEF_FLATTENROWS
#include "passes/Dispatch/Passes.h.inc"

using namespace mlir;

namespace {

/// Whether the operand is a reshape of what is computed for it alone, in the same round of a loop.
bool isFlattened(OpOperand *operand) {
  auto consumer = dyn_cast<linalg::GenericOp>(operand->getOwner());
  auto expand = operand->get().getDefiningOp<tensor::ExpandShapeOp>();
  if (!consumer || !expand || consumer.getNumReductionLoops() != 0 || !expand->hasOneUse()) {
    return false;
  }
  Operation *producer = expand.getSrc().getDefiningOp();
  return isa_and_nonnull<TilingInterface>(producer) && !isa<tensor::PadOp, linalg::FillOp>(producer) &&
         producer->hasOneUse() && consumer.getMatchingIndexingMap(operand).isIdentity() &&
         producer->getParentOfType<LoopOp>() == consumer->getParentOfType<LoopOp>();
}

struct FlattenRows : impl::FlattenRowsBase<FlattenRows> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    linalg::populateFoldReshapeOpsByCollapsingPatterns(patterns, isFlattened);
    // What is flattened again, for the next product, is what it was flattened from.
    tensor::populateReassociativeReshapeFoldingPatterns(patterns);
    tensor::ExpandShapeOp::getCanonicalizationPatterns(patterns, &getContext());
    tensor::CollapseShapeOp::getCanonicalizationPatterns(patterns, &getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns)))) {
      getOperation().emitError() << "flattening rows did not reach an end";
      signalPassFailure();
    }
  }
};

} // namespace
} // namespace winnow
