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

// PTX ISA: "rcp.approx.ftz.f64": its table, and 20 bits of the result.
TEST(Double, GrossReciprocal) {
  std::vector<double> a = {INFINITY, -INFINITY, 0, -0.0, 1e-310, -1e-310, 1.7e308, 1, -3, 0.1, 1e-300, 7e11};
  auto out = evaluate<double>("rcp.approx.ftz.f64 %d, %a;", {"f64", "f64", "f64", "f64"}, a, a, a);
  const double edges[] = {0, -0.0, INFINITY, -INFINITY, INFINITY, -INFINITY, 0};
  for (size_t i = 0; i < 7; ++i) {
    EXPECT_EQ(out[i], edges[i]) << a[i];
    EXPECT_EQ(std::signbit(out[i]), std::signbit(edges[i])) << a[i];
  }
  for (size_t i = 7; i < a.size(); ++i) {
    EXPECT_NEAR(out[i] * a[i], 1, 0x1p-19) << a[i];
    EXPECT_EQ(uint32_t(std::bit_cast<uint64_t>(out[i])), 0u) << a[i];
  }
  std::vector<double> nan(1, NAN);
  auto result = evaluate<double>("rcp.approx.ftz.f64 %d, %a;", {"f64", "f64", "f64", "f64"}, nan, nan, nan);
  EXPECT_NE(result[0], result[0]);
}

// PTX ISA: "rsqrt.approx.ftz.f64": its table, and 20 bits of the result.
TEST(Double, GrossReciprocalSquareRoot) {
  std::vector<double> a = {INFINITY, 0, -0.0, 1e-310, -1e-310, 1, 3, 0.1, 1e-300, 7e11, 1.7e308, 0x1p-1022};
  auto out = evaluate<double>("rsqrt.approx.ftz.f64 %d, %a;", {"f64", "f64", "f64", "f64"}, a, a, a);
  const double edges[] = {0, INFINITY, -INFINITY, INFINITY, -INFINITY};
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(out[i], edges[i]) << a[i];
    EXPECT_EQ(std::signbit(out[i]), std::signbit(edges[i])) << a[i];
  }
  for (size_t i = 5; i < a.size(); ++i) {
    EXPECT_NEAR(out[i] * std::sqrt(a[i]), 1, 0x1p-19) << a[i];
    EXPECT_EQ(uint32_t(std::bit_cast<uint64_t>(out[i])), 0u) << a[i];
  }
  std::vector<double> none = {NAN, -INFINITY, -1};
  auto result =
      evaluate<double>("rsqrt.approx.ftz.f64 %d, %a;", {"f64", "f64", "f64", "f64"}, none, none, none);
  for (size_t i = 0; i < none.size(); ++i)
    EXPECT_NE(result[i], result[i]) << none[i];
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
      EXPECT_EQ(s64[i], whole != whole    ? INT64_MIN
                        : whole >= 0x1p63 ? INT64_MAX
                                          : int64_t(clamp(whole, -0x1p63, 0x1p62)))
          << a[i];
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

} // namespace
} // namespace winnow::ptxsim::test
