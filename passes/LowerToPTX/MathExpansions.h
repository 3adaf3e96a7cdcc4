// Functions of the math dialect as f32 arithmetic and the functions that PTX has as instructions.
//
// Errors in units in the last place of f32, the instructions' own included; over all finite arguments
// unless a range is given. Infinities, NaN and signed zeros follow C.
//
//   exp    2   ex2.approx on a reduced argument; subnormal results are rounded once more
//   exp2   2   the instruction itself
//   log    1   log2 1, log10 2, log1p 3 (upstream), expm1 3 (upstream)
//   pow    6   2 where the result is far from the ends of the range
//   sin    2   cos 2, tan 4, for |x| up to 1e5: beyond, the value is in [-1, 1] and no more
//   atan   2   atan2 3, asin and acos 7 (upstream)
//   sinh   4   cosh 3, asinh 4, acosh 4, atanh 4
//   tanh   5   erf 5, erfc 3 (upstream)
//   remf   0   exact, as long as the quotient is below 2^24
//   rsqrt  2   1 / sqrt, both correctly rounded
//
// Division and square root are correctly rounded (div.rn, sqrt.rn). Subnormal numbers are kept (no .ftz).
#pragma once

#include "mlir/IR/PatternMatch.h"

namespace winnow {

/// exp, log, log2, log10 and powf on f32.
void populateExponentialExpansions(mlir::RewritePatternSet &patterns);

/// sin, cos, tan, sinh, cosh and their inverses but asin and acos, on f32.
void populateCircularExpansions(mlir::RewritePatternSet &patterns);

/// The remainder of floats, and the power of integers.
void populateArithmeticExpansions(mlir::RewritePatternSet &patterns);

} // namespace winnow
