// Makes memref.copy a linalg.generic, whose lowering needs no runtime library.
#include "passes/LowerToHost/Passes.h"

#include "mlir/Dialect/Linalg/Utils/Utils.h"

namespace winnow {
#define GEN_PASS_DEF_GENERALIZECOPIES
#include "passes/LowerToHost/Passes.h.inc"
} // namespace winnow

using namespace mlir;

namespace {

struct GeneralizeCopies : winnow::impl::GeneralizeCopiesBase<GeneralizeCopies> {
  void runOnOperation() override {
    SmallVector<memref::CopyOp> copies;
    getOperation()->walk([&](memref::CopyOp copy) { copies.push_back(copy); });
    for (memref::CopyOp copy : copies) {
      OpBuilder builder(copy);
      linalg::makeMemRefCopyOp(builder, copy.getLoc(), copy.getSource(), copy.getTarget());
      copy.erase();
    }
  }
};

} // namespace
