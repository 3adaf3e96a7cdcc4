// Merges kernels that are equal but for their names and locations.
#include "passes/Dispatch/Passes.h"

#include "mlir/IR/OperationSupport.h"
#include "mlir/IR/SymbolTable.h"

namespace winnow {
#define GEN_PASS_DEF_DEDUPLICATEKERNELS
#include "passes/Dispatch/Passes.h.inc"

using namespace mlir;

namespace {

bool areEqual(func::FuncOp a, func::FuncOp b) {
  return a.getFunctionType() == b.getFunctionType() &&
         OperationEquivalence::isRegionEquivalentTo(&a.getBody(), &b.getBody(),
                                                    OperationEquivalence::IgnoreLocations);
}

struct DeduplicateKernels : impl::DeduplicateKernelsBase<DeduplicateKernels> {
  void runOnOperation() override {
    SmallVector<func::FuncOp> unique;
    llvm::StringMap<func::FuncOp> replacement;
    for (auto kernel : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>())) {
      if (!kernel->hasAttr(kKernelAttribute)) {
        continue;
      }
      auto twin = llvm::find_if(unique, [&](func::FuncOp other) { return areEqual(kernel, other); });
      if (twin == unique.end()) {
        unique.push_back(kernel);
        continue;
      }
      // The merged kernel computes for both origins.
      twin->getOperation()->setLoc(FusedLoc::get(&getContext(), {(*twin)->getLoc(), kernel->getLoc()}));
      replacement[kernel.getName()] = *twin;
      kernel.erase();
    }
    getOperation().walk([&](func::CallOp call) {
      if (auto found = replacement.find(call.getCallee()); found != replacement.end()) {
        call.setCallee(found->second.getName());
      }
    });
  }
};

} // namespace
} // namespace winnow
