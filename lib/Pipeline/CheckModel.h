// What the compiler expects of the module that it is given.
#pragma once

#include "mlir/IR/BuiltinOps.h"

namespace winnow {

/// Reports every respect in which `module` is no model: a module of functions with bodies, on ranked tensors,
/// whose inputs and outputs are named, if at all, by strings.
mlir::LogicalResult checkModel(mlir::ModuleOp module);

/// Reports a name that no dynamic dimension of an input of the model has.
mlir::LogicalResult checkDimension(mlir::ModuleOp model, llvm::StringRef name);

} // namespace winnow
