// Conversions from and to e4m3 and e5m2: every value of 8 bits, every f16, and f32 around all boundaries,
// against values that are found from the formats' definitions by a search among all their numbers (PTX ISA:
// "cvt", "Alternate Floating-Point Data Formats").
#include "test/unit/ptxsim/Harness.h"

#include <bit>
#include <cmath>

namespace winnow::ptxsim::test {
namespace {

constexpr uint8_t kNan = 0x7f;

struct Format {
  std::string name;
  int exponentBits, largest; // the bits of the largest number

  int mantissaBits() const { return 7 - exponentBits; }
  /// Of a magnitude up to `largest`, and of the one that would follow.
  double number(int bits) const {
    int exponent = bits >> mantissaBits(), mantissa = bits & ((1 << mantissaBits()) - 1);
    int bias = (1 << (exponentBits - 1)) - 1;
    return exponent ? std::ldexp((1 << mantissaBits()) + mantissa, exponent - bias - mantissaBits())
                    : std::ldexp(mantissa, 1 - bias - mantissaBits());
  }
  double value(uint8_t bits) const {
    int magnitude = bits & 0x7f;
    bool isInfinite = exponentBits == 5 && magnitude == 0x7c;
    double result = magnitude <= largest ? number(magnitude) : isInfinite ? INFINITY : NAN;
    return bits >> 7 ? -result : result;
  }
  /// Nearest, ties to even, at most the largest number.
  uint8_t round(double exact, bool isRelu) const {
    if (exact != exact)
      return kNan;
    if (isRelu && exact <= 0)
      return 0;
    double magnitude = std::fmin(std::fabs(exact), number(largest));
    int nearest = 0;
    for (int bits = 1; bits <= largest; ++bits) {
      double distance = std::fabs(number(bits) - magnitude), best = std::fabs(number(nearest) - magnitude);
      if (distance < best || (distance == best && bits % 2 == 0))
        nearest = bits;
    }
    return uint8_t(nearest | (std::signbit(exact) ? 0x80 : 0));
  }
};

class ByteFloats : public testing::TestWithParam<Format> {};
INSTANTIATE_TEST_SUITE_P(Formats, ByteFloats,
                         testing::Values(Format{"e4m3", 4, 0x7e}, Format{"e5m2", 5, 0x7b}),
                         [](const auto &info) { return info.param.name; });

double halfValue(uint16_t bits) {
  int exponent = bits >> 10 & 31, mantissa = bits & 1023;
  double magnitude = exponent == 31 ? (mantissa ? NAN : INFINITY)
                     : exponent     ? std::ldexp(1024 + mantissa, exponent - 25)
                                    : std::ldexp(mantissa, -24);
  return bits >> 15 ? -magnitude : magnitude;
}

TEST_P(ByteFloats, EveryOneToHalf) {
  const Format &format = GetParam();
  std::vector<uint16_t> pairs;
  for (int bits = 0; bits < 256; ++bits)
    pairs.push_back(uint16_t(bits << 8 | (bits * 89 + 13) % 256));
  for (bool isRelu : {false, true}) {
    auto out = evaluate<uint32_t>(std::string("cvt.rn") + (isRelu ? ".relu" : "") + ".f16x2." + format.name +
                                      "x2 %d, %a;",
                                  {"b32", "b16", "b16", "b16"}, pairs, pairs, pairs);
    for (size_t i = 0; i < pairs.size(); ++i)
      for (unsigned part : {0u, 1u}) {
        double expected = format.value(uint8_t(pairs[i] >> 8 * part));
        auto half = uint16_t(out[i] >> 16 * part);
        if (expected != expected) {
          ASSERT_EQ(half, 0x7fff) << std::hex << pairs[i];
          continue;
        }
        if (isRelu && expected <= 0)
          expected = 0;
        ASSERT_EQ(halfValue(half), expected) << std::hex << pairs[i];
        ASSERT_EQ(half >> 15, std::signbit(expected)) << std::hex << pairs[i];
      }
  }
}

TEST_P(ByteFloats, FromEveryHalf) {
  const Format &format = GetParam();
  std::vector<uint32_t> pairs;
  for (uint32_t bits = 0; bits < 0x10000; ++bits)
    pairs.push_back(bits << 16 | (bits * 40503u & 0xffff));
  for (bool isRelu : {false, true}) {
    std::vector<uint8_t> expected;
    for (uint32_t bits = 0; bits < 0x10000; ++bits)
      expected.push_back(format.round(halfValue(uint16_t(bits)), isRelu));
    auto out = evaluate<uint16_t>(std::string("cvt.rn.satfinite") + (isRelu ? ".relu." : ".") + format.name +
                                      "x2.f16x2 %d, %a;",
                                  {"b16", "b32", "b32", "b32"}, pairs, pairs, pairs);
    for (size_t i = 0; i < pairs.size(); ++i)
      ASSERT_EQ(out[i], expected[pairs[i] >> 16] << 8 | expected[pairs[i] & 0xffff]) << std::hex << pairs[i];
  }
}

TEST_P(ByteFloats, FromSingles) {
  const Format &format = GetParam();
  std::vector<float> a = {INFINITY, -INFINITY, NAN, -NAN, 0.0f, -0.0f, 1e-45f, -1e-45f, 3e38f, -3e38f}, b;
  for (int bits = 0; bits <= format.largest; ++bits) {
    // The number, the middle to the next, and their neighbours.
    for (double number : {format.number(bits), (format.number(bits) + format.number(bits + 1)) / 2})
      for (float side : {-INFINITY, 0.0f, INFINITY}) {
        float value = side == 0 ? float(number) : std::nextafter(float(number), side);
        a.push_back(value);
        a.push_back(-value);
      }
  }
  uint32_t state = 1;
  for (int i = 0; i < 2000; ++i)
    a.push_back(std::bit_cast<float>(state = state * 1664525u + 1013904223u));
  b.assign(a.rbegin(), a.rend());
  for (bool isRelu : {false, true}) {
    auto out = evaluate<uint16_t>(std::string("cvt.rn.satfinite") + (isRelu ? ".relu." : ".") + format.name +
                                      "x2.f32 %d, %a, %b;",
                                  {"b16", "f32", "f32", "f32"}, a, b, b);
    for (size_t i = 0; i < a.size(); ++i)
      ASSERT_EQ(out[i], format.round(double(a[i]), isRelu) << 8 | format.round(double(b[i]), isRelu))
          << a[i] << " " << b[i];
  }
}

TEST(ByteFloatErrors, Forms) {
  auto error = [](const std::string &body) {
    auto program = Program::parse(
        header() + ".entry k()\n{ .reg .b16 %h; .reg .b32 %r; .reg .f32 %f;\n" + body + "\n}\n", "t");
    return program.ok() ? std::string() : program.status().message();
  };
  EXPECT_EQ(error("cvt.rn.e4m3x2.f32 %h, %f, %f;"),
            "t:6:1: unsupported conversion in 'cvt.rn.e4m3x2.f32 %h, %f, %f;'");
  EXPECT_EQ(error("cvt.rz.satfinite.e4m3x2.f16x2 %h, %r;"),
            "t:6:1: unsupported conversion in 'cvt.rz.satfinite.e4m3x2.f16x2 %h, %r;'");
  EXPECT_EQ(error("cvt.rn.satfinite.f16x2.e5m2x2 %r, %h;"),
            "t:6:1: unsupported conversion in 'cvt.rn.satfinite.f16x2.e5m2x2 %r, %h;'");
  EXPECT_EQ(error("cvt.rn.f16x2.e5m2x2 %r, %f;"),
            "t:6:25: expected a 16-bit register instead of '%f' in 'cvt.rn.f16x2.e5m2x2 %r, %f;'");
}

} // namespace
} // namespace winnow::ptxsim::test
