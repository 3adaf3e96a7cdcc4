// The compiled model, which is part of the program.
#pragma once

#include <cstddef>

namespace assistant {

/// 4096-byte aligned, so that the runtime uses it where it is.
extern const unsigned char *const kModule;
extern const size_t kModuleSize;

} // namespace assistant
