// Reads the safetensors format, in which checkpoints come: a JSON header and the elements of named tensors.
#pragma once

#include "format/Module.h"
#include "format/Status.h"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace winnow::format {

/// A tensor in a file: compact row-major elements, little-endian.
struct StoredTensor {
  std::string type;                  // the format's name: "BF16"
  std::optional<ElementType> readAs; // nothing for types of the format that modules do not have
  std::vector<int64_t> shape;
  std::span<const uint8_t> bytes; // in the file
};

/// The tensors by their names, in place: `file` must outlive them. Fails with InvalidArgument, naming the
/// tensor, for what the format does not allow: a header that is not of this form or has more than 100 MB,
/// names that are there twice, unknown types, sizes that do not fit shapes, and elements that overlap, leave
/// holes or do not end with the file.
Result<std::map<std::string, StoredTensor>> parseSafetensors(std::span<const uint8_t> file);

} // namespace winnow::format
