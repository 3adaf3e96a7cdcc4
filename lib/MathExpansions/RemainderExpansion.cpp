// The remainder of floats, exact whatever the quotient.
#include "lib/MathExpansions/Arithmetic.h"
#include "lib/MathExpansions/MathExpansions.h"

#include <cmath>

using namespace mlir;
using namespace winnow;

namespace {

using Predicate = arith::CmpFPredicate;

/// Bits of the quotient in one step of a long division in f64: a divisor has 24 more, so products are exact.
constexpr int stepBits = 28;
/// The quotient of the largest f32 by the smallest is below 2^277.
constexpr int longSteps = 9;

/// x less the multiple of y in it, for 0 <= x < 2^28 y, in f64. The rounded quotient may be one too large;
/// the remainder, which is exact, is negative then.
Value shortRemainder(Arithmetic &a, Value x, Value y) {
  Value quotient = a.floor(a.divide(x, y));
  Value remainder = a.subtract(x, a.multiply(quotient, y));
  Value isNegative = a.compare(Predicate::OLT, remainder, a.wideConstant(0.0));
  return a.select(isNegative, a.add(remainder, y), remainder);
}

/// x less a multiple of y, below 2^28 y: a long division, which takes 28 bits of the quotient in each step.
Value shorten(Arithmetic &a, Value x, Value y) {
  for (int step = longSteps; step > 0; --step)
    x = shortRemainder(a, x, a.multiply(y, a.wideConstant(std::ldexp(1.0, step * stepBits))));
  return x;
}

/// C's fmod.
Value expandRemainder(Arithmetic &a, Value x, Value y) {
  Value dividend = a.absolute(x), divisor = a.absolute(y);
  Value infinite = a.constant(infinity), zero = a.constant(0.0f);
  Value isRegular =
      a.both(a.compare(Predicate::OLT, dividend, infinite),
             a.both(a.compare(Predicate::OGT, divisor, zero), a.compare(Predicate::OLT, divisor, infinite)));
  Value wideDividend = a.widen(a.select(isRegular, dividend, zero));
  Value wideDivisor = a.widen(a.select(isRegular, divisor, a.constant(1.0f)));
  Value bound = a.multiply(wideDivisor, a.wideConstant(std::ldexp(1.0, stepBits)));
  Value isLong = a.compare(Predicate::OGE, wideDividend, bound);
  SmallVector<Value> shortened = a.whenAny(isLong, wideDividend, [&](Arithmetic &b) -> SmallVector<Value> {
    return {shorten(b, wideDividend, wideDivisor)};
  });
  Value remainder = a.narrow(shortRemainder(a, shortened[0], wideDivisor));
  // A finite number is its own remainder by infinity; what else is not regular has none.
  Value isWhole =
      a.both(a.compare(Predicate::OEQ, divisor, infinite), a.compare(Predicate::OLT, dividend, infinite));
  remainder = a.select(isRegular, remainder, a.select(isWhole, dividend, a.constant(notANumber)));
  return a.copySign(remainder, x);
}

/// An f64 as mantissa * 2^(exponent - 1075), both integers.
struct WideParts {
  Value mantissa, exponent;
};

WideParts splitWide(Arithmetic &a, Value positive) {
  constexpr int64_t hiddenBit = int64_t(1) << 52;
  Value bits = a.wideBits(positive), field = a.shiftWideRight(bits, 52);
  Value stored = arith::AndIOp::create(a.builder, a.location, bits, a.wideInteger(hiddenBit - 1));
  Value isSubnormal =
      arith::CmpIOp::create(a.builder, a.location, arith::CmpIPredicate::eq, field, a.wideInteger(0));
  Value normal = arith::OrIOp::create(a.builder, a.location, stored, a.wideInteger(hiddenBit));
  return {a.select(isSubnormal, stored, normal), a.select(isSubnormal, a.wideInteger(1), field)};
}

/// mantissa * 2^(exponent - 1075), if that is exact. Two factors reach the subnormal numbers.
Value joinWide(Arithmetic &a, Value mantissa, Value exponent) {
  auto power = [&](Value of) {
    return a.wideNumber(a.shiftWideLeft(a.addInteger(of, a.wideInteger(1023)), 52));
  };
  Value whole = a.subtractInteger(exponent, a.wideInteger(1075)), half = a.shiftWideRight(whole, 1);
  Value scaled = a.multiply(a.wideToFloat(mantissa), power(half));
  return a.multiply(scaled, power(a.subtractInteger(whole, half)));
}

/// The remainder of mantissa * 2^shift by the divisor's mantissa: a long division in integers, where ten
/// more bits fit beside the 53 of a mantissa.
Value longRemainder(Arithmetic &a, Value mantissa, Value shift, Value divisor) {
  auto isLeft = [&](Arithmetic &b, ValueRange v) -> Value {
    return arith::CmpIOp::create(b.builder, b.location, arith::CmpIPredicate::sgt, v[1], b.wideInteger(0));
  };
  auto step = [&](Arithmetic &b, ValueRange v) -> SmallVector<Value> {
    Value positive = arith::MaxSIOp::create(b.builder, b.location, v[1], b.wideInteger(0));
    Value by = arith::MinSIOp::create(b.builder, b.location, positive, b.wideInteger(10));
    Value shifted = arith::ShLIOp::create(b.builder, b.location, v[0], by);
    Value rest = arith::RemUIOp::create(b.builder, b.location, shifted, divisor);
    return {rest, b.subtractInteger(v[1], by)};
  };
  Value first = arith::RemUIOp::create(a.builder, a.location, mantissa, divisor);
  return a.whileAny({first, shift}, isLeft, step)[0];
}

/// C's fmod on f64.
Value expandWideRemainder(Arithmetic &a, Value x, Value y) {
  Value dividend = a.absolute(x), divisor = a.absolute(y);
  Value infinite = a.wideConstant(infinity), zero = a.wideConstant(0.0);
  Value isFinite = a.compare(Predicate::OLT, dividend, infinite);
  Value isRegular = a.both(isFinite, a.both(a.compare(Predicate::OGT, divisor, zero),
                                            a.compare(Predicate::OLT, divisor, infinite)));
  WideParts top = splitWide(a, a.select(isRegular, dividend, zero));
  WideParts bottom = splitWide(a, a.select(isRegular, divisor, a.wideConstant(1.0)));
  Value shift = a.subtractInteger(top.exponent, bottom.exponent);
  Value rest = longRemainder(a, top.mantissa, shift, bottom.mantissa);
  Value remainder = joinWide(a, rest, bottom.exponent);
  // What is smaller than a divisor, infinity too, is its own remainder; what else is not regular has none.
  Value isWhole = a.both(isFinite, a.compare(Predicate::OLT, dividend, divisor));
  remainder = a.select(isRegular, remainder, a.wideConstant(notANumber));
  return a.copySign(a.select(isWhole, dividend, remainder), x);
}

struct ExpandWideRemainder : OpRewritePattern<arith::RemFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::RemFOp op, PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isF64())
      return rewriter.notifyMatchFailure(op, "not an f64, nor a vector of it");
    Arithmetic arithmetic(rewriter, op.getLoc(), op.getType());
    rewriter.replaceOp(op, expandWideRemainder(arithmetic, op.getLhs(), op.getRhs()));
    return success();
  }
};

/// f16 and bf16 too, for arithmetic is not widened where math functions are.
struct ExpandNarrowRemainder : OpRewritePattern<arith::RemFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::RemFOp op, PatternRewriter &rewriter) const override {
    Type narrow = op.getType(), element = getElementTypeOrSelf(narrow);
    if (!element.isF16() && !element.isBF16())
      return rewriter.notifyMatchFailure(op, "not f16 or bf16");
    Type single = rewriter.getF32Type();
    if (auto shaped = dyn_cast<ShapedType>(narrow))
      single = shaped.clone(single);
    Value x = arith::ExtFOp::create(rewriter, op.getLoc(), single, op.getLhs());
    Value y = arith::ExtFOp::create(rewriter, op.getLoc(), single, op.getRhs());
    Value remainder = arith::RemFOp::create(rewriter, op.getLoc(), x, y);
    rewriter.replaceOpWithNewOp<arith::TruncFOp>(op, narrow, remainder);
    return success();
  }
};

} // namespace

void winnow::populateRemainderExpansion(RewritePatternSet &patterns) {
  patterns.add<Expand<arith::RemFOp, expandRemainder>, ExpandNarrowRemainder, ExpandWideRemainder>(
      patterns.getContext());
}
