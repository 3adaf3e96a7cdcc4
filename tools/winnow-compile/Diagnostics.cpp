// How winnow-compile says what is wrong: file, line and column for MLIR text, the node for an ONNX model.
#include "tools/winnow-compile/Diagnostics.h"

#include "lib/Import/ONNX/Import.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace winnow {

namespace {

llvm::StringRef severityName(DiagnosticSeverity severity) {
  switch (severity) {
  case DiagnosticSeverity::Error:
    return "error";
  case DiagnosticSeverity::Warning:
    return "warning";
  case DiagnosticSeverity::Note:
    return "note";
  case DiagnosticSeverity::Remark:
    return "remark";
  }
  return "message";
}

/// "model.mlir:3:7", "model.onnx: node 'conv1' (Conv)", or the file alone for what concerns all of it.
std::string describe(Location location, const std::string &model) {
  if (auto file = location->findInstanceOf<FileLineColLoc>()) {
    if (file.getLine() == 0) {
      return file.getFilename().str();
    }
    return (file.getFilename().getValue() + ":" + Twine(file.getLine()) + ":" + Twine(file.getColumn()))
        .str();
  }
  std::string node = describeONNXLocation(location);
  return node.empty() ? model : model + ": " + node;
}

} // namespace

DiagnosticPrinter::DiagnosticPrinter(MLIRContext &context, std::string model, ProgressBar &progress)
    : model(std::move(model)), progress(progress),
      handler(&context, [this](Diagnostic &diagnostic) { print(diagnostic); }) {}

void DiagnosticPrinter::print(Diagnostic &diagnostic) {
  progress.clear();
  llvm::errs() << describe(diagnostic.getLocation(), model) << ": " << severityName(diagnostic.getSeverity())
               << ": " << diagnostic << "\n";
  for (Diagnostic &note : diagnostic.getNotes()) {
    // The printed operation serves developers of passes; users read the message and the place.
    if (llvm::StringRef(note.str()).starts_with("see current operation")) {
      continue;
    }
    print(note);
  }
}

} // namespace winnow
