// How winnow-compile says what is wrong: file, line and column for MLIR text, the node for an ONNX model.
#pragma once

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/SourceMgr.h"

#include <string>

namespace winnow {

/// Prints the context's diagnostics to standard error while it lives.
class DiagnosticPrinter {
public:
  DiagnosticPrinter(mlir::MLIRContext &context, std::string model);

private:
  void print(mlir::Diagnostic &diagnostic);

  std::string model;
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace winnow
