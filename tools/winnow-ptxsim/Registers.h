// How many registers a kernel has on a GPU, which only NVIDIA's assembler knows.
#pragma once

#include "format/Status.h"

#include <string>
#include <string_view>

namespace winnow::ptxsim::tool {

/// Asks `ptxas -v` for the registers of a thread of `kernel` in a PTX file, compiled for `target` ("sm_80").
/// A failure says why they are unknown.
format::Result<unsigned> countRegisters(const std::string &file, std::string_view kernel,
                                        std::string_view target);

} // namespace winnow::ptxsim::tool
