// Gives a kernel of a single item its loop over items back.
#include "passes/Tile/Passes.h"

#include "passes/Dispatch/Passes.h"

namespace winnow {
#define GEN_PASS_DEF_RESTOREITEMS
#include "passes/Tile/Passes.h.inc"

using namespace mlir;

namespace {

struct RestoreItems : impl::RestoreItemsBase<RestoreItems> {
  void runOnOperation() override {
    func::FuncOp kernel = getOperation();
    if (!kernel->hasAttr(kKernelAttribute)) {
      return;
    }
    Block &body = kernel.getBody().front();
    if (!body.getOps<scf::ForallOp>().empty()) {
      return;
    }
    OpBuilder builder(body.getTerminator());
    auto loop =
        scf::ForallOp::create(builder, kernel.getLoc(), ArrayRef<OpFoldResult>{builder.getIndexAttr(1)},
                              ValueRange{}, std::nullopt);
    for (Operation &op : llvm::make_early_inc_range(body.without_terminator())) {
      if (&op != loop) {
        op.moveBefore(loop.getTerminator());
      }
    }
  }
};

} // namespace
} // namespace winnow
