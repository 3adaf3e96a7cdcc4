// Constants that are written as sparse<...>: where few elements of many are not zero.
#pragma once

#include "mlir/IR/BuiltinOps.h"

namespace winnow {

/// Turns constants that are written as sparse<...> into dense<...>, the form that the compiler works on.
void densifyConstants(mlir::ModuleOp module);

/// Keeps the first `kept` elements of each constant of floats or integers of whole bytes that has more than
/// `limit`; the others become zero. Where that made a constant smaller, it is written as sparse<...>, so that
/// the text of the module is short. For showing a problem, not for computing.
void abbreviateConstants(mlir::ModuleOp module, int64_t limit, int64_t kept);

} // namespace winnow
