// The cube root on f32.
#include "lib/MathExpansions/MathExpansions.h"
#include "lib/MathExpansions/SplitNumber.h"

using namespace mlir;
using namespace winnow;

namespace {

/// One step of Halley's method towards the cube root of x; it triples the correct digits. As a correction, so
/// that what it rounds counts little.
Value improveCubeRoot(Arithmetic &a, Value root, Value x) {
  Value cube = a.multiply(a.multiply(root, root), root);
  Value slope = a.add(a.add(cube, cube), x);
  return a.add(root, a.multiply(root, a.divide(a.subtract(x, cube), slope)));
}

/// cbrt(m * 2^(3n + r)) = cbrt(m * 2^r) * 2^n with r in -1 ... 1. The first guess, right to a 30th, is a
/// third of the number's bits, which are nearly its logarithm.
Value expandCubeRoot(Arithmetic &a, Value x) {
  using Predicate = arith::CmpFPredicate;
  Value third = a.constant(1.0f / 3.0f), magnitude = a.absolute(x);
  SplitNumber split = splitNumber(a, magnitude);
  Value exponent = a.round(a.multiply(split.exponent, third));
  Value rest = a.subtract(split.exponent, a.multiply(exponent, a.constant(3.0f)));
  Value scaled = a.multiply(split.mantissa, a.powerOfTwo(a.toInteger(rest)));
  Value thirdOfBits = a.toInteger(a.multiply(a.toFloat(a.bits(scaled)), third));
  // Two thirds of the bits of 1, but for what makes the largest error least.
  Value root = a.number(a.addInteger(thirdOfBits, a.constant(int32_t(0x2a5119f2))));
  for (int step = 0; step < 2; ++step)
    root = improveCubeRoot(a, root, scaled);
  Value result = a.copySign(a.multiply(root, a.powerOfTwo(a.toInteger(exponent))), x);
  Value isOrdinary = a.both(a.compare(Predicate::OGT, magnitude, a.constant(0.0f)),
                            a.compare(Predicate::OLT, magnitude, a.constant(infinity)));
  return a.select(isOrdinary, result, x);
}

} // namespace

void winnow::populateRootExpansion(RewritePatternSet &patterns) {
  patterns.add<Expand<math::CbrtOp, expandCubeRoot>>(patterns.getContext());
}
