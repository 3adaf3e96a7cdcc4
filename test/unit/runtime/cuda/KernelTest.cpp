// Code on the device cuda: what is loaded, what is refused and why, and the shapes of launches.
#include "CudaModule.h"
#include "UseFakeDriver.h"
#include "format/Writer.h"
#include "runtime/device/Device.h"
#include "runtime/device/ParallelFor.h"
#include "runtime/module/LoadedModule.h"

#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>

using namespace winnow;
using namespace winnow::runtime;
using namespace winnow::test;

namespace {

class CudaKernels : public testing::Test {
protected:
  CudaKernels() { driver.reset({}); }
  void TearDown() override {
    device.reset();
    EXPECT_EQ(driver.problems(), std::vector<std::string>());
    EXPECT_EQ(driver.leftovers(), "nothing");
  }

  Status load(const format::Module &contents) {
    device.reset();
    auto serialized = format::serialize(contents);
    EXPECT_TRUE(serialized.ok()) << serialized.status().message();
    bytes = std::move(*serialized);
    module = *LoadedModule::fromMemory(bytes);
    auto created = createDevice("cuda", *module, {*pool, memory, ""});
    if (created.ok())
      device = std::move(created->device);
    return created.status();
  }

  /// The step's module with one form of its kernel for each image.
  static format::Module withImages(std::vector<format::Image> images) {
    format::Module contents = stepModule();
    contents.images = std::move(images);
    contents.kernels[0].variants.clear();
    for (uint32_t i = 0; i < contents.images.size(); ++i)
      contents.kernels[0].variants.push_back({i, "multiply_add", {1}, 64, 0});
    return contents;
  }

  /// What the fake driver takes for a cubin.
  static format::Image cubin(const std::string &architecture) {
    std::string text = "\x7f"
                       "ELF " +
                       architecture + "\n" + std::string(kMultiplyAdd) + '\0';
    return {"cuda:" + architecture, "cubin", bytesOf(text)};
  }
  static format::Image ptx(const std::string &architecture) {
    std::string text(kMultiplyAdd);
    text.replace(text.find("sm_80"), 5, architecture);
    return {"cuda:" + architecture, "ptx", bytesOf(text)};
  }

  /// Launches on n items with buffers that are all the same.
  Status launch(int64_t n) {
    std::vector<int64_t> sizes(4, buffer.size()), extents = {n}, arguments = {0};
    std::vector<void *> buffers(4, buffer.data());
    Launch request;
    request.extents = extents;
    request.buffers = buffers;
    request.bufferBytes = sizes;
    request.sizes = arguments;
    return device->launch(request);
  }
  std::vector<std::string> callsOf(const std::string &function) const {
    std::vector<std::string> calls = driver.calls();
    std::erase_if(calls, [&](const std::string &each) { return each.find(function + "(") != 0; });
    return calls;
  }

