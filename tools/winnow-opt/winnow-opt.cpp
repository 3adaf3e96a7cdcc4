// winnow-opt: runs passes and phases on MLIR text, for tests and for looking inside.
#include "lib/Pipeline/Registration.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/Support/CommandLine.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  winnow::registerDialects(registry);
  winnow::registerPasses();
  llvm::cl::AddExtraVersionPrinter([](llvm::raw_ostream &out) { out << "winnow-opt " WINNOW_VERSION "\n"; });
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "winnow-opt: runs winnow's passes on MLIR text\n", registry));
}
