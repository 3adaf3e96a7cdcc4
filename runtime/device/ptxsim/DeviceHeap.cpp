// The blocks of the heap, found by their addresses.
#include "runtime/device/ptxsim/DeviceHeap.h"

#include "format/Status.h"
#include "runtime/device/ptxsim/MemoryMap.h"

#include <algorithm>
#include <cstring>
#include <mutex>

namespace winnow::ptxsim {
namespace {

constexpr uint64_t kNowhere = ~uint64_t(0);

} // namespace

/// The last block that begins at or before `offset`, or null.
const DeviceHeap::Blocks::value_type *DeviceHeap::before(const Blocks &blocks, uint64_t offset) {
  auto after = blocks.upper_bound(offset);
  return after == blocks.begin() ? nullptr : &*std::prev(after);
}

/// The first place from `from` on with room for so many bytes.
uint64_t DeviceHeap::gap(uint64_t from, uint64_t bytes) const {
  from = alignUp(from, kAlignment);
  if (const auto *block = before(blocks, from))
    from = std::max(from, alignUp(block->second, kAlignment));
  for (auto following = blocks.lower_bound(from); following != blocks.end(); ++following) {
    if (following->first - from >= bytes)
      return from;
    from = alignUp(following->second, kAlignment);
  }
  return from <= kBytes && kBytes - from >= bytes ? from : kNowhere;
}

uint64_t DeviceHeap::allocate(uint64_t bytes) {
  if (bytes == 0 || bytes > kBytes)
    return 0;
  std::unique_lock guard(lock);
  if (storage.empty()) {
    storage.resize(kBytes + kAlignment);
    ends = std::make_unique<std::atomic<uint32_t>[]>(kBytes / kAlignment);
    begin.store(alignUp(reinterpret_cast<uint64_t>(storage.data()), kAlignment), std::memory_order_release);
  }
  uint64_t offset = gap(next, bytes);
  if (offset == kNowhere)
    offset = gap(0, bytes);
  if (offset == kNowhere)
    return 0;
  next = offset + bytes;
  blocks.emplace(offset, next);
  auto overwritten = freed.lower_bound(offset);
  if (overwritten != freed.begin() && std::prev(overwritten)->second > offset)
    --overwritten;
  while (overwritten != freed.end() && overwritten->first < next)
    overwritten = freed.erase(overwritten);
  std::memset(reinterpret_cast<void *>(begin + offset), 0xff, bytes);
  setEnds(offset, next, uint32_t(next));
  return begin + offset;
}

void DeviceHeap::setEnds(uint64_t offset, uint64_t end, uint32_t value) {
  for (; offset < end; offset += kAlignment)
    ends[offset / kAlignment].store(value, std::memory_order_relaxed);
}

bool DeviceHeap::free(uint64_t address) {
  std::unique_lock guard(lock);
  auto block = blocks.find(address - begin);
  if (block == blocks.end())
    return false;
  setEnds(block->first, block->second, 0);
  freed.insert(blocks.extract(block));
  return true;
}

uint64_t DeviceHeap::blockBytes(uint64_t address) const {
  std::shared_lock guard(lock);
  auto block = blocks.find(address - begin);
  return block == blocks.end() ? 0 : block->second - block->first;
}

bool DeviceHeap::holdsNow(uint64_t offset, uint64_t bytes) const {
  std::shared_lock guard(lock);
  const auto *block = before(blocks, offset);
  return block && isBefore(offset, bytes, block->second);
}

std::string DeviceHeap::describe(uint64_t address) const {
  std::shared_lock guard(lock);
  const uint64_t offset = address - begin;
  if (storage.empty() || offset >= kBytes)
    return "";
  auto text = [&](const Blocks::value_type &block, std::string_view end) {
    const uint64_t size = block.second - block.first;
    const std::string place =
        offset < block.second
            ? format::concatenate("at byte ", offset - block.first, " of a block of the heap")
            : format::concatenate(offset - block.second, " bytes after the end of a block of the heap");
    return format::concatenate(place, " (", size, size == 1 ? " byte)" : " bytes)", end);
  };
  const auto *block = before(blocks, offset), *old = before(freed, offset);
  if (old && offset < old->second)
    return text(*old, ", which was freed");
  return block ? text(*block, "") : "in a part of the heap that is not in use";
}

} // namespace winnow::ptxsim
