// exp, log and tanh on f64.
#include "lib/MathExpansions/Arithmetic.h"
#include "lib/MathExpansions/MathExpansions.h"

using namespace mlir;
using namespace winnow;

using Predicate = arith::CmpFPredicate;

namespace {

/// f64 arithmetic, beside what Arithmetic does for any float.
class DoubleArithmetic : public Arithmetic {
public:
  using Arithmetic::Arithmetic;

  Value real(double value) { return wideConstant(value); }
  Value integer(int64_t value) { return wideInteger(value); }
  /// coefficients[0] * x^(n-1) + ... + coefficients[n-1]
  Value series(Value x, ArrayRef<double> coefficients) {
    Value result = real(coefficients.front());
    for (double coefficient : coefficients.drop_front())
      result = fma(result, x, real(coefficient));
    return result;
  }
  /// 2^exponent for an integer in -1022 ... 1023.
  Value scale(Value exponent) { return wideNumber(shiftWideLeft(addInteger(exponent, integer(1023)), 52)); }
  Value orNaN(Value x, Value result) { return select(compare(Predicate::UNO, x, x), x, result); }
};

/// 1/k! from k = 13 down to 1: (exp(r) - 1) / r on |r| < ln(2) / 2, with a relative error below 2^-57.
constexpr double kInverseFactorials[] = {
    1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040,
    1.0 / 720,        1.0 / 120,       1.0 / 24,       1.0 / 6,       1.0 / 2,      1.0};

/// exp(x) = 2^n * exp(r) with n = round(x / ln 2). Two factors of 2 reach results below the normal numbers.
Value expandExp(DoubleArithmetic &a, Value x) {
  Value raised = arith::MaxNumFOp::create(a.builder, a.location, x, a.real(-746));
  Value bounded = arith::MinNumFOp::create(a.builder, a.location, raised, a.real(710));
  Value n = a.round(a.multiply(bounded, a.real(0x1.71547652b82fep+0)));
  // n ln 2 in two words, the first short enough for exact products.
  Value r = a.fma(n, a.real(-0x1.62e42feep-1), bounded);
  r = a.fma(n, a.real(-0x1.a39ef35793c76p-33), r);
  Value result = a.fma(a.series(r, kInverseFactorials), r, a.real(1));
  Value exponent = a.toWideInteger(n), half = a.shiftWideRight(exponent, 1);
  Value other = a.subtractInteger(exponent, half);
  return a.orNaN(x, a.multiply(a.multiply(result, a.scale(half)), a.scale(other)));
}

/// 2 / (2 k + 1) from k = 11 down to 1: R = (log((1 + s) / (1 - s)) / s - 2) / s^2 in s^2, for |s| < 0.172.
constexpr double kInverseOdds[] = {2.0 / 23, 2.0 / 21, 2.0 / 19, 2.0 / 17, 2.0 / 15, 2.0 / 13,
                                   2.0 / 11, 2.0 / 9,  2.0 / 7,  2.0 / 5,  2.0 / 3};

/// log(2^n * m) = n ln 2 + log(m), for m between the square roots of 1/2 and 2.
Value expandLog(DoubleArithmetic &a, Value x) {
  Value isSmall = a.compare(Predicate::OLT, x, a.real(0x1p-1022));
  Value normal = a.select(isSmall, a.multiply(x, a.real(0x1p54)), x);
  Value bits = a.wideBits(normal);
  Value mantissa = arith::AndIOp::create(a.builder, a.location, bits, a.integer((int64_t(1) << 52) - 1));
  Value one = a.integer(int64_t(1023) << 52);
  Value m = a.wideNumber(arith::OrIOp::create(a.builder, a.location, mantissa, one));
  Value n = a.wideToFloat(a.subtractInteger(a.shiftWideRight(bits, 52), a.integer(1023)));
  n = a.subtract(n, a.select(isSmall, a.real(54), a.real(0)));
  Value isLarge = a.compare(Predicate::OGT, m, a.real(0x1.6a09e667f3bcdp+0));
  m = a.select(isLarge, a.multiply(m, a.real(0.5)), m);
  n = a.add(n, a.select(isLarge, a.real(1), a.real(0)));
  // log(1 + f) = f - (h - s (h + R)) with h = f^2 / 2: what is small is computed apart.
  Value f = a.subtract(m, a.real(1)), s = a.divide(f, a.add(f, a.real(2))), square = a.multiply(s, s);
  Value h = a.multiply(a.real(0.5), a.multiply(f, f));
  Value remainder = a.multiply(a.series(square, kInverseOdds), square);
  Value low = a.fma(n, a.real(0x1.a39ef35793c76p-33), a.multiply(s, a.add(h, remainder)));
  Value small = a.subtract(f, a.subtract(h, low));
  Value result = a.fma(n, a.real(0x1.62e42feep-1), small);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  result = a.select(a.compare(Predicate::OEQ, x, a.real(kInfinity)), x, result);
  result = a.select(a.compare(Predicate::OEQ, x, a.real(0)), a.real(-kInfinity), result);
  Value isNegative = a.compare(Predicate::OLT, x, a.real(0));
  result = a.select(isNegative, a.real(std::numeric_limits<double>::quiet_NaN()), result);
  return a.orNaN(x, result);
}

/// e / (e + 2) with e = exp(2 |x|) - 1, which is a series where x is small.
Value expandTanh(DoubleArithmetic &a, Value x) {
  Value magnitude = a.absolute(x), twice = a.add(magnitude, magnitude);
  Value rest = a.series(twice, ArrayRef<double>(kInverseFactorials).drop_back());
  Value small = a.fma(a.multiply(rest, twice), twice, twice);
  Value isSmall = a.compare(Predicate::OLT, twice, a.real(0.34));
  Value power = a.subtract(a.exp(twice), a.real(1));
  Value e = a.select(isSmall, small, power);
  Value ratio = a.divide(e, a.add(e, a.real(2)));
  Value result = a.select(a.compare(Predicate::OGT, twice, a.real(44)), a.real(1), ratio);
  return a.orNaN(x, a.copySign(result, x));
}

template <typename Op, auto expand> struct ExpandDouble : OpRewritePattern<Op> {
  ExpandDouble(MLIRContext *context) : OpRewritePattern<Op>(context, ownBenefit) {}

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isF64())
      return rewriter.notifyMatchFailure(op, "not an f64, nor a vector of it");
    DoubleArithmetic arithmetic(rewriter, op.getLoc(), op.getType());
    rewriter.replaceOp(op, expand(arithmetic, op.getOperand()));
    return success();
  }
};

} // namespace

void winnow::populateDoubleExpansions(RewritePatternSet &patterns) {
  patterns.add<ExpandDouble<math::ExpOp, expandExp>, ExpandDouble<math::LogOp, expandLog>,
               ExpandDouble<math::TanhOp, expandTanh>>(patterns.getContext());
}
