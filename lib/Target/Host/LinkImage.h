// Links one object into the shared image of a module file, with lld as a library.
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <vector>

namespace winnow {

/// Links `object`, a relocatable ELF file, into a shared image without dependencies. Fails when the object
/// refers to symbols that it does not define, and names them.
llvm::Expected<std::vector<uint8_t>> linkImage(llvm::StringRef object);

} // namespace winnow
