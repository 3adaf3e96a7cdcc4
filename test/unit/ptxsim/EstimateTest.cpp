// Occupancy against CUDA's rules, and estimates of time against figures of datasheets.
#include "runtime/device/ptxsim/figures/Occupancy.h"
#include "runtime/device/ptxsim/figures/Roofline.h"
#include "test/unit/ptxsim/Harness.h"

// The occupancy calculator that comes with the CUDA toolkit, where there is one.
#if __has_include(<cuda_occupancy.h>)
#include <cuda_occupancy.h>
#endif

namespace winnow::ptxsim::test {
namespace {

const GpuModel &gpu(std::string_view name) {
  for (const GpuModel &model : gpuModels())
    if (model.name == name)
      return model;
  ADD_FAILURE() << "no model " << name;
  return gpuModels()[0];
}

struct Expected {
  unsigned ctas, warps;
  std::string_view limitedBy;
  bool operator==(const Expected &) const = default;
};
std::ostream &operator<<(std::ostream &out, const Expected &value) {
  return out << value.ctas << " CTAs, " << value.warps << " warps, limited by " << value.limitedBy;
}
Expected occupancy(const char *name, unsigned threads, std::optional<unsigned> registers,
                   uint64_t shared = 0) {
  Occupancy found = occupancyOf({threads, registers, shared}, gpu(name));
  EXPECT_DOUBLE_EQ(found.fraction, found.warps / 64.0);
  return {found.ctas, found.warps, found.limitedBy};
}

TEST(Occupancy, IsLimitedByWarpsAndCtas) {
  EXPECT_EQ(occupancy("A100", 256, 32), (Expected{8, 64, "warps"}));
  EXPECT_EQ(occupancy("A100", 1024, 32), (Expected{2, 64, "warps"}));
  EXPECT_EQ(occupancy("A100", 32, 16), (Expected{32, 32, "ctas"}));
  EXPECT_EQ(occupancy("H100", 33, 16), (Expected{32, 64, "warps"})); // two warps
  EXPECT_EQ(occupancy("A100", 768, 16), (Expected{2, 48, "warps"})); // 24 warps: two are 48, three 72
}

// A quarter of the register file has 16384; a warp takes 32 times those of a thread, rounded up to 256.
TEST(Occupancy, IsLimitedByRegisters) {
  EXPECT_EQ(occupancy("A100", 256, 40), (Expected{6, 48, "registers"}));  // 1280 a warp: 12 in a quarter
  EXPECT_EQ(occupancy("A100", 256, 33), (Expected{6, 48, "registers"}));  // 1056, rounded up to 1280
  EXPECT_EQ(occupancy("A100", 128, 168), (Expected{3, 12, "registers"})); // 5376: 3 in a quarter
  EXPECT_EQ(occupancy("A100", 96, 128), (Expected{5, 15, "registers"}));  // 4096: 16 warps
  EXPECT_EQ(occupancy("A100", 1024, 64), (Expected{1, 32, "registers"}));
  EXPECT_EQ(occupancy("A100", 1024, 65), (Expected{0, 0, "registers"})); // 2304 a warp, 73728 in all
  EXPECT_EQ(occupancy("A100", 32, 256), (Expected{0, 0, "registers"}));  // a thread has at most 255
}

// The A100 has 164 KiB, the H100 228; a CTA costs 1 KiB more than it asks for, in steps of 128 bytes.
TEST(Occupancy, IsLimitedBySharedMemory) {
  EXPECT_EQ(occupancy("A100", 128, 32, 48 * 1024), (Expected{3, 12, "shared_memory"}));
  EXPECT_EQ(occupancy("H100", 128, 32, 48 * 1024), (Expected{4, 16, "shared_memory"}));
  EXPECT_EQ(occupancy("A100", 128, 32, 40 * 1024), (Expected{4, 16, "shared_memory"})); // 4 * 41 = 164
  EXPECT_EQ(occupancy("A100", 128, 32, 40 * 1024 + 1), (Expected{3, 12, "shared_memory"}));
  EXPECT_EQ(occupancy("A100", 128, 32, 163 * 1024), (Expected{1, 4, "shared_memory"}));
  EXPECT_EQ(occupancy("A100", 128, 32, 163 * 1024 + 1), (Expected{0, 0, "shared_memory"}));
  EXPECT_EQ(occupancy("H200", 128, 32, 163 * 1024 + 1), (Expected{1, 4, "shared_memory"}));
}

TEST(Occupancy, LeavesUnknownRegistersOut) {
  Occupancy found = occupancyOf({256, std::nullopt, 0}, gpu("A100"));
  EXPECT_EQ(found.ctas, 8u);
  for (const Occupancy::Limit &limit : found.limits)
    EXPECT_NE(limit.resource, "registers");
}

#if __has_include(<cuda_occupancy.h>)
/// CTAs of a multiprocessor, as CUDA's own calculator says.
int ctasByCuda(const GpuModel &model, unsigned threads, unsigned registers, uint64_t shared) {
  cudaOccDeviceProp device;
  device.computeMajor = model.target == "sm_80" ? 8 : 9;
  device.computeMinor = 0;
  device.maxThreadsPerBlock = 1024;
  device.maxThreadsPerMultiprocessor = 2048;
  device.regsPerBlock = device.regsPerMultiprocessor = 65536;
  device.warpSize = 32;
  device.sharedMemPerBlock = 48 * 1024;
  device.sharedMemPerMultiprocessor = model.target == "sm_80" ? 167936 : 233472;
  device.sharedMemPerBlockOptin = model.target == "sm_80" ? 166912 : 232448;
  device.numSms = int(model.multiprocessors);
  device.reservedSharedMemPerBlock = 1024;
  cudaOccFuncAttributes kernel;
  kernel.maxThreadsPerBlock = 1024;
  kernel.numRegs = int(registers);
  kernel.shmemLimitConfig = FUNC_SHMEM_LIMIT_OPTIN;
  kernel.maxDynamicSharedSizeBytes = device.sharedMemPerBlockOptin;
  cudaOccDeviceState state;
  state.carveoutConfig = SHAREDMEM_CARVEOUT_MAX_SHARED;
  cudaOccResult result;
  cudaOccError error =
      cudaOccMaxActiveBlocksPerMultiprocessor(&result, &device, &kernel, &state, int(threads), shared);
  EXPECT_EQ(error, CUDA_OCC_SUCCESS);
  return result.activeBlocksPerMultiprocessor;
}

TEST(Occupancy, IsWhatCudasCalculatorSays) {
  for (const GpuModel &model : gpuModels())
    for (unsigned threads = 1; threads <= 1024; threads += threads < 64 ? 31 : 17)
      for (unsigned registers = 1; registers <= 255; ++registers)
        for (uint64_t shared : {0, 1000, 9000, 20000, 40960, 40961, 60000, 100000, 166912})
          ASSERT_EQ(int(occupancyOf({threads, registers, shared}, model).ctas),
                    ctasByCuda(model, threads, registers, shared))
              << model.name << ", " << threads << " threads, " << registers << " registers, " << shared
              << " bytes";
}
#endif

// 108 * 64 * 2 * 1.41 GHz = 19.49 * 10^12, and so on: rates by clock and published peaks are two sources.
TEST(GpuModels, ReachTheirPublishedPeaks) {
  struct Peaks {
    const char *name;
    double float32, float64, float16;
  };
  for (const Peaks &peaks :
       {Peaks{"A100", 19.5, 9.7, 78}, Peaks{"H100", 66.9, 33.5, 133.8}, Peaks{"H200", 67, 33.5, 134}}) {
    const GpuModel &model = gpu(peaks.name);
    auto teraOperations = [&](Unit unit, double operationsPerLane) {
      return model.multiprocessors * model.lanesPerClock[unsigned(unit)] * operationsPerLane *
             model.gigahertz * 1e-3;
    };
    EXPECT_NEAR(teraOperations(Unit::Float32, 2) / peaks.float32, 1, 0.005) << peaks.name;
    EXPECT_NEAR(teraOperations(Unit::Float64, 2) / peaks.float64, 1, 0.005) << peaks.name;
    EXPECT_NEAR(teraOperations(Unit::Float16, 4) / peaks.float16, 1, 0.005) << peaks.name;
  }
}

double microseconds(const Roofline &roofline, std::string_view resource) {
  for (const Roofline::Bound &bound : roofline.bounds)
    if (bound.resource == resource)
      return bound.microseconds;
  ADD_FAILURE() << "no bound " << resource;
  return -1;
}

Statistics withFigures() {
  Statistics statistics;
  statistics.figures.emplace();
  return statistics;
}

// 2.039 * 10^12 bytes a second are 63718.75 sectors a microsecond; 637187500 sectors take 10000.
TEST(RooflineOf, MemoryTouchesEverySectorOnce) {
  Statistics statistics = withFigures();
  statistics.figures->readSectors = 254'875'000;
  statistics.figures->writtenSectors = 382'312'500;
  statistics.figures->global[0].sectors = 1'274'375'000;
  Roofline found = rooflineOf(statistics, 108, gpu("A100"));
  EXPECT_NEAR(microseconds(found, "memory"), 10000, 1e-3);
  EXPECT_NEAR(found.uncachedMemoryMicroseconds, 20000, 1e-3);
  EXPECT_EQ(found.binding.resource, "memory");
  EXPECT_NEAR(microseconds(rooflineOf(statistics, 108, gpu("H100")), "memory"), 10000 * 2.039 / 3.35, 1e-3);
  EXPECT_NEAR(microseconds(rooflineOf(statistics, 108, gpu("H200")), "memory"), 10000 * 2.039 / 4.8, 1e-3);
}

// 108 multiprocessors at 1.41 GHz have 152280 clocks a microsecond together.
TEST(RooflineOf, UnitsExecuteSoManyLanesPerClock) {
  Statistics statistics = withFigures();
  statistics.warpInstructions = 152280 * 4;
  statistics.work.lanes = {152280ull * 64 * 2, 152280ull * 32 * 3, 152280ull * 128 * 4,
                           152280ull * 64 * 5, 152280ull * 64 * 6, 152280ull * 16 * 7};
  statistics.figures->shared[unsigned(AccessKind::Store)].wavefronts = 152280 * 8;
  Roofline found = rooflineOf(statistics, 1080, gpu("A100"));
  const std::pair<const char *, double> expected[] = {
      {"issue", 1},   {"float32", 2}, {"float64", 3},       {"float16", 4},
      {"integer", 5}, {"special", 7}, {"shared_memory", 8}, {"integer_multiply", 6}};
  for (auto [resource, value] : expected)
    EXPECT_NEAR(microseconds(found, resource), value, 1e-9) << resource;
  EXPECT_EQ(found.binding.resource, "shared_memory");
  EXPECT_NEAR(found.binding.microseconds, 8, 1e-9);
}

TEST(RooflineOf, TheBusiestMultiprocessorDecides) {
  Statistics statistics = withFigures();
  statistics.warpInstructions = 152280 * 4;
  EXPECT_NEAR(microseconds(rooflineOf(statistics, 108, gpu("A100")), "issue"), 1, 1e-9);
  EXPECT_NEAR(microseconds(rooflineOf(statistics, 1, gpu("A100")), "issue"), 108, 1e-9);
  EXPECT_NEAR(microseconds(rooflineOf(statistics, 109, gpu("A100")), "issue"), 216.0 / 109, 1e-9);
}

TEST(RooflineOf, TensorCoresSplitByType) {
  Statistics statistics = withFigures();
  auto &products = statistics.work.multiplyAdds;
  products[unsigned(TensorType::F16)] = 156'000'000; // 312 * 10^12 operations a second, two a product
  EXPECT_NEAR(microseconds(rooflineOf(statistics, 108, gpu("A100")), "tensor"), 1, 1e-9);
  products[unsigned(TensorType::TF32)] = 78'000'000;
  products[unsigned(TensorType::Int8)] = 312'000'000;
  EXPECT_NEAR(microseconds(rooflineOf(statistics, 108, gpu("A100")), "tensor"), 3, 1e-9);
  statistics.work.sparseMultiplyAdds[unsigned(TensorType::F16)] = 312'000'000;
  EXPECT_NEAR(microseconds(rooflineOf(statistics, 108, gpu("A100")), "tensor"), 4, 1e-9);
}

TEST(RooflineOf, NamesTypesWithoutAPublishedPeak) {
  Statistics statistics = withFigures();
  statistics.work.multiplyAdds[unsigned(TensorType::Int4)] = 1'000'000;
  EXPECT_TRUE(rooflineOf(statistics, 1, gpu("A100")).withoutPeak.empty());
  Roofline found = rooflineOf(statistics, 1, gpu("H100"));
  EXPECT_EQ(found.withoutPeak, std::vector<TensorType>{TensorType::Int4});
  EXPECT_EQ(microseconds(found, "tensor"), 0);
}

TEST(Work, CountsLanesByUnitAndProductsByType) {
  Execution run(header() + R"(.visible .entry k()
{
  .reg .b32 %r<20>; .reg .b64 %rd<4>; .reg .f32 %f<9>; .reg .f64 %d<4>; .reg .pred %p;
  fma.rn.f32 %f0, %f1, %f2, %f3;
  add.f32 %f0, %f1, %f2;
  ex2.approx.f32 %f0, %f1;
  fma.rn.f64 %d0, %d1, %d2, %d3;
  fma.rn.f16x2 %r0, %r1, %r2, %r3;
  add.u32 %r0, %r1, %r2;
  add.u64 %rd0, %rd1, %rd2;
  setp.lt.f32 %p, %f0, %f1;
  mad.lo.u32 %r0, %r1, %r2, %r3;
  mov.b32 %r0, %r1;
  cvt.rn.f32.u32 %f0, %r0;
  mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%f0,%f1,%f2,%f3}, {%r0,%r1,%r2,%r3}, {%r4,%r5}, {%f4,%f5,%f6,%f7};
  mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%r6,%r7,%r8,%r9}, {%r0,%r1,%r2,%r3}, {%r4,%r5}, {%r6,%r7,%r8,%r9};
  ret;
}
)");
  ASSERT_TRUE(run.launch(1, 32).ok());
  const Work &work = run.statistics.work;
  EXPECT_EQ(work.lanes[unsigned(Unit::Float32)], 64u);
  EXPECT_EQ(work.lanes[unsigned(Unit::Special)], 32u);
  EXPECT_EQ(work.lanes[unsigned(Unit::Float64)], 32u);
  EXPECT_EQ(work.lanes[unsigned(Unit::Float16)], 32u);
  EXPECT_EQ(work.lanes[unsigned(Unit::Integer)], 32u + 2 * 32 + 32); // the addition of 64 bits is two
  EXPECT_EQ(work.lanes[unsigned(Unit::IntegerMultiply)], 32u);
  EXPECT_EQ(work.multiplyAdds[unsigned(TensorType::F16)], 16u * 8 * 16);
  EXPECT_EQ(work.multiplyAdds[unsigned(TensorType::Int8)], 16u * 8 * 32);
  EXPECT_EQ(run.statistics.tensorMultiplyAdds, 16u * 8 * 48);
}

} // namespace
} // namespace winnow::ptxsim::test
