// The precision phase as a pipeline.
#include "passes/Precision/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

void winnow::buildPrecisionPipeline(mlir::OpPassManager &manager, const PrecisionOptions &options) {
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
