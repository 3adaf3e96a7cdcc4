// f32 and f64 arithmetic with the directed roundings .rz, .rm and .rp, by the host's rounding mode (PTX ISA:
// "Rounding Modifiers").
#include "runtime/device/ptxsim/lanes/FloatModes.h"
#include "runtime/device/ptxsim/lanes/Sets.h"

#include <cfenv>
#include <cmath>

namespace winnow::ptxsim {
namespace {

/// The host's rounding mode while it lives.
struct RoundingScope {
  explicit RoundingScope(Rounding rounding) {
    std::fesetround(rounding == Rounding::Down ? FE_DOWNWARD
                    : rounding == Rounding::Up ? FE_UPWARD
                                               : FE_TOWARDZERO);
  }
  ~RoundingScope() { std::fesetround(FE_TONEAREST); }
};

template <typename T> T evaluate(Operation operation, T a, T b, T c) {
  switch (operation) {
  case Operation::AddRounded:
    return a + b;
  case Operation::SubtractRounded:
    return a - b;
  case Operation::MultiplyRounded:
    return a * b;
  case Operation::DivideRounded:
    return a / b;
  case Operation::ReciprocalRounded:
    return T(1) / a;
  case Operation::SquareRootRounded:
    return std::sqrt(a);
  default:
    return std::fma(a, b, c);
  }
}

template <typename T> void rounded(std::byte *rows, const Instruction &in, uint32_t mask) {
  Output<T> out(rows, in.destination, mask);
  const T *operands[3];
  alignas(64) float copies[3][kLanes];
  for (unsigned k = 0; k < 3; ++k) {
    operands[k] = row<T>(rows, in.source[k] == kNoRow ? in.source[0] : in.source[k]);
    if constexpr (sizeof(T) == 4)
      if (in.flags & kFlushToZero)
        operands[k] = flushed(operands[k], copies[k]);
  }
  {
    RoundingScope scope{Rounding(in.mode)};
    for (unsigned i = 0; i < kLanes; ++i) {
      // Volatile: nothing may move out of the scope of the rounding mode.
      volatile T a = operands[0][i], b = operands[1][i], c = operands[2][i];
      volatile T result = evaluate<T>(in.operation, a, b, c);
      out.values[i] = result;
    }
  }
  for (unsigned i = 0; i < kLanes; ++i)
    out.values[i] = canonical(out.values[i]);
  if constexpr (sizeof(T) == 4)
    finishModes(out.values, in.flags);
  out.finish(mask);
}

} // namespace

void installRounded(LaneTable &table) {
  for (Operation operation : {Operation::AddRounded, Operation::SubtractRounded, Operation::MultiplyRounded,
                              Operation::FusedMultiplyAddRounded, Operation::DivideRounded,
                              Operation::ReciprocalRounded, Operation::SquareRootRounded}) {
    table.set(operation, ScalarType::F32, rounded<float>);
    table.set(operation, ScalarType::F64, rounded<double>);
  }
}

} // namespace winnow::ptxsim
