// winnow-import-onnx FILE...: prints the imported modules, for the tests of the importer.
#include "lib/Import/ONNX/Import.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"

namespace {

void print(mlir::Diagnostic &diagnostic, llvm::StringRef path) {
  const char *severity = diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error     ? "error"
                         : diagnostic.getSeverity() == mlir::DiagnosticSeverity::Warning ? "warning"
                                                                                         : "note";
  llvm::errs() << path << ": " << severity << ": " << diagnostic << "\n";
  for (mlir::Diagnostic &note : diagnostic.getNotes())
    print(note, path);
}

bool readDimensions(llvm::ArrayRef<std::string> given, winnow::ONNXImportOptions &options) {
  for (const std::string &dimension : given) {
    auto [key, size] = llvm::StringRef(dimension).split('=');
    if (size.getAsInteger(10, options.dimensions[key])) {
      llvm::errs() << "error: --dim is '" << dimension << "', but expected name=size\n";
      return false;
    }
  }
  return true;
}

} // namespace

int main(int argc, char **argv) {
  llvm::cl::list<std::string> paths(llvm::cl::Positional, llvm::cl::desc("model.onnx..."));
  llvm::cl::opt<bool> operators("operators", llvm::cl::desc("list the operators that can be imported"));
  llvm::cl::list<std::string> dimensions("dim", llvm::cl::desc("size of a named dimension, name=size"));
  llvm::cl::opt<std::string> name("name", llvm::cl::desc("name of the function"), llvm::cl::init("main"));
  llvm::cl::opt<bool> locations("print-locations",
                                llvm::cl::desc("print the nodes that operations come from"));
  llvm::cl::opt<bool> check("check", llvm::cl::desc("print only whether each file can be imported"));
  llvm::cl::ParseCommandLineOptions(argc, argv, "prints an ONNX model as MLIR\n");
  if (operators) {
    for (const std::string &operation : winnow::supportedONNXOperators())
      llvm::outs() << operation << "\n";
    return 0;
  }
  winnow::ONNXImportOptions options;
  options.functionName = name;
  if (!readDimensions(dimensions, options))
    return 1;
  mlir::OpPrintingFlags flags;
  if (locations)
    flags.enableDebugInfo(true);
  bool succeeds = true;
  for (const std::string &path : paths) {
    mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
    unsigned errors = 0;
    context.getDiagEngine().registerHandler([&](mlir::Diagnostic &diagnostic) {
      errors += diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error;
      print(diagnostic, path);
    });
    mlir::OwningOpRef<mlir::ModuleOp> module = winnow::importONNX(path, context, options);
    succeeds &= static_cast<bool>(module);
    if (check)
      llvm::outs() << path << ": " << (module ? "imported" : "refused") << " with " << errors << " errors\n";
    else if (module)
      module->print(llvm::outs(), flags);
  }
  return succeeds ? 0 : 1;
}
