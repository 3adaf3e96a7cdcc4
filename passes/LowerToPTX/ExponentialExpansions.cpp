// The exponential on f32 from ex2.approx.
#include "lib/MathExpansions/Arithmetic.h"
#include "passes/LowerToPTX/InstructionExpansions.h"

using namespace mlir;
using namespace winnow;

namespace {

/// exp(x) = 2^n * 2^r with n = round(x / ln 2): the reduced argument keeps the instruction's error small.
Value expandExp(Arithmetic &a, Value x) {
  Value n = a.clamp(a.round(a.multiply(x, a.constant(0x1.715476p+0f))), -126.0f, 127.0f);
  Value r = a.fma(x, a.constant(0x1.715476p+0f), a.negate(n));
  r = a.fma(x, a.constant(0x1.4ae0cp-26f), r);
  return a.multiply(a.exp2(r), a.powerOfTwo(a.toInteger(n)));
}

} // namespace

void winnow::populateInstructionExpansions(RewritePatternSet &patterns) {
  patterns.add<Expand<math::ExpOp, expandExp>>(patterns.getContext());
}
