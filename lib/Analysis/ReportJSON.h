// Reports that passes leave on a module, as JSON.
#pragma once

#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/Support/JSON.h"

namespace winnow {

/// Dictionaries, arrays, integers, floats and strings as what JSON calls them; null for anything else.
llvm::json::Value reportToJSON(mlir::Attribute attribute);

} // namespace winnow
