// How buffers in a GPU's memory are made and reused without a call that waits for the GPU.
#pragma once

#include "runtime/device/cuda/Gpu.h"

namespace winnow::runtime::cuda {

/// Addresses are multiples of 256. What is freed is used again only by work that comes later in the Gpu's
/// order.
class MemoryPool {
public:
  virtual ~MemoryPool() = default;
  /// `bytes` is at least 1.
  virtual format::Result<DeviceAddress> allocate(int64_t bytes) = 0;
  /// `bytes` as when it was allocated.
  virtual void free(DeviceAddress address, int64_t bytes) = 0;
};

/// A pool that tries to hold no more than `limit` bytes, 0 for as many as there are: one of the driver's
/// where the device has them, else one of this project's.
format::Result<std::unique_ptr<MemoryPool>> makeMemoryPool(Gpu &gpu, int64_t limit);

/// The size of the blocks that hold `bytes`, with at most an eighth of it unused, or 512 bytes.
int64_t blockBytes(int64_t bytes);

} // namespace winnow::runtime::cuda
