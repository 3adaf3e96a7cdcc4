// The heap of device code: what malloc and free of a kernel work on (CUDA C++ Programming Guide: "Dynamic
// Global Memory Allocation and Operations"). A device address is the host address.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <vector>

namespace winnow::ptxsim {

/// May be used by any number of threads at once.
class DeviceHeap {
public:
  /// As large as CUDA's (cudaLimitMallocHeapSize), and taken from the host at the first allocation.
  static constexpr uint64_t kBytes = uint64_t(8) << 20;
  static constexpr uint64_t kAlignment = 16; // of blocks

  /// The address of a block, a multiple of kAlignment, or 0 when there is no room or `bytes` is 0. Every byte
  /// of a block is 0xff. Blocks follow one another round the heap, so that one that was freed is not soon
  /// used again.
  uint64_t allocate(uint64_t bytes);
  /// False when no block begins at `address`.
  bool free(uint64_t address);
  /// The size of the block that begins at `address`, or 0.
  uint64_t blockBytes(uint64_t address) const;
  /// Whether one block holds all of the bytes. Takes no lock when it does.
  bool holds(uint64_t address, uint64_t bytes) const {
    const uint64_t at = offset(address);
    return at < kBytes && (isBefore(at, bytes, ends[at / kAlignment].load(std::memory_order_relaxed)) ||
                           holdsNow(at, bytes));
  }
  /// From the heap's beginning; kBytes or more for an address outside of the heap.
  uint64_t offset(uint64_t address) const {
    const uint64_t first = begin.load(std::memory_order_acquire);
    return first ? address - first : kBytes;
  }
  /// "3 bytes after the end of a block of the heap (5 bytes)"; "" for an address outside of the heap.
  std::string describe(uint64_t address) const;

private:
  static bool isBefore(uint64_t offset, uint64_t bytes, uint64_t end) {
    return offset < end && end - offset >= bytes;
  }
  bool holdsNow(uint64_t offset, uint64_t bytes) const;
  void setEnds(uint64_t offset, uint64_t end, uint32_t value);
  using Blocks = std::map<uint64_t, uint64_t>; // from the offset of its begin to that of its end
  uint64_t gap(uint64_t from, uint64_t bytes) const;
  static const Blocks::value_type *before(const Blocks &blocks, uint64_t offset);

  mutable std::shared_mutex lock;
  std::vector<std::byte> storage;
  std::atomic<uint64_t> begin{0}; // address; 0 before the first allocation
  /// For every kAlignment bytes the offset of the end of the block that they belong to, or 0: what `blocks`
  /// says, for who does not want to wait for its lock. Only a thread that nothing orders after an allocation
  /// or a free may see it late.
  std::unique_ptr<std::atomic<uint32_t>[]> ends;
  uint64_t next = 0; // offset where the search for room begins
  Blocks blocks, freed;
};

} // namespace winnow::ptxsim
