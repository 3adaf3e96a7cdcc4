// The names of the checks that a launch can make, as users write them.
#pragma once

#include "runtime/device/ptxsim/Simulator.h"

namespace winnow::ptxsim {

/// What a comma-separated list asks for: "bounds,barriers", "all", "none". An empty one leaves `options` as
/// they are. Fails with InvalidArgument for a name that it does not know, and says which it knows.
format::Status parseChecks(std::string_view checks, LaunchOptions &options);

/// A sentence for a command's help.
std::string describeChecks();

} // namespace winnow::ptxsim
