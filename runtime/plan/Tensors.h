// The caller's tensors: their types in words, what is legal, and copies between strided and compact ones.
#pragma once

#include "format/DLPack.h"
#include "format/Status.h"
#include "runtime/plan/Shapes.h"

namespace winnow::runtime {

/// In numpy's spelling where it has one: "float32", "uint16", "complex64".
std::string toString(DLDataType type);

/// The address of the first element.
inline char *dataOf(const DLTensor &tensor) { return static_cast<char *>(tensor.data) + tensor.byte_offset; }

/// Whether the elements are in row-major order without gaps.
bool isCompact(const DLTensor &tensor);

/// Whether `tensor` has a well-formed shape, the signature's type, and elements in the host's memory. `what`
/// is "input" or "output" for the message. Fails with InvalidArgument.
format::Status checkTensor(const char *what, const format::Signature &signature, const DLTensor &tensor);

/// The first and the one after the last byte that a tensor with elements covers; an empty range without.
struct AddressRange {
  uintptr_t begin = 0, end = 0;
  bool overlaps(const AddressRange &other) const { return begin < other.end && other.begin < end; }
};
AddressRange addressRange(const DLTensor &tensor, int64_t elementBytes);

/// Copies all elements between a tensor and compact memory.
void gatherElements(void *compact, const DLTensor &tensor, int64_t elementBytes);
void scatterElements(const DLTensor &tensor, const void *compact, int64_t elementBytes);

} // namespace winnow::runtime
