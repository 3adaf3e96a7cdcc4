// Circular and hyperbolic functions and their inverses on f32.
#include "lib/MathExpansions/AngleReduction.h"
#include "lib/MathExpansions/MathExpansions.h"

using namespace mlir;
using namespace winnow;

namespace {

using Predicate = arith::CmpFPredicate;

constexpr float halfPi = 0x1.921fb6p+0f, pi = 0x1.921fb6p+1f, ln2 = 0x1.62e43p-1f;

/// sin and cos on [-pi/4, pi/4]; coefficients of Cephes' sinf and cosf.
Value shortSine(Arithmetic &a, Value x) {
  Value square = a.multiply(x, x);
  Value series = a.polynomial(square, {-1.9515295891e-4f, 8.3321608736e-3f, -1.6666654611e-1f});
  return a.fma(a.multiply(x, square), series, x);
}
Value shortCosine(Arithmetic &a, Value x) {
  Value square = a.multiply(x, x);
  Value series = a.polynomial(square, {2.443315711809948e-5f, -1.388731625493765e-3f, 4.166664568298827e-2f});
  Value tail = a.fma(square, a.constant(-0.5f), a.multiply(a.multiply(square, square), series));
  return a.add(a.constant(1.0f), tail);
}

/// The sine, or with a quadrant more the cosine, of an angle.
Value sineOf(Arithmetic &a, ReducedAngle angle, int32_t advance) {
  Value quadrant = a.addInteger(angle.quadrant, a.constant(advance));
  Value value =
      a.select(a.hasBit(quadrant, 1), shortCosine(a, angle.remainder), shortSine(a, angle.remainder));
  return a.select(a.hasBit(quadrant, 2), a.negate(value), value);
}

Value expandSin(Arithmetic &a, Value x) {
  Value result = sineOf(a, reduceAngle(a, x), 0);
  return a.select(a.compare(Predicate::OEQ, x, a.constant(0.0f)), x, result); // the sign of zero
}
Value expandCos(Arithmetic &a, Value x) { return sineOf(a, reduceAngle(a, x), 1); }
Value expandTan(Arithmetic &a, Value x) { return a.divide(expandSin(a, x), expandCos(a, x)); }

/// atan of a number that is not negative: reduced by the octant, then Cephes' atanf.
Value positiveArctangent(Arithmetic &a, Value x) {
  Value one = a.constant(1.0f), zero = a.constant(0.0f);
  Value isLarge = a.compare(Predicate::OGT, x, a.constant(2.414213562f));
  Value isMiddle = a.compare(Predicate::OGT, x, a.constant(0.414213562f));
  Value numerator = a.select(isLarge, a.constant(-1.0f), a.select(isMiddle, a.subtract(x, one), x));
  Value denominator = a.select(isLarge, x, a.select(isMiddle, a.add(x, one), one));
  Value offset = a.select(isLarge, a.constant(halfPi), a.select(isMiddle, a.constant(halfPi / 2), zero));
  Value t = a.divide(numerator, denominator);
  Value square = a.multiply(t, t);
  Value series =
      a.polynomial(square, {8.05374449538e-2f, -1.38776856032e-1f, 1.99777106478e-1f, -3.33329491539e-1f});
  return a.add(offset, a.fma(a.multiply(square, t), series, t));
}

Value expandAtan(Arithmetic &a, Value x) { return a.copySign(positiveArctangent(a, a.absolute(x)), x); }

/// The angle of the point (x, y), as C's atan2.
Value expandAtan2(Arithmetic &a, Value y, Value x) {
  Value zero = a.constant(0.0f), inf = a.constant(infinity);
  Value width = a.absolute(x), height = a.absolute(y);
  Value ratio = a.divide(height, width);
  Value isDiagonal = a.both(a.compare(Predicate::OEQ, width, inf), a.compare(Predicate::OEQ, height, inf));
  ratio = a.select(isDiagonal, a.constant(1.0f), ratio);
  ratio = a.select(a.compare(Predicate::OEQ, height, zero),
                   a.select(a.compare(Predicate::UNO, x, x), x, zero), ratio);
  Value angle = positiveArctangent(a, ratio);
  angle = a.select(a.isNegative(a.bits(x)), a.subtract(a.constant(pi), angle), angle);
  return a.copySign(angle, y);
}

Value expandSinh(Arithmetic &a, Value x) {
  Value magnitude = a.absolute(x), half = a.constant(0.5f);
  Value t = a.expm1(magnitude);
  Value small = a.multiply(half, a.add(t, a.divide(t, a.add(t, a.constant(1.0f)))));
  Value root = a.exp(a.multiply(half, magnitude));
  Value large = a.multiply(a.multiply(half, root), root);
  return a.copySign(a.select(a.compare(Predicate::OLT, magnitude, a.constant(9.0f)), small, large), x);
}

Value expandCosh(Arithmetic &a, Value x) {
  Value half = a.constant(0.5f);
  Value root = a.exp(a.multiply(half, a.absolute(x)));
  Value product = a.multiply(a.multiply(half, root), root);
  return a.add(product, a.divide(a.constant(0.25f), product));
}

/// log(2 x), or `small` where x is below 2^12: x itself is what is under the root there.
Value largeLogarithm(Arithmetic &a, Value x, Value small) {
  Value isLarge = a.compare(Predicate::OGT, x, a.constant(0x1p12f));
  return a.select(isLarge, a.add(a.log(x), a.constant(ln2)), small);
}

Value expandAsinh(Arithmetic &a, Value x) {
  Value magnitude = a.absolute(x), one = a.constant(1.0f);
  Value square = a.multiply(magnitude, magnitude);
  Value root = a.sqrt(a.add(square, one));
  Value small = a.log1p(a.add(magnitude, a.divide(square, a.add(root, one))));
  return a.copySign(largeLogarithm(a, magnitude, small), x);
}

Value expandAcosh(Arithmetic &a, Value x) {
  Value t = a.subtract(x, a.constant(1.0f));
  Value root = a.multiply(a.sqrt(t), a.sqrt(a.add(t, a.constant(2.0f))));
  return largeLogarithm(a, x, a.log1p(a.add(t, root)));
}

Value expandAtanh(Arithmetic &a, Value x) {
  Value magnitude = a.absolute(x);
  Value ratio = a.divide(a.add(magnitude, magnitude), a.subtract(a.constant(1.0f), magnitude));
  return a.copySign(a.multiply(a.constant(0.5f), a.log1p(ratio)), x);
}

} // namespace

void winnow::populateCircularExpansions(RewritePatternSet &patterns) {
  patterns.add<Expand<math::SinOp, expandSin>, Expand<math::CosOp, expandCos>, Expand<math::TanOp, expandTan>,
               Expand<math::AtanOp, expandAtan>, Expand<math::Atan2Op, expandAtan2>,
               Expand<math::SinhOp, expandSinh>, Expand<math::CoshOp, expandCosh>,
               Expand<math::AsinhOp, expandAsinh>, Expand<math::AcoshOp, expandAcosh>,
               Expand<math::AtanhOp, expandAtanh>>(patterns.getContext());
}
