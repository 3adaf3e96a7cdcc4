// How winnow-compile says what is wrong: file, line and column for MLIR text, the node for an ONNX model.
#pragma once

#include "tools/ProgressBar.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/SourceMgr.h"

#include <string>

namespace winnow {

/// Prints the context's diagnostics to standard error while it lives, above the progress bar.
class DiagnosticPrinter {
public:
  DiagnosticPrinter(mlir::MLIRContext &context, std::string model, ProgressBar &progress);

private:
  void print(mlir::Diagnostic &diagnostic);

  std::string model;
  ProgressBar &progress;
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace winnow
