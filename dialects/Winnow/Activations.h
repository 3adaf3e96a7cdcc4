// Activation functions as arithmetic on scalars, and the hidden values of a feed-forward layer.
#pragma once

#include "dialects/Winnow/WinnowAttributes.h"
#include "mlir/IR/Builders.h"

namespace winnow {

/// The activation of a float scalar, computed in f32 and rounded to its type.
mlir::Value buildActivation(mlir::OpBuilder &builder, mlir::Location location, Activation activation,
                            mlir::Value x);

/// A linalg.generic over two dimensions: `activation(up)` or, if `gate` is not null, `activation(gate) * up`.
mlir::Value buildHidden(mlir::OpBuilder &builder, mlir::Location location, Activation activation,
                        mlir::Value up, mlir::Value gate);

} // namespace winnow
