// What the operations on packed weights compute, as kernels: structured operations over the parts.
#pragma once

#include "dialects/Winnow/WinnowTypes.h"
#include "mlir/IR/Builders.h"

namespace winnow {

/// The structure 2:4. Products have entries of the type `result`.
llvm::SmallVector<mlir::Value> compressGroups(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value dense,
                                              PackedType type);
mlir::Value expandGroups(mlir::OpBuilder &builder, mlir::Location loc, mlir::ValueRange parts,
                         PackedType type);
mlir::Value multiplyGroups(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x,
                           mlir::ValueRange parts, PackedType type, mlir::Type result);

/// Blocks, and entries, which are blocks of one.
llvm::SmallVector<mlir::Value> compressGrid(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value dense,
                                            PackedType type);
mlir::Value expandGrid(mlir::OpBuilder &builder, mlir::Location loc, mlir::ValueRange parts, PackedType type);
mlir::Value multiplyGrid(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x, mlir::ValueRange parts,
                         PackedType type, mlir::Type result);

} // namespace winnow
