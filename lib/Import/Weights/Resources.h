// Weights of models in MLIR text.
#pragma once

#include "lib/Import/Weights/ModelWeights.h"

#include "mlir/IR/BuiltinOps.h"

namespace winnow {

/// Gives every dense_resource<NAME> of the module that has no data in the text the value of the tensor NAME
/// of the files. What does not fit is an error, which is reported.
mlir::LogicalResult takeResources(mlir::ModuleOp module, ModelWeights &weights);

} // namespace winnow
