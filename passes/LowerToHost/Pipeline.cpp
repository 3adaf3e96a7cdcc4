// The order in which kernels are lowered for a host CPU.
#include "passes/LowerToHost/Passes.h"

#include "lib/Target/Host/HostTarget.h"
#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/ConvertToLLVM/ToLLVMPass.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVMPass.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace winnow;

/// Floats narrower than single precision are for memory: their arithmetic is done in single precision.
static void addNarrowFloatPasses(OpPassManager &functions) {
  math::MathExtendToSupportedTypesOptions extendMath;
  extendMath.targetTypeStr = "f32";
  functions.addPass(math::createMathExtendToSupportedTypes(extendMath));
  arith::ArithEmulateUnsupportedFloatsOptions emulate;
  emulate.sourceTypeStrs = {"bf16", "f16"};
  emulate.targetTypeStr = "f32";
  functions.addPass(arith::createArithEmulateUnsupportedFloats(emulate));
}

void winnow::buildHostConversionPipeline(OpPassManager &manager, const HostTarget &target) {
  manager.addPass(memref::createExpandStridedMetadataPass());
  manager.addPass(createLowerAffinePass());
  OpPassManager &functions = manager.nest<func::FuncOp>();
  addNarrowFloatPasses(functions);
  // Before the expansions, which say themselves what may be fused: their sums of two words must not be.
  functions.addPass(createAllowContraction());
  ExpandHostMathOptions expandMath;
  expandMath.fma = target.hasFma;
  functions.addPass(createExpandHostMath(expandMath));
  arith::ArithExpandOpsPassOptions expand;
  expand.includeBf16 = true;
  functions.addPass(arith::createArithExpandOpsPass(expand));
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  manager.addPass(createSCFToControlFlowPass());
  manager.addPass(createConvertVectorToLLVMPass());
  manager.addPass(createConvertToLLVMPass());
  manager.addPass(createReconcileUnrealizedCastsPass());
  manager.addPass(createCanonicalizerPass());
}

void winnow::buildHostLoweringPipeline(OpPassManager &manager, const HostTarget &target) {
  OpPassManager &functions = manager.nest<func::FuncOp>();
  functions.addPass(createGeneralizeCopies());
  VectorizeForHostOptions vectorize;
  vectorize.targetName = target.name;
  functions.addPass(createVectorizeForHost(vectorize));
  manager.addPass(createExposeHostKernels());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  buildHostConversionPipeline(manager, target);
}

namespace {
struct HostLoweringOptions : PassPipelineOptions<HostLoweringOptions> {
  Option<std::string> target{*this, "target", llvm::cl::init("native"),
                             llvm::cl::desc("host target: native, x86-64-v2, -v3, -v4 or aarch64")};
};
} // namespace

void winnow::registerHostLoweringPipeline() {
  // Not PassPipelineRegistration, which cannot refuse the name of a target.
  registerPassPipeline(
      "winnow-lower-to-host", "The lower phase for a host CPU: kernels to the LLVM dialect",
      [](OpPassManager &manager, StringRef text, function_ref<LogicalResult(const Twine &)> fail) {
        HostLoweringOptions options;
        if (failed(options.parseFromString(text)))
          return failure();
        llvm::Expected<HostTarget> target = HostTarget::parse(options.target);
        if (!target)
          return fail(llvm::toString(target.takeError()));
        buildHostLoweringPipeline(manager, *target);
        return success();
      },
      [](function_ref<void(const detail::PassOptions &)> visit) { visit(HostLoweringOptions()); });
}
