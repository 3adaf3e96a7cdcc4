// The executor with a device that has memory of its own, which the host cannot use in place.
#include "FarMemory.h"
#include "TestModule.h"

#include "format/Writer.h"
#include "runtime/plan/Executor.h"
#include "runtime/plan/OutputTensor.h"

#include <gtest/gtest.h>
#include <set>

using namespace winnow::runtime;
using namespace winnow;

namespace {

/// Computes what kernels.c computes, for `main`.
class FarDevice : public Device {
public:
  std::string_view name() const override { return "far"; }
  std::string_view target() const override { return "far:1"; }
  DeviceMemory *separateMemory() override { return &memory; }

  Status launch(const Launch &launch) override {
    if (launch.kernel == failingKernel)
      return failure(Code::DeviceFault, "the device is on fire");
    auto floats = [&](size_t i) { return reinterpret_cast<float *>(toHost(launch.buffers[i])); };
    int64_t rows = launch.sizes[0];
    EXPECT_EQ(launch.extents[0], rows);
    EXPECT_EQ(launch.bufferBytes[0], rows * 64);
    for (int64_t i = 0; i < rows * 16 && launch.kernel < 2; ++i) {
      float value = launch.kernel == 0 ? std::max(0.0f, floats(0)[i] * floats(1)[i % 16])
                                       : floats(0)[i] + floats(1)[i % 16];
      floats(2)[i] = value;
    }
    for (int64_t row = 0; row < rows && launch.kernel == 2; ++row)
      reinterpret_cast<int64_t *>(toHost(launch.buffers[1]))[row] = row;
    return {};
  }

  Status finish() override {
    ++finishes;
    return lateFault;
  }

  FarMemory memory;
  uint32_t failingKernel = ~0u;
  Status lateFault;
  int finishes = 0;
};

class SeparateMemory : public testing::Test {
protected:
  void SetUp() override {
    auto written = format::serialize(testModule({}, "x86-64"));
    bytes = std::move(*written);
    module = *LoadedModule::fromMemory(bytes);
    executor = std::make_unique<Executor>(*module, device, memory, false);
    for (size_t i = 0; i < x.size(); ++i)
      x[i] = float(i) - 20;
  }
  void TearDown() override {
    executor.reset();
    EXPECT_EQ(device.memory.memory.usedBytes(), 0);
    EXPECT_EQ(memory->usedBytes(), 0);
  }

  Status run(DLTensor in, DLTensor (&outputs)[2]) {
    return executor->invoke(*module->findFunction("main", ""), {&in, 1}, outputs, cancelled);
  }
  DLTensor input() {
    DLTensor tensor = {};
    tensor.data = x.data();
    tensor.device = {kDLCPU, 0};
    tensor.ndim = 2;
    tensor.dtype = format::toDLPack(format::ElementType::F32);
    tensor.shape = shape;
    return tensor;
  }

  std::vector<uint8_t> bytes;
  std::shared_ptr<const LoadedModule> module;
  FarDevice device;
  std::shared_ptr<Memory> memory = std::make_shared<Memory>(Allocator(), 0);
  std::unique_ptr<Executor> executor;
  std::vector<float> x = std::vector<float>(48);
  int64_t shape[2] = {3, 16};
  std::atomic<bool> cancelled = false;
};

TEST_F(SeparateMemory, Runs) {
  for (bool strided : {false, true, false}) {
    DLTensor in = input(), outputs[2] = {};
    int64_t strides[2] = {0, 1}; // the first row three times
    in.strides = strided ? strides : nullptr;
    Status status = run(in, outputs);
    ASSERT_TRUE(status.ok()) << status.message();
    for (int i = 0; i < 48; ++i) {
      float w = float(i % 2 ? -(i % 16 + 1) : i % 16 + 1);
      EXPECT_EQ(static_cast<float *>(outputs[0].data)[i],
                std::max(0.0f, x[size_t(strided ? i % 16 : i)] * w) + 0.5f);
    }
    EXPECT_EQ(static_cast<int64_t *>(outputs[1].data)[2], 2);
    for (DLTensor &output : outputs)
      freeOutputTensor(output);
  }
}

TEST_F(SeparateMemory, WritesStridedOutputs) {
  std::vector<float> y(3 * 20);
  int64_t strides[2] = {20, 1};
  DLTensor outputs[2] = {input(), {}};
  outputs[0].data = y.data();
  outputs[0].strides = strides;
  Status status = run(input(), outputs);
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(y[20], std::max(0.0f, x[16]) + 0.5f);
  EXPECT_EQ(y[16], 0.0f);
  freeOutputTensor(outputs[1]);
}

// A launch may go on when it returns, so a call ends with a wait, however it ends.
TEST_F(SeparateMemory, WaitsForTheDevice) {
  DLTensor outputs[2] = {};
  device.lateFault = failure(Code::DeviceFault, "the device was on fire");
  EXPECT_EQ(run(input(), outputs).message(), "the device was on fire");
  EXPECT_EQ(outputs[0].data, nullptr);
  EXPECT_EQ(device.finishes, 1);
  device.failingKernel = 1;
  EXPECT_EQ(run(input(), outputs).message(), "the device is on fire");
  EXPECT_EQ(device.finishes, 2);
}

TEST_F(SeparateMemory, WaitsForEachKernelThatIsTimed) {
  executor = std::make_unique<Executor>(*module, device, memory, true);
  DLTensor outputs[2] = {};
  ASSERT_TRUE(run(input(), outputs).ok());
  EXPECT_EQ(device.finishes, 4); // three kernels and the call
  for (DLTensor &output : outputs)
    freeOutputTensor(output);
}

TEST_F(SeparateMemory, FailuresLeaveNothing) {
  DLTensor outputs[2] = {};
  device.failingKernel = 1;
  EXPECT_EQ(run(input(), outputs).code(), Code::DeviceFault);
  EXPECT_EQ(outputs[0].data, nullptr);
  device.failingKernel = ~0u;
  device.memory.fails = true;
  EXPECT_EQ(run(input(), outputs).message(), "the device is full");
  device.memory.fails = false;
  cancelled = true;
  EXPECT_EQ(run(input(), outputs).code(), Code::Cancelled);
}

} // namespace
