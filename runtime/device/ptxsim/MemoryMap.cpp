// Look-up of device addresses.
#include "runtime/device/ptxsim/MemoryMap.h"

#include <algorithm>

namespace winnow::ptxsim {

using format::Code;

namespace {

/// Enough to name what a kernel still uses, and no burden for who frees for ever.
constexpr size_t kMostFreedRanges = 1024;

bool overlaps(const MemoryRange &a, const MemoryRange &b) { return a.begin < b.end() && b.begin < a.end(); }

} // namespace

format::Status MemoryMap::add(const void *address, uint64_t size, std::string name, bool isWritable) {
  return add(MemoryRange{reinterpret_cast<uint64_t>(address), size, std::move(name), isWritable});
}

format::Status MemoryMap::add(MemoryRange range) {
  if (range.size > ~uint64_t(0) - range.begin)
    return format::failure(Code::InvalidArgument, "memory range '", range.name,
                           "' exceeds the address space");
  auto after = std::upper_bound(sorted.begin(), sorted.end(), range.begin,
                                [](uint64_t begin, const MemoryRange &other) { return begin < other.begin; });
  const MemoryRange *neighbours[2] = {after == sorted.begin() ? nullptr : &after[-1],
                                      after == sorted.end() ? nullptr : &*after};
  for (const MemoryRange *other : neighbours)
    if (other && overlaps(range, *other))
      return format::failure(Code::InvalidArgument, "memory range '", range.name, "' overlaps '", other->name,
                             "'");
  std::erase_if(freed, [&](const MemoryRange &old) { return overlaps(old, range); });
  sorted.insert(after, std::move(range));
  return {};
}

bool MemoryMap::remove(const void *address) {
  auto found = std::find_if(sorted.begin(), sorted.end(), [&](const MemoryRange &range) {
    return range.begin == reinterpret_cast<uint64_t>(address);
  });
  if (found == sorted.end())
    return false;
  if (freed.size() == kMostFreedRanges)
    freed.erase(freed.begin());
  freed.push_back(std::move(*found));
  sorted.erase(found);
  return true;
}

const MemoryRange *MemoryMap::findFreed(uint64_t address) const {
  auto found = std::find_if(freed.rbegin(), freed.rend(), [&](const MemoryRange &range) {
    return address >= range.begin && address < range.end();
  });
  return found == freed.rend() ? nullptr : &*found;
}

const MemoryRange *MemoryMap::find(uint64_t address) const {
  auto after = std::upper_bound(sorted.begin(), sorted.end(), address,
                                [](uint64_t value, const MemoryRange &range) { return value < range.begin; });
  // Empty ranges may share their address with a range before them.
  while (after != sorted.begin()) {
    --after;
    if (address < after->end())
      return &*after;
    if (after->size)
      break;
  }
  return nullptr;
}

const MemoryRange *MemoryMap::nearest(uint64_t address) const {
  const MemoryRange *best = nullptr;
  uint64_t bestDistance = ~uint64_t(0);
  for (const MemoryRange &range : sorted) {
    uint64_t distance = address < range.begin   ? range.begin - address
                        : address < range.end() ? 0
                                                : address - range.end();
    if (!best || distance < bestDistance) {
      best = &range;
      bestDistance = distance;
    }
  }
  return best;
}

} // namespace winnow::ptxsim
