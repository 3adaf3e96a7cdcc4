// The plan section: everything that is executed, as little-endian fields without padding (README.md).
#pragma once

#include "format/Module.h"
#include "format/Status.h"

#include <span>
#include <vector>

namespace winnow::format {

std::vector<uint8_t> encodePlan(const Module &module);

/// Fills the functions, kernels, images' targets and kinds, and weights of `module`. Checks only that the
/// fields lie within `bytes`; verify() checks what they say.
Status decodePlan(std::span<const uint8_t> bytes, Module &module);

} // namespace winnow::format
