// Powers on f32, with the exceptions of C: from log2 and exp2 in two words, or products where the exponent is
// known.
#include "lib/MathExpansions/MathExpansions.h"
#include "lib/MathExpansions/SplitNumber.h"

#include "mlir/IR/Matchers.h"

#include <cmath>
#include <optional>

using namespace mlir;
using namespace winnow;

namespace {

using Predicate = arith::CmpFPredicate;

/// A number as the unevaluated sum of two.
struct TwoWords {
  Value high, low;
};

/// log2 of a positive finite number from atanh((m - 1) / (m + 1)), to about 2^-30 of its value.
TwoWords preciseLog2(Arithmetic &a, Value x) {
  SplitNumber split = splitNumber(a, x);
  Value one = a.constant(1.0f);
  Value numerator = a.subtract(split.mantissa, one), denominator = a.add(split.mantissa, one);
  Value rest = a.subtract(split.mantissa, a.subtract(denominator, one));
  Value t = a.divide(numerator, denominator);
  Value remainder = a.exactFma(a.negate(t), rest, a.exactFma(a.negate(t), denominator, numerator));
  Value tLow = a.divide(remainder, denominator);
  // 2 / ln 2 times (1, 1/3, 1/5, ...), the first in two words.
  Value scale = a.constant(0x1.715476p+1f), scaleLow = a.constant(0x1.4ae0cp-25f);
  Value square = a.multiply(t, t);
  Value series = a.polynomial(square, {2.8853900818f / 11, 2.8853900818f / 9, 2.8853900818f / 7,
                                       2.8853900818f / 5, 2.8853900818f / 3});
  Value tail = a.multiply(a.multiply(t, square), series);
  Value product = a.multiply(t, scale);
  Value productLow = a.exactFma(t, scale, a.negate(product));
  productLow = a.add(productLow, a.fma(t, scaleLow, a.multiply(tLow, scale)));
  Value sum = a.add(split.exponent, product);
  Value low = a.subtract(product, a.subtract(sum, split.exponent));
  low = a.add(low, a.add(productLow, tail));
  Value high = a.add(sum, low);
  return {high, a.subtract(low, a.subtract(high, sum))};
}

/// 2^(high + low), rounded once more when subnormal; infinities of `high` are honoured.
Value preciseExp2(Arithmetic &a, TwoWords x) {
  Value bounded = a.clamp(x.high, -250.0f, 250.0f);
  Value isBounded = a.compare(arith::CmpFPredicate::OEQ, bounded, x.high);
  Value whole = a.round(bounded);
  Value fraction = a.add(a.subtract(bounded, whole), a.select(isBounded, x.low, a.constant(0.0f)));
  return joinExponents(a, whole, fraction);
}

/// pow as C defines it, for any exponent.
Value generalPower(Arithmetic &a, Value x, Value y) {
  Value zero = a.constant(0.0f), one = a.constant(1.0f), inf = a.constant(infinity);
  Value magnitude = a.absolute(x);
  TwoWords logarithm = preciseLog2(a, magnitude);
  Value isZero = a.compare(Predicate::OEQ, magnitude, zero),
        isInf = a.compare(Predicate::OEQ, magnitude, inf);
  Value isEdge = a.either(isZero, isInf);
  logarithm.high = a.select(isZero, a.constant(-infinity), a.select(isInf, inf, logarithm.high));
  logarithm.low = a.select(isEdge, zero, logarithm.low);
  Value product = a.multiply(y, logarithm.high);
  Value low = a.fma(y, logarithm.low, a.exactFma(y, logarithm.high, a.negate(product)));
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

/// A known whole exponent of this magnitude at most is a product.
constexpr double largestProduct = 8;

/// x^exponent by squaring. For a negative exponent it is the power of 1/x: the inverse of a power would be
/// lost where that is infinite.
Value wholePower(Arithmetic &a, Value x, int exponent) {
  if (exponent == 0)
    return a.constant(1.0f);
  Value square = exponent < 0 ? a.divide(a.constant(1.0f), x) : x;
  Value result;
  for (int rest = std::abs(exponent); rest; rest /= 2) {
    if (rest % 2)
      result = result ? a.multiply(result, square) : square;
    if (rest > 1)
      square = a.multiply(square, square);
  }
  return result;
}

/// The square root but for the two values where the power differs: -0 to the half is 0, and -inf is inf.
Value halfPower(Arithmetic &a, Value x) {
  Value isNegativeInfinity = a.compare(Predicate::OEQ, x, a.constant(-infinity));
  return a.sqrt(a.add(a.select(isNegativeInfinity, a.constant(infinity), x), a.constant(0.0f)));
}

/// The value of a constant, or of all elements of a constant vector.
std::optional<double> knownNumber(Value value) {
  FloatAttr number;
  if (matchPattern(value, m_Constant(&number)))
    return number.getValueAsDouble();
  DenseFPElementsAttr numbers;
  if (matchPattern(value, m_Constant(&numbers)) && numbers.isSplat())
    return numbers.getSplatValue<APFloat>().convertToDouble();
  return std::nullopt;
}

Value expandPower(Arithmetic &a, Value x, Value y) {
  if (std::optional<double> exponent = knownNumber(y)) {
    if (std::abs(*exponent) <= largestProduct && *exponent == std::trunc(*exponent))
      return wholePower(a, x, static_cast<int>(*exponent));
    if (*exponent == 0.5)
      return halfPower(a, x);
    if (*exponent == -0.5)
      return a.divide(a.constant(1.0f), halfPower(a, x));
  }
  return generalPower(a, x, y);
}

} // namespace

void winnow::populatePowerExpansion(RewritePatternSet &patterns, bool hasFma) {
  patterns.add<Expand<math::PowFOp, expandPower>>(patterns.getContext(), hasFma);
}
