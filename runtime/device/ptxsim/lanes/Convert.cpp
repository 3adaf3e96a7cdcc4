// The common conversions from and to floats (PTX ISA: "cvt"): to floats rounded to nearest even.
// GeneralConvert.cpp has all others. The table's type is the destination's; the function looks at the
// source's.
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

/// f32 to an integer: NaN gives 0, numbers out of range the nearest limit.
struct ToNearest {
  static float apply(float x) { return __builtin_rintf(x); }
};
struct ToZero {
  static float apply(float x) { return __builtin_truncf(x); }
};
struct ToFloor {
  static float apply(float x) { return __builtin_floorf(x); }
};
struct ToCeiling {
  static float apply(float x) { return __builtin_ceilf(x); }
};
template <class Round> struct ToSigned32 {
  static int32_t apply(float x) {
    float inside = x > -0x1p31f ? x : -0x1p31f;
    inside = inside < 0x1.fffffep30f ? inside : 0x1.fffffep30f;
    int32_t value = int32_t(Round::apply(inside));
    value = x >= 0x1p31f ? INT32_MAX : value;
    return x != x ? 0 : value;
  }
};
template <class Round> struct ToUnsigned32 {
  static uint32_t apply(float x) {
    float inside = x > 0.0f ? x : 0.0f; // a NaN too
    inside = inside < 0x1.fffffep31f ? inside : 0x1.fffffep31f;
    return x >= 0x1p32f ? UINT32_MAX : uint32_t(int64_t(Round::apply(inside)));
  }
};
template <template <class> class To, typename R>
void toInteger(std::byte *rows, const Instruction &in, uint32_t mask) {
  switch (Rounding(in.mode)) {
  case Rounding::IntegerNearestEven:
    return unaryTo<To<ToNearest>, R, float>(rows, in, mask);
  case Rounding::IntegerDown:
    return unaryTo<To<ToFloor>, R, float>(rows, in, mask);
  case Rounding::IntegerUp:
    return unaryTo<To<ToCeiling>, R, float>(rows, in, mask);
  default:
    return unaryTo<To<ToZero>, R, float>(rows, in, mask);
  }
}

/// The 16-bit float towards zero from the nearest one of `a`.
template <class Nearest, class Widen> struct Truncated {
  static uint16_t apply(float a) {
    uint16_t nearest = Nearest::apply(a);
    bool isBeyond = __builtin_fabsf(Widen::apply(nearest)) > __builtin_fabsf(a);
    return uint16_t(nearest - isBeyond);
  }
};

