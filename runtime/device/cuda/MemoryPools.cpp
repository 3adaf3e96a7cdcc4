// A pool of the driver, which allocates in the order of a stream (CUDA 11.2), and one for devices without:
// blocks of a few sizes that are kept when they are freed.
#include "runtime/device/cuda/MemoryPools.h"

#include <algorithm>
#include <bit>
#include <map>
#include <vector>

namespace winnow::runtime::cuda {

using format::Result;
using format::Status;

namespace {

constexpr int64_t kLeastBlockBytes = 512;

class DriverPool : public MemoryPool {
public:
  DriverPool(Gpu &gpu, PoolHandle pool) : gpu(gpu), pool(pool) {}
  ~DriverPool() override { (void)gpu.functions().poolDestroy(pool); }

  Result<DeviceAddress> allocate(int64_t bytes) override {
    DeviceAddress address = 0;
    Outcome outcome = gpu.functions().poolAllocate(&address, size_t(bytes), pool, gpu.stream());
    if (outcome.code == kOutOfMemory) {
      // What was freed is not free before the work that uses it has ended.
      if (Status status = gpu.wait(); !status.ok())
        return status;
      (void)gpu.functions().poolTrim(pool, 0);
      outcome = gpu.functions().poolAllocate(&address, size_t(bytes), pool, gpu.stream());
    }
    if (!outcome.ok())
      return gpu.settle(outcome, "cannot allocate ", bytes, " bytes on ", gpu.name());
    return address;
  }

  void free(DeviceAddress address, int64_t) override {
    (void)gpu.functions().poolFree(address, gpu.stream());
  }

private:
  Gpu &gpu;
  PoolHandle pool;
};

Result<std::unique_ptr<MemoryPool>> makeDriverPool(Gpu &gpu, int64_t limit) {
  PoolProperties properties;
  properties.device = gpu.number();
  PoolHandle pool = nullptr;
  if (Outcome outcome = gpu.functions().poolCreate(&pool, &properties); !outcome.ok())
    return gpu.settle(outcome, "cannot make a memory pool on ", gpu.name());
  auto made = std::make_unique<DriverPool>(gpu, pool);
  // Unasked, a pool gives back everything each time that somebody waits.
  uint64_t kept = limit > 0 ? uint64_t(limit) : UINT64_MAX;
  Outcome outcome = gpu.functions().poolSetAttribute(pool, PoolAttribute::ReleaseThreshold, &kept);
  if (!outcome.ok())
    return gpu.settle(outcome, "cannot set up the memory pool on ", gpu.name());
  return std::unique_ptr<MemoryPool>(std::move(made));
}

/// One stream uses all blocks, so one that is freed can be given out at once.
class BlockPool : public MemoryPool {
public:
  BlockPool(Gpu &gpu, int64_t limit) : gpu(gpu), limit(limit) {}
  ~BlockPool() override { trim(); }

  Result<DeviceAddress> allocate(int64_t bytes) override {
    int64_t size = blockBytes(bytes);
    std::vector<DeviceAddress> &kept = idle[size];
    if (!kept.empty()) {
      DeviceAddress address = kept.back();
      kept.pop_back();
      return address;
    }
    if (limit > 0 && size > limit - heldBytes)
      trim();
    DeviceAddress address = 0;
    Outcome outcome = gpu.functions().memoryAllocate(&address, size_t(size));
    if (outcome.code == kOutOfMemory) {
      trim();
      outcome = gpu.functions().memoryAllocate(&address, size_t(size));
    }
    if (!outcome.ok())
      return gpu.settle(outcome, "cannot allocate ", bytes, " bytes on ", gpu.name());
    heldBytes += size;
    return address;
  }

  void free(DeviceAddress address, int64_t bytes) override { idle[blockBytes(bytes)].push_back(address); }

private:
  /// Gives back what is not in use. The driver waits until no kernel uses it either.
  void trim() {
    for (auto &[size, addresses] : idle) {
      for (DeviceAddress address : addresses) {
        (void)gpu.functions().memoryFree(address);
        heldBytes -= size;
      }
      addresses.clear();
    }
  }

  Gpu &gpu;
  int64_t limit, heldBytes = 0;
  std::map<int64_t, std::vector<DeviceAddress>> idle; // by size
};

} // namespace

int64_t blockBytes(int64_t bytes) {
  if (bytes <= kLeastBlockBytes)
    return kLeastBlockBytes;
  // Eight sizes between a power of two and the next.
  int64_t step = std::max(int64_t(std::bit_floor(uint64_t(bytes - 1))) / 8, kLeastBlockBytes);
  int64_t rest = bytes % step;
  return rest == 0 || bytes > INT64_MAX - step ? bytes : bytes + (step - rest);
}

Result<std::unique_ptr<MemoryPool>> makeMemoryPool(Gpu &gpu, int64_t limit) {
  if (gpu.hasMemoryPools())
    return makeDriverPool(gpu, limit);
  return std::unique_ptr<MemoryPool>(std::make_unique<BlockPool>(gpu, limit));
}

} // namespace winnow::runtime::cuda
