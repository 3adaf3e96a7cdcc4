// Loops, constants and tiles cut at the edges in PTX against loops on the host.
#include "test/unit/target-ptx/SimulatedKernels.h"

#include <gtest/gtest.h>

using namespace winnow;

namespace {

TEST(ControlFlow, RunsWhileLoopsAndReadsConstants) {
  auto kernels = SimulatedKernels::compileFile("control-flow.mlir");
  ASSERT_TRUE(kernels);
  const int32_t primes[] = {2, 3, 5, 7};
  for (int64_t n : {0, 1, 5, 200}) {
    std::vector<int64_t> x(2 * n);
    for (int64_t i = 0; i < 2 * n; ++i)
      x[i] = i * 37 % 101;
    Buffer input = Buffer::of(x), steps = Buffer::result<int32_t>(2 * n, -1);
    kernels->launch("collatz", {&input, &steps}, {n, n}, n);
    for (int64_t i = 0; i < 2 * n; ++i) {
      int32_t count = 0;
      for (int64_t value = x[i]; value > 1; ++count)
        value = value % 2 ? 3 * value + 1 : value / 2;
      ASSERT_EQ(steps.view<int32_t>()[i], count * primes[i % 4]) << i;
    }
  }
}

TEST(ControlFlow, CutsTilesAtTheEdges) {
  auto kernels = SimulatedKernels::compileFile("control-flow.mlir");
  ASSERT_TRUE(kernels);
  for (int64_t n : {0, 1, 2, 5})
    for (int64_t m : {0, 1, 3, 4, 9, 40}) {
      std::vector<float> x(n * m);
      for (size_t i = 0; i < x.size(); ++i)
        x[i] = static_cast<float>(i);
      Buffer input = Buffer::of(x), out = Buffer::result(n * m, -9.0f);
      kernels->launch("edges", {&input, &out}, {n, m, n, m, 3}, (n + 1) / 2 * ((m + 3) / 4));
      for (int64_t i = 0; i < n * m; ++i)
        ASSERT_EQ(out.view<float>()[i], 3 * x[i]) << n << " x " << m << ": " << i;
    }
}

} // namespace
