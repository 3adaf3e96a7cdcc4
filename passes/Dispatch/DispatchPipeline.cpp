// The dispatch phase as a pipeline.
#include "passes/Dispatch/Passes.h"
#include "passes/Expand/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Affine/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

/// Sizes in terms of the arguments' sizes, so that no kernel is needed to know a shape.
static void addShapeCleanup(OpPassManager &manager) {
  manager.addPass(memref::createResolveRankedShapeTypeResultDimsPass());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
}

void winnow::buildSessionPipeline(OpPassManager &manager) {
  manager.addPass(createExpandMemories());
  manager.addPass(createThreadSession());
  manager.addNestedPass<func::FuncOp>(createNumberHostValues());
}

void winnow::buildDispatchPipeline(OpPassManager &manager) {
  buildSessionPipeline(manager);
  manager.addNestedPass<func::FuncOp>(createExpandPackedWeights());
  manager.addNestedPass<func::FuncOp>(createExpandSparseCodes());
  manager.addNestedPass<func::FuncOp>(createExpandSelections());
  manager.addNestedPass<func::FuncOp>(createExpandModalities());
  manager.addPass(createCanonicalizerPass());
  manager.addNestedPass<func::FuncOp>(createGeneralizeOperations());
  manager.addNestedPass<func::FuncOp>(createFuseElementwise());
  manager.addNestedPass<func::FuncOp>(createCheckExtents());
  addShapeCleanup(manager);
  manager.addNestedPass<func::FuncOp>(createFlattenRows());
  manager.addNestedPass<func::FuncOp>(createFuseElementwise());
  addShapeCleanup(manager);
  manager.addPass(createOutlineDispatches());
  addShapeCleanup(manager);
  manager.addPass(createDeduplicateKernels());
  manager.addPass(createConvertToPlan());
  manager.addNestedPass<plan::FuncOp>(createLowerAffinePass());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  manager.addNestedPass<plan::FuncOp>(createPlanBuffers());
}
