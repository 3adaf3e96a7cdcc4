// Kernels that compilers made: nvcc from Inputs/kernels.cu, and LLVM's NVPTX backend from winnow's own
// kernels (those of test/target/ptx).
#include "test/unit/ptxsim/Harness.h"

#include <cmath>
#include <fstream>
#include <iterator>
#include <numeric>

namespace winnow::ptxsim::test {
namespace {

std::string input(const std::string &name) {
  std::ifstream stream(std::string(WINNOW_PTXSIM_INPUTS) + "/" + name);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// A kernel of an input file.
Execution kernel(const std::string &file, const std::string &name) {
  Execution run(input(file));
  run.name = name;
  return run;
}

std::vector<float> wave(size_t count, float scale = 1) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i)
    values[i] = scale * std::sin(float(i) * 1.7f + 0.3f);
  return values;
}

void expectOk(const format::Status &status) { ASSERT_TRUE(status.ok()) << status.message(); }

TEST(Nvcc, Reduction) {
  std::vector<float> x(5000), sums(3);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = float(i % 17);
  Execution run = kernel("kernels.ptx", "reduce");
  expectOk(run.buffer(x, "x", false).buffer(sums, "sums").scalar(int32_t(x.size())).launch(3, 256));
  EXPECT_EQ(sums[0] + sums[1] + sums[2], std::accumulate(x.begin(), x.end(), 0.0f));
}

TEST(Nvcc, Scan) {
  for (uint32_t threads : {32u, 512u, 1024u}) {
    std::vector<int> x(2 * threads);
    for (size_t i = 0; i < x.size(); ++i)
      x[i] = int(i * 7 % 31) - 9;
    std::vector<int> expected = x;
    for (uint32_t block = 0; block < 2; ++block)
      std::partial_sum(x.begin() + block * threads, x.begin() + (block + 1) * threads,
                       expected.begin() + block * threads);
    Execution run = kernel("kernels.ptx", "scan");
    expectOk(run.buffer(x, "x").launch(2, threads));
    EXPECT_EQ(x, expected) << threads;
  }
}

TEST(Nvcc, Histogram) {
  std::vector<uint8_t> x(10007);
  std::vector<uint32_t> bins(256), expected(256);
  for (size_t i = 0; i < x.size(); ++i)
    ++expected[x[i] = uint8_t(i * i >> 3)];
  Execution run = kernel("kernels.ptx", "histogram");
  expectOk(run.buffer(x, "x").buffer(bins, "bins").scalar(int32_t(x.size())).launch(4, 96));
  EXPECT_EQ(bins, expected);
}

TEST(Nvcc, TiledProduct) {
  const size_t n = 45;
  std::vector<float> a = wave(n * n), b = wave(n * n, 0.5f), c(n * n, NAN);
  Execution run = kernel("kernels.ptx", "product");
  expectOk(
      run.buffer(a, "a").buffer(b, "b").buffer(c, "c").scalar(int32_t(n)).launch({3, 3, 1}, {16, 16, 1}));
  for (size_t i = 0; i < n; ++i)
    for (size_t k = 0; k < n; ++k) {
      float sum = 0;
      for (size_t j = 0; j < n; ++j)
        sum = std::fma(a[i * n + j], b[j * n + k], sum);
      ASSERT_EQ(c[i * n + k], sum) << i << " " << k;
    }
  EXPECT_EQ(run.statistics.floatMultiplyAdds, 9u * 256 * 48);
}

TEST(Nvcc, SortOfLocalArrays) {
  std::vector<int> x(8 * 64), order = {3, 1, 4, 0, 5, 2, 7, 6};
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = int(i * 7919 % 1009);
  std::vector<int> expected = x;
  for (size_t i = 0; i < 64; ++i) {
    std::vector<int> sorted(x.begin() + long(8 * i), x.begin() + long(8 * i + 8));
    std::sort(sorted.begin(), sorted.end());
    for (size_t k = 0; k < 8; ++k)
      expected[8 * i + size_t(order[k])] = sorted[k];
  }
  Execution run = kernel("kernels.ptx", "sort");
  expectOk(run.buffer(x, "x").buffer(order, "order").launch(2, 32));
  EXPECT_EQ(x, expected);
}

TEST(Nvcc, LoopsOfUnequalLength) {
  std::vector<uint64_t> steps(1000);
  Execution run = kernel("kernels.ptx", "collatz");
  expectOk(run.buffer(steps, "steps").scalar(int32_t(steps.size())).launch(8, 128));
  for (uint64_t i = 0; i < steps.size(); ++i) {
    uint64_t count = 0;
    for (uint64_t value = i + 1; value != 1; ++count)
      value = value % 2 ? 3 * value + 1 : value / 2;
    ASSERT_EQ(steps[i], count) << i;
  }
}

TEST(Nvcc, MathFunctions) {
  using Function = double (*)(double);
  const Function functions[] = {
      [](double v) { return std::exp(v); },
      [](double v) { return std::log(v); },
      [](double v) { return std::sin(double(float(v) * 1e5f)); },
      [](double v) { return std::tanh(v); },
      [](double v) { return std::erf(v); },
      [](double v) { return std::sqrt(v); },
      [](double v) { return std::pow(v, double(1.7f)); },
      [](double v) { return 1 / v; },
      [](double v) { return std::fmod(double(float(v) * 1000), 3.25); },
      [](double v) { return std::exp(v); },
      [](double v) { return std::rint(double(float(v) * 10)) + std::floor(v) - std::trunc(-v); },
  };
  std::vector<float> x = wave(64, 4), y(64);
  for (int which = 0; which < 11; ++which) {
    Execution run = kernel("kernels.ptx", "mathematics");
    expectOk(run.buffer(x, "x").buffer(y, "y").scalar(which).launch(1, 64));
    for (size_t i = 0; i < x.size(); ++i) {
      double expected = functions[which](double(x[i]));
      if (expected != expected)
        EXPECT_NE(y[i], y[i]) << which << " of " << x[i];
      else
        EXPECT_NEAR(y[i], expected, 1e-6 * std::fabs(expected) + 1e-30) << which << " of " << x[i];
    }
  }
}

TEST(Nvcc, Halves) {
  std::vector<_Float16> x(64), y(64);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = _Float16(float(i) * 0.37f - 9);
  Execution run = kernel("kernels.ptx", "halves");
  expectOk(run.buffer(x, "x").buffer(y, "y").launch(1, 32));
  for (size_t i = 0; i < x.size(); ++i) {
    double half = double(_Float16(float(x[i]) * 0.5f));
    EXPECT_EQ(float(y[i]), float(_Float16(double(x[i]) * double(x[i]) + half))) << i;
  }
}

TEST(Nvcc, Divisions) {
  std::vector<int64_t> x(32), y(128);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = int64_t(i * 0x123456789abcdef) - 0x1234567890;
  const int64_t divisor = -12345678901;
  Execution run = kernel("kernels.ptx", "divisions");
  expectOk(run.buffer(x, "x").buffer(y, "y").scalar(divisor).launch(1, 32));
  for (size_t i = 0; i < x.size(); ++i) {
    EXPECT_EQ(y[4 * i], x[i] / 7);
    EXPECT_EQ(y[4 * i + 1], int(x[i]) % 1000);
    EXPECT_EQ(y[4 * i + 2], unsigned(x[i]) / 3);
    EXPECT_EQ(y[4 * i + 3], x[i] / divisor);
  }
}

TEST(Winnow, MatrixProduct) {
  const int64_t m = 13, n = 21, k = 19;
  std::vector<float> a = wave(m * k), b = wave(k * n), c(m * n, NAN);
  Execution run = kernel("matmul.ptx", "matmul");
  run.buffer(a, "a", false).buffer(b, "b", false).buffer(c, "c");
  for (int64_t size : {m, k, k, n, m, n})
    run.scalar(size);
  expectOk(run.launch(uint32_t((m * n + 127) / 128), 128));
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j) {
      double sum = 0;
      for (int64_t l = 0; l < k; ++l)
        sum += double(a[size_t(i * k + l)]) * double(b[size_t(l * n + j)]);
      EXPECT_NEAR(c[size_t(i * n + j)], std::max(sum, 0.0), 1e-5);
    }
  EXPECT_EQ(run.statistics.floatMultiplyAdds, uint64_t(m * n * k));
}

