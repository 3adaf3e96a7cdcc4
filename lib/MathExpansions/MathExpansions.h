// Functions of the math dialect as f32 arithmetic, on scalars and vectors. They are here and not in a phase
// because host code, PTX and the reference share them: what one is tested for holds for all.
//
// Errors in units in the last place of f32, the instructions' own included; over all finite arguments.
// Infinities, NaN and signed zeros follow C. "upstream" is MLIR's approximation, "PTX" an instruction there.
//
//   exp    2   PTX: ex2.approx on a reduced argument; subnormal results are rounded once more
//   exp2   2   PTX: the instruction itself
//   log    1   log2 1, log10 2, log1p 3 (upstream), expm1 4 (upstream)
//   pow    6   2 where the result is far from the ends of the range
//   sin    2   cos 2, tan 4
//   atan   3   atan2 3, asin and acos 7 (upstream)
//   sinh   4   cosh 3, asinh 4, acosh 4, atanh 4
//   tanh   5   erf 5, erfc 3 (upstream)
//   cbrt   1
//   remf   0   exact
//   rsqrt  2   1 / sqrt, both correctly rounded
//
// Additions and multiplications must stay what they are: contraction would break the sums of two words.
#pragma once

#include "mlir/IR/PatternMatch.h"

namespace winnow {

/// exp and exp2, for targets that have no instruction for them.
void populateExponentialExpansions(mlir::RewritePatternSet &patterns);

/// log, log2 and log10.
void populateLogarithmExpansions(mlir::RewritePatternSet &patterns);

/// powf. Without `hasFma`, the products that have to be exact are made in f64.
void populatePowerExpansion(mlir::RewritePatternSet &patterns, bool hasFma = true);

/// sin, cos, tan, sinh, cosh and their inverses but asin and acos.
void populateCircularExpansions(mlir::RewritePatternSet &patterns);

/// cbrt.
void populateRootExpansion(mlir::RewritePatternSet &patterns);

/// erf, as far as upstream's approximation is not right.
void populateErrorFunctionExpansion(mlir::RewritePatternSet &patterns);

/// exp, log and tanh on f64, with errors below 1, 1 and 4 units in its last place
/// (test/numeric/double_functions.py).
void populateDoubleExpansions(mlir::RewritePatternSet &patterns);

/// arith.remf, on f16, bf16 and f64 too.
void populateRemainderExpansion(mlir::RewritePatternSet &patterns);

} // namespace winnow
