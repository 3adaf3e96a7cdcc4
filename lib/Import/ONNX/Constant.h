// Data that is known at import: weights, and what is computed from nothing but them.
#pragma once

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace winnow::frontend {

/// The bytes that one element takes here; what is narrower than a byte has one for itself.
int64_t elementBytes(mlir::Type type);
/// The type as the IR has it: integers without a sign. What only stores numbers is i8: floats of 8 to 4 bits
/// as their codes, integers of 4 and 2 bits by value.
mlir::Type storageType(mlir::Type type);
/// A float that one computes with.
bool isReal(mlir::Type type);
/// A float of 8, 6 or 4 bits: it is stored, moved and cast, and nothing else.
bool isNarrowFloat(mlir::Type type);
/// An integer of 4 or 2 bits, for which the same holds.
bool isNarrowInteger(mlir::Type type);
bool isUnsigned(mlir::Type type);
/// "float32", "int64", "bool", "float8_e5m2": the names that numpy and ml_dtypes have.
std::string typeName(mlir::Type type);

/// Elements in row-major order, little-endian; the shape is kept beside it. A uniform constant holds one
/// element, which stands for any number.
class Constant {
public:
  Constant(mlir::Type type, std::vector<char> bytes);
  static std::shared_ptr<const Constant> uniform(mlir::Type type, llvm::ArrayRef<char> element);
  static std::shared_ptr<const Constant> uniformReal(mlir::Type type, double value);
  static std::shared_ptr<const Constant> uniformInteger(mlir::Type type, int64_t value);
  static std::shared_ptr<const Constant> reals(mlir::Type type, llvm::ArrayRef<double> values);
  static std::shared_ptr<const Constant> integers(mlir::Type type, llvm::ArrayRef<int64_t> values);

  mlir::Type type() const { return elementType; }
  bool isUniform() const { return single; }
  /// How many elements are stored.
  int64_t size() const { return static_cast<int64_t>(bytes.size()) / width; }

  llvm::ArrayRef<char> element(int64_t index) const;
  double real(int64_t index) const;
  int64_t integer(int64_t index) const;
  /// The element as an attribute of the storage type. A narrow float's is its code, as its integer() is.
  mlir::TypedAttr attribute(int64_t index) const;
  mlir::DenseElementsAttr dense(mlir::RankedTensorType type) const;

  /// The constant whose element i is element source(i) of this one.
  std::shared_ptr<const Constant> gather(int64_t count, llvm::function_ref<int64_t(int64_t)> source) const;

private:
  mlir::Type elementType;
  int64_t width;
  std::vector<char> bytes;
  bool single = false;
};

using ConstantPointer = std::shared_ptr<const Constant>;

/// Writes a number as an element of the type, rounding or wrapping as a cast does.
void appendReal(std::vector<char> &bytes, mlir::Type type, double value);
void appendInteger(std::vector<char> &bytes, mlir::Type type, int64_t value);

/// Row-major strides of a shape.
llvm::SmallVector<int64_t> rowMajorStrides(llvm::ArrayRef<int64_t> shape);

} // namespace winnow::frontend
