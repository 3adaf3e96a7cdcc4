// Moves a kernel's local buffers to its entry, and refuses those that PTX cannot have.
#include "passes/LowerToPTX/Passes.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"

namespace winnow {
#define GEN_PASS_DEF_HOISTLOCALS
#include "passes/LowerToPTX/Passes.h.inc"
} // namespace winnow

using namespace mlir;

namespace {

struct HoistLocals : winnow::impl::HoistLocalsBase<HoistLocals> {
  using Base::Base;

  LogicalResult check(memref::AllocaOp local, const DataLayout &layout) {
    MemRefType type = local.getType();
    if (!type.hasStaticShape() || !local.getSymbolOperands().empty() || !type.getLayout().isIdentity())
      return local.emitOpError("is a local buffer of the type ")
             << type << ", but a thread's local memory has a static, dense shape";
    int64_t bytes = type.getNumElements() * layout.getTypeSize(type.getElementType()).getFixedValue();
    if (bytes > limit)
      return local.emitOpError("is a local buffer of ")
             << bytes << " bytes, but a thread's local memory is limited to " << limit.getValue();
    return success();
  }

  void runOnOperation() override {
    func::FuncOp kernel = getOperation();
    DataLayout layout = DataLayout::closest(kernel);
    Block &entry = kernel.getBody().front();
    IRRewriter rewriter(&getContext());
    WalkResult result = kernel.walk([&](Operation *operation) {
      if (isa<memref::AllocOp, memref::ReallocOp>(operation)) {
        operation->emitOpError(
            "allocates on a heap, but a PTX kernel has only local buffers (memref.alloca)");
        return WalkResult::interrupt();
      }
      auto local = dyn_cast<memref::AllocaOp>(operation);
      if (local && failed(check(local, layout)))
        return WalkResult::interrupt();
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      return signalPassFailure();

    SmallVector<memref::AllocaOp> locals;
    kernel.walk([&](memref::AllocaOp local) { locals.push_back(local); });
    for (memref::AllocaOp local : llvm::reverse(locals))
      rewriter.moveOpBefore(local, &entry, entry.begin());
    SmallVector<memref::AllocaScopeOp> scopes;
    kernel.walk([&](memref::AllocaScopeOp scope) { scopes.push_back(scope); });
    for (memref::AllocaScopeOp scope : scopes) {
      Operation *terminator = scope.getBodyRegion().front().getTerminator();
      SmallVector<Value> results(terminator->getOperands());
      rewriter.eraseOp(terminator);
      rewriter.inlineBlockBefore(&scope.getBodyRegion().front(), scope);
      rewriter.replaceOp(scope, results);
    }
  }
};

} // namespace
