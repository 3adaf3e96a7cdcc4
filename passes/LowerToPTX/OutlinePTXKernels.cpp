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

/// What the runtime passes as an element of a buffer.
bool isElementType(Type type) {
  return type.isInteger(1) || type.isInteger(8) || type.isInteger(16) || type.isInteger(32) ||
         type.isInteger(64) || type.isF16() || type.isBF16() || type.isF32() || type.isF64();
}

/// An argument is a dense buffer or a size.
LogicalResult checkArgument(func::FuncOp kernel, unsigned index) {
  Type type = kernel.getArgument(index).getType();
  auto report = [&](StringRef expected) {
    return kernel.emitOpError("argument ")
           << index << " has the type " << type << ", but " << expected << " was expected";
  };
  auto buffer = dyn_cast<MemRefType>(type);
  if (!buffer)
    return type.isIndex() ? success() : LogicalResult(report("a memref or an index"));
  if (!buffer.getLayout().isIdentity())
    return report("a dense layout");
  if (buffer.getMemorySpace())
    return report("the default memory space");
  if (!isElementType(buffer.getElementType()))
    return report("one of the element types i1, i8, i16, i32, i64, f16, bf16, f32 and f64");
  return success();
}

/// The form that the passes after this one rely on.
LogicalResult checkKernel(func::FuncOp kernel) {
  if (kernel.isDeclaration())
    return kernel.emitOpError("is a kernel without a body");
  if (kernel.getNumResults() != 0)
    return kernel.emitOpError("is a kernel with results, but a kernel on buffers has none");
  if (!llvm::hasSingleElement(kernel.getBody()))
    return kernel.emitOpError("is a kernel of several blocks, but structured control flow was expected");
  for (unsigned index = 0; index < kernel.getNumArguments(); ++index)
    if (failed(checkArgument(kernel, index)))
      return failure();
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
