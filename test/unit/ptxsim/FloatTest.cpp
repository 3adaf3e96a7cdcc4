// Floating-point instructions against the host's arithmetic, quadruple precision and decoders written here.
#include "test/unit/ptxsim/Harness.h"

#include <bit>
#include <cmath>
#include <limits>

namespace winnow::ptxsim::test {
namespace {

__extension__ using Quad = __float128;
using Bits = uint32_t;

float f32(uint32_t bits) { return std::bit_cast<float>(bits); }
uint32_t bits(float value) { return std::bit_cast<uint32_t>(value); }
uint64_t bits(double value) { return std::bit_cast<uint64_t>(value); }

constexpr uint32_t kNan = 0x7fffffff;
const std::vector<uint32_t> kEdges = {0,          0x80000000, 0x3f800000, 0xbf800000, 0x40490fdb,
                                      0x00000001, 0x80000001, 0x007fffff, 0x00800000, 0x807fffff,
                                      0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000,
                                      0xffc12345, 0x33800000, 0x4b000001, 0x3eaaaaab, 0x7e800001};

struct Operands {
  std::vector<uint32_t> a, b, c;
  Operands() {
    for (size_t i = 0; i < kEdges.size(); ++i)
      for (size_t k = 0; k < kEdges.size(); ++k) {
        a.push_back(kEdges[i]);
        b.push_back(kEdges[k]);
        c.push_back(kEdges[(3 * i + 7 * k) % kEdges.size()]);
      }
  }
};

float flush(float x) { return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0f, x) : x; }
uint32_t canonical(float x) { return x != x ? kNan : bits(x); }

/// Results must be equal bit for bit, with NaN as 0x7fffffff; with .ftz operands and result are flushed.
template <class Expected> void check(const std::string &instruction, Expected expected) {
  Operands in;
  for (bool flushes : {false, true}) {
    std::string body = instruction;
    if (flushes)
      body.replace(body.find(".f32"), 4, ".ftz.f32");
    auto out = evaluate<uint32_t>(body, {"f32", "f32", "f32", "f32"}, in.a, in.b, in.c);
    for (size_t i = 0; i < in.a.size(); ++i) {
      auto operand = [&](uint32_t value) { return flushes ? flush(f32(value)) : f32(value); };
      float result = expected(operand(in.a[i]), operand(in.b[i]), operand(in.c[i]));
      ASSERT_EQ(out[i], canonical(flushes ? flush(result) : result))
          << body << std::hex << " on " << in.a[i] << " " << in.b[i] << " " << in.c[i];
    }
  }
}

TEST(Single, Arithmetic) {
  check("add.f32 %d, %a, %b;", [](float a, float b, float) { return a + b; });
  check("sub.rn.f32 %d, %a, %b;", [](float a, float b, float) { return a - b; });
  check("mul.f32 %d, %a, %b;", [](float a, float b, float) { return a * b; });
  check("fma.rn.f32 %d, %a, %b, %c;", [](float a, float b, float c) { return std::fma(a, b, c); });
  check("mad.rn.f32 %d, %a, %b, %c;", [](float a, float b, float c) { return std::fma(a, b, c); });
  check("div.rn.f32 %d, %a, %b;", [](float a, float b, float) { return a / b; });
  check("rcp.rn.f32 %d, %a;", [](float a, float, float) { return 1 / a; });
  check("sqrt.rn.f32 %d, %a;", [](float a, float, float) { return std::sqrt(a); });
  check("mul.sat.f32 %d, %a, %b;",
        [](float a, float b, float) { return a * b > 0 ? std::min(a * b, 1.0f) : 0.0f; });
}

// A NaN gives the other operand, unless .NaN; -0 is less than +0.
TEST(Single, MinimumAndMaximum) {
  auto smaller = [](float a, float b) { return a < b || (a == b && std::signbit(a)) ? a : b; };
  check("min.f32 %d, %a, %b;", [&](float a, float b, float) {
    return a != a ? b : b != b ? a : smaller(a, b);
  });
  check("max.f32 %d, %a, %b;", [&](float a, float b, float) {
    return a != a ? b : b != b ? a : -smaller(-a, -b);
  });
  check("min.NaN.f32 %d, %a, %b;",
        [&](float a, float b, float) { return a != a || b != b ? NAN : smaller(a, b); });
  check("max.NaN.f32 %d, %a, %b;",
        [&](float a, float b, float) { return a != a || b != b ? NAN : -smaller(-a, -b); });
}

// The smaller or larger magnitude, with the exclusive or of the signs.
TEST(Single, ExclusiveOrOfSigns) {
  auto withSigns = [](float magnitude, float a, float b) {
    return std::signbit(a) != std::signbit(b) ? -magnitude : magnitude;
  };
  check("min.xorsign.abs.f32 %d, %a, %b;", [&](float a, float b, float) {
    return a != a && b != b ? NAN : withSigns(std::fmin(std::fabs(a), std::fabs(b)), a, b);
  });
  check("max.NaN.xorsign.abs.f32 %d, %a, %b;", [&](float a, float b, float) {
    return a != a || b != b ? NAN : withSigns(std::fmax(std::fabs(a), std::fabs(b)), a, b);
  });
}

TEST(Single, SignsKeepPayloads) {
  Operands in;
  auto negated = evaluate<uint32_t>("neg.f32 %d, %a;", {"f32", "f32", "f32", "f32"}, in.a, in.b, in.c);
  auto absolute = evaluate<uint32_t>("abs.f32 %d, %a;", {"f32", "f32", "f32", "f32"}, in.a, in.b, in.c);
  auto copied =
      evaluate<uint32_t>("copysign.f32 %d, %a, %b;", {"f32", "f32", "f32", "f32"}, in.a, in.b, in.c);
  for (size_t i = 0; i < in.a.size(); ++i) {
    EXPECT_EQ(negated[i], in.a[i] ^ 0x80000000);
    EXPECT_EQ(absolute[i], in.a[i] & 0x7fffffff);
    EXPECT_EQ(copied[i], (in.a[i] & 0x80000000) | (in.b[i] & 0x7fffffff));
  }
}

/// Whether `result` is the exact value rounded to float in a direction: -1 down, 0 to zero, 1 up.
bool isDirected(float result, Quad exact, int direction) {
  if (direction == 0)
    direction = exact < 0 ? 1 : -1;
  if (direction < 0)
    return Quad(result) <= exact && Quad(std::nextafter(result, INFINITY)) > exact;
  return Quad(result) >= exact && Quad(std::nextafter(result, -INFINITY)) < exact;
}
TEST(Single, DirectedRounding) {
  std::vector<float> a, b, c;
  for (int i = 0; i < 320; ++i) {
    a.push_back(std::ldexp(1.0f + 0.37f * float(i % 19), i % 23 - 11) * (i & 1 ? -1.0f : 1.0f));
    b.push_back(std::ldexp(1.0f + 0.11f * float(i % 29), i % 17 - 8) * (i & 2 ? -1.0f : 1.0f));
    c.push_back(std::ldexp(1.0f + 0.73f * float(i % 13), i % 31 - 15));
  }
  for (auto [mode, direction] : {std::pair{"rz", 0}, std::pair{"rm", -1}, std::pair{"rp", 1}}) {
    auto run = [&](const std::string &operation, const std::string &operands, auto exact) {
      std::string body = operation + "." + mode + ".f32 %d, " + operands + ";";
      auto out = evaluate<float>(body, {"f32", "f32", "f32", "f32"}, a, b, c);
      for (size_t i = 0; i < a.size(); ++i)
        ASSERT_TRUE(isDirected(out[i], exact(a[i], b[i], c[i]), direction))
            << body << " " << a[i] << " " << b[i];
    };
    run("add", "%a, %b", [](Quad x, Quad y, Quad) { return x + y; });
    run("sub", "%a, %b", [](Quad x, Quad y, Quad) { return x - y; });
    run("mul", "%a, %b", [](Quad x, Quad y, Quad) { return x * y; });
    run("fma", "%a, %b, %c", [](Quad x, Quad y, Quad z) { return x * y + z; });
    run("div", "%a, %b", [](Quad x, Quad y, Quad) { return x / y; });
  }
}

TEST(Single, Comparisons) {
  Operands in;
  auto run = [&](const std::string &comparison, auto holds) {
    auto out = evaluate<uint32_t>("setp." + comparison + ".f32 %q0, %a, %b; selp.u32 %d, 1, 0, %q0;",
                                  {"b32", "f32", "f32", "f32"}, in.a, in.b, in.c);
    for (size_t i = 0; i < in.a.size(); ++i)
      ASSERT_EQ(out[i], uint32_t(holds(f32(in.a[i]), f32(in.b[i])))) << comparison;
  };
  auto unordered = [](float a, float b) { return a != a || b != b; };
  run("eq", [](float a, float b) { return a == b; });
  run("ne", [&](float a, float b) { return !unordered(a, b) && a != b; });
  run("lt", [](float a, float b) { return a < b; });
  run("le", [](float a, float b) { return a <= b; });
  run("gt", [](float a, float b) { return a > b; });
  run("ge", [](float a, float b) { return a >= b; });
  run("equ", [&](float a, float b) { return unordered(a, b) || a == b; });
  run("neu", [](float a, float b) { return a != b; });
  run("ltu", [&](float a, float b) { return unordered(a, b) || a < b; });
  run("leu", [&](float a, float b) { return unordered(a, b) || a <= b; });
  run("gtu", [&](float a, float b) { return unordered(a, b) || a > b; });
  run("geu", [&](float a, float b) { return unordered(a, b) || a >= b; });
  run("num", [&](float a, float b) { return !unordered(a, b); });
  run("nan", unordered);
}

// Bounds of the ISA, in units of the result: relative, or absolute where it says so.
TEST(Single, Approximations) {
  std::vector<float> a, b;
  for (int i = -2000; i < 2000; ++i) {
    a.push_back(float(i) * 0.0301f + 0.0007f);
    b.push_back(float(i % 97) * 0.31f + 0.11f);
  }
  auto run = [&](const std::string &body, auto exact, double relative, double absolute) {
    auto out = evaluate<float>(body, {"f32", "f32", "f32", "f32"}, a, b, b);
    for (size_t i = 0; i < a.size(); ++i) {
      double expected = exact(double(a[i]), double(b[i]));
      if (expected != expected)
        ASSERT_EQ(bits(out[i]), kNan) << body << " " << a[i];
      else
        ASSERT_LE(std::fabs(out[i] - expected), std::fabs(expected) * relative + absolute)
            << body << " " << a[i];
    }
  };
  run("ex2.approx.f32 %d, %a;", [](double x, double) { return std::exp2(x); }, 0x1p-22, 0);
  run("lg2.approx.f32 %d, %a;", [](double x, double) { return std::log2(x); }, 0x1p-22, 0x1p-22);
  run("sin.approx.f32 %d, %a;", [](double x, double) { return std::sin(x); }, 0, 0x1p-20);
  run("cos.approx.f32 %d, %a;", [](double x, double) { return std::cos(x); }, 0, 0x1p-20);
  run("tanh.approx.f32 %d, %a;", [](double x, double) { return std::tanh(x); }, 0x1p-11, 0);
  run("rcp.approx.f32 %d, %a;", [](double x, double) { return 1 / x; }, 0x1p-23, 0);
  run("rsqrt.approx.f32 %d, %a;", [](double x, double) { return 1 / std::sqrt(x); }, 0x1p-22, 0);
  run("sqrt.approx.f32 %d, %a;", [](double x, double) { return std::sqrt(x); }, 0x1p-23, 0);
  run("div.approx.f32 %d, %a, %b;", [](double x, double y) { return x / y; }, 0x1p-22, 0);
  run("div.full.f32 %d, %a, %b;", [](double x, double y) { return x / y; }, 0x1p-22, 0);
}

TEST(Single, Exp2AtItsEdges) {
  std::vector<float> a = {-INFINITY, -200, -149, -150.5f, -126.5f, 0, 127.9f, 128, INFINITY, NAN};
  auto out = evaluate<float>("ex2.approx.f32 %d, %a;", {"f32", "f32", "f32", "f32"}, a, a, a);
  const float expected[] = {0, 0, 0x1p-149f, 0, 0, 1, 0, INFINITY, INFINITY};
  for (size_t i : {0, 1, 2, 3, 5, 7, 8})
    EXPECT_EQ(out[i], expected[i]) << a[i];
  EXPECT_NEAR(out[4], std::exp2(-126.5f), 0x1p-148);
  EXPECT_EQ(bits(out[9]), kNan);
}

TEST(Double, Arithmetic) {
  std::vector<double> values = {0,     -0.0,   1,        -1,        3.5, 1e-310, 5e-324,
                                1e308, -1e308, INFINITY, -INFINITY, 0.1, 1 / 3.0},
                      a, b, c;
  for (double x : values)
    for (double y : values) {
      a.push_back(x);
      b.push_back(y);
      c.push_back(values[a.size() % values.size()]);
    }
  auto run = [&](const std::string &body, auto expected) {
    auto out = evaluate<double>(body, {"f64", "f64", "f64", "f64"}, a, b, c);
    for (size_t i = 0; i < a.size(); ++i) {
      double want = expected(a[i], b[i], c[i]);
      ASSERT_EQ(bits(out[i]), want != want ? 0x7ff8000000000000 : bits(want))
          << body << " " << a[i] << " " << b[i];
    }
  };
  run("add.f64 %d, %a, %b;", [](double x, double y, double) { return x + y; });
  run("sub.f64 %d, %a, %b;", [](double x, double y, double) { return x - y; });
  run("mul.f64 %d, %a, %b;", [](double x, double y, double) { return x * y; });
  run("div.rn.f64 %d, %a, %b;", [](double x, double y, double) { return x / y; });
  run("fma.rn.f64 %d, %a, %b, %c;", [](double x, double y, double z) { return std::fma(x, y, z); });
  run("sqrt.rn.f64 %d, %a;", [](double x, double, double) { return std::sqrt(x); });
  run("neg.f64 %d, %a;", [](double x, double, double) { return -x; });
  run("max.f64 %d, %a, %b;",
      [](double x, double y, double) { return x > y || (x == y && !std::signbit(x)) ? x : y; });
  // Few enough bits for a Quad to hold the sum.
  a = {1, -1, 3.5, 0.1, -1 / 3.0, 1e10, -7e-9};
  auto up = evaluate<double>("add.rp.f64 %d, %a, 0d3ff0000000000000;", {"f64", "f64", "f64", "f64"}, a, a, a);
  for (size_t i = 0; i < a.size(); ++i) {
    double sum = a[i] + 1;
    EXPECT_EQ(up[i], Quad(sum) >= Quad(a[i]) + 1 ? sum : std::nextafter(sum, INFINITY)) << a[i];
  }
}

TEST(Conversions, FloatToInteger) {
  std::vector<float> a = {0,     -0.0f,         0.5f,          1.5f,           2.5f,          -0.5f,
                          -1.5f, -2.5f,         0.75f,         -0.75f,         127.5f,        300,
                          -300,  2147483520.0f, 2147483648.0f, -2147483648.0f, 4294967040.0f, 4294967296.0f,
                          1e20f, -1e20f,        INFINITY,      -INFINITY,      NAN,           1e-40f};
  using Round = double (*)(double);
  const std::pair<std::string, Round> modes[] = {{"rni", [](double x) { return std::nearbyint(x); }},
                                                 {"rzi", [](double x) { return std::trunc(x); }},
                                                 {"rmi", [](double x) { return std::floor(x); }},
                                                 {"rpi", [](double x) { return std::ceil(x); }}};
  auto clamp = [](double x, double low, double high) {
    return x != x ? 0 : x < low ? low : x > high ? high : x;
  };
  for (auto &[mode, round] : modes) {
    auto s32 = evaluate<int32_t>("cvt." + mode + ".s32.f32 %d, %a;", {"b32", "f32", "f32", "f32"}, a, a, a);
    auto u32 = evaluate<uint32_t>("cvt." + mode + ".u32.f32 %d, %a;", {"b32", "f32", "f32", "f32"}, a, a, a);
    auto s8 = evaluate<int32_t>("cvt." + mode + ".s8.f32 %d, %a;", {"b32", "f32", "f32", "f32"}, a, a, a);
    auto s64 = evaluate<int64_t>("cvt." + mode + ".s64.f32 %d, %a;", {"b64", "f32", "f32", "f32"}, a, a, a);
    auto f = evaluate<float>("cvt." + mode + ".f32.f32 %d, %a;", {"f32", "f32", "f32", "f32"}, a, a, a);
    for (size_t i = 0; i < a.size(); ++i) {
      double whole = round(double(a[i]));
      EXPECT_EQ(s32[i], int32_t(clamp(whole, INT32_MIN, INT32_MAX))) << a[i];
      EXPECT_EQ(u32[i], uint32_t(clamp(whole, 0, UINT32_MAX))) << a[i];
      EXPECT_EQ(s8[i], int32_t(clamp(whole, -128, 127))) << a[i];
      EXPECT_EQ(s64[i], whole >= 0x1p63 ? INT64_MAX : int64_t(clamp(whole, -0x1p63, 0x1p62))) << a[i];
      EXPECT_EQ(bits(f[i]), canonical(float(whole))) << a[i];
    }
  }
}

TEST(Conversions, FlushSubnormalNumbers) {
  std::vector<float> a = {1e-40f, -1e-40f, 0.5f, -0.5f};
  auto run = [&](const std::string &mode) {
    auto out = evaluate<int32_t>("cvt." + mode + ".s32.f32 %d, %a;", {"b32", "f32", "f32", "f32"}, a, a, a);
    return std::vector<int32_t>(out.begin(), out.begin() + 4);
  };
  EXPECT_EQ(run("rpi"), (std::vector<int32_t>{1, 0, 1, 0}));
  EXPECT_EQ(run("rpi.ftz"), (std::vector<int32_t>{0, 0, 1, 0}));
  EXPECT_EQ(run("rmi"), (std::vector<int32_t>{0, -1, 0, -1}));
  EXPECT_EQ(run("rmi.ftz"), (std::vector<int32_t>{0, 0, 0, -1}));
  std::vector<double> wide = {1e-40, -1e-40, 1e-50, 0.1};
  auto narrow =
      evaluate<uint32_t>("cvt.rn.ftz.f32.f64 %d, %a;", {"f32", "f64", "f64", "f64"}, wide, wide, wide);
  EXPECT_EQ(narrow[0], 0u);
  EXPECT_EQ(narrow[1], 0x80000000u);
  EXPECT_EQ(narrow[3], bits(0.1f));
}

TEST(Conversions, IntegerToFloat) {
  std::vector<int64_t> a = {0,         1,         -1,        16777217,           -16777219,
                            INT32_MIN, INT64_MAX, INT64_MIN, 0x7fffff4000000001, 0x123456789abcdef1,
                            65519,     65520};
  RegisterTypes single{"f32", "b64", "b64", "b64"};
  auto rn = evaluate<float>("cvt.rn.f32.s64 %d, %a;", single, a, a, a);
  auto unsignedRn = evaluate<float>("cvt.rn.f32.u64 %d, %a;", single, a, a, a);
  auto rz = evaluate<float>("cvt.rz.f32.s64 %d, %a;", single, a, a, a);
  auto narrow = evaluate<float>("cvt.rn.f32.s16 %d, %a;", single, a, a, a);
  auto real = evaluate<double>("cvt.rn.f64.u64 %d, %a;", {"f64", "b64", "b64", "b64"}, a, a, a);
  auto half = evaluate<uint16_t>("cvt.rn.f16.s64 %d, %a;", {"b16", "b64", "b64", "b64"}, a, a, a);
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(rn[i], float(a[i]));
    EXPECT_EQ(unsignedRn[i], float(uint64_t(a[i])));
    EXPECT_EQ(real[i], double(uint64_t(a[i])));
    EXPECT_EQ(narrow[i], float(int16_t(a[i])));
    EXPECT_TRUE(a[i] == 0 || isDirected(rz[i], Quad(a[i]), 0)) << a[i];
    EXPECT_EQ(half[i], std::bit_cast<uint16_t>(_Float16(Quad(a[i])))) << a[i];
  }
}

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