/// cvt.f16x2.f32 d, a, b: a to the upper half, b to the lower.
template <class Op> void convertPairBy(std::byte *rows, const Instruction &in, uint32_t mask) {
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

template <class Nearest, class Widen>
void convertPair(std::byte *rows, const Instruction &in, uint32_t mask) {
  Rounding(in.mode) == Rounding::Zero ? convertPairBy<Truncated<Nearest, Widen>>(rows, in, mask)
                                      : convertPairBy<Nearest>(rows, in, mask);
}

/// To the upper 19 bits, in which a tf32 is kept.
void toTf32(std::byte *rows, const Instruction &in, uint32_t mask) {
  Output<uint32_t> out(rows, in.destination, mask);
  const uint32_t *a = row<uint32_t>(rows, in.source[0]);
  // Ties go away from zero, or to even: then one less is added where the lowest bit that stays is 0.
  uint32_t half = Rounding(in.mode) == Rounding::NearestAway   ? 0x1000
                  : Rounding(in.mode) == Rounding::NearestEven ? 0xfff
                                                               : 0;
  uint32_t isEven = Rounding(in.mode) == Rounding::NearestEven;
  uint32_t *values = out.values;
  WINNOW_LANE_LOOP
  for (unsigned i = 0; i < kLanes; ++i) {
    uint32_t rounded = (a[i] + half + (a[i] >> 13 & isEven)) & 0xffffe000;
    values[i] = (a[i] & 0x7fffffff) > 0x7f800000 ? 0x7fffe000 : rounded;
  }
  out.finish(mask);
}

/// cvt.pack: a and b clamp to elements of `mode` bits, a above b, and the low bits of c come above both.
void convertPacked(std::byte *rows, const Instruction &in, uint32_t mask) {
  Output<uint32_t> out(rows, in.destination, mask);
  const int32_t *a = row<int32_t>(rows, in.source[0]), *b = row<int32_t>(rows, in.source[1]);
  const uint32_t *c = row<uint32_t>(rows, in.source[2]);
  const unsigned bits = in.mode;
  const uint32_t field = (1u << bits) - 1;
  const int32_t largest = int32_t(in.flags & kSignedA ? field >> 1 : field);
  const int32_t smallest = in.flags & kSignedA ? -largest - 1 : 0;
  auto element = [=](int32_t value) {
    int32_t notSmaller = value < smallest ? smallest : value;
    return uint32_t(notSmaller > largest ? largest : notSmaller) & field;
  };
  uint32_t *values = out.values;
  for (unsigned i = 0; i < kLanes; ++i)
    values[i] = uint32_t(uint64_t(c[i]) << 2 * bits) | element(a[i]) << bits | element(b[i]);
  out.finish(mask);
}

/// cvt.{e4m3x2,e5m2x2}: the first operand or the upper half to the upper byte.
template <class Format> void toByteFloats(std::byte *rows, const Instruction &in, uint32_t mask) {
  Output<uint16_t> out(rows, in.destination, mask);
  alignas(64) float upper[kLanes], lower[kLanes];
  if (in.type == ScalarType::F32) {
    std::memcpy(upper, row<float>(rows, in.source[0]), sizeof(upper));
    std::memcpy(lower, row<float>(rows, in.source[1]), sizeof(lower));
  } else {
    const uint32_t *pairs = row<uint32_t>(rows, in.source[0]);
    for (unsigned i = 0; i < kLanes; ++i) {
      upper[i] = fromHalf(uint16_t(pairs[i] >> 16));
      lower[i] = fromHalf(uint16_t(pairs[i]));
    }
  }
  finishModes(upper, in.flags & kRelu);
  finishModes(lower, in.flags & kRelu);
  uint16_t *values = out.values;
  for (unsigned i = 0; i < kLanes; ++i)
    values[i] = uint16_t(Format::fromFloat(upper[i]) << 8 | Format::fromFloat(lower[i]));
  out.finish(mask);
}
void toByteFloats(std::byte *rows, const Instruction &in, uint32_t mask) {
  ByteFloat(in.mode) == ByteFloat::E4M3 ? toByteFloats<ByteFormat<ByteFloat::E4M3>>(rows, in, mask)
                                        : toByteFloats<ByteFormat<ByteFloat::E5M2>>(rows, in, mask);
}

template <class Format> void fromByteFloats(std::byte *rows, const Instruction &in, uint32_t mask) {
  Output<uint32_t> out(rows, in.destination, mask);
  const uint16_t *pairs = row<uint16_t>(rows, in.source[0]);
  auto half = [&](uint8_t value) -> uint32_t {
    uint16_t bits = Format::toHalf(value);
    return in.flags & kRelu && bits >> 15 ? 0 : bits;
  };
  for (unsigned i = 0; i < kLanes; ++i)
    out.values[i] = half(uint8_t(pairs[i] >> 8)) << 16 | half(uint8_t(pairs[i]));
  out.finish(mask);
}
void fromByteFloats(std::byte *rows, const Instruction &in, uint32_t mask) {
  ByteFloat(in.mode) == ByteFloat::E4M3 ? fromByteFloats<ByteFormat<ByteFloat::E4M3>>(rows, in, mask)
                                        : fromByteFloats<ByteFormat<ByteFloat::E5M2>>(rows, in, mask);
}

} // namespace

namespace WINNOW_LANE_SET {
void installConvert(LaneTable &table) {
  table.set(Operation::ConvertFloat, ScalarType::F32, toF32);
  table.set(Operation::ConvertFloat, ScalarType::F64, toF64);
  table.set(Operation::ConvertFloat, ScalarType::F16, unaryTo<ToHalf, uint16_t, float>);
  table.set(Operation::ConvertFloat, ScalarType::BF16, unaryTo<ToBfloat, uint16_t, float>);
  table.set(Operation::ConvertFloat, ScalarType::S32, toInteger<ToSigned32, int32_t>);
  table.set(Operation::ConvertFloat, ScalarType::U32, toInteger<ToUnsigned32, uint32_t>);
  table.set(Operation::ConvertTf32, ScalarType::F32, toTf32);
  table.set(Operation::ConvertToByteFloats, ScalarType::F32, toByteFloats);
  table.set(Operation::ConvertToByteFloats, ScalarType::F16x2, toByteFloats);
  table.set(Operation::ConvertFromByteFloats, ScalarType::F16x2, fromByteFloats);
  table.set(Operation::ConvertPacked, ScalarType::B32, convertPacked);
  table.set(Operation::ConvertPair, ScalarType::F16x2, convertPair<ToHalf, FromHalf>);
  table.set(Operation::ConvertPair, ScalarType::BF16x2, convertPair<ToBfloat, FromBfloat>);
}
} // namespace WINNOW_LANE_SET

} // namespace winnow::ptxsim
