// What the registers of micro-kernels are filled with.
#pragma once

#include "test/gpu/MicroKernel.h"

#include <cstddef>

namespace winnow::gpu {

/// The registers %a0, ... (position 0), %b0, ... (1) or %c0, ... (2) of `threads` threads. The first half of
/// the threads pairs every edge of an operand with every edge of the next, the others get random bits; a
/// single operand of 16 bits takes all values in turn.
std::vector<std::byte> makeInputs(const MicroKernel &kernel, unsigned position, uint32_t threads);

/// The magnitudes of numbers in place of the numbers.
void clearSigns(Format format, std::vector<std::byte> &values);

} // namespace winnow::gpu
