// Registers dialects and passes, once for every tool.
#include "lib/Pipeline/Registration.h"

#include "dialects/Plan/PlanDialect.h"
#include "dialects/Winnow/AttentionTiling.h"
#include "dialects/Winnow/NormalizationTiling.h"
#include "dialects/Winnow/Tiling.h"
#include "dialects/Winnow/WinnowDialect.h"
#include "lib/Target/PTX/EmitPTX.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Pass/PassRegistry.h"
#include "passes/Dispatch/Passes.h"
#include "passes/Expand/Passes.h"
#include "passes/LowerToHost/Passes.h"
#include "passes/LowerToPTX/Passes.h"
#include "passes/Precision/Passes.h"
#include "passes/Raise/Passes.h"
#include "passes/Reference/Passes.h"
#include "passes/Structure/Passes.h"
#include "passes/Tile/Passes.h"

void winnow::registerDialects(mlir::DialectRegistry &registry) {
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  registry.insert<WinnowDialect, plan::PlanDialect>();
  registerPTXTranslations(registry);
  registerTilingInterfaceModels(registry);
  registerAttentionTiling(registry);
  registerGroupedTilingModels(registry);
  registerNormalizationTiling(registry);
}

void winnow::registerPasses() {
  mlir::registerAllPasses();
  registerWinnowPrecisionPasses();
  mlir::PassPipelineRegistration<PrecisionOptions>(
      "winnow-precision", "The precision phase: i8 or f32 for each contraction", buildPrecisionPipeline);
  registerWinnowExpandPasses();
  registerWinnowDispatchPasses();
  registerWinnowRaisePasses();
  registerWinnowReferencePasses();
  registerWinnowStructurePasses();
  registerWinnowTilePasses();
  mlir::PassPipelineRegistration<>("winnow-raise", "What follows the import: cleaning, masks, gates",
                                   buildRaisePipeline);
  mlir::PassPipelineRegistration<StructureOptions>(
      "winnow-structure", "The structure phase: gates to selections, selections to the contractions",
      buildStructurePipeline);
  mlir::PassPipelineRegistration<>("winnow-dispatch", "The dispatch phase: tensors to a plan and kernels",
                                   buildDispatchPipeline);
  mlir::PassPipelineRegistration<>("winnow-tile", "The tile phase: kernels to items on memrefs",
                                   buildTilePipeline);
  mlir::PassPipelineRegistration<>(
      "winnow-reference", "Whole functions as their definitions, down to the LLVM dialect",
      [](mlir::OpPassManager &manager) { buildReferencePipeline(manager, true); });
  registerWinnowLowerToHostPasses();
  registerHostLoweringPipeline();
  registerPTXLoweringPasses();
}
