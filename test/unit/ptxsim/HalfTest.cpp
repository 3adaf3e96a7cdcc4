// f16 and bf16 arithmetic against sums and products in quadruple precision, rounded here. Conversions are in
// HalfConversionTest.cpp.
#include "test/unit/ptxsim/Harness.h"

#include <algorithm>
#include <cmath>

namespace winnow::ptxsim::test {
namespace {

__extension__ using Quad = __float128;

/// f16 and bf16 from their definition.
double decode(uint16_t half, int exponentBits, int mantissaBits) {
  int exponent = half >> mantissaBits & ((1 << exponentBits) - 1),
      mantissa = half & ((1 << mantissaBits) - 1);
  int bias = (1 << (exponentBits - 1)) - 1;
  double sign = half >> 15 ? -1 : 1;
  if (exponent == (1 << exponentBits) - 1)
    return mantissa ? NAN : sign * INFINITY;
  return exponent ? sign * std::ldexp((1 << mantissaBits) + mantissa, exponent - bias - mantissaBits)
                  : sign * std::ldexp(mantissa, 1 - bias - mantissaBits);
}

class Half : public testing::TestWithParam<std::pair<std::string, int>> {
protected:
  std::string type = GetParam().first;
  int exponentBits = GetParam().second, mantissaBits = 15 - exponentBits;
  double value(uint16_t half) const { return decode(half, exponentBits, mantissaBits); }
};
INSTANTIATE_TEST_SUITE_P(Formats, Half, testing::Values(std::pair{"f16", 5}, std::pair{"bf16", 8}));

/// The nearest value of the format, by search; ties to even.
uint16_t round(Quad exact, int exponentBits) {
  int mantissaBits = 15 - exponentBits;
  bool negative = exact < 0;
  Quad magnitude = negative ? -exact : exact;
  uint16_t low = 0, high = uint16_t(((1 << exponentBits) - 1) << mantissaBits);
  auto valueOf = [&](uint16_t half) {
    return half == high ? Quad(std::ldexp(1.0, 1 << (exponentBits - 1)))
                        : Quad(decode(half, exponentBits, mantissaBits));
  };
  uint16_t top = high;
  while (top - low > 1) {
    uint16_t middle = uint16_t((low + top) / 2);
    (valueOf(middle) <= magnitude ? low : top) = middle;
  }
  Quad below = magnitude - valueOf(low), above = valueOf(top) - magnitude;
  uint16_t result = below < above || (below == above && !(low & 1)) ? low : top;
  return uint16_t(result | (negative ? 0x8000 : 0));
}

TEST_P(Half, ArithmeticRoundsOnce) {
  std::vector<uint16_t> a, b, c;
  uint32_t state = 12345;
  auto next = [&] {
    state = state * 1664525 + 1013904223;
    // Exponents near each other, so that sums have all their bits.
    uint16_t exponent = uint16_t(((1 << (exponentBits - 1)) - 4 + (state >> 28)) << mantissaBits);
    return uint16_t((state >> 8 & ((1u << mantissaBits) - 1)) | exponent | (state >> 5 & 0x8000));
  };
  for (int i = 0; i < 20000; ++i) {
    a.push_back(next());
    b.push_back(next());
    // Small against the product, but not beyond the bits of a Quad.
    uint16_t small = exponentBits == 5 ? uint16_t(i >> 1) : uint16_t(next() - (40 << mantissaBits));
    c.push_back(i & 1 ? next() : small);
  }
  RegisterTypes types{"b16", "b16", "b16", "b16"};
  auto run = [&](const std::string &body, auto exact) {
    auto out = evaluate<uint16_t>(body, types, a, b, c);
    for (size_t i = 0; i < a.size(); ++i) {
      Quad value = exact(Quad(this->value(a[i])), Quad(this->value(b[i])), Quad(this->value(c[i])));
      if (value == 0)
        continue;
      ASSERT_EQ(out[i], round(value, exponentBits))
          << body << std::hex << " " << a[i] << " " << b[i] << " " << c[i];
    }
  };
  run("add.rn." + type + " %d, %a, %b;", [](Quad x, Quad y, Quad) { return x + y; });
  run("sub.rn." + type + " %d, %a, %b;", [](Quad x, Quad y, Quad) { return x - y; });
  run("mul.rn." + type + " %d, %a, %b;", [](Quad x, Quad y, Quad) { return x * y; });
  run("fma.rn." + type + " %d, %a, %b, %c;", [](Quad x, Quad y, Quad z) { return x * y + z; });
}

// PTX ISA, "Half Precision Floating-Point Instructions": .ftz flushes subnormal operands and results, .sat
// clamps to [0, 1] and makes zero of a NaN, .relu makes zero of negative results. For f16: a fused sum of
// bf16 may be longer than a Quad.
TEST_P(Half, SaturatesAndFlushes) {
  if (type == "bf16")
    return;
  std::vector<uint16_t> a, b, c;
  uint32_t state = 1;
  auto next = [&] { return uint16_t((state = state * 1664525 + 1013904223) >> 12); };
  for (int i = 0; i < 30000; ++i) {
    a.push_back(next());
    b.push_back(next());
    c.push_back(i % 3 ? next() : uint16_t(next() & 0x83ff)); // often subnormal
  }
  RegisterTypes types{"b16", "b16", "b16", "b16"};
  const uint16_t infinity = uint16_t(((1 << exponentBits) - 1) << mantissaBits),
                 one = exponentBits == 5 ? 0x3c00 : 0x3f80;
  auto flushed = [&](uint16_t x) { return (x & infinity) == 0 ? uint16_t(x & 0x8000) : x; };
  auto run = [&](const std::string &name, const std::string &modifiers, const std::string &operands,
                 auto exact) {
    auto has = [&](const char *modifier) { return modifiers.find(modifier) != std::string::npos; };
    std::string body = name + ".rn" + modifiers + "." + type + " %d, " + operands + ";";
    auto out = evaluate<uint16_t>(body, types, a, b, c);
    for (size_t i = 0; i < a.size(); ++i) {
      auto operand = [&](uint16_t x) { return Quad(value(has(".ftz") ? flushed(x) : x)); };
      Quad result = exact(operand(a[i]), operand(b[i]), operand(c[i]));
      uint16_t expected = result != result ? uint16_t(0x7fff) : round(result, exponentBits);
      bool isNan = result != result, isNegative = !isNan && expected >> 15;
      if (has(".ftz"))
        expected = flushed(expected);
      if (has(".sat"))
        expected = isNan || isNegative ? uint16_t(0) : std::min(expected, one);
      if (has(".relu") && isNegative)
        expected = 0;
      bool isZero = (expected & 0x7fff) == 0; // of either sign
      ASSERT_EQ(isZero ? out[i] & 0x7fff : out[i], isZero ? 0 : expected)
          << body << std::hex << " " << a[i] << " " << b[i] << " " << c[i];
    }
  };
  auto fused = [](Quad x, Quad y, Quad z) { return x * y + z; };
  for (const std::string modifiers : {".ftz", ".sat", ".ftz.sat"}) {
    run("add", modifiers, "%a, %b", [](Quad x, Quad y, Quad) { return x + y; });
    run("sub", modifiers, "%a, %b", [](Quad x, Quad y, Quad) { return x - y; });
    run("mul", modifiers, "%a, %b", [](Quad x, Quad y, Quad) { return x * y; });
    run("fma", modifiers, "%a, %b, %c", fused);
  }
  run("fma", ".relu", "%a, %b, %c", fused);
  run("fma", ".ftz.relu", "%a, %b, %c", fused);
}

TEST_P(Half, ExclusiveOrOfSigns) {
  std::vector<uint16_t> a, b;
  for (uint32_t i = 0; i < 4096; ++i) {
    a.push_back(uint16_t(i * 0x9e3779b9 >> 7));
    b.push_back(uint16_t(i * 0x85ebca6b >> 5));
  }
  auto out =
      evaluate<uint16_t>("min.xorsign.abs." + type + " %d, %a, %b;", {"b16", "b16", "b16", "b16"}, a, b, b);
  for (size_t i = 0; i < a.size(); ++i) {
    float x = std::fabs(value(a[i])), y = std::fabs(value(b[i]));
    if (x != x && y != y)
      ASSERT_EQ(out[i], 0x7fff);
    else
      ASSERT_EQ(out[i], ((x < y || y != y ? a[i] : b[i]) & 0x7fff) | ((a[i] ^ b[i]) & 0x8000)) << i;
  }
}

// Both halves of a packed operand, each like the single form.
TEST_P(Half, PackedFormsAgree) {
  std::vector<uint32_t> a, b;
  for (uint32_t i = 0; i < 4096; ++i) {
    a.push_back(i * 0x9e3779b9);
    b.push_back(i * 0x85ebca6b + 77);
  }
  RegisterTypes types{"b32", "b32", "b32", "b32"};
  std::string unpack = "mov.b32 {%h0, %h1}, %a; mov.b32 {%h2, %h3}, %b; ";
  for (std::string op :
       {"add.rn.", "mul.rn.", "min.", "max.", "max.NaN.", "min.xorsign.abs.", "max.NaN.xorsign.abs."}) {
    auto packed = evaluate<uint32_t>(op + type + "x2 %d, %a, %b;", types, a, b, b);
    auto single = evaluate<uint32_t>(unpack + op + type + " %h4, %h0, %h2; " + op + type +
                                         " %h5, %h1, %h3; mov.b32 %d, {%h4, %h5};",
                                     types, a, b, b);
    ASSERT_EQ(packed, single) << op;
  }
  auto packed = evaluate<uint32_t>("setp.lt." + type +
                                       "x2 %q0|%q1, %a, %b; selp.b32 %t1, 1, 0, %q0; selp.b32 %t2, 2, 0, %q1;"
                                       "or.b32 %d, %t1, %t2;",
                                   types, a, b, b);
  for (size_t i = 0; i < a.size(); ++i)
    ASSERT_EQ(packed[i], uint32_t(value(uint16_t(a[i])) < value(uint16_t(b[i]))) +
                             2 * uint32_t(value(uint16_t(a[i] >> 16)) < value(uint16_t(b[i] >> 16))));
}

TEST(Conversions, PairsOfFloats) {
  std::vector<float> a = {1, -2.5f, 1e9f, 3}, b = {0.5f, 7, -1e9f, -3};
  auto out = evaluate<uint32_t>("cvt.rn.f16x2.f32 %d, %a, %b;", {"b32", "f32", "f32", "f32"}, a, b, b);
  auto relu = evaluate<uint32_t>("cvt.rn.relu.bf16x2.f32 %d, %a, %b;", {"b32", "f32", "f32", "f32"}, a, b, b);
  EXPECT_EQ(out[0], 0x3c003800u);
  EXPECT_EQ(out[1], 0xc1004700u);
  EXPECT_EQ(out[2], 0x7c00fc00u);
  EXPECT_EQ(relu[3], 0x40400000u);
}

// PTX ISA, "set": 1.0 or all ones where the comparison holds.
TEST_P(Half, SetGivesNumbers) {
  std::vector<uint16_t> a, b;
  for (uint32_t i = 0; i < 4096; ++i) {
    a.push_back(uint16_t(i * 40503u >> 3));
    b.push_back(i % 3 ? uint16_t(i * 9973u) : a.back());
  }
  const uint16_t one = type == "f16" ? 0x3c00 : 0x3f80;
  auto isLess = [&](size_t i) { return value(a[i]) < value(b[i]); };
  auto half = evaluate<uint16_t>("set.lt." + type + "." + type + " %d, %a, %b;", {"b16", "b16", "b16", "b16"},
                                 a, b, a);
  auto word =
      evaluate<uint16_t>("set.geu.s16." + type + " %d, %a, %b;", {"b16", "b16", "b16", "b16"}, a, b, a);
  auto wide = evaluate<uint32_t>("setp.eq.u16 %q0, %a, %b; set.lt.or.u32." + type + " %d, %a, %b, !%q0;",
                                 {"b32", "b16", "b16", "b16"}, a, b, a);
  auto fromWord =
      evaluate<uint16_t>("set.lt." + type + ".u16 %d, %a, %b;", {"b16", "b16", "b16", "b16"}, a, b, a);
  for (size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(half[i], isLess(i) ? one : 0) << std::hex << a[i] << " " << b[i];
    ASSERT_EQ(word[i], isLess(i) ? 0 : 0xffff) << std::hex << a[i] << " " << b[i];
    ASSERT_EQ(wide[i], isLess(i) || a[i] != b[i] ? ~0u : 0u) << std::hex << a[i] << " " << b[i];
    ASSERT_EQ(fromWord[i], a[i] < b[i] ? one : 0) << std::hex << a[i] << " " << b[i];
  }
}

TEST(Set, BfloatOfHalf) {
  std::vector<uint16_t> a = {0x3c00, 0xbc00, 0x7e00, 0}, b = {0x4000, 0xc000, 0x3c00, 0x8000};
  auto out = evaluate<uint16_t>("set.lt.bf16.f16 %d, %a, %b;", {"b16", "b16", "b16", "b16"}, a, b, a);
  EXPECT_EQ(std::vector<uint16_t>(out.begin(), out.begin() + 4), (std::vector<uint16_t>{0x3f80, 0, 0, 0}));
  auto program =
      Program::parse(header() + ".entry k()\n{ .reg .b16 %h;\nset.lt.f16.bf16 %h, %h, %h;\n}\n", "t");
  EXPECT_EQ(program.status().message(), "t:6:1: unsupported result type in 'set.lt.f16.bf16 %h, %h, %h;'");
}

TEST_P(Half, SetOfPairs) {
  std::vector<uint32_t> a, b;
  for (uint32_t i = 0; i < 4096; ++i) {
    a.push_back(i * 2654435761u);
    b.push_back(i % 3 ? i * 40503u + 77 : a.back() ^ (i & 1 ? 0x00010000u : 1u));
  }
  const uint32_t one = type == "f16" ? 0x3c00 : 0x3f80;
  auto isGreater = [&](size_t i, unsigned shift) {
    return value(uint16_t(a[i] >> shift)) > value(uint16_t(b[i] >> shift));
  };
  auto expected = [&](size_t i, uint32_t value) {
    return (isGreater(i, 0) ? value : 0) | (isGreater(i, 16) ? value : 0) << 16;
  };
  const RegisterTypes types = {"b32", "b32", "b32", "b32"};
  auto numbers = evaluate<uint32_t>("set.gt." + type + "x2." + type + "x2 %d, %a, %b;", types, a, b, a);
  auto masks = evaluate<uint32_t>("set.gt.u32." + type + "x2 %d, %a, %b;", types, a, b, a);
  auto some = evaluate<uint32_t>("setp.lt.u32 %q0, %a, %b; mov.b32 %d, %b; @%q0 set.gt.and.u32." + type +
                                     "x2 %d, %a, %b, %q0;",
                                 types, a, b, a);
  for (size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(numbers[i], expected(i, one)) << std::hex << a[i] << " " << b[i];
    ASSERT_EQ(masks[i], expected(i, 0xffff)) << std::hex << a[i] << " " << b[i];
    ASSERT_EQ(some[i], a[i] < b[i] ? expected(i, 0xffff) : b[i]) << std::hex << a[i] << " " << b[i];
  }
}

} // namespace
} // namespace winnow::ptxsim::test
