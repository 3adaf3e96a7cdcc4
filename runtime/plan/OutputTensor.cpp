// An output tensor is one block: its shape, then a header, then its elements.
#include "runtime/plan/OutputTensor.h"

#include <algorithm>
#include <new>

namespace winnow::runtime {
namespace {

/// Directly before the elements.
struct Header {
  std::shared_ptr<Memory> memory;
  void *block;
  int64_t blockBytes;
};
static_assert(sizeof(Header) <= kBufferAlignment);

Header *headerOf(void *data) {
  return reinterpret_cast<Header *>(static_cast<char *>(data) - kBufferAlignment);
}

} // namespace

format::Result<DLTensor> makeOutputTensor(std::shared_ptr<Memory> memory, const Shape &shape,
                                          format::ElementType type) {
  auto bytes = byteSize(shape, type);
  if (!bytes.ok())
    return bytes.status();
  int64_t shapeBytes =
      int64_t(shape.size() * sizeof(int64_t) + kBufferAlignment - 1) & -int64_t(kBufferAlignment);
  int64_t blockBytes = shapeBytes + int64_t(kBufferAlignment) + *bytes;
  auto block = memory->allocate(blockBytes);
  if (!block.ok())
    return block.status();
  char *data = static_cast<char *>(*block) + shapeBytes + kBufferAlignment;
  new (headerOf(data)) Header{std::move(memory), *block, blockBytes};
  DLTensor tensor = {};
  tensor.data = data;
  tensor.device = {kDLCPU, 0};
  tensor.ndim = int(shape.size());
  tensor.dtype = format::toDLPack(type);
  tensor.shape = static_cast<int64_t *>(*block);
  std::copy(shape.begin(), shape.end(), tensor.shape);
  return tensor;
}

void freeOutputTensor(DLTensor &tensor) {
  if (!tensor.data)
    return;
  Header *header = headerOf(tensor.data);
  std::shared_ptr<Memory> memory = std::move(header->memory);
  void *block = header->block;
  int64_t blockBytes = header->blockBytes;
  header->~Header();
  memory->free(block, blockBytes);
  tensor = {};
}

} // namespace winnow::runtime
