// The passes of the reference pipeline in their order.
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "passes/Reference/Passes.h"

using namespace mlir;

namespace {

void addBufferization(OpPassManager &manager) {
  bufferization::OneShotBufferizePassOptions options;
  options.bufferizeFunctionBoundaries = true;
  options.functionBoundaryTypeConversion = bufferization::LayoutMapOption::IdentityLayoutMap;
  options.allowReturnAllocsFromLoops = true;
  manager.addPass(bufferization::createOneShotBufferizePass(options));
}

void addLoweringToLLVM(OpPassManager &manager) {
  manager.addPass(createConvertLinalgToLoopsPass());
  manager.addPass(winnow::createViewExpansions());
  manager.addPass(memref::createExpandStridedMetadataPass());
  manager.addPass(createLowerAffinePass());
  manager.addPass(createConvertMathToFuncs());
  arith::ArithExpandOpsPassOptions arithmetic;
  arithmetic.includeBf16 = true;
  manager.addPass(arith::createArithExpandOpsPass(arithmetic));
  manager.addPass(createSCFToControlFlowPass());
  manager.addPass(createConvertMathToLLVMPass());
  manager.addPass(createConvertIndexToLLVMPass());
  manager.addPass(createFinalizeMemRefToLLVMConversionPass());
  manager.addPass(createConvertFuncToLLVMPass());
  manager.addPass(createArithToLLVMConversionPass());
  manager.addPass(createConvertControlFlowToLLVMPass());
  manager.addPass(createUBToLLVMConversionPass());
  manager.addPass(createReconcileUnrealizedCastsPass());
}

} // namespace

void winnow::buildReferencePipeline(OpPassManager &manager, bool hasFma) {
  manager.addPass(createInlinerPass());
  manager.addPass(createSymbolDCEPass());
  manager.addPass(createDecompose());
  manager.addPass(createHoistWeights());
  manager.addPass(createConvertElementwiseToLinalgPass());
  manager.addPass(createExpandMath({hasFma}));
  manager.addPass(createCSEPass());
  addBufferization(manager);
  manager.addPass(createWrapReference());
  addLoweringToLLVM(manager);
  manager.addPass(createCheckReference());
}
