// What follows the import, in order.
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "passes/Raise/Passes.h"

using namespace mlir;

void winnow::buildRaisePipeline(OpPassManager &manager) {
  manager.addPass(createConvertElementwiseToLinalgPass());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createDropUnitSpace());
  manager.addPass(createCSEPass());
  manager.addPass(createRaiseAttention());
  manager.addPass(createRaiseNormalization());
  manager.addPass(createRecognizeFeedForward());
  manager.addPass(createRaiseMasks());
  manager.addPass(createRaiseExperts());
  manager.addPass(createRaiseChannelGates());
  manager.addPass(createCanonicalizerPass());
}
