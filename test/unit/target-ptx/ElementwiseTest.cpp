// Element-wise kernels and row programs in PTX against loops on the host.
#include "test/unit/target-ptx/SimulatedKernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

using namespace winnow;

namespace {

TEST(Elementwise, SelectsByBytesAndBroadcasts) {
  auto kernels = SimulatedKernels::compileFile("elementwise.mlir");
  ASSERT_TRUE(kernels);
  std::mt19937 random(5);
  int64_t shapes[][2] = {{0, 4}, {4, 0}, {1, 1}, {3, 129}, {130, 3}};
  for (auto [n, m] : shapes) {
    std::vector<uint8_t> mask(n);
    std::vector<float> x(n * m), bias(m);
    for (uint8_t &value : mask)
      value = random() % 2;
    for (auto *values : {&x, &bias})
      for (float &value : *values)
        value = static_cast<float>(random() % 1000) / 7;
    Buffer keep = Buffer::of(mask), input = Buffer::of(x), add = Buffer::of(bias),
           out = Buffer::result(n * m, -9.0f);
    kernels->launch("select", {&keep, &input, &add, &out}, {n, n, m, m, n, m}, n * m);
    for (int64_t i = 0; i < n * m; ++i)
      ASSERT_EQ(out.view<float>()[i], mask[i / m] ? x[i] + bias[i % m] : 0.0f) << n << ", " << m << ", " << i;
  }
}

TEST(Elementwise, DividesInt64RoundingDown) {
  auto kernels = SimulatedKernels::compileFile("elementwise.mlir");
  ASSERT_TRUE(kernels);
  std::vector<int64_t> x, y;
  for (int64_t a : {-7l, -6l, -1l, 0l, 1l, 5l, 6l, 1l << 40, -(1l << 40), INT64_MAX})
    for (int64_t b : {-3l, -1l, 1l, 2l, 7l, 1l << 33}) {
      x.push_back(a);
      y.push_back(b);
    }
  int64_t n = x.size();
  Buffer left = Buffer::of(x), right = Buffer::of(y), out = Buffer::result<uint8_t>(n, 9);
  kernels->launch("compare", {&left, &right, &out}, {n, n, n}, n);
  for (int64_t i = 0; i < n; ++i) {
    int64_t quotient = x[i] / y[i], remainder = x[i] % y[i];
    if (remainder != 0 && (remainder < 0) != (y[i] < 0))
      --quotient;
    ASSERT_EQ(out.view<uint8_t>()[i], quotient < remainder) << x[i] << " / " << y[i];
  }
}

float fromHalf(uint16_t bits) {
  int exponent = bits >> 10 & 31, mantissa = bits & 1023;
  float value =
      exponent ? std::ldexp(1.0f + mantissa / 1024.0f, exponent - 15) : std::ldexp(float(mantissa), -24);
  return bits >> 15 ? -value : value;
}

float fromBFloat(uint16_t bits) {
  uint32_t wide = uint32_t(bits) << 16;
  float value;
  std::memcpy(&value, &wide, 4);
  return value;
}

TEST(Elementwise, ComputesOnHalves) {
  auto kernels = SimulatedKernels::compileFile("elementwise.mlir");
  ASSERT_TRUE(kernels);
  std::mt19937 random(6);
  int64_t n = 300;
  std::vector<uint16_t> x(n), y(n);
  for (int64_t i = 0; i < n; ++i) {
    x[i] = (random() & 0x83ff) | (12 + random() % 4) << 10; // up to 2 in magnitude
    y[i] = (random() & 0x807f) | (124 + random() % 4) << 7;
  }
  Buffer left = Buffer::of(x), right = Buffer::of(y), out = Buffer::result<uint16_t>(n, 0),
         wide = Buffer::result<uint16_t>(n, 0);
  kernels->launch("halves", {&left, &right, &out, &wide}, {n, n, n, n}, n);
  for (int64_t i = 0; i < n; ++i) {
    double exact = std::exp(double(fromHalf(x[i])) + fromBFloat(y[i]));
    ASSERT_NEAR(fromHalf(out.view<uint16_t>()[i]), exact, exact * 4e-3) << i;
    double square = double(fromBFloat(y[i])) * fromBFloat(y[i]);
    ASSERT_NEAR(fromBFloat(wide.view<uint16_t>()[i]), square, square * 0x1p-8) << i;
  }
}

TEST(RowPrograms, SoftmaxSumsToOne) {
  auto kernels = SimulatedKernels::compileFile("row-programs.mlir");
  ASSERT_TRUE(kernels);
  std::mt19937 random(7);
  int64_t shapes[][2] = {{0, 4}, {4, 0}, {1, 1}, {3, 17}, {129, 8}};
  for (auto [n, m] : shapes) {
    std::vector<float> x(n * m);
    for (float &value : x)
      value = static_cast<float>(int(random() % 20000) - 10000) / 100;
    Buffer input = Buffer::of(x), out = Buffer::result(n * m, -9.0f);
    kernels->launch("softmax", {&input, &out}, {n, m, n, m}, n);
    for (int64_t i = 0; i < n; ++i) {
      auto row = std::span(x).subspan(i * m, m);
      double high = m ? *std::max_element(row.begin(), row.end()) : 0, sum = 0;
      for (float value : row)
        sum += std::exp(value - high);
      for (int64_t j = 0; j < m; ++j)
        ASSERT_NEAR(out.view<float>()[i * m + j], std::exp(row[j] - high) / sum, 1e-6) << i << ", " << j;
    }
  }
}

TEST(RowPrograms, SelectsTheHighestWithTiesToTheLowerIndex) {
  auto kernels = SimulatedKernels::compileFile("row-programs.mlir");
  ASSERT_TRUE(kernels);
  std::mt19937 random(8);
  int64_t shapes[][2] = {{0, 4}, {3, 0}, {2, 1}, {5, 3}, {40, 64}, {130, 9}};
  for (auto [n, m] : shapes) {
    std::vector<float> scores(n * m);
    for (float &value : scores)
      value = static_cast<float>(random() % 12); // many ties
    Buffer input = Buffer::of(scores), indices = Buffer::result<int32_t>(n * 4, -1),
           counts = Buffer::result<int32_t>(n, -1);
    kernels->launch("topk", {&input, &indices, &counts}, {n, m, n, n}, n);
    for (int64_t i = 0; i < n; ++i) {
      std::vector<int32_t> order(m);
      for (int64_t j = 0; j < m; ++j)
        order[j] = j;
      std::stable_sort(order.begin(), order.end(),
                       [&](int32_t a, int32_t b) { return scores[i * m + a] > scores[i * m + b]; });
      order.resize(std::min<int64_t>(m, 4));
      std::sort(order.begin(), order.end());
      ASSERT_EQ(counts.view<int32_t>()[i], int32_t(order.size()));
      for (size_t j = 0; j < order.size(); ++j)
        ASSERT_EQ(indices.view<int32_t>()[i * 4 + j], order[j]) << i << ", " << j;
    }
  }
}

} // namespace
