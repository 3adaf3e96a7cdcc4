// Functions that LLVM's code generator may call although no program mentions them.
#pragma once

#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

namespace winnow {

/// Adds hidden definitions of memcpy, memmove, memset, memcmp and of the conversions between single and
/// narrower precisions. The linker drops those that nothing refers to. Fails when the module defines a
/// function of such a name itself.
llvm::Error addBuiltins(llvm::Module &module);

} // namespace winnow
