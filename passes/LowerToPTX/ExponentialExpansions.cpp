// Exponential, logarithms and power on f32, from ex2.approx, integer arithmetic on the exponent, and fma.
#include "passes/LowerToPTX/MathExpansions.h"
#include "passes/LowerToPTX/ScalarArithmetic.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace winnow;

namespace {

constexpr float smallestNormal = 0x1p-126f;

/// exp(x) = 2^n * 2^r with n = round(x / ln 2): the reduced argument keeps the instruction's error small.
Value expandExp(Arithmetic &a, Value x) {
  Value n = a.clamp(a.round(a.multiply(x, a.constant(0x1.715476p+0f))), -126.0f, 127.0f);
  Value r = a.fma(x, a.constant(0x1.715476p+0f), a.negate(n));
  r = a.fma(x, a.constant(0x1.4ae0cp-26f), r);
  return a.multiply(a.exp2(r), a.powerOfTwo(n));
}

/// A positive finite number as mantissa * 2^exponent, mantissa in [sqrt(1/2), sqrt(2)).
struct Split {
  Value mantissa, exponent;
};

Split splitExponent(Arithmetic &a, Value x) {
  Value isSubnormal = a.compare(arith::CmpFPredicate::OLT, x, a.constant(smallestNormal));
  Value bits = a.bits(a.select(isSubnormal, a.multiply(x, a.constant(0x1p23f)), x));
  // Counting from sqrt(1/2) instead of 1 centres the mantissa.
  Value fromHalf = a.subtractInteger(bits, a.constant(int32_t(0x3f3504f3)));
  Value exponent = a.shiftRight(fromHalf, 23);
  Value mantissa = a.number(a.subtractInteger(bits, a.shiftLeft(exponent, 23)));
  Value adjust = a.select(isSubnormal, a.constant(-23.0f), a.constant(0.0f));
  return {mantissa, a.add(a.toFloat(exponent), adjust)};
}

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
  Split split = splitExponent(a, x);
  Value f = a.subtract(split.mantissa, a.constant(1.0f));
  // ln 2 in two words, the first short enough for exact products with the exponent.
  Value low = a.fma(split.exponent, a.constant(-2.12194440e-4f), logarithmTail(a, f));
  Value result = a.fma(split.exponent, a.constant(0.693359375f), a.add(f, low));
  return withLogarithmEdges(a, x, result);
}

Value expandLog2(Arithmetic &a, Value x) {
  Split split = splitExponent(a, x);
  Value f = a.subtract(split.mantissa, a.constant(1.0f));
  Value tail = logarithmTail(a, f);
  Value excess = a.multiply(a.add(f, tail), a.constant(0x1.4ae0cp-26f));
  Value mantissa = a.fma(f, a.constant(0x1.715476p+0f), a.fma(tail, a.constant(0x1.715476p+0f), excess));
  return withLogarithmEdges(a, x, a.add(split.exponent, mantissa));
}

Value expandLog10(Arithmetic &a, Value x) { return a.multiply(expandLog(a, x), a.constant(0x1.bcb7b2p-2f)); }

/// A number as the unevaluated sum of two.
struct TwoWords {
  Value high, low;
};

/// log2 of a positive finite number from atanh((m - 1) / (m + 1)), to about 2^-30 of its value.
TwoWords preciseLog2(Arithmetic &a, Value x) {
  Split split = splitExponent(a, x);
  Value one = a.constant(1.0f);
  Value numerator = a.subtract(split.mantissa, one), denominator = a.add(split.mantissa, one);
  Value rest = a.subtract(split.mantissa, a.subtract(denominator, one));
  Value t = a.divide(numerator, denominator);
  Value remainder = a.fma(a.negate(t), rest, a.fma(a.negate(t), denominator, numerator));
  Value tLow = a.divide(remainder, denominator);
  // 2 / ln 2 times (1, 1/3, 1/5, ...), the first in two words.
  Value scale = a.constant(0x1.715476p+1f), scaleLow = a.constant(0x1.4ae0cp-25f);
  Value square = a.multiply(t, t);
  Value series = a.polynomial(square, {2.8853900818f / 11, 2.8853900818f / 9, 2.8853900818f / 7,
                                       2.8853900818f / 5, 2.8853900818f / 3});
  Value tail = a.multiply(a.multiply(t, square), series);
  Value product = a.multiply(t, scale);
  Value productLow = a.fma(t, scale, a.negate(product));
  productLow = a.add(productLow, a.fma(t, scaleLow, a.multiply(tLow, scale)));
  Value sum = a.add(split.exponent, product);
  Value low = a.subtract(product, a.subtract(sum, split.exponent));
  low = a.add(low, a.add(productLow, tail));
  Value high = a.add(sum, low);
  return {high, a.subtract(low, a.subtract(high, sum))};
}

