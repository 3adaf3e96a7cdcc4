// Element types that only a module's callers see: programs compute on signless integers of the same width.
#pragma once

#include "mlir/IR/Types.h"

namespace winnow {

/// The element type of an input or output with `winnow.type = name`, whose tensor has element type `stored`;
/// null for a name that is unknown or of another width. Names are numpy's and ml_dtypes': "uint16",
/// "float8_e4m3fn".
mlir::Type interfaceType(llvm::StringRef name, mlir::Type stored);

} // namespace winnow
