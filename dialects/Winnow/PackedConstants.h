// Packs and unpacks constant matrices at compile time, by the bits of their elements.
#pragma once

#include "dialects/Winnow/WinnowTypes.h"
#include "mlir/IR/BuiltinAttributes.h"

#include <optional>

namespace winnow {

/// The elements of a constant tensor in row-major order, as bits; nothing if they are not there.
std::optional<llvm::SmallVector<uint32_t>> readBits(mlir::ElementsAttr constant);

/// The constant of a type with 8-, 16- or 32-bit elements of these bits.
mlir::DenseElementsAttr writeBits(mlir::RankedTensorType type, llvm::ArrayRef<uint32_t> bits);

/// The magnitude of an element as an order on integers: NaN above infinity, -128 above 127.
uint32_t magnitudeOf(uint32_t bits, mlir::Type elementType);

/// What is other than zero; NaN is.
bool isNonZero(uint32_t bits, mlir::Type elementType);

/// The parts of what `winnow.compress` makes of the matrix.
llvm::SmallVector<mlir::DenseElementsAttr> packConstant(llvm::ArrayRef<uint32_t> dense, PackedType type);

/// The matrix that `winnow.expand` makes of the parts, or nothing if they are not as the type describes them.
std::optional<llvm::SmallVector<uint32_t>> unpackConstant(llvm::ArrayRef<mlir::ElementsAttr> parts,
                                                          PackedType type);

/// How many blocks or entries of the matrix are other than zero.
int64_t countStored(llvm::ArrayRef<uint32_t> dense, PackedType type);

} // namespace winnow
