// Scalar expressions of tensors' elements, seen through the element-wise operations that compute them bit by
// bit.
#pragma once

#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <optional>

namespace winnow {

/// Whether `op` computes each element of its one result from elements of its inputs.
bool isElementwise(mlir::linalg::GenericOp op);

/// What computes `scalar`, a value in the body of a linalg.generic: an argument that is the element, at the
/// same place, of what an element-wise operation computes stands for what that operation yields. An operand
/// with fewer dimensions is read at the first ones of them. What is left is the result of a scalar
/// operation, or an argument.
mlir::Value resolveElement(mlir::Value scalar);

/// The operation of this kind that computes `scalar`, or null.
template <typename Op> Op findScalar(mlir::Value scalar) {
  return resolveElement(scalar).getDefiningOp<Op>();
}

/// The tensor of which `scalar` is an argument's element at the same place, all dimensions included; or null.
mlir::Value findTensor(mlir::Value scalar);

/// The number that `scalar` always is: a constant, or the element of a tensor that has only one number.
std::optional<double> findNumber(mlir::Value scalar);

/// Whether `scalar` is this number, up to a relative error of 1e-5: exporters round constants in their own
/// ways.
bool isNumber(mlir::Value scalar, double number);

/// Whether two scalars are computed in the same way from the same elements of the same tensors.
bool areSameElement(mlir::Value a, mlir::Value b);

/// A sum over the last dimension, from zero: what is added up is in the body of `op`.
struct RowSum {
  mlir::linalg::GenericOp op;
  mlir::Value term;
  int64_t width; // how many terms
};

/// The sum of which `scalar` is an element, if its number of terms is known.
std::optional<RowSum> findRowSum(mlir::Value scalar);

/// `scalar` as `base` to a constant power: a power, a product of the base with itself, a root, a reciprocal.
struct ConstantPower {
  mlir::Value base;
  double exponent;
};
std::optional<ConstantPower> findPower(mlir::Value scalar);

/// `scalar` as a product of other expressions, and of numbers that are divided or multiplied by.
struct ElementProduct {
  double number = 1.0;
  llvm::SmallVector<mlir::Value> factors; // resolved
};
ElementProduct findFactors(mlir::Value scalar);

} // namespace winnow
