// The manifest section: JSON for people and tools (README.md).
#pragma once

#include "format/Module.h"
#include "format/Status.h"

#include <span>
#include <vector>

namespace winnow::format {

/// Fails with DamagedModule if the report is not JSON or nests too deeply.
Result<std::vector<uint8_t>> encodeManifest(const Module &module);

/// Fills the producer and the report of `module`.
Status decodeManifest(std::span<const uint8_t> bytes, Module &module);

} // namespace winnow::format
