// Atomic operations.
#pragma once

#include "runtime/device/ptxsim/code/Instruction.h"

namespace winnow::ptxsim {

/// `addresses` are the host's.
void atomic(std::byte *rows, const Instruction &in, uint32_t mask, const uint64_t *addresses);

} // namespace winnow::ptxsim
