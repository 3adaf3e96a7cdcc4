// Checks that a module's tables refer to each other correctly and that its programs are well formed.
#pragma once

#include "format/Module.h"
#include "format/Status.h"

namespace winnow::format {

/// Everything that can be known of a module without running it: names, ranges, references, registers that
/// are written once and before their use, buffers that are alive and writable where a program needs it.
/// `weightBytes` is the size of the weights section. Fails with DamagedModule.
Status verify(const Module &module, uint64_t weightBytes);

/// Whether `text` is well-formed UTF-8 without control characters other than tab and line feed.
bool isText(std::string_view text);

} // namespace winnow::format
