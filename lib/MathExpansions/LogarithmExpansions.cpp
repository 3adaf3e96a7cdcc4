// Logarithms on f32, from integer arithmetic on the exponent and a polynomial.
#include "lib/MathExpansions/MathExpansions.h"
#include "lib/MathExpansions/SplitNumber.h"

using namespace mlir;
using namespace winnow;

SplitNumber winnow::splitNumber(Arithmetic &a, Value x) {
  Value isSubnormal = a.compare(arith::CmpFPredicate::OLT, x, a.constant(0x1p-126f));
  Value bits = a.bits(a.select(isSubnormal, a.multiply(x, a.constant(0x1p23f)), x));
  // Counting from sqrt(1/2) instead of 1 centres the mantissa.
  Value fromHalf = a.subtractInteger(bits, a.constant(int32_t(0x3f3504f3)));
  Value exponent = a.shiftRight(fromHalf, 23);
  Value mantissa = a.number(a.subtractInteger(bits, a.shiftLeft(exponent, 23)));
  Value adjust = a.select(isSubnormal, a.constant(-23.0f), a.constant(0.0f));
  return {mantissa, a.add(a.toFloat(exponent), adjust)};
}

namespace {

/// log(1 + f) - f for f in [sqrt(1/2) - 1, sqrt(2) - 1]; coefficients of Cephes' logf.
Value logarithmTail(Arithmetic &a, Value f) {
  Value square = a.multiply(f, f);
  Value series = a.polynomial(f, {7.0376836292e-2f, -1.1514610310e-1f, 1.1676998740e-1f, -1.2420140846e-1f,
                                  1.4249322787e-1f, -1.6668057665e-1f, 2.0000714765e-1f, -2.4999993993e-1f,
                                  3.3333331174e-1f});
  return a.fma(square, a.constant(-0.5f), a.multiply(a.multiply(square, f), series));
}

/// The values of a logarithm outside of the positive finite numbers.
Value withLogarithmEdges(Arithmetic &a, Value x, Value result) {
  Value zero = a.constant(0.0f);
  result = a.select(a.compare(arith::CmpFPredicate::OEQ, x, zero), a.constant(-infinity), result);
  result = a.select(a.compare(arith::CmpFPredicate::OEQ, x, a.constant(infinity)), x, result);
  return a.select(a.compare(arith::CmpFPredicate::UGE, x, zero),
                  a.select(a.compare(arith::CmpFPredicate::UNO, x, x), x, result), a.constant(notANumber));
}

Value expandLog(Arithmetic &a, Value x) {
  SplitNumber split = splitNumber(a, x);
  Value f = a.subtract(split.mantissa, a.constant(1.0f));
  // ln 2 in two words, the first short enough for exact products with the exponent.
  Value low = a.fma(split.exponent, a.constant(-2.12194440e-4f), logarithmTail(a, f));
  Value result = a.fma(split.exponent, a.constant(0.693359375f), a.add(f, low));
  return withLogarithmEdges(a, x, result);
}

Value expandLog2(Arithmetic &a, Value x) {
  SplitNumber split = splitNumber(a, x);
  Value f = a.subtract(split.mantissa, a.constant(1.0f));
  Value tail = logarithmTail(a, f);
  Value excess = a.multiply(a.add(f, tail), a.constant(0x1.4ae0cp-26f));
  Value mantissa = a.fma(f, a.constant(0x1.715476p+0f), a.fma(tail, a.constant(0x1.715476p+0f), excess));
  return withLogarithmEdges(a, x, a.add(split.exponent, mantissa));
}

Value expandLog10(Arithmetic &a, Value x) { return a.multiply(expandLog(a, x), a.constant(0x1.bcb7b2p-2f)); }

} // namespace

void winnow::populateLogarithmExpansions(RewritePatternSet &patterns) {
  patterns.add<Expand<math::LogOp, expandLog>, Expand<math::Log2Op, expandLog2>,
               Expand<math::Log10Op, expandLog10>>(patterns.getContext());
}
