// Drivers that winnow cannot use: what is said of them, and that "auto" goes on without.
#include "runtime/device/cuda/Driver.h"
#include "CudaModule.h"
#include "UseFakeDriver.h"
#include "format/Writer.h"
#include "runtime/device/Device.h"
#include "runtime/device/ParallelFor.h"
#include "runtime/device/host/NativeCode.h"
#include "runtime/module/LoadedModule.h"

#include <gtest/gtest.h>

using namespace winnow;
using namespace winnow::runtime;
using namespace winnow::test;

namespace {

class CudaDriver : public testing::Test {
protected:
  CudaDriver() { driver.reset({}); }
  void TearDown() override {
    use(WINNOW_TEST_CUDA_DRIVER);
    EXPECT_EQ(driver.problems(), std::vector<std::string>());
    EXPECT_EQ(driver.leftovers(), "nothing");
  }

  static void use(const char *path) { ::setenv("WINNOW_CUDA_DRIVER", path, 1); }

  Result<CreatedDevice> create(std::string_view name, const format::Module &contents) {
    auto serialized = format::serialize(contents);
    EXPECT_TRUE(serialized.ok()) << serialized.status().message();
    bytes = std::move(*serialized);
    module = *LoadedModule::fromMemory(bytes);
    return createDevice(name, *module, {*pool, memory, ""});
  }
  /// Why there is no device.
  std::string refusal() {
    auto created = create("cuda", stepModule());
    EXPECT_EQ(created.status().code(), Code::Unsupported);
    return created.status().message();
  }

  FakeDriver &driver = fakeDriver();
  std::unique_ptr<ParallelFor> pool = makeThreadPool(1);
  Memory memory{{}, 0};
  std::vector<uint8_t> bytes;
  std::shared_ptr<const LoadedModule> module;
};

TEST_F(CudaDriver, MayBeMissing) {
  use("/none/libcuda.so.1");
  EXPECT_EQ(refusal(),
            "cannot open the CUDA driver: /none/libcuda.so.1: cannot open shared object file: No such "
            "file or directory");
}

TEST_F(CudaDriver, MayBeOld) {
  FakeMachine machine;
  machine.version = 11010;
  driver.reset(machine);
  EXPECT_EQ(refusal(),
            "the CUDA driver '" WINNOW_TEST_CUDA_DRIVER "' is of version 11.1, expected 11.2 or later");
  machine.version = 11020;
  driver.reset(machine);
  EXPECT_TRUE(create("cuda", stepModule()).ok());
}

TEST_F(CudaDriver, MayLackFunctions) {
  use(WINNOW_TEST_INCOMPLETE_CUDA_DRIVER);
  EXPECT_EQ(refusal(),
            "the CUDA driver '" WINNOW_TEST_INCOMPLETE_CUDA_DRIVER "' has no function cuGetErrorName");
}

TEST_F(CudaDriver, MayHaveNoDevice) {
  FakeMachine machine;
  machine.devices = 0;
  driver.reset(machine);
  EXPECT_EQ(refusal(),
            "cannot initialize the CUDA driver: cuInit: CUDA_ERROR_NO_DEVICE (no CUDA-capable device is "
            "detected)");
}

TEST_F(CudaDriver, MustShareAddresses) {
  FakeMachine machine;
  machine.sharesAddresses = false;
  driver.reset(machine);
  EXPECT_EQ(refusal(), "GPU 0 (Fake) does not share its address space with the host");
}

TEST_F(CudaDriver, DescribesErrorsThatItDoesNotKnow) {
  auto opened = cuda::Driver::open();
  ASSERT_TRUE(opened.ok()) << opened.status().message();
  EXPECT_EQ((*opened)->describe({"cuInit", 54321}), "cuInit: unknown error 54321");
}

/// With code for this machine too, which no test here executes.
format::Module moduleForBoth() {
  format::Module module = stepModule();
  module.images.push_back(
      {"host:" + std::string(hostCpu()), "elf", readBytes(WINNOW_TEST_IMAGES "/kernels.so")});
  module.kernels[0].variants.push_back({1, "scale_relu", {1}, 1, 0});
  return module;
}

TEST_F(CudaDriver, AutoGoesOnWithoutIt) {
  auto taken = create("auto", moduleForBoth());
  ASSERT_TRUE(taken.ok()) << taken.status().message();
  EXPECT_EQ(taken->device->name(), "cuda");
  EXPECT_EQ(taken->passedOver, "");
  taken->device.reset();

  driver.fail("cuModuleLoadDataEx", 999);
  auto broken = create("auto", moduleForBoth());
  ASSERT_TRUE(broken.ok()) << broken.status().message();
  EXPECT_EQ(broken->device->name(), "host");
  EXPECT_EQ(broken->passedOver,
            "cuda: GPU 0 (Fake) failed: cuModuleLoadDataEx: CUDA_ERROR_UNKNOWN (unknown error)");

  use("/none/libcuda.so.1");
  auto missing = create("auto", moduleForBoth());
  ASSERT_TRUE(missing.ok()) << missing.status().message();
  EXPECT_EQ(missing->device->name(), "host");
  EXPECT_EQ(missing->passedOver.find("cuda: cannot open the CUDA driver: "), 0u) << missing->passedOver;
}

TEST_F(CudaDriver, IsNotOpenedForModulesWithoutCodeForIt) {
  format::Module module = moduleForBoth();
  module.images[0] = module.images[1];
  module.kernels[0].variants = {{1, "scale_relu", {1}, 1, 0}};
  auto created = create("auto", module);
  ASSERT_TRUE(created.ok()) << created.status().message();
  EXPECT_EQ(created->passedOver, "cuda: the module has no code for GPUs");
  EXPECT_EQ(driver.calls(), std::vector<std::string>());
}

} // namespace
