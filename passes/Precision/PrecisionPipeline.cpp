// The precision phase as a pipeline.
#include "passes/Precision/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

void winnow::buildPrecisionPipeline(mlir::OpPassManager &manager, const PrecisionOptions &options) {
  manager.addNestedPass<func::FuncOp>(createWidenAccumulators());
  AssignPrecisionOptions assignment;
  assignment.budgetBytes = options.budgetBytes;
  assignment.budget = options.budget;
  assignment.maxError = options.maxError;
  assignment.all = options.all;
  manager.addPass(createAssignPrecision(assignment));
  manager.addPass(createRealizePrecision());
  // A tensor that several operations quantize is quantized once, and constants nobody reads any more go.
  manager.addPass(mlir::createCSEPass());
  manager.addPass(mlir::createCanonicalizerPass());
}
