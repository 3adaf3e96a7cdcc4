// Products and convolutions in PTX against loops on the host, and that each multiply-add is executed once
// and no skipped one at all.
#include "test/unit/target-ptx/SimulatedKernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

using namespace winnow;

namespace {

std::vector<float> randomFloats(size_t count, std::mt19937 &random) {
  std::uniform_real_distribution<float> distribution(-1.0f, 1.0f);
  std::vector<float> values(count);
  for (float &value : values)
    value = distribution(random);
  return values;
}

/// A row of `width` distinct entries under `universe`, ascending; what lies beyond `count` is nonsense.
std::vector<int32_t> randomSelection(int width, int universe, int count, std::mt19937 &random) {
  std::vector<int32_t> all(universe);
  for (int i = 0; i < universe; ++i)
    all[i] = i;
  std::shuffle(all.begin(), all.end(), random);
  std::sort(all.begin(), all.begin() + count);
  all.resize(width);
  std::fill(all.begin() + count, all.end(), 1 << 30);
  return all;
}

TEST(Matmul, MatchesLoopsAndFusesEachMultiplyAdd) {
  auto kernels = SimulatedKernels::compileFile("matmul.mlir");
  ASSERT_TRUE(kernels);
  int64_t shapes[][3] = {{0, 5, 3},   {5, 0, 3},    {3, 4, 0},   {1, 1, 1},  {1, 7, 9},
                         {7, 1, 8},   {16, 16, 16}, {3, 5, 7},   {2, 3, 17}, {9, 2, 33},
                         {31, 1, 64}, {8, 33, 12},  {13, 11, 23}};
  std::mt19937 random(1);
  for (auto [m, n, k] : shapes) {
    SCOPED_TRACE(testing::Message() << m << " x " << n << " x " << k);
    std::vector<float> a = randomFloats(m * k, random), b = randomFloats(k * n, random);
    Buffer left = Buffer::of(a), right = Buffer::of(b), out = Buffer::result(m * n, -9.0f);
    auto statistics = kernels->launch("matmul", {&left, &right, &out}, {m, k, k, n, m, n}, m * n);
    EXPECT_EQ(statistics.floatMultiplyAdds, uint64_t(m * n * k));
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j) {
        float sum = 0;
        for (int64_t l = 0; l < k; ++l)
          sum = std::fma(a[i * k + l], b[l * n + j], sum);
        ASSERT_FLOAT_EQ(out.view<float>()[i * n + j], std::max(sum, 0.0f)) << i << ", " << j;
      }
  }
}

TEST(ConvolutionTile, MatchesLoops) {
  auto kernels = SimulatedKernels::compileFile("convolution-tile.mlir");
  ASSERT_TRUE(kernels);
  std::mt19937 random(2);
  for (int64_t batch : {0, 1, 3}) {
    std::vector<float> x = randomFloats(batch * 1600, random), w = randomFloats(32 * 144, random);
    Buffer input = Buffer::of(x), weights = Buffer::of(w), out = Buffer::result(batch * 2048, -9.0f);
    auto statistics = kernels->launch("conv", {&input, &weights, &out}, {batch, batch}, batch * 32 * 8 * 2);
    EXPECT_EQ(statistics.floatMultiplyAdds, uint64_t(batch * 2048 * 144));
    for (int64_t i = 0; i < batch * 2048; ++i) {
      int64_t b = i / 2048, c = i / 64 % 32, h = i / 8 % 8, v = i % 8;
      double sum = 0;
      for (int64_t j = 0; j < 144; ++j)
        sum += double(x[b * 1600 + j / 9 * 100 + (h + j / 3 % 3) * 10 + v + j % 3]) * w[c * 144 + j];
      ASSERT_NEAR(out.view<float>()[i], sum, 1e-4) << i;
    }
  }
}

