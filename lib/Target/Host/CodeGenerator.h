// LLVM's code generators for the host targets.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/Error.h"

namespace winnow {

/// LLVM's code generator for `triple`, one of a HostTarget's. Fails if this LLVM was built without it.
llvm::Expected<const llvm::Target *> findCodeGenerator(llvm::StringRef triple);

} // namespace winnow
