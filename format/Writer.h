// Writes modules as .wnm files.
#pragma once

#include "format/Module.h"
#include "format/Status.h"

#include <span>
#include <string>
#include <vector>

namespace winnow::format {

/// The bytes of `module`. Fails with DamagedModule, naming what is wrong, if `module` does not verify.
Result<std::vector<uint8_t>> serialize(const Module &module);

/// Writes `module` to `path`, complete or not at all (see writeFileAtomically).
Status writeModule(const Module &module, const std::string &path);

} // namespace winnow::format
