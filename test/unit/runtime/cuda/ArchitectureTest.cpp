// Which of a kernel's forms a GPU gets. What runs where is taken from the compatibility chapter of NVIDIA's
// nvcc manual.
#include "runtime/device/cuda/Architecture.h"

#include <gtest/gtest.h>

using namespace winnow;
using namespace winnow::runtime::cuda;

namespace {

/// The target of the chosen form, with its kind: "cuda:sm_80 ptx", or "none".
std::string choose(const std::vector<std::pair<std::string, std::string>> &images, Capability device) {
  format::Module module;
  format::Kernel kernel;
  for (const auto &[target, kind] : images) {
    format::KernelVariant variant;
    variant.image = uint32_t(module.images.size());
    kernel.variants.push_back(variant);
    module.images.push_back({target, kind, {}});
  }
  const format::KernelVariant *chosen = chooseVariant(module, kernel, device);
  if (!chosen)
    return "none";
  const format::Image &image = module.images[chosen->image];
  return image.target + " " + image.kind;
}

TEST(CudaArchitecture, ReadsTargets) {
  auto plain = Architecture::ofTarget("cuda:sm_80"), exact = Architecture::ofTarget("cuda:sm_90a"),
       family = Architecture::ofTarget("cuda:sm_103f");
  ASSERT_TRUE(plain && exact && family);
  EXPECT_EQ(std::make_tuple(plain->major, plain->minor, plain->suffix), std::make_tuple(8, 0, char(0)));
  EXPECT_EQ(std::make_tuple(exact->major, exact->minor, exact->suffix), std::make_tuple(9, 0, 'a'));
  EXPECT_EQ(std::make_tuple(family->major, family->minor, family->suffix), std::make_tuple(10, 3, 'f'));
  for (const char *wrong : {"cuda:sm_", "cuda:sm_8", "cuda:sm_80b", "cuda:compute_80", "host:x86-64", "sm_80",
                            "cuda:sm_-80", "cuda:sm_80aa", "cuda:sm_99999999999"})
    EXPECT_FALSE(Architecture::ofTarget(wrong)) << wrong;
}

TEST(CudaArchitecture, TakesPtxThatIsNotNewer) {
  EXPECT_EQ(choose({{"cuda:sm_80", "ptx"}}, {8, 0}), "cuda:sm_80 ptx");
  EXPECT_EQ(choose({{"cuda:sm_80", "ptx"}}, {12, 0}), "cuda:sm_80 ptx");
  EXPECT_EQ(choose({{"cuda:sm_80", "ptx"}}, {7, 5}), "none");
  EXPECT_EQ(choose({{"cuda:sm_80", "ptx"}, {"cuda:sm_86", "ptx"}}, {8, 6}), "cuda:sm_86 ptx");
  EXPECT_EQ(choose({{"cuda:sm_86", "ptx"}, {"cuda:sm_80", "ptx"}}, {8, 6}), "cuda:sm_86 ptx");
  EXPECT_EQ(choose({{"cuda:sm_80", "ptx"}, {"cuda:sm_86", "ptx"}}, {8, 0}), "cuda:sm_80 ptx");
}

TEST(CudaArchitecture, TakesArchitectureSpecificCodeOnItsDeviceOnly) {
  EXPECT_EQ(choose({{"cuda:sm_90a", "ptx"}}, {9, 0}), "cuda:sm_90a ptx");
  EXPECT_EQ(choose({{"cuda:sm_90a", "ptx"}}, {10, 0}), "none");
  EXPECT_EQ(choose({{"cuda:sm_90a", "cubin"}}, {10, 0}), "none");
  EXPECT_EQ(choose({{"cuda:sm_90", "ptx"}, {"cuda:sm_90a", "ptx"}}, {9, 0}), "cuda:sm_90a ptx");
  EXPECT_EQ(choose({{"cuda:sm_80", "ptx"}, {"cuda:sm_90a", "ptx"}}, {10, 0}), "cuda:sm_80 ptx");
  EXPECT_EQ(choose({{"cuda:sm_100f", "ptx"}}, {10, 3}), "cuda:sm_100f ptx");
  EXPECT_EQ(choose({{"cuda:sm_100f", "ptx"}}, {12, 0}), "none");
}

TEST(CudaArchitecture, PrefersBinariesOfTheDevicesGeneration) {
  EXPECT_EQ(choose({{"cuda:sm_80", "cubin"}}, {8, 0}), "cuda:sm_80 cubin");
  EXPECT_EQ(choose({{"cuda:sm_80", "cubin"}}, {8, 9}), "cuda:sm_80 cubin");
  EXPECT_EQ(choose({{"cuda:sm_86", "cubin"}}, {8, 0}), "none");
  EXPECT_EQ(choose({{"cuda:sm_80", "cubin"}}, {9, 0}), "none");
  EXPECT_EQ(choose({{"cuda:sm_80", "cubin"}, {"cuda:sm_80", "ptx"}}, {9, 0}), "cuda:sm_80 ptx");
  EXPECT_EQ(choose({{"cuda:sm_80", "ptx"}, {"cuda:sm_80", "cubin"}}, {8, 6}), "cuda:sm_80 cubin");
  EXPECT_EQ(choose({{"cuda:sm_80", "cubin"}, {"cuda:sm_86", "ptx"}}, {8, 6}), "cuda:sm_80 cubin");
  EXPECT_EQ(choose({{"cuda:sm_80", "cubin"}, {"cuda:sm_86", "cubin"}}, {8, 9}), "cuda:sm_86 cubin");
}

TEST(CudaArchitecture, TakesNothingElse) {
  EXPECT_EQ(choose({}, {8, 0}), "none");
  EXPECT_EQ(choose({{"host:x86-64-v3", "elf"}}, {8, 0}), "none");
  format::Module module;
  EXPECT_EQ(listGpuCode(module), "none");
  module.images = {{"host:x86-64-v3", "elf", {}}, {"cuda:sm_80", "ptx", {}}, {"cuda:sm_90a", "cubin", {}}};
  EXPECT_EQ(listGpuCode(module), "cuda:sm_80 (ptx), cuda:sm_90a (cubin)");
}

} // namespace
