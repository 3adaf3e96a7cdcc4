// The device memory that a launch may touch: named ranges of host memory. A device address is the host
// address.
#pragma once

#include "format/Status.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace winnow::ptxsim {

/// The first multiple of `alignment` that is not below `value`.
constexpr uint64_t alignUp(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

struct MemoryRange {
  uint64_t begin = 0, size = 0;
  std::string name;
  bool isWritable = true;
  bool isInitialized = true; // else nobody may read what no kernel has written
  uint64_t deviceOffset = 0; // on a device, from a multiple of 256 bytes to its beginning

  uint64_t end() const { return begin + size; }
};

/// Not to be changed while a launch uses it; any number of launches may share one.
class MemoryMap {
public:
  /// Fails when the range overlaps another or does not fit into the address space. An empty range is kept
  /// for its name only.
  format::Status add(const void *address, uint64_t size, std::string name, bool isWritable = true);
  format::Status add(MemoryRange range);
  /// Removes the range that begins at `address`; false when there is none. It is remembered as freed until
  /// another takes its place.
  bool remove(const void *address);

  /// The range that holds `address`, or null.
  const MemoryRange *find(uint64_t address) const;
  /// The range with the least distance to `address`, or null when the map is empty.
  const MemoryRange *nearest(uint64_t address) const;
  /// The removed range that held `address`, or null.
  const MemoryRange *findFreed(uint64_t address) const;
  const std::vector<MemoryRange> &ranges() const { return sorted; }

private:
  std::vector<MemoryRange> sorted;
  std::vector<MemoryRange> freed; // the newest last
};

} // namespace winnow::ptxsim
