// Counts and caps what an allocator gives.
#include "runtime/memory/Memory.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

namespace winnow::runtime {
namespace {

void *systemAllocate(void *, size_t bytes, size_t alignment) {
  return std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}

void systemFree(void *, void *address, size_t) { std::free(address); }

} // namespace

format::Status Budget::take(int64_t bytes) {
  int64_t before = used.fetch_add(bytes);
  if (limit > 0 && (bytes > limit || before > limit - bytes)) {
    used -= bytes;
    return format::failure(format::Code::OutOfMemory, "cannot allocate ", bytes, " bytes: ", before,
                           " of the limit of ", limit, " are in use");
  }
  int64_t now = before + bytes, known = peak;
  while (known < now && !peak.compare_exchange_weak(known, now)) {
  }
  return {};
}

Memory::Memory(Allocator given, int64_t limit) : allocator(given), counted(limit) {
  if (!allocator.allocate)
    allocator = {systemAllocate, systemFree, nullptr};
}

format::Result<void *> Memory::allocate(int64_t bytes) {
  using format::Code;
  bytes = std::max<int64_t>(bytes, 1);
  if (format::Status status = counted.take(bytes); !status.ok())
    return status;
  void *address =
      bytes <= INT64_MAX - 64 ? allocator.allocate(allocator.context, bytes, kBufferAlignment) : nullptr;
  if (!address) {
    counted.give(bytes);
    return format::failure(Code::OutOfMemory, "cannot allocate ", bytes, " bytes");
  }
  if (reinterpret_cast<uintptr_t>(address) % kBufferAlignment != 0) {
    allocator.free(allocator.context, address, bytes);
    counted.give(bytes);
    return format::failure(Code::InvalidArgument,
                           "the caller's allocator gave memory that is not aligned to ", kBufferAlignment,
                           " bytes");
  }
  return address;
}

void Memory::free(void *address, int64_t bytes) {
  bytes = std::max<int64_t>(bytes, 1);
  allocator.free(allocator.context, address, bytes);
  counted.give(bytes);
}

Block &Block::operator=(Block &&other) noexcept {
  std::swap(space, other.space);
  std::swap(address, other.address);
  std::swap(bytes, other.bytes);
  return *this;
}

void Block::reset() {
  if (space)
    space->free(address, bytes);
  space = nullptr;
  address = nullptr;
  bytes = 0;
}

format::Result<Block> Block::make(MemorySpace &space, int64_t bytes) {
  auto address = space.allocate(bytes);
  if (!address.ok())
    return address.status();
  return Block(space, *address, bytes);
}

} // namespace winnow::runtime
