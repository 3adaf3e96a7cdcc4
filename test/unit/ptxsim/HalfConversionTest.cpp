// Every f16 and every bf16 through every conversion and operation of one operand, against values that are
// found from the formats' definitions: by a search among all their numbers, in extended precision.
#include "test/unit/ptxsim/Harness.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

namespace winnow::ptxsim::test {
namespace {

using Extended = long double;
static_assert(std::numeric_limits<Extended>::digits >= 64); // holds every f64 and every 64-bit integer

constexpr uint16_t kNan = 0x7fff; // PTX ISA: "cvt", the canonical NaN

/// One sign bit, exponent and mantissa.
struct Format {
  std::string name;
  int exponentBits;
  std::vector<Extended> magnitudes; // of 0, 1, ... up to infinity, by their bits

  Format(std::string name, int exponentBits) : name(std::move(name)), exponentBits(exponentBits) {
    int mantissaBits = 15 - exponentBits, bias = (1 << (exponentBits - 1)) - 1;
    for (int bits = 0; bits <= infinity(); ++bits) {
      int exponent = bits >> mantissaBits, mantissa = bits & ((1 << mantissaBits) - 1);
      int significand = exponent ? mantissa | 1 << mantissaBits : mantissa;
      magnitudes.push_back(std::ldexp(Extended(significand), std::max(exponent, 1) - bias - mantissaBits));
    }
  }
  int infinity() const { return ((1 << exponentBits) - 1) << (15 - exponentBits); }
  bool isNan(uint16_t bits) const { return (bits & 0x7fff) > infinity(); }

  Extended value(uint16_t bits) const {
    if (isNan(bits))
      return NAN;
    int magnitude = bits & 0x7fff;
    Extended result = magnitude == infinity() ? INFINITY : magnitudes[size_t(magnitude)];
    return bits >> 15 ? -result : result;
  }

