// Reduces angles to an eighth of a turn, for circular functions of any finite argument.
#pragma once

#include "lib/MathExpansions/Arithmetic.h"

namespace winnow {

/// An angle as quadrant * pi/2 + remainder, the remainder in [-pi/4, pi/4]. Only the last two bits of the
/// quadrant, an i32, matter.
struct ReducedAngle {
  mlir::Value quadrant, remainder;
};

/// The remainder of an angle that is not finite is NaN.
ReducedAngle reduceAngle(Arithmetic &arithmetic, mlir::Value angle);

} // namespace winnow
