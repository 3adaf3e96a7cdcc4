// Imports any bytes as an ONNX model: what comes out is valid, and what is refused is refused with an error.
#include "lib/Import/ONNX/Import.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/FileSystem.h"

#include <cstdio>
#include <cstdlib>
#include <memory>

namespace {

/// Attributes and types live as long as their context.
constexpr int kRunsOfAContext = 500;

/// The importer reads files. External data is looked for in their folder.
struct ModelFolder {
  llvm::SmallString<128> path;

  ModelFolder() {
    if (llvm::sys::fs::createUniqueDirectory("winnow-fuzz", path))
      std::abort();
  }
  ~ModelFolder() { (void)llvm::sys::fs::remove_directories(path); }
};

void writeFile(const std::string &path, const uint8_t *data, size_t size) {
  FILE *file = std::fopen(path.c_str(), "wb");
  if (!file || std::fwrite(data, 1, size, file) != size || std::fclose(file) != 0)
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const ModelFolder folder;
  static const std::string path = (folder.path + "/model.onnx").str();
  static std::unique_ptr<mlir::MLIRContext> context;
  static int runs = 0, errors = 0;
  if (runs++ % kRunsOfAContext == 0) {
    context = std::make_unique<mlir::MLIRContext>(mlir::MLIRContext::Threading::DISABLED);
    context->getDiagEngine().registerHandler([](mlir::Diagnostic &diagnostic) {
      bool isError = diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error;
      errors += isError;
      // What MLIR's verifier complains about is a finding, not a refusal.
      if (isError && llvm::StringRef(diagnostic.str()).contains("' op "))
        std::abort();
    });
  }
  errors = 0;
  writeFile(path, data, size);
  mlir::OwningOpRef<mlir::ModuleOp> module = winnow::importONNX(path, *context);
  if (module ? errors > 0 || failed(mlir::verify(*module)) : errors != 1)
    std::abort();
  return 0;
}
