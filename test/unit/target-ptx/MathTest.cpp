// The math functions in PTX against the host's in double precision: the errors that
// lib/MathExpansions/MathExpansions.h states.
#include "test/unit/target-ptx/SimulatedKernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <ostream>
#include <random>

using namespace winnow;

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

struct Function {
  const char *name;
  double (*exact)(double);
  double low, high; // the arguments, besides the special ones
  double units;     // the stated error, in units in the last place
};

void PrintTo(const Function &function, std::ostream *stream) { *stream << function.name; }

const Function functions[] = {
    {"exp", std::exp, -104, 89, 2},
    {"exp2", std::exp2, -150, 128, 2},
    {"expm1", std::expm1, -10, 10, 3},
    {"log", std::log, 1e-40, 10, 1},
    {"log2", std::log2, 1e-40, 10, 1},
    {"log10", std::log10, 1e-40, 10, 2.5},
    {"log1p", std::log1p, -0.99, 100, 3},
    {"sin", std::sin, -1e5, 1e5, 2},
    {"cos", std::cos, -1e5, 1e5, 2},
    {"tan", std::tan, -1.5, 1.5, 4},
    {"atan", std::atan, -10, 10, 3},
    {"asin", std::asin, -1, 1, 7},
    {"acos", std::acos, -1, 1, 7},
    {"sinh", std::sinh, -80, 80, 4},
    {"cosh", std::cosh, -80, 80, 3},
    {"asinh", std::asinh, -100, 100, 4},
    {"acosh", std::acosh, 1, 100, 4},
    {"atanh", std::atanh, -0.99, 0.99, 4},
    {"tanh", std::tanh, -9, 9, 5},
    {"erf", std::erf, -4, 4, 5},
    {"erfc", std::erfc, -4, 4, 3},
    {"sqrt", std::sqrt, 0, 100, 0.5},
    {"rsqrt", [](double x) { return 1 / std::sqrt(x); }, 1e-3, 100, 2},
    {"floor", std::floor, -100, 100, 0},
    {"ceil", std::ceil, -100, 100, 0},
    {"round", std::round, -100, 100, 0},
    {"roundeven", std::nearbyint, -100, 100, 0},
    {"trunc", std::trunc, -100, 100, 0},
};

/// How many units in the last place `got` is away from `exact`; infinity for the wrong kind of number.
double unitsAway(float got, double exact) {
  auto nearest = static_cast<float>(exact);
  if (std::isnan(exact) || std::isnan(got))
    return std::isnan(exact) && std::isnan(got) ? 0 : infinity;
  if (std::isinf(nearest) || std::isinf(got))
    return got == nearest ? 0 : infinity;
  int exponent = 0;
  std::frexp(nearest, &exponent);
  return std::abs(got - exact) / std::ldexp(1.0, std::max(exponent, -125) - 24);
}

std::string kernelOfOne(const std::string &operation) {
  return R"(func.func private @f(%x: memref<?xf32>, %out: memref<?xf32>)
      attributes {winnow.kernel, winnow.tile = array<i64: 1>} {
    %c0 = arith.constant 0 : index
    %n = memref.dim %out, %c0 : memref<?xf32>
    scf.forall (%i) in (%n) {
      %a = memref.load %x[%i] : memref<?xf32>
      %r = math.)" +
         operation + R"( %a : f32
      memref.store %r, %out[%i] : memref<?xf32>
    }
    return
  })";
}

class MathFunction : public testing::TestWithParam<Function> {};

TEST_P(MathFunction, IsWithinTheStatedError) {
  const Function &function = GetParam();
  auto kernels = SimulatedKernels::compile(kernelOfOne(function.name));
  ASSERT_TRUE(kernels);
  std::mt19937 random(9);
  std::uniform_real_distribution<double> wide(function.low, function.high), small(-1, 1);
  std::vector<float> x = {0.0f,          -0.0f,  1.0f, -1.0f,        0.5f,  2.5f,  infinity, -infinity,
                          std::nanf(""), 1e-40f, 1e6f, -16777217.0f, 1e10f, 3e38f, -3e38f};
  for (int i = 0; i < 3000; ++i) {
    x.push_back(static_cast<float>(wide(random)));
    double reduced = small(random) * std::exp2(-double(random() % 30));
    if (reduced >= function.low && reduced <= function.high)
      x.push_back(static_cast<float>(reduced));
  }
  auto n = static_cast<int64_t>(x.size());
  Buffer input = Buffer::of(x), out = Buffer::result(n, -9.0f);
  kernels->launch("f", {&input, &out}, {n, n}, n);
  for (int64_t i = 0; i < n; ++i)
    ASSERT_LE(unitsAway(out.view<float>()[i], function.exact(x[i])), function.units)
        << function.name << "(" << x[i] << ") is " << out.view<float>()[i];
}

