// What floating-point lane operations share: canonical NaN, .ftz, .sat, .relu, and half-precision formats.
// Included by the sources in this folder only; internal linkage throughout.
#pragma once

#include "runtime/device/ptxsim/lanes/LaneLoops.h"

#include <bit>

namespace winnow::ptxsim {
namespace {

/// GPUs produce this NaN from every f32 operation; PTX leaves sign and payload open. The bits are compared,
/// since a compiler may take one NaN for as good as another.
inline float canonical(float x) {
  return (std::bit_cast<uint32_t>(x) & 0x7fffffff) > 0x7f800000 ? std::bit_cast<float>(0x7fffffffu) : x;
}
inline double canonical(double x) {
  constexpr uint64_t kMagnitude = 0x7fffffffffffffff, kInfinity = 0x7ff0000000000000,
                     kNaN = 0x7ff8000000000000;
  return (std::bit_cast<uint64_t>(x) & kMagnitude) > kInfinity ? std::bit_cast<double>(kNaN) : x;
}

inline float flush(float x) {
  uint32_t bits = std::bit_cast<uint32_t>(x);
  return std::bit_cast<float>((bits & 0x7f800000) == 0 ? bits & 0x80000000 : bits);
}

/// .sat: to [0, 1], NaN and -0 to +0.
inline float saturate(float x) { return x > 0.0f ? (x < 1.0f ? x : 1.0f) : 0.0f; }
inline double saturate(double x) { return x > 0.0 ? (x < 1.0 ? x : 1.0) : 0.0; }
/// .relu: negative numbers to +0; NaN stays.
inline float relu(float x) { return x < 0.0f || x == 0.0f ? 0.0f : x; }

/// f16 is a float whose exponent is scaled, so that the hardware deals with subnormal numbers.
inline float fromHalf(uint16_t half) {
  uint32_t magnitude = half & 0x7fffu, bits = magnitude << 13;
  float scaled = std::bit_cast<float>(bits) * 0x1p112f;
  uint32_t value = magnitude >= 0x7c00 ? bits | 0x7f800000 : std::bit_cast<uint32_t>(scaled);
  return std::bit_cast<float>(value | uint32_t(half & 0x8000u) << 16);
}

/// Round to nearest even. Adding 0.5 rounds at the weight of the smallest f16.
inline uint16_t toHalf(float x) {
  uint32_t bits = std::bit_cast<uint32_t>(x), sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
  uint32_t normal = (magnitude + 0xfff + (magnitude >> 13 & 1) - (112u << 23)) >> 13;
  uint32_t small = std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude) + 0.5f) - 0x3f000000;
  uint32_t result = magnitude < 0x38800000 ? small : normal;
  result = magnitude >= 0x477ff000 ? 0x7c00 : result;
  return uint16_t(magnitude > 0x7f800000 ? 0x7fff : result | sign);
}

inline float fromBfloat(uint16_t half) { return std::bit_cast<float>(uint32_t(half) << 16); }
inline uint16_t toBfloat(float x) {
  uint32_t bits = std::bit_cast<uint32_t>(x);
  uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  return uint16_t((bits & 0x7fffffff) > 0x7f800000 ? 0x7fff : rounded);
}

/// The numbers that a format of 8 bits is made of (PTX ISA: "Alternate Floating-Point Data Formats"): e4m3
/// has no infinities and one NaN of each sign, e5m2 is the upper half of an f16.
template <ByteFloat kFormat> struct ByteFormat {
  static constexpr bool kIsE4m3 = kFormat == ByteFloat::E4M3;
  static constexpr unsigned kMantissaBits = kIsE4m3 ? 3 : 2, kBias = kIsE4m3 ? 7 : 15;
  static constexpr uint32_t kLargest = kIsE4m3 ? 0x7e : 0x7b, kNan = 0x7f;

  /// To nearest even; what is beyond the largest number, infinity too, becomes that number (.satfinite). As
  /// in toHalf(), adding a power of two rounds at the weight of the smallest number.
  static uint8_t fromFloat(float x) {
    constexpr unsigned kDropped = 23 - kMantissaBits;
    constexpr uint32_t kRebias = (127 - kBias) << 23, kSmallestNormal = (128 - kBias) << 23;
    constexpr uint32_t kRounder = (127 + 1 - kBias - kMantissaBits + 23) << 23;
    uint32_t bits = std::bit_cast<uint32_t>(x), sign = bits >> 24 & 0x80, magnitude = bits & 0x7fffffff;
    uint32_t half = (1u << (kDropped - 1)) - 1 + (magnitude >> kDropped & 1);
    uint32_t normal = (magnitude + half - kRebias) >> kDropped;
    float rounded = std::bit_cast<float>(magnitude) + std::bit_cast<float>(kRounder);
    uint32_t result = magnitude < kSmallestNormal ? std::bit_cast<uint32_t>(rounded) - kRounder : normal;
    result = result < kLargest ? result : kLargest;
    return uint8_t(magnitude > 0x7f800000 ? kNan : result | sign);
  }
  /// Exact in f16; NaNs become the canonical one.
  static uint16_t toHalf(uint8_t x) {
    uint32_t magnitude = x & 0x7fu, sign = uint32_t(x & 0x80u) << 8;
    if (magnitude > (kIsE4m3 ? kNan - 1 : 0x7cu))
      return 0x7fff;
    if (!kIsE4m3)
      return uint16_t(x << 8);
    // The bits of an f16 whose exponent has another bias.
    constexpr float kScale = 1 << (15 - kBias);
    return uint16_t(ptxsim::toHalf(fromHalf(uint16_t(magnitude << 7)) * kScale) | sign);
  }
};

