// Marks LLVM functions as PTX entries and refuses what LLVM could only abort on.
#include "passes/LowerToPTX/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

namespace winnow {
#define GEN_PASS_DEF_MARKPTXKERNELS
#include "passes/LowerToPTX/Passes.h.inc"
} // namespace winnow

using namespace mlir;

namespace {

struct MarkPTXKernels : winnow::impl::MarkPTXKernelsBase<MarkPTXKernels> {
  using Base::Base;

  void runOnOperation() override {
    WalkResult result = getOperation().walk([](Operation *operation) {
      if (isa<gpu::GPUModuleOp>(operation) ||
          isa<LLVM::LLVMDialect, NVVM::NVVMDialect>(operation->getDialect()))
        return WalkResult::advance();
      operation->emitOpError("has no form in PTX");
      return WalkResult::interrupt();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    Builder builder(&getContext());
    for (auto function : getOperation().getOps<LLVM::LLVMFuncOp>())
      if (function->removeAttr("winnow.kernel")) {
        function->setAttr(NVVM::NVVMDialect::getKernelFuncAttrName(), builder.getUnitAttr());
        function->setAttr(NVVM::NVVMDialect::getReqntidAttrName(),
                          builder.getDenseI32ArrayAttr({static_cast<int32_t>(threads)}));
      }
  }
};

} // namespace
