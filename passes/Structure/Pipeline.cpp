// The structure phase in order.
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "passes/Structure/Passes.h"

using namespace mlir;

void winnow::buildStructurePipeline(OpPassManager &manager, const StructureOptions &options) {
  StructureGatesOptions gates;
  gates.softGates = options.softGates;
  gates.denseShare = options.denseShare;
  manager.addPass(createStructureGates(gates));
  manager.addPass(createCSEPass());
  manager.addPass(createPushSelections());
  manager.addPass(createCanonicalizerPass());
  PruneWeightsOptions pruning;
  pruning.prune = options.prune;
  pruning.maxError = options.maxPruningError;
  manager.addPass(createPruneWeights(pruning));
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
}