/// Rounds to float with the lowest bit standing for all that was cut off, so that a second rounding, to
/// fewer bits, gives what one rounding of `x` would.
inline float narrowToOdd(double x) {
  float narrow = float(x);
  uint32_t bits = std::bit_cast<uint32_t>(narrow);
  double error = x - double(narrow);
  bool away = (error > 0) == (x > 0); // the exact value lies beyond `narrow`
  uint32_t odd = bits & 1 ? bits : away ? bits + 1 : bits - 1;
  return std::bit_cast<float>(error == 0 || x != x || double(narrow) == x ? bits : odd);
}

/// a * b + c in double precision, rounded to odd; a * b must be exact.
inline double fusedToOdd(double a, double b, double c) {
  double product = a * b, sum = product + c;
  double part = sum - product, error = (product - (sum - part)) + (c - part);
  uint64_t bits = std::bit_cast<uint64_t>(sum);
  bool away = (error > 0) == (sum > 0);
  uint64_t odd = bits & 1 ? bits : away ? bits + 1 : bits - 1;
  // `error` is NaN when an operand is infinite or NaN.
  return error > 0 || error < 0 ? std::bit_cast<double>(odd) : sum;
}

/// Applies .ftz to an operand row and .ftz, .sat, .relu to results.
[[maybe_unused, gnu::noinline]] const float *flushed(const float *values, float *copy) {
  WINNOW_LANE_LOOP
  for (unsigned i = 0; i < kLanes; ++i)
    copy[i] = flush(values[i]);
  return copy;
}
[[maybe_unused, gnu::noinline]] void finishModes(float *values, unsigned flags) {
  if (flags & kFlushToZero)
    flushed(values, values);
  if (flags & kSaturate) {
    WINNOW_LANE_LOOP
    for (unsigned i = 0; i < kLanes; ++i)
      values[i] = saturate(values[i]);
  }
  if (flags & kRelu) {
    WINNOW_LANE_LOOP
    for (unsigned i = 0; i < kLanes; ++i)
      values[i] = relu(values[i]);
  }
}

/// f32 operations of up to three operands, with all modes.
template <class Op, unsigned kOperands>
void floatOperation(std::byte *rows, const Instruction &in, uint32_t mask) {
  Output<float> out(rows, in.destination, mask);
  alignas(64) float copies[kOperands][kLanes];
  const float *operands[3] = {};
  for (unsigned k = 0; k < kOperands; ++k) {
    operands[k] = row<float>(rows, in.source[k]);
    if (in.flags & kFlushToZero)
      operands[k] = flushed(operands[k], copies[k]);
  }
  const float *a = operands[0], *b = operands[1], *c = operands[2];
  float *values = out.values;
  WINNOW_LANE_LOOP
  for (unsigned i = 0; i < kLanes; ++i) {
    if constexpr (kOperands == 1)
      values[i] = canonical(Op::apply(a[i]));
    else if constexpr (kOperands == 2)
      values[i] = canonical(Op::apply(a[i], b[i]));
    else
      values[i] = canonical(Op::apply(a[i], b[i], c[i]));
  }
  if (in.flags & (kFlushToZero | kSaturate | kRelu))
    finishModes(values, in.flags);
  out.finish(mask);
}

} // namespace
} // namespace winnow::ptxsim