TEST(IndirectConvolution, SkipsWhatIsNotSelected) {
  auto kernels = SimulatedKernels::compileFile("indirect-convolution.mlir");
  ASSERT_TRUE(kernels);
  std::mt19937 random(3);
  for (int64_t batch : {0, 1, 2, 7}) {
    SCOPED_TRACE(testing::Message() << "batch " << batch);
    std::vector<float> x = randomFloats(batch * 108, random), w = randomFloats(8 * 45, random);
    std::vector<int32_t> in, out, inCounts, outCounts;
    uint64_t expected = 0;
    for (int64_t b = 0; b < batch; ++b) {
      // The first row selects nothing, the second everything.
      inCounts.push_back(b == 0 ? 0 : b == 1 ? 3 : random() % 4);
      outCounts.push_back(b == 0 ? 0 : b == 1 ? 4 : random() % 5);
      for (int32_t index : randomSelection(3, 5, inCounts.back(), random))
        in.push_back(index);
      for (int32_t index : randomSelection(4, 8, outCounts.back(), random))
        out.push_back(index);
      expected += 16u * 9u * inCounts.back() * outCounts.back();
    }
    Buffer buffers[] = {Buffer::of(x),
                        Buffer::of(w),
                        Buffer::of(in),
                        Buffer::of(inCounts),
                        Buffer::of(out),
                        Buffer::of(outCounts),
                        Buffer::result(batch * 64, -9.0f)};
    std::vector<const Buffer *> pointers;
    for (const Buffer &buffer : buffers)
      pointers.push_back(&buffer);
    auto statistics =
        kernels->launch("indirect", pointers, {batch, batch, batch, batch, batch, batch}, batch * 64);
    EXPECT_EQ(statistics.floatMultiplyAdds, expected);
    for (int64_t i = 0; i < batch * 64; ++i) {
      int64_t b = i / 64, k = i / 16 % 4, h = i / 4 % 4, v = i % 4;
      double sum = -9.0;
      if (k < outCounts[b]) {
        sum = 0;
        for (int64_t j = 0; j < inCounts[b] * 9; ++j)
          sum += double(x[b * 108 + j / 9 * 36 + (h + j / 3 % 3) * 6 + v + j % 3]) *
                 w[out[b * 4 + k] * 45 + in[b * 3 + j / 9] * 9 + j % 9];
      }
      ASSERT_NEAR(buffers[6].view<float>()[i], sum, 1e-5) << i;
    }
  }
}

TEST(Int8Matmul, IsExactInInt32) {
  auto kernels = SimulatedKernels::compileFile("int8-matmul.mlir");
  ASSERT_TRUE(kernels);
  std::mt19937 random(4);
  int64_t shapes[][3] = {{0, 3, 4}, {1, 1, 0}, {1, 1, 1}, {3, 5, 7}, {8, 2, 64}, {2, 9, 131}};
  for (auto [m, n, k] : shapes) {
    SCOPED_TRACE(testing::Message() << m << " x " << n << " x " << k);
    std::vector<int8_t> x(m * k), w(k * n);
    for (auto *values : {&x, &w})
      for (int8_t &value : *values)
        value = random() % 4 == 0 ? -128 : static_cast<int8_t>(random());
    std::vector<float> scales = randomFloats(m, random), scale = {0.03f};
    Buffer left = Buffer::of(x), right = Buffer::of(w), rows = Buffer::of(scales), one = Buffer::of(scale),
           out = Buffer::result(m * n, -9.0f);
    kernels->launch("int8", {&left, &right, &rows, &one, &out}, {m, k, k, n, m, m, n}, m * n);
    for (int64_t i = 0; i < m * n; ++i) {
      int32_t sum = 0;
      for (int64_t l = 0; l < k; ++l)
        sum += x[i / n * k + l] * w[l * n + i % n];
      ASSERT_EQ(out.view<float>()[i], float(sum) * (scales[i / n] * scale[0])) << i;
    }
  }
}

} // namespace
