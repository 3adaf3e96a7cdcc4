// Translates the LLVM dialect to LLVM IR, optimizes it for a host target, and compiles and links it in
// memory.
#include "lib/Target/Host/EmitImage.h"

#include "lib/Target/Host/Builtins.h"
#include "lib/Target/Host/CodeGenerator.h"
#include "lib/Target/Host/LinkImage.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;
using namespace winnow;

static llvm::Expected<std::unique_ptr<llvm::TargetMachine>> createTargetMachine(const HostTarget &target,
                                                                                Effort effort) {
  auto generator = findCodeGenerator(target.triple);
  if (!generator)
    return generator.takeError();
  llvm::TargetOptions options;
  options.FunctionSections = true;
  options.DataSections = true;
  std::unique_ptr<llvm::TargetMachine> machine(
      (*generator)
          ->createTargetMachine(llvm::Triple(target.triple), target.cpu, /*Features=*/"", options,
                                llvm::Reloc::PIC_, llvm::CodeModel::Small,
                                effort == Effort::Full ? llvm::CodeGenOptLevel::Aggressive
                                                       : llvm::CodeGenOptLevel::Less));
  if (!machine)
    return llvm::createStringError("LLVM has no code generator for '" + target.triple + "'");
  return machine;
}

/// Exports what is not internal, and says what holds for all code of an image.
static void setFunctionAttributes(llvm::Module &module, const HostTarget &target) {
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.setDSOLocal(true);
    // Nothing throws, so the image needs no unwind tables.
    function.setDoesNotThrow();
    function.setUWTableKind(llvm::UWTableKind::None);
    function.addFnAttr("target-cpu", target.cpu);
    function.addFnAttr("prefer-vector-width", std::to_string(target.vectorBits));
  }
}

// What loops over scalars gain most from; most of the time of O3 goes into unrolling and vectorizing them.
// Combining need not reach its end, which a pipeline in text demands unless told otherwise: the compiler
// would abort.
constexpr llvm::StringLiteral kQuickPipeline =
    "always-inline,function(sroa,early-cse,instcombine<no-verify-fixpoint>,"
    "simplifycfg,loop-mssa(licm),early-cse)";

static void optimize(llvm::Module &module, llvm::TargetMachine &machine, Effort effort) {
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = tuning.SLPVectorization = tuning.LoopInterleaving = tuning.LoopUnrolling = true;
  llvm::PassBuilder builder(&machine, tuning);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager callGraph;
  llvm::ModuleAnalysisManager modules;
  // No C library is there: calls of its functions must not be made.
  llvm::TargetLibraryInfoImpl library(module.getTargetTriple());
  library.disableAllFunctions();
  functions.registerPass([&] { return llvm::TargetLibraryAnalysis(library); });
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(callGraph);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, callGraph, modules);
  llvm::ModulePassManager passes;
  if (effort == Effort::Full)
    passes = builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3);
  else
    llvm::cantFail(builder.parsePassPipeline(passes, kQuickPipeline));
  passes.run(module, modules);
}

static llvm::Expected<std::string> generateCode(llvm::Module &module, llvm::TargetMachine &machine,
                                                llvm::CodeGenFileType kind) {
  llvm::SmallString<0> bytes;
  llvm::raw_svector_ostream stream(bytes);
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, /*DwoOut=*/nullptr, kind))
    return llvm::createStringError("LLVM cannot emit a file of this kind for the target");
  passes.run(module);
  return std::string(bytes);
}

static llvm::Expected<std::unique_ptr<llvm::Module>> translate(ModuleOp module, llvm::LLVMContext &context,
                                                               llvm::TargetMachine &machine,
                                                               const HostTarget &target) {
  registerBuiltinDialectTranslation(*module.getContext());
  registerLLVMDialectTranslation(*module.getContext());
  std::unique_ptr<llvm::Module> translated = translateModuleToLLVMIR(module, context, "kernels");
  if (!translated)
    return llvm::createStringError("the module does not translate to LLVM IR");
  translated->setTargetTriple(llvm::Triple(target.triple));
  translated->setDataLayout(machine.createDataLayout());
  if (llvm::Error error = addBuiltins(*translated))
    return error;
  setFunctionAttributes(*translated, target);
  return translated;
}

/// The optimized module as `kind`: text, assembly or an object.
enum class Output { LLVMIR, Assembly, Object };
static llvm::Expected<std::string> compile(ModuleOp module, const HostTarget &target, Output kind,
                                           Effort effort) {
  auto machine = createTargetMachine(target, effort);
  if (!machine)
    return machine.takeError();
  llvm::LLVMContext context;
  auto translated = translate(module, context, **machine, target);
  if (!translated)
    return translated.takeError();
  optimize(**translated, **machine, effort);
  if (kind == Output::LLVMIR) {
    std::string text;
    llvm::raw_string_ostream(text) << **translated;
    return text;
  }
  return generateCode(**translated, **machine,
                      kind == Output::Object ? llvm::CodeGenFileType::ObjectFile
                                             : llvm::CodeGenFileType::AssemblyFile);
}

template <typename T> static FailureOr<T> reported(ModuleOp module, llvm::Expected<T> value) {
  if (value)
    return std::move(*value);
  return module.emitError(llvm::toString(value.takeError()));
}

FailureOr<std::vector<uint8_t>> winnow::emitHostImage(ModuleOp module, const HostTarget &target,
                                                      Effort effort) {
  FailureOr<std::string> object = reported(module, compile(module, target, Output::Object, effort));
  if (failed(object))
    return failure();
  return reported(module, linkImage(*object));
}

FailureOr<std::string> winnow::emitHostText(ModuleOp module, const HostTarget &target, HostText kind) {
  Output output = kind == HostText::LLVMIR ? Output::LLVMIR : Output::Assembly;
  return reported(module, compile(module, target, output, Effort::Full));
}
