// Replaces linalg operations in kernels by loops over register blocks of machine vectors.
#include "passes/LowerToHost/Passes.h"

#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/IR/PatternMatch.h"
#include "passes/LowerToHost/BlockedLoops.h"

namespace winnow {
#define GEN_PASS_DEF_VECTORIZEFORHOST
#include "passes/LowerToHost/Passes.h.inc"
} // namespace winnow

using namespace mlir;
using namespace winnow;

namespace {

/// Index arithmetic in the body as plain operations, which the analysis of lanes follows.
void expandAffineOperations(linalg::GenericOp op) {
  SmallVector<affine::AffineApplyOp> applications;
  op.getBody()->walk([&](affine::AffineApplyOp apply) { applications.push_back(apply); });
  for (affine::AffineApplyOp apply : applications) {
    OpBuilder builder(apply);
    auto values =
        affine::expandAffineMap(builder, apply.getLoc(), apply.getAffineMap(), apply.getMapOperands());
    apply.replaceAllUsesWith((*values)[0]);
    apply.erase();
  }
}

struct VectorizeForHost : winnow::impl::VectorizeForHostBase<VectorizeForHost> {
  using VectorizeForHostBase::VectorizeForHostBase;

  void runOnOperation() override {
    llvm::Expected<HostTarget> target = HostTarget::parse(targetName);
    if (!target) {
      getOperation()->emitError(llvm::toString(target.takeError()));
      return signalPassFailure();
    }
    SmallVector<linalg::LinalgOp> operations;
    getOperation()->walk([&](linalg::LinalgOp op) { operations.push_back(op); });
    for (linalg::LinalgOp op : operations)
      if (op.hasPureBufferSemantics() && failed(lower(op, *target)))
        return signalPassFailure();
  }

private:
  LogicalResult lower(linalg::LinalgOp op, const HostTarget &target) {
    IRRewriter rewriter(op);
    FailureOr<linalg::GenericOp> generic = dyn_cast<linalg::GenericOp>(op.getOperation());
    if (!*generic)
      generic = linalg::generalizeNamedOp(rewriter, op);
    if (failed(generic))
      return op.emitOpError("has no loops");
    expandAffineOperations(*generic);
    rewriter.setInsertionPoint(*generic);
    FailureOr<IterationSpace> space = createIterationSpace(rewriter, *generic);
    if (failed(space)) {
      if (failed(linalg::linalgOpToLoops(rewriter, cast<linalg::LinalgOp>(generic->getOperation()))))
        return generic->emitOpError("has no loops");
    } else {
      mergeDimensions(rewriter, *space);
      RegisterBlock block = chooseRegisterBlock(*space, target);
      createBlockedLoops(rewriter, *space, block);
    }
    rewriter.eraseOp(*generic);
    return success();
  }
};

} // namespace
