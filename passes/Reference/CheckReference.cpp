// Reports what the reference pipeline could not lower.
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "passes/Reference/Passes.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace winnow {
#define GEN_PASS_DEF_CHECKREFERENCE
#include "passes/Reference/Passes.h.inc"
} // namespace winnow

namespace {

struct CheckReference : winnow::impl::CheckReferenceBase<CheckReference> {
  void runOnOperation() override {
    llvm::StringSet<> reported;
    getOperation().walk([&](Operation *op) {
      if (isa<ModuleOp>(op))
        return;
      if (!isa_and_present<LLVM::LLVMDialect>(op->getDialect())) {
        if (reported.insert(op->getName().getStringRef()).second)
          op->emitError("reference code cannot be made of '") << op->getName() << "'";
        return;
      }
      auto function = dyn_cast<LLVM::LLVMFuncOp>(op);
      if (function && function.isExternal() && reported.insert(function.getName()).second)
        op->emitError("reference code imports nothing, but would import '") << function.getName() << "'";
    });
    if (!reported.empty())
      signalPassFailure();
  }
};

} // namespace
