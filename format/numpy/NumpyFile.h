// Reads and writes numpy's .npy format, versions 1 to 3.
#pragma once

#include "format/Status.h"
#include "format/numpy/Array.h"

#include <span>
#include <string>
#include <string_view>

namespace winnow::format {

/// The array in the bytes of a .npy file. Column-major (Fortran order) elements are reordered. bfloat16 is
/// the type 'V2', as ml_dtypes writes it; its 8-bit floats are read as bytes, uint8. Fails with
/// InvalidArgument for what is not a .npy file, has more or fewer bytes than its header says, or holds
/// big-endian elements or a type that is not an ElementType.
Result<Array> parseNumpy(std::span<const uint8_t> bytes);

/// The bytes of a .npy file, version 1. 8-bit floats are written as the bytes that they are, uint8.
std::vector<uint8_t> serializeNumpy(const Array &array);

/// An array of any number type of numpy's, also of those that modules do not have. `type` is numpy's
/// spelling: "<u2".
struct NumpyArray {
  std::string type;
  std::vector<int64_t> shape;
  std::vector<uint8_t, AlignedAllocator<uint8_t>> bytes;
};
/// As parseNumpy, for every little-endian number type.
Result<NumpyArray> parseNumpyNumbers(std::span<const uint8_t> bytes);
std::vector<uint8_t> serializeNumpy(std::string_view type, const std::vector<int64_t> &shape,
                                    std::span<const uint8_t> elements);
/// What stands before the elements in the file.
std::vector<uint8_t> serializeNumpyHeader(std::string_view type, const std::vector<int64_t> &shape);

/// All bytes of a file. Fails with NotFound or InputOutput, naming `path`, also for a device such as
/// /dev/zero, which may have no end, and for what has more than `mostBytes`.
Result<std::vector<uint8_t>> readFile(const std::string &path, uint64_t mostBytes = ~uint64_t(0));

} // namespace winnow::format