/// 2^(high + low), rounded once more when subnormal; infinities of `high` are honoured.
Value preciseExp2(Arithmetic &a, TwoWords x) {
  Value bounded = a.clamp(x.high, -300.0f, 300.0f);
  Value isBounded = a.compare(arith::CmpFPredicate::OEQ, bounded, x.high);
  Value whole = a.round(bounded);
  Value fraction = a.add(a.subtract(bounded, whole), a.select(isBounded, x.low, a.constant(0.0f)));
  Value half = a.floor(a.multiply(whole, a.constant(0.5f)));
  Value otherHalf = a.subtract(whole, half);
  half = a.clamp(half, -126.0f, 127.0f);
  otherHalf = a.clamp(otherHalf, -126.0f, 127.0f);
  return a.multiply(a.multiply(a.exp2(fraction), a.powerOfTwo(half)), a.powerOfTwo(otherHalf));
}

/// pow as C defines it.
Value expandPow(Arithmetic &a, Value x, Value y) {
  using Predicate = arith::CmpFPredicate;
  Value zero = a.constant(0.0f), one = a.constant(1.0f), inf = a.constant(infinity);
  Value magnitude = a.absolute(x);
  TwoWords logarithm = preciseLog2(a, magnitude);
  Value isZero = a.compare(Predicate::OEQ, magnitude, zero),
        isInf = a.compare(Predicate::OEQ, magnitude, inf);
  Value isEdge = a.either(isZero, isInf);
  logarithm.high = a.select(isZero, a.constant(-infinity), a.select(isInf, inf, logarithm.high));
  logarithm.low = a.select(isEdge, zero, logarithm.low);
  Value product = a.multiply(y, logarithm.high);
  Value low = a.fma(y, logarithm.low, a.fma(y, logarithm.high, a.negate(product)));
  Value result = preciseExp2(a, {product, low});

  // A negative base: the sign is that of an odd exponent, and only whole exponents have a value.
  Value isNegative = a.isNegative(a.bits(x));
  Value isWhole = a.compare(Predicate::OEQ, a.floor(y), y);
  Value halfExponent = a.multiply(y, a.constant(0.5f));
  Value isOdd = a.both(isWhole, a.compare(Predicate::ONE, a.floor(halfExponent), halfExponent));
  result = a.select(a.both(isNegative, isOdd), a.negate(result), result);
  Value isBelowZero = a.compare(Predicate::OLT, x, zero);
  Value hasValue = a.either(isWhole, a.either(isEdge, a.compare(Predicate::UGE, x, zero)));
  result = a.select(a.both(isBelowZero, a.compare(Predicate::UNE, a.select(hasValue, one, zero), one)),
                    a.constant(notANumber), result);

  Value isNaN = a.compare(Predicate::UNO, x, y);
  result = a.select(isNaN, a.add(x, y), result);
  Value isUnit =
      a.both(a.compare(Predicate::OEQ, magnitude, one), a.compare(Predicate::OEQ, a.absolute(y), inf));
  Value isOne =
      a.either(isUnit, a.either(a.compare(Predicate::OEQ, y, zero), a.compare(Predicate::OEQ, x, one)));
  return a.select(isOne, one, result);
}

struct ExpandPow : OpRewritePattern<math::PowFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(math::PowFOp op, PatternRewriter &rewriter) const override {
    if (!op.getType().isF32())
      return rewriter.notifyMatchFailure(op, "not a scalar f32");
    Arithmetic arithmetic(rewriter, op.getLoc());
    Value x = op.getLhs();
    FloatAttr exponent;
    if (matchPattern(op.getRhs(), m_Constant(&exponent))) {
      double known = exponent.getValueAsDouble();
      if (known == 1.0 || known == 2.0 || known == 3.0) {
        Value result = x;
        for (double i = 1.0; i < known; ++i)
          result = arithmetic.multiply(result, x);
        rewriter.replaceOp(op, result);
        return success();
      }
    }
    rewriter.replaceOp(op, expandPow(arithmetic, x, op.getRhs()));
    return success();
  }
};

} // namespace

void winnow::populateExponentialExpansions(RewritePatternSet &patterns) {
  patterns.add<Expand<math::ExpOp, expandExp>, Expand<math::LogOp, expandLog>,
               Expand<math::Log2Op, expandLog2>, Expand<math::Log10Op, expandLog10>, ExpandPow>(
      patterns.getContext(), /*benefit=*/10);
}
