// The host memory of a session: the caller's allocator or the system's, counted and capped.
#pragma once

#include "format/Status.h"

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace winnow::runtime {

/// Every buffer that the runtime makes begins at a multiple of this.
constexpr size_t kBufferAlignment = 64;

/// As wn_allocate_function and wn_free_function in include/winnow/runtime.h.
struct Allocator {
  void *(*allocate)(void *context, size_t bytes, size_t alignment) = nullptr;
  void (*free)(void *context, void *address, size_t bytes) = nullptr;
  void *context = nullptr;
};

/// Counts the bytes that are in use, and refuses what exceeds a limit. Thread-safe.
class Budget {
public:
  /// A limit of 0 stands for none.
  explicit Budget(int64_t limit) : limit(limit) {}

  /// Fails with OutOfMemory.
  format::Status take(int64_t bytes);
  void give(int64_t bytes) { used -= bytes; }

  int64_t usedBytes() const { return used; }
  int64_t peakBytes() const { return peak; }
  int64_t limitBytes() const { return limit; }

private:
  int64_t limit;
  std::atomic<int64_t> used = 0, peak = 0;
};

/// Where buffers are made: the host's memory or a device's own.
class MemorySpace {
public:
  virtual ~MemorySpace() = default;
  /// 64-byte aligned memory, also for 0 bytes. Fails with OutOfMemory.
  virtual format::Result<void *> allocate(int64_t bytes) = 0;
  virtual void free(void *address, int64_t bytes) = 0;
};

/// The host's memory. Thread-safe if the allocator is.
class Memory : public MemorySpace {
public:
  /// An allocator without functions stands for the system's; a limit of 0 for none.
  Memory(Allocator allocator, int64_t limit);

  /// Fails with OutOfMemory for the limit too.
  format::Result<void *> allocate(int64_t bytes) override;
  void free(void *address, int64_t bytes) override;

  int64_t usedBytes() const { return counted.usedBytes(); }
  int64_t peakBytes() const { return counted.peakBytes(); }
  /// For memory of the host that something else than the allocator gives.
  Budget &budget() { return counted; }

private:
  Allocator allocator;
  Budget counted;
};

/// Memory that is freed with its owner.
class Block {
public:
  Block() = default;
  Block(MemorySpace &space, void *address, int64_t bytes) : space(&space), address(address), bytes(bytes) {}
  Block(Block &&other) noexcept { *this = static_cast<Block &&>(other); }
  Block &operator=(Block &&other) noexcept;
  ~Block() { reset(); }

  void *data() const { return address; }
  int64_t size() const { return bytes; }
  void reset();

  static format::Result<Block> make(MemorySpace &space, int64_t bytes);

private:
  MemorySpace *space = nullptr;
  void *address = nullptr;
  int64_t bytes = 0;
};

} // namespace winnow::runtime
