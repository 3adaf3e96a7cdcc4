// Buffers from a pool, and copies between pageable memory and the GPU by way of pinned memory.
#include "runtime/device/cuda/CudaMemory.h"

#include <algorithm>
#include <cstring>

namespace winnow::runtime::cuda {

Result<void *> PinnedMemory::allocate(int64_t bytes) {
  bytes = std::max<int64_t>(bytes, 1);
  if (Status status = budget.take(bytes); !status.ok())
    return status;
  Gpu::Current current(gpu);
  void *address = nullptr;
  Outcome outcome = gpu.functions().hostAllocate(&address, size_t(bytes), kPortableMappedMemory);
  if (outcome.ok())
    return address;
  budget.give(bytes);
  return gpu.settle(outcome, "cannot allocate ", bytes, " bytes of the host's memory for ", gpu.name());
}

void PinnedMemory::free(void *address, int64_t bytes) {
  Gpu::Current current(gpu);
  (void)gpu.wait(); // a call that failed may have left work behind
  (void)gpu.functions().hostFree(address);
  budget.give(std::max<int64_t>(bytes, 1));
}

Staging::~Staging() {
  for (Piece &piece : pieces) {
    if (piece.copied)
      (void)gpu.functions().eventDestroy(piece.copied);
    if (piece.memory)
      (void)gpu.functions().hostFree(piece.memory);
  }
}

Status Staging::prepare() {
  for (Piece &piece : pieces)
    if (Status status = prepare(piece); !status.ok())
      return status;
  return {};
}

Status Staging::prepare(Piece &piece) {
  const Driver &driver = gpu.functions();
  if (!piece.memory) {
    void *address = nullptr;
    Outcome outcome = driver.hostAllocate(&address, size_t(kPieceBytes), kPortableMappedMemory);
    if (!outcome.ok())
      return gpu.settle(outcome, "cannot allocate ", kPieceBytes, " bytes of the host's memory for ",
                        gpu.name());
    piece.memory = static_cast<char *>(address);
  }
  if (!piece.copied) {
    EventHandle made = nullptr;
    if (Outcome outcome = driver.eventCreate(&made, kEventWithoutTiming); !outcome.ok())
      return gpu.settle(outcome, "cannot make an event on ", gpu.name());
    piece.copied = made;
  }
  return {};
}

Status Staging::copyToDevice(char *destination, const char *source, int64_t bytes) {
  if (Status status = prepare(); !status.ok())
    return status;
  for (int64_t offset = 0; offset < bytes; offset += kPieceBytes) {
    Piece &piece = pieces[next];
    next = 1 - next;
    size_t size = size_t(std::min(bytes - offset, kPieceBytes));
    if (Status status = gpu.wait(piece.copied); !status.ok())
      return status;
    std::memcpy(piece.memory, source + offset, size);
    if (Status status = gpu.copy(destination + offset, piece.memory, size); !status.ok())
      return status;
    if (Status status = gpu.record(piece.copied); !status.ok())
      return status;
  }
  return {};
}

Status Staging::copyFromDevice(char *destination, const char *source, int64_t bytes) {
  if (Status status = prepare(); !status.ok())
    return status;
  // One piece ahead of the host.
  int64_t asked = 0;
  for (int64_t offset = 0; offset < bytes; offset += kPieceBytes) {
    for (; asked < bytes && asked <= offset + kPieceBytes; asked += kPieceBytes) {
      Piece &piece = pieces[size_t(asked / kPieceBytes % 2)];
      size_t size = size_t(std::min(bytes - asked, kPieceBytes));
      if (Status status = gpu.copy(piece.memory, source + asked, size); !status.ok())
        return status;
      if (Status status = gpu.record(piece.copied); !status.ok())
        return status;
    }
    Piece &piece = pieces[size_t(offset / kPieceBytes % 2)];
    bool isLast = bytes - offset <= kPieceBytes;
    if (Status status = isLast ? gpu.wait() : gpu.wait(piece.copied); !status.ok())
      return status;
    std::memcpy(destination + offset, piece.memory, size_t(std::min(bytes - offset, kPieceBytes)));
  }
  return {};
}

CudaMemory::CudaMemory(Gpu &gpu, std::unique_ptr<MemoryPool> pool, Memory &host)
    : gpu(gpu), pool(std::move(pool)), budget(host.budget().limitBytes()), pinned(gpu, host.budget()),
      staging(std::make_unique<Staging>(gpu)) {}

CudaMemory::~CudaMemory() {
  Gpu::Current current(gpu);
  (void)gpu.wait(); // nothing may be copied from or to what goes now
  staging.reset();
  pool.reset();
}

Result<void *> CudaMemory::allocate(int64_t bytes) {
  bytes = std::max<int64_t>(bytes, 1);
  if (Status status = budget.take(bytes); !status.ok())
    return failure(status.code(), status.message(), " on ", gpu.name());
  Gpu::Current current(gpu);
  auto address = pool->allocate(bytes);
  if (address.ok())
    return reinterpret_cast<void *>(*address);
  budget.give(bytes);
  if (address.status().code() != Code::OutOfMemory)
    return address.status();
  return failure(Code::OutOfMemory, address.status().message(), "; the session uses ", budget.usedBytes(),
                 " bytes there");
}

void CudaMemory::free(void *address, int64_t bytes) {
  bytes = std::max<int64_t>(bytes, 1);
  Gpu::Current current(gpu);
  pool->free(reinterpret_cast<DeviceAddress>(address), bytes);
  budget.give(bytes);
}

Status CudaMemory::copyToDevice(void *destination, const void *source, int64_t bytes) {
  if (bytes == 0)
    return {};
  Gpu::Current current(gpu);
  return staging->copyToDevice(static_cast<char *>(destination), static_cast<const char *>(source), bytes);
}

Status CudaMemory::copyFromDevice(void *destination, const void *source, int64_t bytes) {
  if (bytes == 0)
    return {};
  Gpu::Current current(gpu);
  return staging->copyFromDevice(static_cast<char *>(destination), static_cast<const char *>(source), bytes);
}

Status CudaMemory::copyOnDevice(void *destination, const void *source, int64_t bytes) {
  Gpu::Current current(gpu);
  return gpu.copy(destination, source, size_t(bytes));
}

} // namespace winnow::runtime::cuda
