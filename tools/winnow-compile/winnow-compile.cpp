// winnow-compile: compiles a model to a module file.
#include "format/Writer.h"
#include "lib/Import/ONNX/Import.h"
#include "lib/Pipeline/Compile.h"
#include "lib/Pipeline/Registration.h"
#include "tools/winnow-compile/Diagnostics.h"
#include "tools/winnow-compile/Options.h"

#include "format/AtomicFile.h"
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

OwningOpRef<ModuleOp> readModel(const winnow::CommandLine &line, MLIRContext &context) {
  if (llvm::StringRef(line.input).ends_with(".onnx")) {
    winnow::ONNXImportOptions options;
    for (const auto &[name, range] : line.dimensions) {
      if (range.minimum == range.maximum) {
        options.dimensions[name] = range.minimum;
      }
    }
    return winnow::importONNX(line.input, context, options);
  }
  return parseSourceFile<ModuleOp>(line.input, &context);
}

/// Declares the ranges of named dimensions on every input that has them.
void applyRanges(winnow::format::Module &module, const winnow::CommandLine &line) {
  for (winnow::format::Function &function : module.functions) {
    for (winnow::format::Signature &input : function.inputs) {
      for (winnow::format::Dimension &dimension : input.shape) {
        auto range = line.dimensions.find(dimension.name);
        if (range != line.dimensions.end() && dimension.size == winnow::format::kDynamic) {
          dimension.minimum = range->second.minimum;
          dimension.maximum = range->second.maximum;
        }
      }
    }
  }
}

/// Prints remarks as they are made: every category, applied or missed.
LogicalResult enableRemarks(MLIRContext &context) {
  remark::RemarkCategories all;
  all.passed = all.missed = all.analysis = all.failed = ".*";
  return remark::enableOptimizationRemarks(context, nullptr,
                                           std::make_unique<remark::RemarkEmittingPolicyAll>(), all,
                                           /*printAsEmitRemarks=*/true);
}

winnow::format::Status writeReport(const std::string &path, const std::string &json) {
  std::span<const uint8_t> text(reinterpret_cast<const uint8_t *>(json.data()), json.size());
  return winnow::format::writeFileAtomically(path, {text});
}

int run(winnow::CommandLine &line) {
  DialectRegistry registry;
  winnow::registerDialects(registry);
  MLIRContext context(registry);
  winnow::DiagnosticPrinter printer(context, line.input);
  if (line.printRemarks && failed(enableRemarks(context))) {
    return fail("remarks cannot be enabled");
  }
  if (!llvm::sys::fs::exists(line.input)) {
    return fail("model '" + line.input + "' does not exist");
  }
  OwningOpRef<ModuleOp> module = readModel(line, context);
  if (!module) {
    return 1;
  }
  line.compile.text = &llvm::outs();
  FailureOr<std::optional<winnow::format::Module>> compiled = winnow::compile(*module, line.compile);
  if (failed(compiled)) {
    return 1;
  }
  if (!*compiled) {
    return 0;
  }
  applyRanges(**compiled, line);
  if (!line.report.empty()) {
    winnow::format::Status written = writeReport(line.report, (*compiled)->report);
    if (!written.ok()) {
      return fail(written.message());
    }
  }
  winnow::format::Status written = winnow::format::writeModule(**compiled, line.output);
  return written.ok() ? 0 : fail(written.message());
}

} // namespace

int main(int argc, char **argv) {
  int exitCode = 0;
  std::optional<winnow::CommandLine> line = winnow::parseCommandLine(argc, argv, exitCode);
  return line ? run(*line) : exitCode;
}