TEST(Winnow, Int8Product) {
  const int64_t n = 9, m = 17, k = 33;
  std::vector<int8_t> x(n * k), w(k * m);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = int8_t(i * 73);
  for (size_t i = 0; i < w.size(); ++i)
    w[i] = int8_t(i * 151);
  std::vector<float> xScale = wave(n), wScale = {0.25f}, out(n * m, NAN);
  Execution run = kernel("int8-matmul.ptx", "int8");
  run.buffer(x, "x").buffer(w, "w").buffer(xScale, "xScale").buffer(wScale, "wScale").buffer(out, "out");
  for (int64_t size : {n, k, k, m, n, n, m})
    run.scalar(size);
  expectOk(run.launch(uint32_t((n * m + 127) / 128), 128));
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < m; ++j) {
      int32_t sum = 0;
      for (int64_t l = 0; l < k; ++l)
        sum += x[size_t(i * k + l)] * w[size_t(l * m + j)];
      EXPECT_EQ(out[size_t(i * m + j)], float(sum) * (xScale[size_t(i)] * 0.25f));
    }
}

TEST(Winnow, Softmax) {
  const int64_t n = 130, m = 37;
  std::vector<float> x = wave(n * m, 8), y(n * m, NAN);
  Execution run = kernel("row-programs.ptx", "softmax");
  run.buffer(x, "x").buffer(y, "y");
  for (int64_t size : {n, m, n, m})
    run.scalar(size);
  expectOk(run.launch(2, 128));
  for (int64_t i = 0; i < n; ++i) {
    double sum = 0;
    for (int64_t j = 0; j < m; ++j)
      sum += std::exp(double(x[size_t(i * m + j)]));
    for (int64_t j = 0; j < m; ++j)
      EXPECT_NEAR(y[size_t(i * m + j)], std::exp(double(x[size_t(i * m + j)])) / sum, 1e-6);
  }
}

TEST(Winnow, TopK) {
  const int64_t n = 70, m = 11;
  std::vector<float> x(n * m);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = float(i * i % 7); // many ties
  std::vector<int32_t> indices(n * 4, -1), counts(n, -1);
  Execution run = kernel("row-programs.ptx", "topk");
  run.buffer(x, "x").buffer(indices, "indices").buffer(counts, "counts");
  for (int64_t size : {n, m, n, n})
    run.scalar(size);
  expectOk(run.launch(1, 128));
  for (int64_t i = 0; i < n; ++i) {
    std::vector<int32_t> order(m);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](int a, int b) { return x[size_t(i * m + a)] > x[size_t(i * m + b)]; });
    std::sort(order.begin(), order.begin() + 4);
    EXPECT_EQ(counts[size_t(i)], 4);
    for (size_t k = 0; k < 4; ++k)
      EXPECT_EQ(indices[size_t(4 * i) + k], order[k]) << i;
  }
}

} // namespace
} // namespace winnow::ptxsim::test
