// Functions of the math dialect as f32 arithmetic and the functions that PTX has as instructions.
//
// Relative errors in units in the last place of f32, over all finite arguments unless a range is given:
//
//   exp        3   ex2.approx (2) on a reduced argument; subnormal results are rounded once more
//   log        1   log2, log10 2
//   pow        4   the logarithm in two f32 words; exact signs, zeros and infinities
//   exp2       2   the instruction itself
//   rsqrt      1   1 / sqrt, both correctly rounded
//
// Division and square root are correctly rounded (div.rn, sqrt.rn). Subnormal numbers are kept (no .ftz).
// The other functions (tanh, erf, sin, cos, atan, ...) are upstream's polynomials.
#pragma once

#include "mlir/IR/PatternMatch.h"

namespace winnow {

/// Expansions of exp, log, log2, log10 and powf on f32.
void populatePTXMathExpansions(mlir::RewritePatternSet &patterns);

} // namespace winnow
