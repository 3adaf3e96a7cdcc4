// Memrefs from plain pointers, for functions that are called from outside of the image.
#pragma once

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace winnow {

/// The memref with identity layout of type `type` that starts at `pointer`, an `!llvm.ptr`. `sizes` are its
/// dynamic dimensions, in order, as values of type index.
mlir::Value createMemRef(mlir::OpBuilder &builder, mlir::Location location, mlir::Value pointer,
                         mlir::MemRefType type, mlir::ValueRange sizes);

/// Loads element `index` of an array at `array`, an `!llvm.ptr`.
mlir::Value loadElement(mlir::OpBuilder &builder, mlir::Location location, mlir::Value array, mlir::Type type,
                        int64_t index);

} // namespace winnow
