// The order of the passes from bufferized kernels to LLVM IR for NVPTX.
#include "passes/LowerToPTX/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Affine/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace winnow {
#define GEN_PASS_REGISTRATION
#include "passes/LowerToPTX/Passes.h.inc"
} // namespace winnow

/// Everything that works on one kernel while it still has memrefs and structured control flow.
static void addKernelPasses(OpPassManager &kernel, int64_t threads) {
  kernel.addPass(winnow::createMapItemsToThreads({threads}));
  kernel.addPass(createForallToForLoopPass());
  kernel.addPass(createParallelForToNestedForsPass());
  kernel.addPass(winnow::createLinalgToThreadLoops());
  kernel.addPass(winnow::createHoistLocals());
  kernel.addPass(createCanonicalizerPass());
  kernel.addPass(winnow::createExpandPTXMath());
  kernel.addPass(affine::createAffineExpandIndexOpsPass());
  kernel.addPass(createLowerAffinePass());
  kernel.addPass(winnow::createLowerKernelBoundary());
  kernel.addPass(createCanonicalizerPass());
  kernel.addPass(createCSEPass());
}

void winnow::buildPTXLoweringPipeline(OpPassManager &manager, const PTXLoweringOptions &options) {
  manager.addPass(createOutlinePTXKernels());
  OpPassManager &module = manager.nest<gpu::GPUModuleOp>();
  addKernelPasses(module.nest<func::FuncOp>(), options.threads);
  module.addPass(memref::createExpandStridedMetadataPass());
  module.addPass(createLowerAffinePass());
  module.addPass(createCanonicalizerPass());
  module.addPass(createCSEPass());
  module.addPass(createSCFToControlFlowPass());
  module.addPass(createConvertToLLVMPass());
  module.addPass(createReconcileUnrealizedCastsPass());
  module.addPass(createCanonicalizerPass());
  module.addPass(createCSEPass());
  module.addPass(createMarkPTXKernels({options.threads}));
}

void winnow::registerPTXLoweringPasses() {
  registerWinnowLowerToPTXPasses();
  PassPipelineRegistration<PTXLoweringOptions>(
      "winnow-lower-to-ptx", "lowers kernels to LLVM IR for NVPTX, one item for each thread",
      buildPTXLoweringPipeline);
}
