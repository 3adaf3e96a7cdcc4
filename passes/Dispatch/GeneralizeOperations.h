// Data-moving operations as linalg.generic with a body that reads by index.
#pragma once

#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace winnow {

/// `pad` as a linalg.generic that chooses between source and padding for each element.
mlir::Value padByIndex(mlir::OpBuilder &builder, mlir::tensor::PadOp pad);

} // namespace winnow
