// Reads any bytes as a .npy and as a .npz file: what is read can be written and read again, and what is
// refused is refused with a message.
#include "format/numpy/Inflate.h"
#include "format/numpy/NumpyFile.h"
#include "format/numpy/ZipArchive.h"

#include <cstdlib>

using namespace winnow::format;

namespace {

template <typename T> bool isRead(const Result<T> &result) {
  if (!result.ok() && result.status().message().empty())
    std::abort();
  return result.ok();
}

void checkArray(const Array &array) {
  auto again = parseNumpy(serializeNumpy(array));
  bool isSame = again.ok() && again->shape == array.shape && again->bytes == array.bytes;
  if (!isSame)
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::span<const uint8_t> bytes(data, size);
  if (auto array = parseNumpy(bytes); isRead(array))
    checkArray(*array);
  isRead(parseNumpyNumbers(bytes));
  isRead(parseNumpyArchive(bytes));
  if (auto arrays = parseNumpyArchive(bytes, inflateMember); isRead(arrays)) {
    for (const auto &[name, array] : *arrays)
      checkArray(array);
  }
  return 0;
}
