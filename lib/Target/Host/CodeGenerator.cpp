// Registers the code generators of the host targets' architectures, once.
#include "lib/Target/Host/CodeGenerator.h"

#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Triple.h"

#include <mutex>

using namespace winnow;

static void initializeCodeGenerators() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64Target();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64AsmPrinter();
  });
}

llvm::Expected<const llvm::Target *> winnow::findCodeGenerator(llvm::StringRef triple) {
  initializeCodeGenerators();
  std::string message;
  if (const llvm::Target *target = llvm::TargetRegistry::lookupTarget(llvm::Triple(triple), message))
    return target;
  return llvm::createStringError(message);
}
