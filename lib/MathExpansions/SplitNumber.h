// Takes positive numbers apart, and powers of two together: what logarithms and exponentials share.
#pragma once

#include "lib/MathExpansions/Arithmetic.h"

namespace winnow {

/// A positive finite number as mantissa * 2^exponent, mantissa in [sqrt(1/2), sqrt(2)); both are f32.
struct SplitNumber {
  mlir::Value mantissa, exponent;
};

/// Subnormal numbers are scaled first, so that they have an exponent of their own.
SplitNumber splitNumber(Arithmetic &arithmetic, mlir::Value x);

/// 2^whole * 2^fraction for a fraction in [-1/2, 1/2] and a whole exponent in -252 ... 254, rounded once more
/// when the result is subnormal.
mlir::Value joinExponents(Arithmetic &arithmetic, mlir::Value whole, mlir::Value fraction);

} // namespace winnow
