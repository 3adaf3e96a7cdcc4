// Elements of a checkpoint as a model has them.
#pragma once

#include "format/Module.h"

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <span>
#include <vector>

namespace winnow {

/// Whether numbers of `from` become numbers of `to`: those of the same type, and floats, as ONNX's Cast does.
bool canConvert(format::ElementType from, format::ElementType to);
/// Whether each of them stays the number that it is.
bool isExact(format::ElementType from, format::ElementType to);

/// The elements, compact, in another type; for types that canConvert().
std::vector<char> convertElements(std::span<const uint8_t> bytes, format::ElementType from,
                                  format::ElementType to);

/// The elements of `width` bytes of a rows x columns matrix as those of its transpose.
std::vector<char> transposeElements(llvm::ArrayRef<char> bytes, int64_t rows, int64_t columns, int64_t width);

} // namespace winnow
