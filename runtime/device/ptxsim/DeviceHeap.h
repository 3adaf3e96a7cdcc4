// The heap of device code: what malloc and free of a kernel work on (CUDA C++ Programming Guide: "Dynamic
// Global Memory Allocation and Operations"). A device address is the host address.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <shared_mutex>
#include <string>
#include <vector>

namespace winnow::ptxsim {

/// May be used by any number of threads at once.
class DeviceHeap {
public:
  /// As large as CUDA's (cudaLimitMallocHeapSize), and taken from the host at the first allocation.
  static constexpr uint64_t kBytes = uint64_t(8) << 20;

  /// The address of a block, a multiple of 16, or 0 when there is no room or `bytes` is 0. Every byte of a
  /// block is 0xff. Blocks follow one another round the heap, so that one that was freed is not soon used
  /// again.
  uint64_t allocate(uint64_t bytes);
  /// False when no block begins at `address`.
  bool free(uint64_t address);
  /// Whether one block holds all of the bytes.
  bool holds(uint64_t address, uint64_t bytes) const;
  /// ", 3 bytes after the end of a block of the heap (5 bytes at 0x10)"; "" for an address outside of the
  /// heap.
  std::string describe(uint64_t address) const;

private:
  using Blocks = std::map<uint64_t, uint64_t>; // from the offset of its begin to that of its end
  uint64_t gap(uint64_t from, uint64_t bytes) const;
  static const Blocks::value_type *before(const Blocks &blocks, uint64_t offset);

  mutable std::shared_mutex lock;
  std::vector<std::byte> storage;
  uint64_t begin = 0; // address
  uint64_t next = 0;  // offset where the search for room begins
  Blocks blocks, freed;
};

} // namespace winnow::ptxsim
