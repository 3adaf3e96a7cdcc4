// winnow-host-image: makes the ELF image of kernels written as MLIR text; a tool for tests and benchmarks.
#include "lib/Pipeline/Registration.h"
#include "lib/Target/Host/EmitImage.h"
#include "passes/LowerToHost/Passes.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/FileUtilities.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/ToolOutputFile.h"

namespace cl = llvm::cl;
using namespace winnow;

static cl::opt<std::string> input(cl::Positional, cl::Required, cl::desc("<kernels.mlir>"));
static cl::opt<std::string> output("o", cl::desc("the file to write"), cl::init("-"));
static cl::opt<std::string> targetName("target", cl::desc("host target"), cl::init("native"));
enum class Form { Image, LLVMIR, Assembly };
static cl::opt<Form> form("emit", cl::desc("what to write"), cl::init(Form::Image),
                          cl::values(clEnumValN(Form::Image, "image", "the shared image"),
                                     clEnumValN(Form::LLVMIR, "llvm", "optimized LLVM IR"),
                                     clEnumValN(Form::Assembly, "asm", "assembly")));

static mlir::FailureOr<std::string> emit(mlir::ModuleOp module, const HostTarget &target) {
  if (form != Form::Image)
    return emitHostText(module, target, form == Form::LLVMIR ? HostText::LLVMIR : HostText::Assembly);
  auto image = emitHostImage(module, target);
  if (failed(image))
    return mlir::failure();
  return std::string(image->begin(), image->end());
}

int main(int argc, char **argv) {
  llvm::InitLLVM initialize(argc, argv);
  cl::ParseCommandLineOptions(argc, argv, "makes the host image of kernels\n");
  // lld resets the values of LLVM's options, so the name is kept here.
  std::string outputName = output;
  mlir::DialectRegistry registry;
  registerDialects(registry);
  mlir::MLIRContext context(registry);
  llvm::Expected<HostTarget> target = HostTarget::parse(targetName);
  if (!target) {
    llvm::errs() << llvm::toString(target.takeError()) << "\n";
    return 1;
  }
  llvm::SourceMgr sources;
  auto module = mlir::parseSourceFile<mlir::ModuleOp>(input, sources, mlir::ParserConfig(&context));
  if (!module)
    return 1;
  mlir::PassManager manager(&context);
  buildHostLoweringPipeline(manager, *target);
  if (failed(manager.run(*module)))
    return 1;
  mlir::FailureOr<std::string> result = emit(*module, *target);
  if (failed(result))
    return 1;
  std::string message;
  std::unique_ptr<llvm::ToolOutputFile> file = mlir::openOutputFile(outputName, &message);
  if (!file) {
    llvm::errs() << message << "\n";
    return 1;
  }
  file->os() << *result;
  file->keep();
  return 0;
}
