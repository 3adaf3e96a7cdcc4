// A GPU as one session uses it: its primary context, and one stream in which everything happens in order.
#pragma once

#include "runtime/device/cuda/Architecture.h"
#include "runtime/device/cuda/Driver.h"

#include <array>
#include <span>
#include <string>

namespace winnow::runtime::cuda {

struct Kernel;

struct LaunchShape {
  std::array<uint32_t, 3> grid = {1, 1, 1}, block = {1, 1, 1};
  uint32_t dynamicSharedBytes = 0;
};

/// "grid 4x1x1, block 64x1x1, 0 bytes of dynamic shared memory".
std::string toString(const LaunchShape &shape);

/// What is asked for happens later, in order; wait() waits for it. A kernel's fault is found by whatever is
/// asked next, names the kernel as exactly as can be known, and makes everything after it fail. For one
/// thread at a time, on which a Current lives.
class Gpu {
public:
  /// Fails with Unsupported if there is no such device or it lacks what winnow needs.
  static format::Result<std::unique_ptr<Gpu>> open(int ordinal);
  ~Gpu();
  Gpu(const Gpu &) = delete;

  /// Makes the context the one that the driver's functions mean on this thread, while it lives.
  class Current {
  public:
    explicit Current(const Gpu &gpu) : gpu(gpu), isPushed(gpu.driver->contextPush(gpu.context).ok()) {}
    ~Current() {
      ContextHandle popped;
      if (isPushed)
        (void)gpu.driver->contextPop(&popped);
    }
    Current(const Current &) = delete;

  private:
    const Gpu &gpu;
    bool isPushed; // if not, what follows fails with CUDA_ERROR_INVALID_CONTEXT
  };

  /// "GPU 0 (NVIDIA A100)".
  const std::string &name() const { return text; }
  Capability capability() const { return computeCapability; }
  DeviceNumber number() const { return device; }
  uint32_t mostBlocks() const { return blockLimit; }       // of a grid, in x
  uint32_t mostSharedBytes() const { return sharedLimit; } // of a block, static and dynamic
  bool hasMemoryPools() const { return memoryPools; }
  StreamHandle stream() const { return order; }
  const Driver &functions() const { return *driver; }

  /// `parameters` are the packed bytes of the kernel's parameters. `kernel` outlives the Gpu's use of it.
  format::Status launch(const Kernel &kernel, const LaunchShape &shape,
                        std::span<const std::byte> parameters);
  /// Addresses are the device's, or of host memory that is pinned.
  format::Status copy(const void *destination, const void *source, size_t bytes);
  format::Status record(EventHandle event);
  format::Status wait(EventHandle event);
  /// Waits for everything.
  format::Status wait();

  /// The status of a call, after which the Gpu may be of no more use.
  template <format::MessagePart... Parts>
  format::Status settle(const Outcome &outcome, const Parts &...context) {
    if (outcome.ok())
      return {};
    return outcome.losesContext() ? fault(outcome) : driver->failed(outcome, context...);
  }

private:
  Gpu() = default;
  format::Status setUp(int ordinal);
  format::Status readAttributes();
  format::Status readAttribute(DeviceAttribute attribute, int &value);
  format::Status fault(const Outcome &outcome);
  std::string suspects() const;

  std::shared_ptr<const Driver> driver;
  DeviceNumber device = 0;
  ContextHandle context = nullptr;
  StreamHandle order = nullptr;
  std::string text;
  Capability computeCapability;
  uint32_t blockLimit = 0, sharedLimit = 0;
  bool memoryPools = false;

  struct Launched {
    const Kernel *kernel = nullptr;
    LaunchShape shape;
  };
  uint64_t unfinished = 0; // launches since the last wait
  Launched first, last;    // of them
  format::Status lost;     // not ok after a fault
};

} // namespace winnow::runtime::cuda
