// Kernels that nvcc made of Inputs/tensor-core.cu, with every check: tensor cores, asynchronous pipelines,
// calls and a sum over blocks, against the same in C++.
#include "test/unit/ptxsim/MatrixHarness.h"

#include <cmath>
#include <fstream>
#include <iterator>

namespace winnow::ptxsim::test {
namespace {

Execution kernel(const std::string &name) {
  std::ifstream stream(std::string(WINNOW_PTXSIM_INPUTS) + "/tensor-core.ptx");
  Execution run(std::string(std::istreambuf_iterator<char>(stream), {}));
  run.name = name;
  run.options.checkRaces = run.options.checkUninitialized = true;
  return run;
}

void expectOk(const format::Status &status) { ASSERT_TRUE(status.ok()) << status.message(); }

TEST(NvccTensorCore, Product) {
  const int m = 32, n = 48, k = 80;
  std::vector<uint16_t> a(m * k), b(k * n);
  std::vector<float> c(m * n, NAN), aValues(m * k), bValues(k * n);
  for (size_t i = 0; i < a.size(); ++i)
    a[i] = halfBits(aValues[i] = float(int(i * 7 % 23) - 11) / 4);
  for (size_t i = 0; i < b.size(); ++i)
    b[i] = halfBits(bValues[i] = float(int(i * 5 % 19) - 9) / 8);
  Execution run = kernel("wmma_product");
  expectOk(run.buffer(a, "a", false)
               .buffer(b, "b", false)
               .buffer(c, "c")
               .scalar(n)
               .scalar(k)
               .launch(Dimensions{3, 2, 1}, Dimensions{32, 1, 1}));
  for (int i = 0; i < m; ++i)
    for (int j = 0; j < n; ++j) {
      float sum = 0; // exact
      for (int l = 0; l < k; ++l)
        sum += aValues[size_t(i * k + l)] * bValues[size_t(l * n + j)];
      ASSERT_EQ(c[size_t(i * n + j)], sum * 0.5f) << i << " " << j;
    }
  EXPECT_EQ(run.statistics.tensorMultiplyAdds, uint64_t(m * n * k));
}

TEST(NvccTensorCore, Pipeline) {
  for (int tiles : {1, 2, 7}) {
    std::vector<float> x(size_t(tiles) * 128), y(x.size(), NAN);
    for (size_t i = 0; i < x.size(); ++i)
      x[i] = float(i * i % 101);
    Execution run = kernel("pipeline");
    expectOk(run.buffer(x, "x", false).buffer(y, "y").scalar(tiles).launch(1, 32));
    for (size_t i = 0; i < x.size(); ++i)
      ASSERT_EQ(y[i], x[i] + x[i ^ 4]) << tiles << " " << i;
  }
}

TEST(NvccTensorCore, CallsWithStructures) {
  std::vector<float> x(300), values(64);
  std::vector<int> indices(64);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = std::sin(float(i));
  Execution run = kernel("maxima");
  expectOk(run.buffer(x, "x", false)
               .buffer(values, "values")
               .buffer(indices, "indices")
               .scalar(300)
               .launch(1, 64));
  for (size_t t = 0; t < 64; ++t) {
    float best = -1e30f;
    int index = -1;
    for (size_t i = t; i < x.size(); i += 64) {
      float sum = 0;
      for (int j = 3; j >= 0; --j)
        sum = std::fma(sum, x[i], 1.0f / float(1 + j + int(t & 1)));
      if (sum > best) {
        best = sum;
        index = int(i);
      }
    }
    EXPECT_EQ(values[t], best) << t;
    EXPECT_EQ(indices[t], index) << t;
  }
}

TEST(NvccTensorCore, SumOverBlocks) {
  std::vector<float> x(5000), partial(6), sum(1);
  std::vector<uint32_t> arrived(1);
  float expected = 0;
  for (size_t i = 0; i < x.size(); ++i)
    expected += x[i] = float(i % 13);
  Execution run = kernel("grid_sum");
  expectOk(run.buffer(x, "x", false)
               .buffer(partial, "partial")
               .buffer(arrived, "arrived")
               .buffer(sum, "sum")
               .scalar(5000)
               .launch(6, 128));
  EXPECT_EQ(sum[0], expected);
}

} // namespace
} // namespace winnow::ptxsim::test
