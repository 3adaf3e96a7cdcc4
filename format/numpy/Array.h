// An array in memory, as .npy files hold it: an element type, a shape and compact row-major elements.
#pragma once

#include "format/Module.h"

#include <new>
#include <vector>

namespace winnow::format {

/// So that the runtime uses arrays in place.
template <typename T> struct AlignedAllocator {
  using value_type = T;
  AlignedAllocator() = default;
  template <typename U> AlignedAllocator(const AlignedAllocator<U> &) {}
  T *allocate(size_t count) {
    return static_cast<T *>(::operator new(count * sizeof(T), std::align_val_t(64)));
  }
  void deallocate(T *address, size_t) { ::operator delete(address, std::align_val_t(64)); }
  template <typename U> bool operator==(const AlignedAllocator<U> &) const { return true; }
};

struct Array {
  ElementType type = ElementType::F32;
  std::vector<int64_t> shape;
  std::vector<uint8_t, AlignedAllocator<uint8_t>> bytes;

  int64_t elementCount() const { return int64_t(bytes.size()) / byteWidth(type); }
};

} // namespace winnow::format