  FakeDriver &driver = fakeDriver();
  std::unique_ptr<ParallelFor> pool = makeThreadPool(1);
  Memory memory{{}, 0};
  Block buffer;
  std::vector<uint8_t> bytes;
  std::shared_ptr<const LoadedModule> module;
  std::unique_ptr<Device> device;
};

TEST_F(CudaKernels, AreOfTheBestCode) {
  format::Module contents = withImages({ptx("sm_80"), cubin("sm_80"), ptx("sm_90")});
  const std::pair<std::pair<int, int>, std::string> cases[] = {
      {{8, 0}, "cuda:sm_80"}, {{8, 9}, "cuda:sm_80"}, {{9, 0}, "cuda:sm_90"}, {{12, 0}, "cuda:sm_90"}};
  for (const auto &[capability, target] : cases) {
    FakeMachine machine;
    std::tie(machine.major, machine.minor) = capability;
    device.reset();
    driver.reset(machine);
    Status status = load(contents);
    ASSERT_TRUE(status.ok()) << status.message();
    EXPECT_EQ(device->target(), target);
    EXPECT_EQ(callsOf("cuModuleLoadDataEx").size(), 1u);
  }
}

TEST_F(CudaKernels, NeedCodeForTheDevice) {
  FakeMachine machine;
  machine.major = 7;
  machine.minor = 5;
  driver.reset(machine);
  Status status = load(withImages({ptx("sm_80"), cubin("sm_80")}));
  EXPECT_EQ(status.code(), Code::Unsupported);
  EXPECT_EQ(status.message(),
            "the module has no code for kernel 'step_0' that GPU 0 (Fake), sm_75, can execute; its "
            "code for GPUs is cuda:sm_80 (ptx), cuda:sm_80 (cubin)");
}

TEST_F(CudaKernels, AreRefusedWithTheCompilersWords) {
  format::Module contents = stepModule();
  contents.images[0].bytes = bytesOf(".version 8.0\n.target sm_80\n.address_size 64\nnonsense\n");
  Status status = load(contents);
  EXPECT_EQ(status.code(), Code::DamagedModule);
  EXPECT_EQ(
      status.message().find("cannot load the PTX for cuda:sm_80 of the module onto GPU 0 (Fake): "
                            "cuModuleLoadDataEx: CUDA_ERROR_INVALID_PTX (a PTX JIT compilation failed): "
                            "ptxas:4:1: "),
      0u)
      << status.message();
  EXPECT_EQ(status.message().find('\n'), std::string::npos);
}

TEST_F(CudaKernels, MustBeThere) {
  format::Module contents = stepModule();
  contents.kernels[0].variants[0].symbol = "divide";
  Status status = load(contents);
  EXPECT_EQ(status.code(), Code::DamagedModule);
  EXPECT_EQ(status.message(), "cannot find kernel 'divide' in the PTX for cuda:sm_80 of the module: "
                              "cuModuleGetFunction: CUDA_ERROR_NOT_FOUND (named symbol not found)");
}

TEST_F(CudaKernels, NeedEnoughThreads) {
  FakeMachine machine;
  machine.mostThreads = 32;
  driver.reset(machine);
  Status status = load(stepModule());
  EXPECT_EQ(status.code(), Code::Unsupported);
  EXPECT_EQ(status.message(),
            "kernel 'multiply_add' needs blocks of 64 threads, but GPU 0 (Fake) executes it in "
            "blocks of at most 32");
}

/// The step's module whose kernel has shared memory: 1024 bytes of its own.
format::Module sharedModule(int64_t dynamicBytes) {
  format::Module contents = stepModule();
  std::string text(kMultiplyAdd);
  text.replace(text.find("  .reg"), 6, "  .shared .align 16 .b8 own[1024];\n  .reg");
  contents.images[0].bytes = bytesOf(text);
  contents.kernels[0].variants[0].sharedBytes = dynamicBytes;
  return contents;
}

TEST_F(CudaKernels, AskForMuchSharedMemory) {
  constexpr int64_t kUnasked = 48 * 1024 - 1024, kMost = 166912 - 1024;
  for (int64_t dynamicBytes : {int64_t(0), kUnasked, kUnasked + 1, kMost}) {
    device.reset();
    driver.reset({});
    Status status = load(sharedModule(dynamicBytes));
    ASSERT_TRUE(status.ok()) << status.message();
    std::vector<std::string> expected;
    if (dynamicBytes > kUnasked)
      expected = {"cuFuncSetAttribute(8, 165888)"};
    EXPECT_EQ(callsOf("cuFuncSetAttribute"), expected);
    buffer = std::move(*Block::make(*device->separateMemory(), 64));
    EXPECT_TRUE(launch(1).ok());
    EXPECT_TRUE(device->finish().ok());
    EXPECT_EQ(callsOf("cuLaunchKernel").back(),
              "cuLaunchKernel(multiply_add, 1x1x1, 64x1x1, " + std::to_string(dynamicBytes) + ")");
    buffer.reset();
  }
  Status status = load(sharedModule(kMost + 1));
  EXPECT_EQ(status.code(), Code::Unsupported);
  EXPECT_EQ(status.message(),
            "kernel 'multiply_add' needs 1024 + 165889 bytes of shared memory (static + dynamic), "
            "but GPU 0 (Fake) has 166912 for a block");
}

TEST_F(CudaKernels, CoverTheirItems) {
  FakeMachine machine;
  machine.mostBlocks = 1000;
  driver.reset(machine);
  ASSERT_TRUE(load(stepModule()).ok());
  buffer = std::move(*Block::make(*device->separateMemory(), 64));
  for (int64_t n : {0, 1, 64, 65, 64000})
    EXPECT_TRUE(launch(n).ok());
  EXPECT_TRUE(device->finish().ok());
  EXPECT_EQ(callsOf("cuLaunchKernel"),
            (std::vector<std::string>{"cuLaunchKernel(multiply_add, 1x1x1, 64x1x1, 0)",
                                      "cuLaunchKernel(multiply_add, 1x1x1, 64x1x1, 0)",
                                      "cuLaunchKernel(multiply_add, 2x1x1, 64x1x1, 0)",
                                      "cuLaunchKernel(multiply_add, 1000x1x1, 64x1x1, 0)"}));
  Status status = launch(64001);
  EXPECT_EQ(status.code(), Code::InvalidArgument);
  EXPECT_EQ(status.message(),
            "kernel 'multiply_add' would need 1001 blocks, but a grid has at most 1000 on GPU 0 (Fake)");
  EXPECT_EQ(launch(-1).message(), "extent -1 is negative");
  buffer.reset();
}

} // namespace
