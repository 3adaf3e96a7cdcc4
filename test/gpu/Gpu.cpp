// Micro-kernels on a GPU.
#include "runtime/device/cuda/CudaMemory.h"
#include "runtime/device/cuda/Program.h"
#include "test/gpu/Executor.h"
#include "test/gpu/MicroKernel.h"

namespace winnow::gpu {
namespace {

using format::Status;
using namespace winnow::runtime;

/// Memory of a GPU that is freed with its owner.
class DeviceBuffer {
public:
  explicit DeviceBuffer(cuda::Gpu &gpu) : gpu(gpu) {}
  DeviceBuffer(DeviceBuffer &&other) noexcept : gpu(other.gpu), address(std::exchange(other.address, 0)) {}
  ~DeviceBuffer() {
    if (address)
      (void)gpu.functions().memoryFree(address);
  }
  Status allocate(size_t bytes) {
    return gpu.settle(gpu.functions().memoryAllocate(&address, bytes ? bytes : 1), "cannot allocate ", bytes,
                      " bytes");
  }
  char *data() const { return reinterpret_cast<char *>(address); }

private:
  cuda::Gpu &gpu;
  cuda::DeviceAddress address = 0;
};

const char *bytesOf(const std::vector<std::byte> &buffer) {
  return reinterpret_cast<const char *>(buffer.data());
}

class GpuExecutor : public Executor {
public:
  explicit GpuExecutor(std::unique_ptr<cuda::Gpu> gpu) : gpu(std::move(gpu)) {}

  std::string name() const override {
    return format::concatenate(gpu->name(), ", compute capability ", gpu->capability().major, ".",
                               gpu->capability().minor);
  }

  unsigned target() const override {
    return unsigned(gpu->capability().major * 10 + gpu->capability().minor);
  }

  Status run(const std::string &ptx, uint32_t threads, Buffers &buffers) override {
    cuda::Gpu::Current current(*gpu);
    auto program = cuda::Program::load(*gpu, {reinterpret_cast<const uint8_t *>(ptx.c_str()), ptx.size() + 1},
                                       true, "ptx");
    if (!program.ok())
      return program.status();
    auto kernel = program->kernel("k");
    if (!kernel.ok())
      return kernel.status();
    cuda::Staging staging(*gpu);
    std::vector<DeviceBuffer> memory;
    std::vector<uint64_t> parameters;
    for (const auto &buffer : buffers) {
      memory.emplace_back(*gpu);
      if (Status status = memory.back().allocate(buffer.size()); !status.ok())
        return status;
      if (Status status = staging.copyToDevice(memory.back().data(), bytesOf(buffer), int64_t(buffer.size()));
          !status.ok())
        return status;
      parameters.push_back(reinterpret_cast<uint64_t>(memory.back().data()));
    }
    cuda::LaunchShape shape{{threads / kThreads, 1, 1}, {kThreads, 1, 1}, 0};
    if (Status status = gpu->launch(*kernel, shape, std::as_bytes(std::span(parameters))); !status.ok())
      return status;
    return staging.copyFromDevice(reinterpret_cast<char *>(buffers[0].data()), memory[0].data(),
                                  int64_t(buffers[0].size()));
  }

private:
  std::unique_ptr<cuda::Gpu> gpu;
};

} // namespace

format::Result<std::unique_ptr<Executor>> openGpu(int ordinal) {
  auto gpu = cuda::Gpu::open(ordinal);
  if (!gpu.ok())
    return gpu.status();
  return std::unique_ptr<Executor>(std::make_unique<GpuExecutor>(std::move(*gpu)));
}

} // namespace winnow::gpu
