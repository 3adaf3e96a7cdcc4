// winnow-compile: compiles a model to a module file.
#include "lib/Import/ONNX/Import.h"
#include "lib/Import/Weights/Resources.h"
#include "lib/Pipeline/Compile.h"
#include "lib/Pipeline/Registration.h"
#include "lib/Target/Object/EmitObject.h"
#include "tools/ProgressBar.h"
#include "tools/winnow-compile/Diagnostics.h"
#include "tools/winnow-compile/Options.h"
#include "tools/winnow-compile/Outputs.h"
#include "tools/winnow-compile/Reproducer.h"
#include "tools/winnow-compile/Summary.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/Remarks.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Remark/RemarkStreamer.h"
#include "llvm/Support/FileSystem.h"

using namespace mlir;

namespace {

int fail(const llvm::Twine &message) {
  llvm::errs() << "winnow-compile: error: " << message << "\n";
  return 1;
}

/// MLIR text, whose weights may be named and lie in files.
OwningOpRef<ModuleOp> readText(winnow::CommandLine &line, MLIRContext &context,
                               winnow::ModelWeights *weights) {
  if (!line.fixedInputs.empty() || !line.intermediates.empty()) {
    fail(llvm::Twine(line.intermediates.empty() ? "--constant" : "--intermediates") +
         " is for ONNX models, but '" + line.input + "' is MLIR text");
    return nullptr;
  }
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(line.input, &context);
  if (module && weights && failed(winnow::takeResources(*module, *weights))) {
    return nullptr;
  }
  return module;
}

/// Reads the model. An ONNX model takes the sizes that a dimension is fixed to; what is left are ranges.
OwningOpRef<ModuleOp> readModel(winnow::CommandLine &line, MLIRContext &context) {
  std::unique_ptr<winnow::ModelWeights> weights;
  if (!line.weights.files.empty()) {
    weights = winnow::ModelWeights::open(line.weights, FileLineColLoc::get(&context, line.input, 0, 0));
    if (!weights) {
      return nullptr;
    }
  }
  if (!llvm::StringRef(line.input).ends_with(".onnx")) {
    return readText(line, context, weights.get());
  }
  winnow::ONNXImportOptions options;
  options.weights = weights.get();
  std::erase_if(line.compile.dimensions, [&](const auto &entry) {
    const auto &[name, range] = entry;
    bool isFixed = range.minimum == range.maximum;
    if (isFixed) {
      options.dimensions[name] = range.minimum;
    }
    return isFixed;
  });
  for (const auto &[name, file] : line.fixedInputs) {
    options.fixedInputs[name] = file;
  }
  options.intermediates = line.intermediates;
  return winnow::importONNX(line.input, context, options);
}

/// Prints remarks as they are made: every category, applied or missed.
LogicalResult enableRemarks(MLIRContext &context) {
  remark::RemarkCategories all;
  all.passed = all.missed = all.analysis = all.failed = ".*";
  return remark::enableOptimizationRemarks(context, nullptr,
                                           std::make_unique<remark::RemarkEmittingPolicyAll>(), all,
                                           /*printAsEmitRemarks=*/true);
}

int run(winnow::CommandLine &line, llvm::ArrayRef<const char *> arguments) {
  DialectRegistry registry;
  winnow::registerDialects(registry);
  MLIRContext context(registry);
  winnow::ProgressBar progress(static_cast<int>(winnow::phaseNames().size()));
  winnow::DiagnosticPrinter printer(context, line.input, progress);
  winnow::Reproducer reproducer(line, arguments, progress);
  if (line.printRemarks && failed(enableRemarks(context))) {
    return fail("remarks cannot be enabled");
  }
  if (!llvm::sys::fs::exists(line.input)) {
    return fail("model '" + line.input + "' does not exist");
  }
  if (line.emit == winnow::Output::Object) {
    if (auto target = winnow::selectObjectTarget(line.compile.targets); !target) {
      return fail(llvm::toString(target.takeError()));
    }
  }
  OwningOpRef<ModuleOp> module = readModel(line, context);
  if (!module) {
    return 1;
  }
  reproducer.keep(*module);
  std::map<std::string, int64_t> nodes;
  if (line.isDryRun) {
    nodes = winnow::countNodes(*module);
  }
  line.compile.text = line.isDryRun ? nullptr : &llvm::outs();
  line.compile.onPhase = [&](winnow::Phase phase) {
    reproducer.enter(phase);
    auto done = static_cast<int>(phase);
    progress.show(done, winnow::phaseNames()[done]);
  };
  FailureOr<std::optional<winnow::format::Module>> compiled = winnow::compile(*module, line.compile);
  if (failed(compiled)) {
    return reproducer.reportFailure();
  }
  if (line.isDryRun) {
    winnow::printSummary(llvm::outs(), *module, nodes);
  }
  llvm::outs().flush();
  if (llvm::outs().has_error()) {
    llvm::outs().clear_error();
    return fail("cannot write to standard output");
  }
  if (!*compiled) {
    return 0;
  }
  llvm::Error written = winnow::writeOutputs(**compiled, line);
  return written ? fail(llvm::toString(std::move(written))) : 0;
}

} // namespace

int main(int argc, char **argv) {
  int exitCode = 0;
  std::optional<winnow::CommandLine> line = winnow::parseCommandLine(argc, argv, exitCode);
  return line ? run(*line, {argv, static_cast<size_t>(argc)}) : exitCode;
}
