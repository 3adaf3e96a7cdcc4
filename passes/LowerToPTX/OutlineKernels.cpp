// Moves the kernels of a module into a gpu.module and checks the form of their boundary.
#include "passes/LowerToPTX/Passes.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/CallInterfaces.h"

namespace winnow {
#define GEN_PASS_DEF_OUTLINEPTXKERNELS
#include "passes/LowerToPTX/Passes.h.inc"
} // namespace winnow

using namespace mlir;

namespace {

/// The form that the passes after this one rely on.
LogicalResult checkKernel(func::FuncOp kernel) {
  if (kernel.isDeclaration())
    return kernel.emitOpError("is a kernel without a body");
  if (kernel.getNumResults() != 0)
    return kernel.emitOpError("is a kernel with results, but a kernel on buffers has none");
  if (!llvm::hasSingleElement(kernel.getBody()))
    return kernel.emitOpError("is a kernel of several blocks, but structured control flow was expected");
  for (auto [index, type] : llvm::enumerate(kernel.getArgumentTypes())) {
    auto buffer = dyn_cast<MemRefType>(type);
    if (buffer && !buffer.getLayout().isIdentity())
      return kernel.emitOpError("argument ") << index << " has the type " << type << ", but a dense layout "
                                             << "was expected";
    if (!buffer && !type.isIndex())
      return kernel.emitOpError("argument ")
             << index << " has the type " << type << ", but a memref or an index was expected";
  }
  WalkResult result = kernel.walk([](CallOpInterface call) {
    call->emitOpError("is a call in a kernel, but PTX kernels call nothing");
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

struct OutlinePTXKernels : winnow::impl::OutlinePTXKernelsBase<OutlinePTXKernels> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<func::FuncOp> kernels;
    for (func::FuncOp function : module.getOps<func::FuncOp>())
      if (function->hasAttr("winnow.kernel"))
        kernels.push_back(function);
    if (kernels.empty())
      return;
    for (func::FuncOp kernel : kernels)
      if (failed(checkKernel(kernel)))
        return signalPassFailure();

    SymbolTable symbols(module);
    OpBuilder builder(&getContext());
    auto target = gpu::GPUModuleOp::create(builder, module.getLoc(), "kernels");
    symbols.insert(target, module.getBody()->end());
    for (func::FuncOp kernel : kernels) {
      copyConstants(kernel, symbols, target);
      kernel->moveBefore(target.getBody(), target.getBody()->end());
      kernel.setPublic();
      ++outlined;
    }
  }

  /// The memref.global operations that a kernel reads come along; host code may still need the originals.
  void copyConstants(func::FuncOp kernel, SymbolTable &symbols, gpu::GPUModuleOp target) {
    kernel.walk([&](memref::GetGlobalOp read) {
      if (SymbolTable::lookupSymbolIn(target, read.getNameAttr()))
        return;
      if (auto constant = symbols.lookup<memref::GlobalOp>(read.getName()))
        target.getBody()->push_front(constant->clone());
    });
  }
};

} // namespace
