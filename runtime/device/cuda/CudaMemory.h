// A GPU's memory as the executor uses it, and the host's memory that both address.
#pragma once

#include "runtime/device/Device.h"
#include "runtime/device/cuda/MemoryPools.h"

#include <array>

namespace winnow::runtime::cuda {

/// Memory of the host that stays where it is, at the same address for the GPU. Counts as the host's.
class PinnedMemory : public MemorySpace {
public:
  PinnedMemory(Gpu &gpu, Budget &budget) : gpu(gpu), budget(budget) {}

  Result<void *> allocate(int64_t bytes) override;
  void free(void *address, int64_t bytes) override;

private:
  Gpu &gpu;
  Budget &budget;
};

/// Two pieces of pinned memory that take turns: the GPU copies from or to one while the host fills or empties
/// the other. Made when they are first used.
class Staging {
public:
  static constexpr int64_t kPieceBytes = int64_t(1) << 20;

  explicit Staging(Gpu &gpu) : gpu(gpu) {}
  ~Staging();

  /// `source` may change as soon as it returns.
  Status copyToDevice(char *destination, const char *source, int64_t bytes);
  /// Waits for everything before it and for itself.
  Status copyFromDevice(char *destination, const char *source, int64_t bytes);

private:
  struct Piece {
    char *memory = nullptr;
    EventHandle copied = nullptr; // the GPU's last use of it
  };

  Status prepare();
  Status prepare(Piece &piece);

  Gpu &gpu;
  std::array<Piece, 2> pieces;
  size_t next = 0; // the piece whose last use is longest ago
};

/// May hold as many bytes as the host's memory may.
class CudaMemory : public DeviceMemory {
public:
  CudaMemory(Gpu &gpu, std::unique_ptr<MemoryPool> pool, Memory &host);
  ~CudaMemory() override;

  Result<void *> allocate(int64_t bytes) override;
  void free(void *address, int64_t bytes) override;
  Status copyToDevice(void *destination, const void *source, int64_t bytes) override;
  Status copyFromDevice(void *destination, const void *source, int64_t bytes) override;
  Status copyOnDevice(void *destination, const void *source, int64_t bytes) override;
  MemorySpace &sharedHostMemory() override { return pinned; }
  int64_t peakBytes() const override { return budget.peakBytes(); }

private:
  Gpu &gpu;
  std::unique_ptr<MemoryPool> pool;
  Budget budget;
  PinnedMemory pinned;
  std::unique_ptr<Staging> staging;
};

} // namespace winnow::runtime::cuda