INSTANTIATE_TEST_SUITE_P(All, MathFunction, testing::ValuesIn(functions),
                         [](const auto &info) { return std::string(info.param.name); });

std::string kernelOfTwo(const std::string &operation) {
  return R"(func.func private @f(%x: memref<?xf32>, %y: memref<?xf32>, %out: memref<?xf32>)
      attributes {winnow.kernel, winnow.tile = array<i64: 1>} {
    %c0 = arith.constant 0 : index
    %n = memref.dim %out, %c0 : memref<?xf32>
    scf.forall (%i) in (%n) {
      %a = memref.load %x[%i] : memref<?xf32>
      %b = memref.load %y[%i] : memref<?xf32>
      %r = )" +
         operation + R"( %a, %b : f32
      memref.store %r, %out[%i] : memref<?xf32>
    }
    return
  })";
}

/// Checks a function of two arguments on every pair of special values and on random ones.
void checkPairs(const std::string &operation, double (*exact)(double, double), double units) {
  auto kernels = SimulatedKernels::compile(kernelOfTwo(operation));
  ASSERT_TRUE(kernels);
  const float special[] = {0.0f,  -0.0f,    1.0f,      -1.0f,         2.0f,  -3.0f, 0.5f,
                           -0.5f, infinity, -infinity, std::nanf(""), 1e10f, 3e38f, 1e-40f};
  std::vector<float> x, y;
  for (float a : special)
    for (float b : special) {
      x.push_back(a);
      y.push_back(b);
    }
  std::mt19937 random(10);
  std::uniform_real_distribution<float> base(0.01f, 30.0f), exponent(-20.0f, 20.0f);
  for (int i = 0; i < 4000; ++i) {
    x.push_back(base(random));
    y.push_back(exponent(random));
  }
  auto n = static_cast<int64_t>(x.size());
  Buffer left = Buffer::of(x), right = Buffer::of(y), out = Buffer::result(n, -9.0f);
  kernels->launch("f", {&left, &right, &out}, {n, n, n}, n);
  for (int64_t i = 0; i < n; ++i) {
    float got = out.view<float>()[i];
    double want = exact(x[i], y[i]);
    ASSERT_LE(unitsAway(got, want), units) << operation << "(" << x[i] << ", " << y[i] << ") is " << got;
    if (want == 0) {
      ASSERT_EQ(std::signbit(got), std::signbit(want)) << operation << "(" << x[i] << ", " << y[i] << ")";
    }
  }
}

TEST(MathPairs, PowFollowsC) { checkPairs("math.powf", std::pow, 6); }
TEST(MathPairs, Atan2FollowsC) { checkPairs("math.atan2", std::atan2, 3.5); }
TEST(MathPairs, DivisionIsRoundedOnce) {
  checkPairs("arith.divf", [](double a, double b) { return a / b; }, 0.5);
}
TEST(MathPairs, RemainderIsExact) { checkPairs("arith.remf", std::fmod, 0); }

TEST(MathPairs, IntegerPowerTruncatesInverses) {
  std::string text = kernelOfTwo("math.ipowi");
  for (size_t at = text.find("f32"); at != std::string::npos; at = text.find("f32"))
    text.replace(at, 3, "i64");
  auto kernels = SimulatedKernels::compile(text);
  ASSERT_TRUE(kernels);
  std::vector<int64_t> x, y;
  for (int64_t base : {-7, -2, -1, 1, 2, 3, 10})
    for (int64_t exponent : {-3, -2, -1, 0, 1, 2, 5, 18}) {
      x.push_back(base);
      y.push_back(exponent);
    }
  auto n = static_cast<int64_t>(x.size());
  Buffer left = Buffer::of(x), right = Buffer::of(y), out = Buffer::result<int64_t>(n, -9);
  kernels->launch("f", {&left, &right, &out}, {n, n, n}, n);
  for (int64_t i = 0; i < n; ++i)
    ASSERT_EQ(out.view<int64_t>()[i], static_cast<int64_t>(std::pow(x[i], y[i]))) << x[i] << " ^ " << y[i];
}

TEST(MathPairs, MaximumPropagatesNaN) {
  checkPairs(
      "arith.maximumf",
      [](double a, double b) {
        if (std::isnan(a) || std::isnan(b))
          return std::nan("");
        return a == b ? (std::signbit(a) ? b : a) : std::max(a, b);
      },
      0);
}

} // namespace
