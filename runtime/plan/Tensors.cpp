// Checks DLPack tensors and walks their strides.
#include "runtime/plan/Tensors.h"
#include "format/Layout.h"

#include <algorithm>
#include <cstring>

namespace winnow::runtime {

using format::Code;
using format::concatenate;
using format::failure;
using format::Status;

namespace {

bool isEmpty(const DLTensor &tensor) {
  return std::any_of(tensor.shape, tensor.shape + tensor.ndim, [](int64_t size) { return size == 0; });
}

/// Whether the tensor, with its strides, spans less than 2^62 bytes, so that no offset overflows.
bool spanIsSane(const DLTensor &tensor, int64_t elementBytes) {
  if (!tensor.strides || isEmpty(tensor))
    return true;
  __int128 span = elementBytes;
  for (int d = 0; d < tensor.ndim; ++d) {
    __int128 reach = __int128(tensor.shape[d] - 1) * tensor.strides[d];
    span += (reach < 0 ? -reach : reach) * elementBytes;
    if (span >= __int128(1) << 62)
      return false;
  }
  return true;
}

/// Calls `row(byte offset in the tensor, index of the row)` for each run along the last dimension.
template <typename Row> void forEachRow(const DLTensor &tensor, int64_t elementBytes, Row row) {
  int64_t index[format::kMaximumRank] = {};
  int outer = tensor.ndim - 1;
  for (int64_t rowNumber = 0;; ++rowNumber) {
    int64_t offset = 0;
    for (int d = 0; d < outer; ++d)
      offset += index[d] * tensor.strides[d] * elementBytes;
    row(offset, rowNumber);
    int d = outer - 1;
    for (; d >= 0 && ++index[d] == tensor.shape[d]; --d)
      index[d] = 0;
    if (d < 0)
      return;
  }
}

template <bool kGather> void copyElements(char *compact, const DLTensor &tensor, int64_t elementBytes) {
  if (isEmpty(tensor))
    return;
  char *data = dataOf(tensor);
  auto copy = [](char *inCompact, char *inTensor, int64_t bytes) {
    kGather ? std::memcpy(inCompact, inTensor, size_t(bytes))
            : std::memcpy(inTensor, inCompact, size_t(bytes));
  };
  if (isCompact(tensor)) {
    int64_t bytes = elementBytes;
    for (int d = 0; d < tensor.ndim; ++d)
      bytes *= tensor.shape[d];
    return copy(compact, data, bytes);
  }
  int64_t length = tensor.shape[tensor.ndim - 1], stride = tensor.strides[tensor.ndim - 1] * elementBytes;
  forEachRow(tensor, elementBytes, [&](int64_t offset, int64_t rowNumber) {
    char *row = compact + rowNumber * length * elementBytes;
    if (stride == elementBytes)
      return copy(row, data + offset, length * elementBytes);
    for (int64_t i = 0; i < length; ++i)
      copy(row + i * elementBytes, data + offset + i * stride, elementBytes);
  });
}

} // namespace

std::string toString(DLDataType type) {
  static constexpr const char *kinds[] = {"int", "uint", "float", "handle", "bfloat", "complex"};
  auto known = format::fromDLPack({type.code, type.bits, 1});
  std::string text = known ? name(*known)
                     : type.code < std::size(kinds)
                         ? concatenate(kinds[type.code], type.bits)
                         : concatenate("type code ", type.code, " of ", type.bits, " bits");
  return type.lanes == 1 ? text : concatenate(text, " in ", type.lanes, " lanes");
}

bool isCompact(const DLTensor &tensor) {
  if (!tensor.strides)
    return true;
  int64_t expected = 1;
  for (int d = tensor.ndim - 1; d >= 0; --d) {
    // The stride of a dimension of size 1 is never used.
    if (tensor.shape[d] != 1 && tensor.strides[d] != expected)
      return isEmpty(tensor);
    expected *= tensor.shape[d];
  }
  return true;
}

Status checkTensor(const char *what, const format::Signature &signature, const DLTensor &tensor) {
  auto fault = [&](const auto &...parts) {
    return failure(Code::InvalidArgument, what, " '", signature.name, "': ", parts...);
  };
  if (format::fromDLPack(tensor.dtype) != signature.type)
    return fault("expected ", name(signature.type), ", found ", toString(tensor.dtype));
  if (tensor.ndim < 0 || size_t(tensor.ndim) != signature.shape.size())
    return fault("expected rank ", signature.shape.size(), ", found ", tensor.ndim);
  if (tensor.ndim > 0 && !tensor.shape)
    return fault("its shape is a null pointer");
  for (int d = 0; d < tensor.ndim; ++d) {
    if (tensor.shape[d] < 0)
      return fault("dimension ", d, " has the negative size ", tensor.shape[d]);
  }
  if (auto bytes = byteSize({tensor.shape, size_t(tensor.ndim)}, signature.type); !bytes.ok())
    return fault(bytes.status().message());
  if (!spanIsSane(tensor, byteWidth(signature.type)))
    return fault("its strides reach beyond all memory");
  if (tensor.device.device_type != kDLCPU && tensor.device.device_type != kDLCUDAHost)
    return fault("expected the host's memory, found device type ", int(tensor.device.device_type));
  if (!tensor.data && !isEmpty(tensor))
    return fault("its data is a null pointer");
  return {};
}

AddressRange addressRange(const DLTensor &tensor, int64_t elementBytes) {
  if (isEmpty(tensor))
    return {};
  int64_t low = 0, high = elementBytes, compactStride = 1;
  for (int d = tensor.ndim - 1; d >= 0; --d) {
    int64_t stride = tensor.strides ? tensor.strides[d] : compactStride;
    int64_t reach = (tensor.shape[d] - 1) * stride * elementBytes;
    (reach < 0 ? low : high) += reach;
    compactStride *= tensor.shape[d];
  }
  uintptr_t first = reinterpret_cast<uintptr_t>(dataOf(tensor));
  return {first + uintptr_t(low), first + uintptr_t(high)};
}

void gatherElements(void *compact, const DLTensor &tensor, int64_t elementBytes) {
  copyElements<true>(static_cast<char *>(compact), tensor, elementBytes);
}

void scatterElements(const DLTensor &tensor, const void *compact, int64_t elementBytes) {
  copyElements<false>(static_cast<char *>(const_cast<void *>(compact)), tensor, elementBytes);
}

} // namespace winnow::runtime
