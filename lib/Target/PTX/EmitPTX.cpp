// Translates kernels to LLVM IR, optimizes them, and prints PTX.
#include "lib/Target/PTX/EmitPTX.h"

#include "lib/Target/PTX/FatalErrors.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/GPU/GPUToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;

namespace {

constexpr const char *tripleName = "nvptx64-nvidia-cuda";

/// The back end, made once.
const llvm::Target *findBackEnd() {
  static const llvm::Target *target = [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
    std::string error;
    return llvm::TargetRegistry::lookupTarget(llvm::Triple(tripleName), error);
  }();
  return target;
}

FailureOr<std::unique_ptr<llvm::TargetMachine>> createMachine(Location location,
                                                              const winnow::PTXTarget &target) {
  if (failed(winnow::checkPTXTarget(location, target)))
    return failure();
  return std::unique_ptr<llvm::TargetMachine>(
      findBackEnd()->createTargetMachine(llvm::Triple(tripleName), target.chip, target.features,
                                         llvm::TargetOptions(), {}, {}, llvm::CodeGenOptLevel::Aggressive));
}

/// Collects LLVM's errors, which would otherwise end the process.
struct ErrorCollector : llvm::DiagnosticHandler {
  explicit ErrorCollector(std::string &message) : message(message) {}
  bool handleDiagnostics(const llvm::DiagnosticInfo &info) override {
    if (info.getSeverity() != llvm::DS_Error)
      return true;
    llvm::raw_string_ostream stream(message);
    llvm::DiagnosticPrinterRawOStream printer(stream);
    info.print(printer);
    return true;
  }
  std::string &message;
};

void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::PipelineTuningOptions tuning;
  // A thread is scalar: packed halves are rarely worth the shuffling, and there is nothing else to pack.
  tuning.SLPVectorization = false;
  tuning.LoopVectorization = false;
  tuning.LoopInterleaving = false;
  llvm::PassBuilder builder(&machine, tuning);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3).run(module, modules);
}

LogicalResult print(llvm::Module &module, llvm::TargetMachine &machine, std::string &text) {
  llvm::SmallString<0> buffer;
  llvm::raw_svector_ostream stream(buffer);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::AssemblyFile))
    return failure();
  passes.run(module);
  text = buffer.str().str();
  return success();
}

/// PTX identifiers: letters, digits, underscores and dollars; not a digit first.
LogicalResult checkSymbols(gpu::GPUModuleOp module) {
  for (auto function : module.getOps<LLVM::LLVMFuncOp>()) {
    StringRef name = function.getName();
    auto isLegal = [](char c) { return llvm::isAlnum(c) || c == '_' || c == '$'; };
    if (name.empty() || llvm::isDigit(name.front()) || !llvm::all_of(name, isLegal))
      return function.emitOpError("has the name '") << name << "', which is no identifier in PTX";
  }
  return success();
}

/// The gpu.module that `operation` is or holds.
FailureOr<gpu::GPUModuleOp> findKernels(Operation *operation) {
  if (auto module = dyn_cast<gpu::GPUModuleOp>(operation))
    return module;
  SmallVector<gpu::GPUModuleOp> modules;
  if (auto module = dyn_cast<ModuleOp>(operation))
    llvm::append_range(modules, module.getOps<gpu::GPUModuleOp>());
  if (modules.size() != 1)
    return operation->emitError("expected one gpu.module with kernels, found ") << modules.size();
  return modules.front();
}

} // namespace

winnow::PTXTarget winnow::PTXTarget::forChip(StringRef chip) {
  unsigned architecture = 0;
  bool isRecent = chip.starts_with("sm_") &&
                  !chip.drop_front(3).take_while(llvm::isDigit).getAsInteger(10, architecture) &&
                  architecture > 90;
  return {chip.str(), isRecent ? "" : "+ptx80"};
}

void winnow::registerPTXTranslations(DialectRegistry &registry) {
  registerBuiltinDialectTranslation(registry);
  registerGPUDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  registerNVVMDialectTranslation(registry);
}

LogicalResult winnow::checkPTXTarget(Location location, const PTXTarget &target) {
  const llvm::Target *backEnd = findBackEnd();
  if (!backEnd)
    return emitError(location, "this LLVM has no back end for PTX");
  std::unique_ptr<llvm::MCSubtargetInfo> chips(
      backEnd->createMCSubtargetInfo(llvm::Triple(tripleName), "sm_80", ""));
  if (!chips->isCPUStringValid(target.chip) || !StringRef(target.chip).starts_with("sm_"))
    return emitError(location) << "unknown GPU architecture '" << target.chip
                               << "', expected one such as 'sm_80' or 'sm_90a'";
  return success();
}

FailureOr<std::string> winnow::emitPTX(Operation *operation, const PTXTarget &target) {
  FailureOr<gpu::GPUModuleOp> kernels = findKernels(operation);
  if (failed(kernels) || failed(checkSymbols(*kernels)))
    return failure();
  Location location = kernels->getLoc();
  FailureOr<std::unique_ptr<llvm::TargetMachine>> machine = createMachine(location, target);
  if (failed(machine))
    return failure();

  auto context = std::make_unique<llvm::LLVMContext>();
  std::string message, text;
  context->setDiagnosticHandler(std::make_unique<ErrorCollector>(message));
  std::unique_ptr<llvm::Module> module = translateModuleToLLVMIR(*kernels, *context, "winnow");
  if (!module)
    return failure();
  module->setTargetTriple((*machine)->getTargetTriple());
  module->setDataLayout((*machine)->createDataLayout());
  LogicalResult printed = failure();
  std::optional<std::string> fatal = catchFatalErrors([&] {
    optimize(*module, **machine);
    printed = print(*module, **machine, text);
  });
  if (fatal) {
    // What LLVM was working on is in no state to be destroyed.
    (void)module.release();
    (void)machine->release();
    (void)context.release();
    return emitError(location, "LLVM cannot generate PTX: ") << *fatal;
  }
  if (failed(printed) || !message.empty())
    return emitError(location, "LLVM cannot generate PTX") << (message.empty() ? "" : ": ") << message;
  return text;
}
