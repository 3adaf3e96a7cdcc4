// Angles near zero are reduced in f32 (Cody and Waite), the others in f64 with as much of 2/pi as they need
// (Payne and Hanek, "Radian reduction for trigonometric functions", 1983).
#include "lib/MathExpansions/AngleReduction.h"

#include <cmath>

using namespace mlir;
using namespace winnow;

namespace {

using Predicate = arith::CmpFPredicate;

/// Up to here, the multiple of pi/2 has 13 bits: its product with a word of 11 bits is exact in f32.
constexpr float largestNearAngle = 8192.0f;

/// pi/2 in words of 11 bits, the last one rounded. Short words keep the products exact even where the target
/// has no fused multiply-add.
constexpr float halfPiWords[] = {0x1.92p+0f, 0x1.fb4p-12f, 0x1.444p-24f, 0x1.68c234p-39f};

/// 2/pi in words of 24 bits. The last bit of the largest f32 is 2^104, so 192 bits leave an error of 2^-64.
constexpr int wordBits = 24;
constexpr uint32_t twoOverPiWords[] = {0xa2f983, 0x6e4e44, 0x1529fc, 0x2757d1,
                                       0xf534dd, 0xc0db62, 0x95993c, 0x439041};

ReducedAngle reduceNearAngle(Arithmetic &a, Value x) {
  Value multiple = a.round(a.multiply(x, a.constant(0x1.45f306p-1f)));
  Value remainder = x;
  for (float word : halfPiWords)
    remainder = a.fma(multiple, a.constant(-word), remainder);
  return {a.toInteger(multiple), remainder};
}

/// A number less the multiple of four next to it, exact.
Value modulo4(Arithmetic &a, Value x) {
  Value fours = a.round(a.multiply(x, a.wideConstant(0.25)));
  return a.subtract(x, a.multiply(fours, a.wideConstant(4.0)));
}

/// Each word's product with the angle is exact in f64 and so is what is left of it modulo four quadrants:
/// neither a table that is indexed nor wide integers are needed, and vectors work lane by lane.
ReducedAngle reduceFarAngle(Arithmetic &a, Value x) {
  Value wide = a.widen(x);
  Value quadrants = a.wideConstant(0.0);
  double unit = 1.0;
  for (uint32_t word : twoOverPiWords) {
    unit = std::ldexp(unit, -wordBits);
    quadrants = a.add(quadrants, modulo4(a, a.multiply(wide, a.wideConstant(word * unit))));
  }
  Value whole = a.round(quadrants);
  Value remainder = a.multiply(a.subtract(quadrants, whole), a.wideConstant(M_PI_2));
  return {a.toInteger(a.narrow(whole)), a.narrow(remainder)};
}

} // namespace

ReducedAngle winnow::reduceAngle(Arithmetic &a, Value x) {
  Value magnitude = a.absolute(x), zero = a.constant(0.0f);
  Value isNear = a.compare(Predicate::OLE, magnitude, a.constant(largestNearAngle));
  Value isFar = a.both(a.compare(Predicate::OGT, magnitude, a.constant(largestNearAngle)),
                       a.compare(Predicate::OLT, magnitude, a.constant(infinity)));
  // Each way gets zeros for what is not its own: integers of NaN and of huge numbers are undefined.
  ReducedAngle near = reduceNearAngle(a, a.select(isNear, x, zero));
  SmallVector<Value> reduced =
      a.whenAny(isFar, {near.quadrant, near.remainder}, [&](Arithmetic &b) -> SmallVector<Value> {
        ReducedAngle far = reduceFarAngle(b, b.select(isFar, x, zero));
        return {b.select(isFar, far.quadrant, near.quadrant), b.select(isFar, far.remainder, near.remainder)};
      });
  return {reduced[0], a.add(reduced[1], a.subtract(x, x))};
}
