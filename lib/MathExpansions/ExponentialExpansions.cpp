// Exponentials on f32, for targets without an instruction for them.
#include "lib/MathExpansions/MathExpansions.h"
#include "lib/MathExpansions/SplitNumber.h"

using namespace mlir;
using namespace winnow;

using Predicate = arith::CmpFPredicate;

/// 2^x for x in [-1/2, 1/2], with a relative error below 2^-25 (a weighted least-squares fit at Chebyshev's
/// nodes, rounded to f32).
static Value shortExp2(Arithmetic &a, Value x) {
  return a.polynomial(x, {0x1.41fb48p-13f, 0x1.5f3f04p-10f, 0x1.3b2d5p-7f, 0x1.c6aee8p-5f, 0x1.ebfbdcp-3f,
                          0x1.62e43p-1f, 1.0f});
}

/// Results reach below the exponents of one f32 and above: two factors take them there.
Value winnow::joinExponents(Arithmetic &a, Value whole, Value fraction) {
  Value exponent = a.toInteger(whole);
  Value half = a.shiftRight(exponent, 1);
  Value otherHalf = a.subtractInteger(exponent, half);
  return a.multiply(a.multiply(shortExp2(a, fraction), a.powerOfTwo(half)), a.powerOfTwo(otherHalf));
}

namespace {

/// exp(x) = 2^n * 2^r with n = round(x / ln 2). Beyond the bounds the result is 0 or infinite.
Value expandExp(Arithmetic &a, Value x) {
  Value bounded = a.clamp(x, -104.0f, 89.0f);
  Value n = a.round(a.multiply(bounded, a.constant(0x1.715476p+0f)));
  // n ln 2 in two words, the first short enough for exact products.
  Value r = a.fma(n, a.constant(-0x1.63p-1f), bounded);
  r = a.fma(n, a.constant(0x1.bd0106p-13f), r);
  Value result = joinExponents(a, n, a.multiply(r, a.constant(0x1.715476p+0f)));
  return a.select(a.compare(Predicate::UNO, x, x), x, result);
}

Value expandExp2(Arithmetic &a, Value x) {
  Value bounded = a.clamp(x, -151.0f, 129.0f);
  Value n = a.round(bounded);
  Value result = joinExponents(a, n, a.subtract(bounded, n));
  return a.select(a.compare(Predicate::UNO, x, x), x, result);
}

} // namespace

void winnow::populateExponentialExpansions(RewritePatternSet &patterns) {
  patterns.add<Expand<math::ExpOp, expandExp>, Expand<math::Exp2Op, expandExp2>>(patterns.getContext());
}