  /// PTX ISA: "Rounding Modifiers". Infinity counts as the number that would follow the largest, as in IEEE
  /// 754.
  uint16_t round(Extended exact, const std::string &mode) const {
    if (exact != exact)
      return kNan;
    bool isNegative = std::signbit(exact);
    Extended magnitude = std::fabs(exact);
    uint16_t sign = isNegative ? 0x8000 : 0;
    auto above = std::upper_bound(magnitudes.begin(), magnitudes.end(), magnitude);
    if (std::isinf(magnitude))
      return uint16_t(sign | infinity());
    uint16_t low = uint16_t(above - magnitudes.begin() - 1), high = uint16_t(low + 1);
    if (low == infinity())
      low = high = uint16_t(infinity());
    if (low == infinity() && (mode == "rz" || mode == (isNegative ? "rp" : "rm")))
      return uint16_t(sign | (infinity() - 1));
    if (low == infinity() || magnitudes[low] == magnitude)
      return uint16_t(sign | low);
    if (mode == "rn") {
      Extended below = magnitude - magnitudes[low], left = magnitudes[high] - magnitude;
      return uint16_t(sign | (below < left || (below == left && !(low & 1)) ? low : high));
    }
    return uint16_t(sign | (mode == (isNegative ? "rm" : "rp") ? high : low));
  }
};

const Format &formatNamed(const std::string &name) {
  static const Format half("f16", 5), bfloat("bf16", 8);
  return name == "f16" ? half : bfloat;
}

std::vector<uint16_t> allHalves() {
  std::vector<uint16_t> all(65536);
  for (size_t i = 0; i < all.size(); ++i)
    all[i] = uint16_t(i);
  return all;
}

class HalfConversion : public testing::TestWithParam<std::string> {
protected:
  const Format &format = formatNamed(GetParam());
  const std::string &type = format.name;
  const std::vector<uint16_t> all = allHalves();
};
INSTANTIATE_TEST_SUITE_P(Formats, HalfConversion, testing::Values("f16", "bf16"),
                         [](const auto &info) { return info.param; });

/// PTX ISA: "cvt", integer rounding.
Extended toWhole(Extended x, const std::string &mode) {
  return mode == "rni"   ? std::nearbyint(x)
         : mode == "rzi" ? std::trunc(x)
         : mode == "rmi" ? std::floor(x)
                         : std::ceil(x);
}

/// PTX ISA 9.0, "cvt": numbers out of range become the nearest limit; a NaN becomes zero, unless the source
/// is .f64 or the destination has 64 bits: then the number whose highest bit alone is set.
template <typename T> T toInteger(Extended x, const std::string &mode, bool isFromDouble = false) {
  using Limits = std::numeric_limits<T>;
  if (x != x)
    return isFromDouble || sizeof(T) == 8 ? T(uint64_t(1) << (8 * sizeof(T) - 1)) : T(0);
  Extended whole = toWhole(x, mode);
  return whole <= Extended(Limits::min())   ? Limits::min()
         : whole >= Extended(Limits::max()) ? Limits::max()
                                            : T(whole);
}

template <typename T> std::string integerName() {
  return (std::is_signed_v<T> ? "s" : "u") + std::to_string(8 * sizeof(T));
}

/// A body of cvt from `sources` to the integer T in a register of 32 or 64 bits, to which it is extended.
template <typename T, typename S>
void checkToInteger(const std::string &sourceType, const std::vector<S> &sources,
                    const std::vector<Extended> &values, bool isFromDouble = false) {
  using Register = std::conditional_t<sizeof(T) == 8, int64_t, int32_t>;
  const std::string registerType = sizeof(T) == 8 ? "b64" : "b32",
                    sourceBits = "b" + std::to_string(8 * sizeof(S));
  for (const std::string mode : {"rni", "rzi", "rmi", "rpi"}) {
    std::string body = "cvt." + mode + "." + integerName<T>() + "." + sourceType + " %d, %a;";
    auto out = evaluate<Register>(body, {registerType, sourceBits, sourceBits, sourceBits}, sources, sources,
                                  sources);
    for (size_t i = 0; i < sources.size(); ++i)
      ASSERT_EQ(out[i], Register(toInteger<T>(values[i], mode, isFromDouble)))
          << body << " of " << values[i] << ", bits " << std::hex << uint64_t(sources[i]);
  }
}

template <typename S>
void checkToAllIntegers(const std::string &sourceType, const std::vector<S> &sources,
                        const std::vector<Extended> &values, bool isFromDouble = false) {
  checkToInteger<int8_t>(sourceType, sources, values, isFromDouble);
  checkToInteger<uint8_t>(sourceType, sources, values, isFromDouble);
  checkToInteger<int16_t>(sourceType, sources, values, isFromDouble);
  checkToInteger<uint16_t>(sourceType, sources, values, isFromDouble);
  checkToInteger<int32_t>(sourceType, sources, values, isFromDouble);
  checkToInteger<uint32_t>(sourceType, sources, values, isFromDouble);
  checkToInteger<int64_t>(sourceType, sources, values, isFromDouble);
  checkToInteger<uint64_t>(sourceType, sources, values, isFromDouble);
}

TEST_P(HalfConversion, ToIntegers) {
  std::vector<Extended> values;
  for (uint16_t bits : all)
    values.push_back(format.value(bits));
  checkToAllIntegers(type, all, values);
}

TEST_P(HalfConversion, ToWiderFloats) {
  auto single =
      evaluate<uint32_t>("cvt.f32." + type + " %d, %a;", {"b32", "b16", "b16", "b16"}, all, all, all);
  auto wide = evaluate<uint64_t>("cvt.f64." + type + " %d, %a;", {"b64", "b16", "b16", "b16"}, all, all, all);
  for (uint16_t bits : all) {
    Extended value = format.value(bits);
    if (value != value) {
      ASSERT_EQ(single[bits], 0x7fffffffu) << bits;
      ASSERT_NE(std::bit_cast<double>(wide[bits]), std::bit_cast<double>(wide[bits])) << bits;
      continue;
    }
    ASSERT_EQ(single[bits], std::bit_cast<uint32_t>(float(value))) << bits;
    ASSERT_EQ(wide[bits], std::bit_cast<uint64_t>(double(value))) << bits;
  }
}

TEST_P(HalfConversion, ToWholeNumbersOfItsFormat) {
  for (const std::string mode : {"rni", "rzi", "rmi", "rpi"}) {
    std::string body = "cvt." + mode + "." + type + "." + type + " %d, %a;";
    auto out = evaluate<uint16_t>(body, {"b16", "b16", "b16", "b16"}, all, all, all);
    for (uint16_t bits : all)
      ASSERT_EQ(out[bits], format.round(toWhole(format.value(bits), mode), "rn")) << body << " " << bits;
  }
}

TEST_P(HalfConversion, Signs) {
  auto negated = evaluate<uint16_t>("neg." + type + " %d, %a;", {"b16", "b16", "b16", "b16"}, all, all, all);
  auto absolute = evaluate<uint16_t>("abs." + type + " %d, %a;", {"b16", "b16", "b16", "b16"}, all, all, all);
  for (uint16_t bits : all) {
    if (format.isNan(bits)) {
      ASSERT_TRUE(format.isNan(negated[bits]) && format.isNan(absolute[bits])) << bits;
      continue;
    }
    ASSERT_EQ(format.value(negated[bits]), -format.value(bits)) << bits;
    ASSERT_EQ(negated[bits] >> 15, !(bits >> 15)) << bits;
    ASSERT_EQ(format.value(absolute[bits]), std::fabs(format.value(bits))) << bits;
    ASSERT_EQ(absolute[bits] >> 15, 0) << bits;
  }
}

// PTX ISA, "ex2" of half precision: .f16 has a relative error of at most 2^-9.9, .bf16 of 2^-7. "tanh": .f16
// an absolute error of at most 2^-10.987, .bf16 of 2^-8. Subnormal results have the precision that they have.
TEST_P(HalfConversion, Approximations) {
  bool isHalf = type == "f16";
  Extended relative = isHalf ? std::pow(2.0L, -9.9L) : 0x1p-7L,
           absolute = isHalf ? std::pow(2.0L, -10.987L) : 0x1p-8L;
  Extended smallest = format.magnitudes[1];
  auto power = evaluate<uint16_t>("ex2.approx." + std::string(isHalf ? "f16" : "ftz.bf16") + " %d, %a;",
                                  {"b16", "b16", "b16", "b16"}, all, all, all);
  auto tangent =
      evaluate<uint16_t>("tanh.approx." + type + " %d, %a;", {"b16", "b16", "b16", "b16"}, all, all, all);
  for (uint16_t bits : all) {
    Extended x = format.value(bits), expected = std::exp2(x);
    if (x != x) {
      ASSERT_EQ(power[bits], kNan) << bits;
      ASSERT_EQ(tangent[bits], kNan) << bits;
      continue;
    }
    Extended result = format.value(power[bits]);
    if (expected > format.magnitudes[size_t(format.infinity()) - 1])
      ASSERT_TRUE(std::isinf(result) || result == format.magnitudes[size_t(format.infinity()) - 1]) << bits;
    else if (!isHalf && expected < 0x1p-126L)
      ASSERT_LE(result, 0x1p-126L) << bits; // .ftz
    else
      ASSERT_LE(std::fabs(result - expected), expected * relative + smallest) << bits;
    ASSERT_LE(std::fabs(format.value(tangent[bits]) - std::tanh(x)), absolute) << bits;
  }
}

/// Numbers that are hard to round to the format: its own, those halfway between two, and their neighbours.
template <typename T> std::vector<T> hardNumbers(const Format &format) {
  std::vector<T> values;
  for (size_t i = 0; i + 1 < format.magnitudes.size(); ++i) {
    T low = T(format.magnitudes[i]), middle = T((format.magnitudes[i] + format.magnitudes[i + 1]) / 2);
    for (T x : {low, middle, std::nextafter(middle, T(0)),
                std::nextafter(middle, std::numeric_limits<T>::infinity())})
      values.push_back(i % 3 ? x : -x);
  }
  using Limits = std::numeric_limits<T>;
  for (T x :
       {T(0), Limits::denorm_min(), Limits::min(), Limits::max(), Limits::infinity(), Limits::quiet_NaN()})
    for (T sign : {T(1), T(-1)})
      values.push_back(sign * x);
  return values;
}

/// Random bit patterns: numbers of all sizes.
template <typename T> std::vector<T> randomNumbers(size_t count) {
  std::mt19937_64 random(2025);
  std::vector<T> values(count);
  for (T &value : values) {
    uint64_t bits = random();
    std::memcpy(&value, &bits, sizeof(T));
  }
  return values;
}

template <typename T>
void checkNarrowing(const Format &format, const std::string &source, const std::vector<T> &values,
                    const std::string &mode) {
  std::string body = "cvt." + mode + "." + format.name + "." + source + " %d, %a;";
  auto out = evaluate<uint16_t>(body, {"b16", source, source, source}, values, values, values);
  for (size_t i = 0; i < values.size(); ++i)
    ASSERT_EQ(out[i], format.round(values[i], mode)) << body << " of " << std::hexfloat << values[i];
}

TEST_P(HalfConversion, FromSingle) {
  for (const std::string mode : {"rn", "rz", "rm", "rp"}) {
    checkNarrowing(format, "f32", hardNumbers<float>(format), mode);
    checkNarrowing(format, "f32", randomNumbers<float>(100000), mode);
  }
}

// Through f32 these would be rounded twice.
TEST_P(HalfConversion, FromDouble) {
  for (const std::string mode : {"rn", "rz", "rm", "rp"}) {
    checkNarrowing(format, "f64", hardNumbers<double>(format), mode);
    checkNarrowing(format, "f64", randomNumbers<double>(50000), mode);
  }
}

// .relu: negative numbers become zero, and a NaN the canonical one.
TEST_P(HalfConversion, FromSingleWithRelu) {
  for (const std::string mode : {"rn", "rz"}) {
    std::vector<float> values = hardNumbers<float>(format);
    std::string body = "cvt." + mode + ".relu." + type + ".f32 %d, %a;";
    auto out = evaluate<uint16_t>(body, {"b16", "f32", "f32", "f32"}, values, values, values);
    for (size_t i = 0; i < values.size(); ++i)
      ASSERT_EQ(out[i], format.round(values[i] <= 0 ? 0.0f : values[i], mode)) << body << " of " << values[i];
  }
}

// .satfinite: what would become infinite becomes the largest number; nothing else changes.
TEST_P(HalfConversion, FromSingleToFinite) {
  std::vector<float> values = hardNumbers<float>(format);
  for (const std::string mode : {"rn", "rz"}) {
    std::string body = "cvt." + mode + ".satfinite." + type + ".f32 %d, %a;";
    auto out = evaluate<uint16_t>(body, {"b16", "f32", "f32", "f32"}, values, values, values);
    for (size_t i = 0; i < values.size(); ++i) {
      uint16_t expected = format.round(values[i], mode);
      if ((expected & 0x7fff) == format.infinity())
        --expected;
      ASSERT_EQ(out[i], expected) << body << " of " << std::hexfloat << values[i];
    }
  }
}

// Both roundings of pairs: the first operand goes to the upper half.
TEST_P(HalfConversion, PairsFromSingle) {
  std::vector<float> values = hardNumbers<float>(format), others(values.rbegin(), values.rend());
  for (const std::string mode : {"rn", "rz"})
    for (const std::string relu : {"", ".relu"}) {
      std::string body = "cvt." + mode + relu + "." + type + "x2.f32 %d, %a, %b;";
      auto out = evaluate<uint32_t>(body, {"b32", "f32", "f32", "f32"}, values, others, others);
      auto half = [&](float x) { return format.round(!relu.empty() && x <= 0 ? 0.0f : x, mode); };
      for (size_t i = 0; i < values.size(); ++i)
        ASSERT_EQ(out[i], uint32_t(half(values[i])) << 16 | half(others[i])) << body << " of " << values[i];
    }
}

template <typename T> void checkFromInteger(const Format &format, std::vector<uint64_t> sources) {
  std::vector<T> values;
  for (uint64_t bits : sources)
    values.push_back(T(bits));
  for (const std::string mode : {"rn", "rz", "rm", "rp"}) {
    std::string body = "cvt." + mode + "." + format.name + "." + integerName<T>() + " %d, %a;";
    auto out = evaluate<uint16_t>(body, {"b16", "b64", "b64", "b64"}, sources, sources, sources);
    for (size_t i = 0; i < values.size(); ++i)
      ASSERT_EQ(out[i], format.round(Extended(values[i]), mode)) << body << " of " << int64_t(values[i]);
  }
}

TEST_P(HalfConversion, FromIntegers) {
  std::vector<uint64_t> all16(all.begin(), all.end()), wide;
  std::mt19937_64 random(7);
  for (int i = 0; i < 10000; ++i)
    wide.push_back(random() >> (random() % 64));
  // Beside powers of two, and halfway between two numbers of either format.
  for (unsigned shift = 0; shift < 64; ++shift)
    for (uint64_t factor : {1, 3, 0x101, 0x103, 0x1001, 0x1003})
      for (int offset = -2; offset <= 2; ++offset)
        wide.push_back((factor << shift) + uint64_t(offset));
  checkFromInteger<int8_t>(format, all16);
  checkFromInteger<uint8_t>(format, all16);
  checkFromInteger<int16_t>(format, all16);
  checkFromInteger<uint16_t>(format, all16);
  checkFromInteger<int32_t>(format, wide);
  checkFromInteger<uint32_t>(format, wide);
  checkFromInteger<int64_t>(format, wide);
  checkFromInteger<uint64_t>(format, wide);
}

// PTX ISA, "cvt", .sat: results are clamped to [0, 1], and a NaN becomes zero.
TEST_P(HalfConversion, Saturation) {
  std::vector<float> values = hardNumbers<float>(format);
  std::string body = "cvt.rn.sat." + type + ".f32 %d, %a;";
  auto out = evaluate<uint16_t>(body, {"b16", "f32", "f32", "f32"}, values, values, values);
  for (size_t i = 0; i < values.size(); ++i) {
    float x = values[i], clamped = x > 0 ? std::min(x, 1.0f) : 0.0f;
    ASSERT_EQ(out[i], format.round(clamped, "rn")) << body << " of " << x;
  }
}

// The numbers at and beside every power of two, and so at the limits of every integer type.
TEST(Conversion, SingleAndDoubleToIntegers) {
  std::vector<float> singles;
  std::vector<double> doubles;
  for (int exponent = -3; exponent <= 66; ++exponent)
    for (double sign : {-1.0, 1.0})
      for (double factor : {1.0, 1.25, 1.5, 1.75}) {
        double x = sign * std::ldexp(factor, exponent);
        for (double y : {x, std::nextafter(x, 0.0), std::nextafter(x, 2 * x), x - 0.5, x + 0.5, x - 1})
          doubles.push_back(y);
        for (float y : {float(x), std::nextafter(float(x), 0.0f), std::nextafter(float(x), float(2 * x))})
          singles.push_back(y);
      }
  for (float special : {0.0f, -0.0f, INFINITY, -INFINITY, NAN, -NAN, 1e-40f, -1e-40f}) {
    singles.push_back(special);
    doubles.push_back(double(special));
  }
  std::vector<uint32_t> singleBits;
  std::vector<uint64_t> doubleBits;
  std::vector<Extended> singleValues(singles.begin(), singles.end()),
      doubleValues(doubles.begin(), doubles.end());
  for (float x : singles)
    singleBits.push_back(std::bit_cast<uint32_t>(x));
  for (double x : doubles)
    doubleBits.push_back(std::bit_cast<uint64_t>(x));
  checkToAllIntegers("f32", singleBits, singleValues);
  checkToAllIntegers("f64", doubleBits, doubleValues, /*isFromDouble=*/true);
}

// PTX ISA, "cvt.rna.tf32.f32": to 10 bits of mantissa, ties away from zero; .rn to even; .rz cuts.
TEST(Conversion, SingleToTf32) {
  std::vector<uint32_t> sources;
  for (uint32_t high = 0; high < 1u << 19; high += 11)
    for (uint32_t low : {0x0000u, 0x0001u, 0x0fffu, 0x1000u, 0x1001u, 0x1fffu})
      sources.push_back(high << 13 | low);
  for (const std::string mode : {"rna", "rn", "rz"}) {
    auto out = evaluate<uint32_t>("cvt." + mode + ".tf32.f32 %d, %a;", {"b32", "b32", "b32", "b32"}, sources,
                                  sources, sources);
    for (size_t i = 0; i < sources.size(); ++i) {
      float x = std::bit_cast<float>(sources[i]), result = std::bit_cast<float>(out[i]);
      if (x != x) {
        ASSERT_NE(result, result) << std::hex << sources[i];
        continue;
      }
      ASSERT_EQ(out[i] & 0x1fff, 0u) << std::hex << sources[i];
      uint32_t cut = sources[i] & 0xffffe000, rest = sources[i] & 0x1fff;
      bool isUp = mode == "rna"  ? rest >= 0x1000
                  : mode == "rn" ? rest > 0x1000 || (rest == 0x1000 && (cut & 0x2000))
                                 : false;
      ASSERT_EQ(out[i], isUp ? cut + 0x2000 : cut) << mode << std::hex << " " << sources[i];
    }
  }
}

} // namespace
} // namespace winnow::ptxsim::test
