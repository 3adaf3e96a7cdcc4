// Special registers by name (PTX ISA: "Special Registers").
#pragma once

#include "runtime/device/ptxsim/code/Code.h"

#include <optional>
#include <string_view>

namespace winnow::ptxsim {

/// Nothing for names of other things. `name` has the percent sign: "%tid.x".
std::optional<SpecialRegister> parseSpecial(std::string_view name);
/// Of a lane: 4 or 8.
unsigned specialBytes(SpecialRegister special);
/// Those that change while a thread runs: only mov reads them.
bool isClock(SpecialRegister special);

} // namespace winnow::ptxsim
