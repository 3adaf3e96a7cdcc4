// The common floating-point conversions, rounded to nearest even (PTX ISA: "cvt"). GeneralConvert.cpp has all
// others. The table's type is the destination's; the function looks at the source's.
#include "runtime/device/ptxsim/lanes/FloatModes.h"
#include "runtime/device/ptxsim/lanes/Sets.h"

namespace winnow::ptxsim {
namespace {

struct FromHalf {
  static float apply(uint16_t a) { return canonical(fromHalf(a)); }
};
struct FromBfloat {
  static float apply(uint16_t a) { return canonical(fromBfloat(a)); }
};
struct ToHalf {
  static uint16_t apply(float a) { return toHalf(a); }
};
struct ToBfloat {
  static uint16_t apply(float a) { return toBfloat(a); }
};
template <typename R> struct Cast {
  template <typename A> static R apply(A a) { return R(a); }
};
struct CastFloat {
  static float apply(double a) { return canonical(float(a)); }
  static double apply(float a) { return canonical(double(a)); }
};

void toF32(std::byte *rows, const Instruction &in, uint32_t mask) {
  switch (in.convertFrom) {
  case ScalarType::F16:
    return unaryTo<FromHalf, float, uint16_t>(rows, in, mask);
  case ScalarType::BF16:
    return unaryTo<FromBfloat, float, uint16_t>(rows, in, mask);
  case ScalarType::F64:
    return unaryTo<CastFloat, float, double>(rows, in, mask);
  case ScalarType::S32:
    return unaryTo<Cast<float>, float, int32_t>(rows, in, mask);
  case ScalarType::U32:
    return unaryTo<Cast<float>, float, uint32_t>(rows, in, mask);
  case ScalarType::S64:
    return unaryTo<Cast<float>, float, int64_t>(rows, in, mask);
  default:
    return unaryTo<Cast<float>, float, uint64_t>(rows, in, mask);
  }
}

void toF64(std::byte *rows, const Instruction &in, uint32_t mask) {
  switch (in.convertFrom) {
  case ScalarType::F32:
    return unaryTo<CastFloat, double, float>(rows, in, mask);
  case ScalarType::S32:
    return unaryTo<Cast<double>, double, int32_t>(rows, in, mask);
  case ScalarType::U32:
    return unaryTo<Cast<double>, double, uint32_t>(rows, in, mask);
  case ScalarType::S64:
    return unaryTo<Cast<double>, double, int64_t>(rows, in, mask);
  default:
    return unaryTo<Cast<double>, double, uint64_t>(rows, in, mask);
  }
}

/// cvt.rn.f16x2.f32 d, a, b: a to the upper half, b to the lower.
template <class Op> void convertPair(std::byte *rows, const Instruction &in, uint32_t mask) {
  Output<uint32_t> out(rows, in.destination, mask);
  const float *a = row<float>(rows, in.source[0]), *b = row<float>(rows, in.source[1]);
  alignas(64) float copies[2][kLanes];
  if (in.flags & kRelu) {
    std::memcpy(copies[0], a, sizeof(copies[0]));
    std::memcpy(copies[1], b, sizeof(copies[1]));
    finishModes(copies[0], kRelu);
    finishModes(copies[1], kRelu);
    a = copies[0];
    b = copies[1];
  }
  uint32_t *values = out.values;
  WINNOW_LANE_LOOP
  for (unsigned i = 0; i < kLanes; ++i)
    values[i] = uint32_t(Op::apply(a[i])) << 16 | Op::apply(b[i]);
  out.finish(mask);
}

} // namespace

namespace WINNOW_LANE_SET {
void installConvert(LaneTable &table) {
  table.set(Operation::ConvertFloat, ScalarType::F32, toF32);
  table.set(Operation::ConvertFloat, ScalarType::F64, toF64);
  table.set(Operation::ConvertFloat, ScalarType::F16, unaryTo<ToHalf, uint16_t, float>);
  table.set(Operation::ConvertFloat, ScalarType::BF16, unaryTo<ToBfloat, uint16_t, float>);
  table.set(Operation::ConvertPair, ScalarType::F16x2, convertPair<ToHalf>);
  table.set(Operation::ConvertPair, ScalarType::BF16x2, convertPair<ToBfloat>);
}
} // namespace WINNOW_LANE_SET

} // namespace winnow::ptxsim