TEST_P(Half, WidensExhaustively) {
  std::vector<uint16_t> all(65536);
  for (size_t i = 0; i < all.size(); ++i)
    all[i] = uint16_t(i);
  auto out = evaluate<uint32_t>("cvt.f32." + type + " %d, %a;", {"f32", "b16", "b16", "b16"}, all, all, all);
  for (size_t i = 0; i < all.size(); ++i)
    ASSERT_EQ(out[i], canonical(float(value(all[i])))) << i;
}

// Each format's every boundary between two neighbours: to nearest even, and the directed modes.
TEST_P(Half, NarrowsAtEveryBoundary) {
  std::vector<float> a;
  std::vector<uint16_t> nearest, toZero;
  uint16_t infinity = uint16_t(((1 << exponentBits) - 1) << mantissaBits);
  for (uint16_t low = 0; low + 1 < infinity; ++low) {
    float middle = float((value(low) + value(uint16_t(low + 1))) / 2);
    if (double(middle) != (value(low) + value(uint16_t(low + 1))) / 2)
      continue;
    for (float x : {std::nextafter(middle, 0.0f), middle, std::nextafter(middle, INFINITY)}) {
      a.push_back(x);
      nearest.push_back(uint16_t(x < middle || (x == middle && !(low & 1)) ? low : low + 1));
      toZero.push_back(x == float(value(uint16_t(low + 1))) ? uint16_t(low + 1) : low);
    }
  }
  ASSERT_GT(a.size(), 90000u);
  RegisterTypes types{"b16", "f32", "f32", "f32"};
  auto rn = evaluate<uint16_t>("cvt.rn." + type + ".f32 %d, %a;", types, a, a, a);
  auto rz = evaluate<uint16_t>("cvt.rz." + type + ".f32 %d, %a;", types, a, a, a);
  for (size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(rn[i], nearest[i]) << a[i];
    ASSERT_EQ(rz[i], toZero[i]) << a[i];
  }
}

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

} // namespace
} // namespace winnow::ptxsim::test
