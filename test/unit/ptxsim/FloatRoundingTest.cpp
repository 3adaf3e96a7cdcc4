// f32 and f64 arithmetic in all four roundings, with .ftz and .sat, against the processor's in the same
// rounding mode; comparisons with all boolean operations; and approximations on numbers of all magnitudes.
#include "test/unit/ptxsim/Harness.h"

#include <algorithm>
#include <bit>
#include <cfenv>
#include <cmath>
#include <limits>
#include <random>

namespace winnow::ptxsim::test {
namespace {

template <typename T> using BitsOf = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;
template <typename T> std::string typeName() { return sizeof(T) == 4 ? "f32" : "f64"; }
template <typename T> std::string bitsName() { return sizeof(T) == 4 ? "b32" : "b64"; }

/// Extreme numbers with each other, random bit patterns, and pairs whose sums and products have all their
/// bits.
template <typename T> struct Operands {
  std::vector<T> a, b, c;

  explicit Operands(size_t count) {
    using Limits = std::numeric_limits<T>;
    std::vector<T> extremes = {0,
                               1,
                               T(1.5),
                               Limits::denorm_min(),
                               Limits::min(),
                               Limits::min() - Limits::denorm_min(),
                               Limits::max(),
                               Limits::infinity(),
                               Limits::quiet_NaN(),
                               1 + Limits::epsilon(),
                               T(1) / 3};
    for (size_t i = extremes.size(); i-- > 0;)
      extremes.push_back(-extremes[i]);
    for (T x : extremes)
      for (T y : extremes)
        add(x, y, extremes[(a.size() * 7) % extremes.size()]);
    std::mt19937_64 random(99);
    auto any = [&] { return std::bit_cast<T>(BitsOf<T>(random())); };
    auto near = [&] {
      return std::ldexp(T(random()) / T(0x1p64) + 1, int(random() % 30) - 15) * (random() & 1 ? 1 : -1);
    };
    while (a.size() < count)
      random() & 1 ? add(any(), any(), any()) : add(T(near()), T(near()), T(near()));
  }
  void add(T x, T y, T z) {
    a.push_back(x);
    b.push_back(y);
    c.push_back(z);
  }
};

/// An operation under the processor's rounding mode; volatile operands keep compilers from computing it
/// before.
template <typename T, class Operation> T rounded(int mode, Operation operation, T a, T b, T c) {
  volatile T x = a, y = b, z = c;
  std::fesetround(mode);
  volatile T result = operation(T(x), T(y), T(z));
  std::fesetround(FE_TONEAREST);
  return result;
}

template <typename T> T flush(T x) { return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(T(0), x) : x; }
template <typename T> T saturate(T x) { return x > 0 ? std::min(x, T(1)) : T(0); }

/// PTX ISA: NaN results of f32 are 0x7fffffff; of f64 any NaN will do.
template <typename T> bool isSame(T result, T expected) {
  if (expected != expected)
    return sizeof(T) == 4 ? std::bit_cast<BitsOf<T>>(result) == BitsOf<T>(0x7fffffff) : result != result;
  return std::bit_cast<BitsOf<T>>(result) == std::bit_cast<BitsOf<T>>(expected);
}

const std::pair<std::string, int> kRoundings[] = {
    {"rn", FE_TONEAREST}, {"rz", FE_TOWARDZERO}, {"rm", FE_DOWNWARD}, {"rp", FE_UPWARD}};

template <typename T, class Operation>
void check(const std::string &mnemonic, const std::string &operands, Operation operation,
           bool hasSaturation) {
  const Operands<T> in(6000);
  const std::string bits = bitsName<T>();
  for (auto [mode, hostMode] : kRoundings)
    for (const std::string modifiers : {"", ".ftz", ".sat", ".ftz.sat"}) {
      bool flushes = modifiers.starts_with(".ftz"), saturates = modifiers.ends_with(".sat");
      if ((flushes && sizeof(T) == 8) || (saturates && !hasSaturation))
        continue;
      std::string body = mnemonic + "." + mode + modifiers + "." + typeName<T>() + " %d, " + operands + ";";
      auto out = evaluate<T>(body, {bits, bits, bits, bits}, in.a, in.b, in.c);
      auto operand = [&](T x) { return flushes ? flush(x) : x; };
      for (size_t i = 0; i < in.a.size(); ++i) {
        T expected = rounded(hostMode, operation, operand(in.a[i]), operand(in.b[i]), operand(in.c[i]));
        expected = flushes ? flush(expected) : expected;
        expected = saturates ? saturate(expected) : expected;
        ASSERT_TRUE(isSame(out[i], expected))
            << body << std::hexfloat << " on " << in.a[i] << ", " << in.b[i] << ", " << in.c[i] << " gave "
            << out[i] << ", not " << expected;
      }
    }
}

template <typename T> class FloatRounding : public testing::Test {};
using FloatTypes = testing::Types<float, double>;
TYPED_TEST_SUITE(FloatRounding, FloatTypes);

TYPED_TEST(FloatRounding, Arithmetic) {
  using T = TypeParam;
  constexpr bool isSingle = sizeof(T) == 4; // .sat
  check<T>("add", "%a, %b", [](T a, T b, T) { return a + b; }, isSingle);
  check<T>("sub", "%a, %b", [](T a, T b, T) { return a - b; }, isSingle);
  check<T>("mul", "%a, %b", [](T a, T b, T) { return a * b; }, isSingle);
  check<T>("fma", "%a, %b, %c", [](T a, T b, T c) { return std::fma(a, b, c); }, isSingle);
  check<T>("div", "%a, %b", [](T a, T b, T) { return a / b; }, false);
  check<T>("rcp", "%a", [](T a, T, T) { return 1 / a; }, false);
  check<T>("sqrt", "%a", [](T a, T, T) { return std::sqrt(a); }, false);
}

TYPED_TEST(FloatRounding, ComparisonsWithBooleans) {
  using T = TypeParam;
  const Operands<T> in(800);
  using Holds = bool (*)(T, T);
  const std::pair<std::string, Holds> comparisons[] = {{"eq", [](T a, T b) { return a == b; }},
                                                       {"ne", [](T a, T b) { return a < b || a > b; }},
                                                       {"lt", [](T a, T b) { return a < b; }},
                                                       {"le", [](T a, T b) { return a <= b; }},
                                                       {"gt", [](T a, T b) { return a > b; }},
                                                       {"ge", [](T a, T b) { return a >= b; }},
                                                       {"equ", [](T a, T b) { return !(a < b || a > b); }},
                                                       {"neu", [](T a, T b) { return !(a == b); }},
                                                       {"ltu", [](T a, T b) { return !(a >= b); }},
                                                       {"leu", [](T a, T b) { return !(a > b); }},
                                                       {"gtu", [](T a, T b) { return !(a <= b); }},
                                                       {"geu", [](T a, T b) { return !(a < b); }},
                                                       {"num", [](T a, T b) { return a == a && b == b; }},
                                                       {"nan", [](T a, T b) { return a != a || b != b; }}};
  using Combine = bool (*)(bool, bool);
  const std::pair<std::string, Combine> combinations[] = {{"and", [](bool p, bool q) { return p && q; }},
                                                          {"or", [](bool p, bool q) { return p || q; }},
                                                          {"xor", [](bool p, bool q) { return p != q; }}};
  const std::string bits = bitsName<T>(), type = typeName<T>();
  for (auto [comparison, holds] : comparisons)
    for (auto [combination, combine] : combinations)
      for (const std::string negation : {"", "!"}) {
        // PTX ISA, "setp": p = comparison op c, q = !comparison op c.
        auto out = evaluate<uint32_t>(
            "setp.gt." + type + " %q2, %c, 0" + (sizeof(T) == 4 ? "f00000000" : "d0000000000000000") +
                "; setp." + comparison + "." + combination + "." + type + " %q0|%q1, %a, %b, " + negation +
                "%q2; selp.u32 %t1, 1, 0, %q0; selp.u32 %t2, 2, 0, %q1; or.b32 %d, %t1, %t2;",
            {"b32", bits, bits, bits}, in.a, in.b, in.c);
        for (size_t i = 0; i < in.a.size(); ++i) {
          bool compared = holds(in.a[i], in.b[i]), third = (in.c[i] > 0) != !negation.empty();
          ASSERT_EQ(out[i], uint32_t(combine(compared, third)) + 2 * uint32_t(combine(!compared, third)))
              << comparison << " " << combination << " " << in.a[i] << " " << in.b[i] << " " << in.c[i];
        }
      }
}

// PTX ISA, "min", "max": -0 is less than +0; a NaN gives the other operand, or with .NaN the canonical NaN.
TYPED_TEST(FloatRounding, MinimumAndMaximum) {
  using T = TypeParam;
  const Operands<T> in(3000);
  const std::string bits = bitsName<T>();
  auto less = [](T a, T b) { return a < b || (a == b && std::signbit(a) && !std::signbit(b)); };
  for (bool isMinimum : {true, false})
    for (const std::string nan : {"", ".NaN"}) {
      if (!nan.empty() && sizeof(T) == 8)
        continue;
      std::string body = (isMinimum ? "min" : "max") + nan + "." + typeName<T>() + " %d, %a, %b;";
      auto out = evaluate<T>(body, {bits, bits, bits, bits}, in.a, in.b, in.c);
      for (size_t i = 0; i < in.a.size(); ++i) {
        T a = in.a[i], b = in.b[i], expected = less(a, b) == isMinimum ? a : b;
        if (a != a || b != b)
          expected = !nan.empty() ? T(NAN) : a != a ? b : a;
        ASSERT_TRUE(isSame(out[i], expected)) << body << " on " << a << ", " << b << " gave " << out[i];
      }
    }
}

/// The largest errors that the PTX ISA allows, in the sections of the instructions.
TEST(Approximations, OfAllMagnitudes) {
  const Operands<float> in(60000);
  auto run = [&](const std::string &body, auto isInRange, auto exact, double relative, double absolute) {
    auto out = evaluate<float>(body, {"b32", "b32", "b32", "b32"}, in.a, in.b, in.c);
    for (size_t i = 0; i < in.a.size(); ++i) {
      double x = double(in.a[i]), expected = exact(x);
      if (!isInRange(x) || std::fabs(expected) > double(std::numeric_limits<float>::max()))
        continue;
      // A subnormal result has fewer bits than the relative error wants.
      double error = std::fabs(expected) * relative + absolute + 0x1p-149;
      ASSERT_LE(std::fabs(double(out[i]) - expected), error) << body << std::hexfloat << " of " << in.a[i];
    }
  };
  auto all = [](double x) { return x == x; };
  auto positive = [](double x) { return x > 0 && x < INFINITY; };
  run("ex2.approx.f32 %d, %a;", all, [](double x) { return std::exp2(x); }, 0x1p-22, 0);
  run(
      "lg2.approx.f32 %d, %a;", [&](double x) { return positive(x) && (x < 0.5 || x > 2); },
      [](double x) { return std::log2(x); }, 0x1p-22, 0);
  run(
      "lg2.approx.f32 %d, %a;", [](double x) { return x >= 0.5 && x <= 2; },
      [](double x) { return std::log2(x); }, 0, 0x1p-22);
  run(
      "sin.approx.f32 %d, %a;", [](double x) { return std::fabs(x) <= M_PI; },
      [](double x) { return std::sin(x); }, 0, 0x1p-20);
  run(
      "cos.approx.f32 %d, %a;", [](double x) { return std::fabs(x) <= M_PI; },
      [](double x) { return std::cos(x); }, 0, 0x1p-20);
  run("tanh.approx.f32 %d, %a;", all, [](double x) { return std::tanh(x); }, 0x1p-11, 0);
  run(
      "rcp.approx.f32 %d, %a;", [](double x) { return x != 0 && x == x; }, [](double x) { return 1 / x; },
      0x1p-23, 0);
  run("rsqrt.approx.f32 %d, %a;", positive, [](double x) { return 1 / std::sqrt(x); }, 0x1p-22, 0);
  run("sqrt.approx.f32 %d, %a;", positive, [](double x) { return std::sqrt(x); }, 0x1p-23, 0);
}

} // namespace
} // namespace winnow::ptxsim::test
