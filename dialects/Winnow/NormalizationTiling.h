// How normalizations are split into tiles.
#pragma once

#include "mlir/IR/DialectRegistry.h"
#include "llvm/ADT/StringRef.h"

namespace winnow {

/// On a normalization whose rows are shared by the lanes of a warp: the lanes' tiles of a row, one each, make
/// up the row. A lane then adds up its tile only, and its warp adds up the sums.
constexpr llvm::StringLiteral kSharedRowsAttribute = "winnow.shared_rows";

void registerNormalizationTiling(mlir::DialectRegistry &registry);

} // namespace winnow
