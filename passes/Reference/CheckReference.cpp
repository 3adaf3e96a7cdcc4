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

/// Operations for which code generation calls a function of the mathematical library.
bool callsLibrary(Operation *op) {
  static const llvm::StringSet<> names = {
      "llvm.frem",       "llvm.intr.exp",   "llvm.intr.exp2", "llvm.intr.exp10", "llvm.intr.log",
      "llvm.intr.log2",  "llvm.intr.log10", "llvm.intr.pow",  "llvm.intr.powi",  "llvm.intr.sin",
      "llvm.intr.cos",   "llvm.intr.tan",   "llvm.intr.sinh", "llvm.intr.cosh",  "llvm.intr.tanh",
      "llvm.intr.asin",  "llvm.intr.acos",  "llvm.intr.atan", "llvm.intr.atan2", "llvm.intr.sincos",
      "llvm.intr.ldexp", "llvm.intr.round"};
  return names.contains(op->getName().getStringRef());
}

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
      if (callsLibrary(op) && reported.insert(op->getName().getStringRef()).second)
        op->emitError("reference code imports nothing, but would import what computes '")
            << op->getName() << "'";
      auto function = dyn_cast<LLVM::LLVMFuncOp>(op);
      if (function && function.isExternal() && reported.insert(function.getName()).second)
        op->emitError("reference code imports nothing, but would import '") << function.getName() << "'";
    });
    if (!reported.empty())
      signalPassFailure();
  }
};

} // namespace
