// winnow-ptx-image: prints the PTX of the kernels in an MLIR file, for tests. With --ptxas, also what
// ptxas says of each kernel.
#include "lib/Pipeline/Registration.h"
#include "lib/Target/PTX/EmitPTX.h"
#include "passes/LowerToPTX/Passes.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;

static llvm::cl::opt<std::string> inputPath(llvm::cl::Positional, llvm::cl::init("-"));
static llvm::cl::opt<std::string> chip("chip", llvm::cl::init("sm_80"));
static llvm::cl::opt<int64_t> blockThreads("block-threads", llvm::cl::init(128));
static llvm::cl::opt<bool> lowered("lowered", llvm::cl::desc("The input is in the LLVM dialect"));
static llvm::cl::opt<bool> assemble("ptxas", llvm::cl::desc("Assemble and print resources instead"));

static LogicalResult printImage() {
  DialectRegistry registry;
  winnow::registerDialects(registry);
  MLIRContext context(registry);
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(inputPath, &context);
  if (!module)
    return failure();
  if (!lowered) {
    PassManager manager(&context);
    winnow::PTXLoweringOptions options;
    options.threads = blockThreads;
    winnow::buildPTXLoweringPipeline(manager, options);
    if (failed(manager.run(*module)))
      return failure();
  }
  auto target = winnow::PTXTarget::forChip(chip);
  FailureOr<std::string> text = winnow::emitPTX(*module, target);
  if (failed(text))
    return failure();
  if (!assemble) {
    llvm::outs() << *text;
    return success();
  }
  std::optional<std::string> assembler = winnow::findPTXAssembler();
  if (!assembler)
    return emitError(module->getLoc(), "ptxas is not on PATH");
  FailureOr<winnow::AssembledPTX> assembled =
      winnow::assemblePTX(module->getLoc(), *text, target, *assembler);
  if (failed(assembled))
    return failure();
  for (const winnow::PTXResources &kernel : assembled->kernels)
    llvm::outs() << kernel.symbol << ": " << kernel.registers << " registers, " << kernel.stackBytes
                 << " bytes stack, " << kernel.spillBytes << " bytes spilled\n";
  return success(!assembled->cubin.empty());
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  llvm::cl::ParseCommandLineOptions(argc, argv, "prints the PTX of the kernels in an MLIR file\n");
  return failed(printImage());
}
