// cvt between any two types, with every rounding and saturation (PTX ISA: "cvt"). One lane at a time: the
// common conversions have functions of their own in Moves.cpp and Convert.cpp.
#include "runtime/device/ptxsim/lanes/FloatModes.h"
#include "runtime/device/ptxsim/lanes/Sets.h"

#include <cfenv>
#include <cmath>

namespace winnow::ptxsim {
namespace {

/// A source value: integers as 64 bits with a sign, floats as a double (which holds each of them exactly).
struct Value {
  bool isNegative = false;
  uint64_t magnitude = 0;
  double real = 0;
};

uint64_t lane(const std::byte *rows, Row offset, unsigned bytes, unsigned index) {
  switch (bytes) {
  case 2: {
    uint16_t value;
    std::memcpy(&value, rows + offset + 2 * index, 2);
    return value;
  }
  case 4: {
    uint32_t value;
    std::memcpy(&value, rows + offset + 4 * index, 4);
    return value;
  }
  default: {
    uint64_t value;
    std::memcpy(&value, rows + offset + 8 * index, 8);
    return value;
  }
  }
}

void setLane(std::byte *rows, Row offset, unsigned bytes, unsigned index, uint64_t value) {
  std::memcpy(rows + offset + bytes * index, &value, bytes);
}

uint64_t truncated(uint64_t bits, unsigned bytes) {
  return bytes == 8 ? bits : bits & ((uint64_t(1) << 8 * bytes) - 1);
}
int64_t extended(uint64_t bits, unsigned bytes) {
  unsigned shift = 64 - 8 * bytes;
  return int64_t(bits << shift) >> shift;
}

Value readInteger(uint64_t bits, ScalarType type) {
  Value value;
  unsigned bytes = byteWidth(type);
  int64_t number = extended(bits, bytes);
  value.isNegative = isSigned(type) && number < 0;
  value.magnitude = value.isNegative ? 0 - uint64_t(number) : truncated(bits, bytes);
  return value;
}

double readFloat(uint64_t bits, ScalarType type, bool flushes) {
  switch (type) {
  case ScalarType::F16:
    return double(fromHalf(uint16_t(bits)));
  case ScalarType::BF16:
    return double(fromBfloat(uint16_t(bits)));
  case ScalarType::F32: {
    float value = std::bit_cast<float>(uint32_t(bits));
    return double(flushes ? flush(value) : value);
  }
  default:
    return std::bit_cast<double>(bits);
  }
}

double roundToInteger(double value, Rounding rounding) {
  switch (rounding) {
  case Rounding::IntegerZero:
    return std::trunc(value);
  case Rounding::IntegerDown:
    return std::floor(value);
  case Rounding::IntegerUp:
    return std::ceil(value);
  default:
    return std::nearbyint(value); // the rounding mode is to nearest even unless set otherwise
  }
}

/// Numbers out of range clamp to the type's limits. A NaN gives 0, but the number with only the highest bit
/// set where the source is f64 or the destination has 64 bits (PTX ISA: "cvt").
uint64_t floatToInteger(double value, ScalarType from, ScalarType type, Rounding rounding) {
  unsigned bits = 8 * byteWidth(type);
  if (value != value)
    return from == ScalarType::F64 || bits == 64 ? uint64_t(1) << (bits - 1) : 0;
  double whole = roundToInteger(value, rounding);
  if (isSigned(type)) {
    double limit = std::ldexp(1.0, int(bits) - 1);
    int64_t largest = int64_t(~uint64_t(0) >> (65 - bits));
    return uint64_t(whole >= limit ? largest : whole < -limit ? -largest - 1 : int64_t(whole));
  }
  double limit = std::ldexp(1.0, int(bits));
  return whole >= limit ? ~uint64_t(0) >> (64 - bits) : whole <= 0 ? 0 : uint64_t(whole);
}

/// Only .sat clamps; else the low bits are taken.
uint64_t integerToInteger(Value value, ScalarType type, bool saturates) {
  uint64_t bits = value.isNegative ? 0 - value.magnitude : value.magnitude;
  if (!saturates)
    return bits;
  unsigned width = 8 * byteWidth(type);
  uint64_t largest = ~uint64_t(0) >> (isSigned(type) ? 65 - width : 64 - width);
  uint64_t lowest = isSigned(type) ? largest + 1 : 0; // its magnitude
  if (value.isNegative)
    return value.magnitude > lowest ? 0 - lowest : bits;
  return value.magnitude > largest ? largest : bits;
}

/// The neighbours of a rounded-to-odd float in a 16-bit format, by the mode. `toNearest` rounds to even.
uint16_t narrowHalf(float odd, uint16_t (*toNearest)(float), float (*widen)(uint16_t), Rounding rounding) {
  uint16_t nearest = toNearest(odd);
  if (rounding == Rounding::NearestEven || odd != odd || std::isinf(odd))
    return nearest;
  float value = widen(nearest);
  if (value == odd)
    return nearest;
  bool isNegative = std::signbit(odd), tooLarge = std::fabs(value) > std::fabs(odd);
  bool wantLarger = rounding == Rounding::Up ? !isNegative : rounding == Rounding::Down ? isNegative : false;
  if (rounding == Rounding::NearestAway)
    return nearest;
  if (wantLarger)
    return tooLarge ? nearest : uint16_t(nearest + 1);
  return tooLarge ? uint16_t(nearest - 1) : nearest;
}

int hostRounding(Rounding rounding) {
  switch (rounding) {
  case Rounding::Zero:
    return FE_TOWARDZERO;
  case Rounding::Down:
    return FE_DOWNWARD;
  case Rounding::Up:
    return FE_UPWARD;
  default:
    return FE_TONEAREST;
  }
}

uint64_t finishFloat(double value, ScalarType type, Rounding rounding, unsigned flags) {
  if (flags & kSaturate)
    value = saturate(value);
  if (flags & kRelu && value <= 0)
    value = 0;
  if (type == ScalarType::F64)
    return std::bit_cast<uint64_t>(canonical(value));
  if (type == ScalarType::F16 || type == ScalarType::BF16) {
    bool isHalf = type == ScalarType::F16;
    uint16_t half =
        narrowHalf(narrowToOdd(value), isHalf ? toHalf : toBfloat, isHalf ? fromHalf : fromBfloat, rounding);
    bool isInfinite = (half & 0x7fff) == (isHalf ? 0x7c00 : 0x7f80);
    return flags & kFinite && isInfinite ? half - 1u : half;
  }
  volatile double source = value;
  std::fesetround(hostRounding(rounding));
  volatile float narrow = float(source);
  std::fesetround(FE_TONEAREST);
  float result = canonical(narrow);
  return std::bit_cast<uint32_t>(flags & kFlushToZero ? flush(result) : result);
}

/// From 64 bits to f32 in one rounding; through double there would be two.
uint64_t integerToFloat(Value value, ScalarType type, Rounding rounding, unsigned flags) {
  std::fesetround(hostRounding(rounding));
  volatile uint64_t magnitude = value.magnitude;
  volatile int64_t number = int64_t(value.isNegative ? 0 - value.magnitude : value.magnitude);
  volatile float single = value.isNegative ? float(number) : float(magnitude);
  volatile double real = value.isNegative ? double(number) : double(magnitude);
  std::fesetround(FE_TONEAREST);
  if (type == ScalarType::F32)
    return std::bit_cast<uint32_t>(flags & kSaturate ? saturate(float(single)) : float(single));
  if (type == ScalarType::F64)
    return std::bit_cast<uint64_t>(flags & kSaturate ? saturate(double(real)) : double(real));
  // 64 bits to 16: what double does not hold becomes one sticky bit, far below those that count.
  constexpr unsigned kExcess = 64 - 53;
  double exact = double(value.magnitude);
  if (value.magnitude >> 53) {
    uint64_t low = value.magnitude & ((1 << kExcess) - 1);
    exact = double(value.magnitude >> kExcess | (low != 0)) * (1 << kExcess);
  }
  return finishFloat(value.isNegative ? -exact : exact, type, rounding, flags);
}

uint64_t convertLane(uint64_t bits, const Instruction &in) {
  Rounding rounding = Rounding(in.mode);
  if (!isFloat(in.convertFrom)) {
    Value value = readInteger(bits, in.convertFrom);
    return isFloat(in.type) ? integerToFloat(value, in.type, rounding, in.flags)
                            : integerToInteger(value, in.type, in.flags & kSaturate);
  }
  double value = readFloat(bits, in.convertFrom, in.flags & kFlushToZero);
  if (!isFloat(in.type))
    return floatToInteger(value, in.convertFrom, in.type, rounding);
  if (rounding >= Rounding::IntegerNearestEven && value == value)
    value = roundToInteger(value, rounding);
  return finishFloat(value, in.type, rounding, in.flags);
}

void convert(std::byte *rows, const Instruction &in, uint32_t mask) {
  unsigned bytes = byteWidth(in.type);
  for (unsigned i = 0; i < kLanes; ++i) {
    if (!(mask >> i & 1))
      continue;
    uint64_t bits = convertLane(lane(rows, in.source[0], in.sourceBytes, i), in);
    bits = isSigned(in.type) ? uint64_t(extended(bits, bytes)) : truncated(bits, bytes);
    setLane(rows, in.destination, in.registerBytes, i, bits);
  }
}

} // namespace

void installGeneralConvert(LaneTable &table) {
  for (unsigned type = 0; type < kScalarTypeCount; ++type)
    if (unsigned bytes = byteWidth(ScalarType(type)); bytes && bytes <= 8)
      table.set(Operation::Convert, ScalarType(type), convert);
}

} // namespace winnow::ptxsim
