// Arithmetic on scalars inside the body of a linalg.generic, for floats and integers alike.
#pragma once

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Builders.h"

namespace winnow::frontend {

struct Scalars {
  mlir::OpBuilder &builder;
  mlir::Location location;
  bool isUnsigned = false;

  mlir::Value constant(mlir::Type type, double value) const;
  mlir::Value integer(mlir::Type type, int64_t value) const;
  mlir::Value add(mlir::Value a, mlir::Value b) const;
  mlir::Value subtract(mlir::Value a, mlir::Value b) const;
  mlir::Value multiply(mlir::Value a, mlir::Value b) const;
  /// Integers truncate; division by zero gives the dividend instead of a trap.
  mlir::Value divide(mlir::Value a, mlir::Value b) const;
  /// C's remainder.
  mlir::Value remainder(mlir::Value a, mlir::Value b) const;
  mlir::Value maximum(mlir::Value a, mlir::Value b) const;
  mlir::Value minimum(mlir::Value a, mlir::Value b) const;
  mlir::Value negate(mlir::Value a) const;
  mlir::Value absolute(mlir::Value a) const;
  mlir::Value exponential(mlir::Value a) const;
  mlir::Value logarithm(mlir::Value a) const;
  mlir::Value squareRoot(mlir::Value a) const;
  mlir::Value sigmoid(mlir::Value a) const;
  /// log(1 + exp(a)) without overflow.
  mlir::Value softplus(mlir::Value a) const;
  mlir::Value tanh(mlir::Value a) const;
  mlir::Value select(mlir::Value condition, mlir::Value a, mlir::Value b) const;
  // Comparisons with NaN are false, notEqual is true.
  mlir::Value less(mlir::Value a, mlir::Value b) const;
  mlir::Value lessOrEqual(mlir::Value a, mlir::Value b) const;
  mlir::Value equal(mlir::Value a, mlir::Value b) const;
  mlir::Value notEqual(mlir::Value a, mlir::Value b) const;
  /// ONNX's Cast: to bool, it compares with zero.
  mlir::Value cast(mlir::Value a, mlir::Type to, bool toUnsigned = false) const;
  mlir::Value loop(int64_t number) const;
  mlir::Value toIndex(mlir::Value a) const;

private:
  mlir::Value roundToOdd(mlir::Value a) const;
  mlir::Value compare(mlir::Value a, mlir::Value b, mlir::arith::CmpFPredicate real,
                      mlir::arith::CmpIPredicate ifSigned, mlir::arith::CmpIPredicate ifUnsigned) const;
  mlir::Value safeDivisor(mlir::Value b) const;
  mlir::Value floatToInteger(mlir::Value a, mlir::Type to, bool toUnsigned) const;
};

/// The least and the greatest value of the (storage) type, infinities for floats.
mlir::TypedAttr lowest(mlir::Type type, bool isUnsigned);
mlir::TypedAttr highest(mlir::Type type, bool isUnsigned);

} // namespace winnow::frontend
