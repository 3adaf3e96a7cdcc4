// Decompression of what zip archives hold deflated.
#pragma once

#include "format/Status.h"

#include <cstdint>
#include <span>
#include <vector>

namespace winnow::format {

/// The `size` bytes that deflate made `compressed` of, for parseNumpyArchive. Fails with InvalidArgument for
/// damaged data or another size.
Result<std::vector<uint8_t>> inflateMember(std::span<const uint8_t> compressed, size_t size);

} // namespace winnow::format
