// Kernels by nvcc that use what CUDA ships for C++: cooperative groups, libcu++'s pipelines, barriers and
// atomics, and the mathematical functions in f64. libraries.ptx is of Inputs/libraries.cu.
#include "test/unit/ptxsim/Harness.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <fstream>
#include <iterator>
#include <numeric>

namespace winnow::ptxsim::test {
namespace {

/// With every check.
Execution kernel(const std::string &name) {
  std::ifstream stream(std::string(WINNOW_PTXSIM_INPUTS) + "/libraries.ptx");
  Execution run(std::string(std::istreambuf_iterator<char>(stream), {}));
  run.name = name;
  run.options.checkRaces = run.options.checkUninitialized = true;
  return run;
}

void expectOk(const format::Status &status) { ASSERT_TRUE(status.ok()) << status.message(); }

TEST(CooperativeGroups, TilesAndLabels) {
  const size_t n = 128;
  std::vector<int> x(n), keys(n), sums(n), scans(n), ofKey(n);
  for (size_t i = 0; i < n; ++i) {
    x[i] = int(i * 37 % 101) - 50;
    keys[i] = int(i * i % 5);
  }
  expectOk(kernel("tiles")
               .buffer(x, "x")
               .buffer(keys, "keys")
               .buffer(sums, "sums")
               .buffer(scans, "scans")
               .buffer(ofKey, "of_key")
               .launch(2, 64));
  for (size_t i = 0; i < n; ++i) {
    size_t tile = i / 8 * 8, warp = i / 32 * 32;
    EXPECT_EQ(sums[i], std::accumulate(x.begin() + long(tile), x.begin() + long(tile + 8), 0)) << i;
    EXPECT_EQ(scans[i], std::accumulate(x.begin() + long(tile), x.begin() + long(i + 1), 0)) << i;
    int expected = 0;
    for (size_t k = warp; k < warp + 32; ++k)
      expected += keys[k] == keys[i] ? x[k] : 0;
    EXPECT_EQ(ofKey[i], expected) << i;
  }
}

TEST(CooperativeGroups, CoalescedThreads) {
  std::vector<int> x(100), found(100), count(1), expected;
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = int(i * 31 % 57) - 28;
  std::copy_if(x.begin(), x.end(), std::back_inserter(expected), [](int value) { return value > 0; });
  expectOk(kernel("filter")
               .buffer(x, "x")
               .scalar(int32_t(x.size()))
               .buffer(found, "found")
               .buffer(count, "count")
               .launch(2, 64));
  ASSERT_EQ(size_t(count[0]), expected.size());
  found.resize(expected.size());
  std::sort(found.begin(), found.end());
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(found, expected);
}

TEST(Libcudacxx, Pipeline) {
  const size_t tiles = 5, threads = 64;
  std::vector<float> x(tiles * threads), y(x.size());
  std::iota(x.begin(), x.end(), 1.0f);
  expectOk(kernel("staged").buffer(x, "x").buffer(y, "y").scalar(int32_t(tiles)).launch(1, threads));
  for (size_t i = 0; i < x.size(); ++i)
    EXPECT_EQ(y[i], x[i] + x[i / threads * threads + (i + 1) % threads]) << i;
}

TEST(Libcudacxx, BarrierOfCopies) {
  std::vector<int> x(2 * 128 * 4), y(x.size());
  std::iota(x.begin(), x.end(), 0);
  expectOk(kernel("reversed").buffer(x, "x").buffer(y, "y").launch(2, 128));
  for (size_t block = 0; block < 2; ++block)
    for (size_t i = 0; i < 128; ++i)
      for (size_t k = 0; k < 4; ++k)
        EXPECT_EQ(y[(block * 128 + i) * 4 + k], x[(block * 128 + 127 - i) * 4 + k]);
}

TEST(Libcudacxx, Atomics) {
  struct Totals {
    _Float16 half[2] = {0, 0};
    uint16_t brain[2] = {0, 0};
    double sum = 0;
    float largest = -100;
    uint32_t limited = 0;
    uint64_t mask = 0;
    int32_t system = 5;
  };
  std::vector<Totals> totals(1);
  std::vector<float> x(203);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = float(i * 7 % 11) - 3; // whole numbers, whose sums are exact in any order
  // nvcc's loops around compare-and-swap begin with a plain load of what others change, a race by the letter.
  Execution run = kernel("atomics");
  run.options.checkRaces = false;
  expectOk(run.buffer(x, "x").scalar(int32_t(x.size())).buffer(totals, "totals").launch(4, 64));
  float sum = std::accumulate(x.begin(), x.end(), 0.0f);
  EXPECT_EQ(float(totals[0].half[0]), sum);
  EXPECT_EQ(float(totals[0].half[1]), -sum);
  EXPECT_EQ(std::bit_cast<float>(uint32_t(totals[0].brain[0]) << 16), 203);
  EXPECT_EQ(std::bit_cast<float>(uint32_t(totals[0].brain[1]) << 16), 406);
  EXPECT_EQ(totals[0].sum, double(sum));
  EXPECT_EQ(totals[0].largest, 7);
  EXPECT_EQ(totals[0].limited, 203u % 10);
  EXPECT_EQ(totals[0].mask, ~uint64_t(0));
  EXPECT_EQ(totals[0].system, 5 + 2 * 203);
}

TEST(Intrinsics, DotsAndBits) {
  std::vector<uint32_t> a(64), b(64), out(64);
  for (uint32_t i = 0; i < 64; ++i) {
    a[i] = (i + 1) * 2654435761u;
    b[i] = (i + 7) * 2246822519u;
  }
  expectOk(kernel("dots").buffer(a, "a").buffer(b, "b").buffer(out, "out").launch(1, 64));
  for (size_t i = 0; i < 64; ++i) {
    auto byteOf = [](uint32_t word, unsigned k) { return word >> 8 * k & 0xff; };
    uint32_t sum = 7 + 1 + 2;
    for (unsigned k = 0; k < 4; ++k)
      sum += uint32_t(int8_t(byteOf(a[i], k)) * int8_t(byteOf(b[i], k)));
    for (unsigned k = 0; k < 2; ++k) {
      sum += uint32_t(int16_t(a[i] >> 16 * k) * int8_t(byteOf(b[i], k)));
      sum += uint32_t(uint16_t(a[i] >> 16 * k)) * byteOf(b[i], k + 2);
    }
    uint32_t reversed = 0;
    for (unsigned k = 0; k < 32; ++k)
      reversed |= (a[i] >> k & 1) << (31 - k);
    uint32_t permuted =
        byteOf(a[i], 0) | byteOf(b[i], 0) << 8 | byteOf(a[i], 2) << 16 | byteOf(b[i], 2) << 24;
    EXPECT_EQ(out[i], sum ^ permuted ^ (b[i] << 5 | a[i] >> 27) ^ reversed) << i;
  }
}

/// The errors that the CUDA C++ Programming Guide ("Mathematical Functions") bounds, in units of the result's
/// type.
TEST(Mathematics, Double) {
  struct {
    long double (*exact)(long double);
    int units;
    bool isSingle = false;
  } functions[] = {
      {[](long double v) { return expl(v); }, 1},
      {[](long double v) { return logl(v); }, 1},
      {[](long double v) { return 1 / v; }, 1},
      {[](long double v) { return powl(fabsl(v), 0.37); }, 2},
      {[](long double v) { return sinl(double(v) * 1e6); }, 2},
      {[](long double v) { return erfl(v); }, 2},
      {[](long double v) { return tgammal(v); }, 10},
      {[](long double v) { return sqrtl(v); }, 1},
      {[](long double v) { return cbrtl(v); }, 1},
      {[](long double v) { return fmodl(v, 0.3); }, 1},
      {[](long double v) { return tgammal(float(v)); }, 5, true},
      {[](long double v) { return powl(fabsf(float(v)), 2.7f); }, 4, true},
      {[](long double v) { return cosl(float(v) * 1e7f); }, 2, true},
      {[](long double v) { return atan2l(v, 1.5); }, 2},
      {[](long double v) { return lgammal(v); }, 4},
  };
  int which = 0;
  for (auto [exact, units, isSingle] : functions) {
    std::vector<double> x(64), y(64);
    for (size_t i = 0; i < x.size(); ++i)
      x[i] = 4 * std::sin(double(i) * 1.7 + 0.3);
    Execution run = kernel("doubles");
    expectOk(run.buffer(x, "x").buffer(y, "y").scalar(which).launch(2, 32));
    for (size_t i = 0; i < x.size(); ++i) {
      long double expected = exact((long double)x[i]);
      if (expected != expected) {
        EXPECT_NE(y[i], y[i]) << which << " of " << x[i];
        continue;
      }
      // lgamma's error is absolute near its zeros.
      long double unit = ldexpl(std::max(fabsl(expected), which == 14 ? 1.0L : 0.0L), isSingle ? -23 : -52);
      EXPECT_LE(fabsl((long double)y[i] - expected), unit * units) << which << " of " << x[i] << ": " << y[i];
    }
    ++which;
  }
}

TEST(Time, Passes) {
  std::vector<int64_t> out(32);
  expectOk(kernel("clocks").buffer(out, "out").launch(1, 32));
  for (int64_t passed : out)
    EXPECT_GT(passed, 0);
}

} // namespace
} // namespace winnow::ptxsim::test
