// The names of the checks that a launch can make, as users write them.
#pragma once

#include "runtime/device/ptxsim/Simulator.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace winnow::ptxsim {

/// What a comma-separated list asks for: "bounds,barriers", "all", "none"; "-races@k" takes the check of
/// races from kernel k. An empty one leaves `options` as they are. Fails with InvalidArgument for a name that
/// it does not know, and says which it knows.
format::Status parseChecks(std::string_view checks, LaunchOptions &options);

/// The names of the checks that `options` ask for in general and suppress for a kernel.
std::vector<std::string_view> suppressedChecks(const LaunchOptions &options, std::string_view kernel);
/// The options without these.
LaunchOptions withoutSuppressed(LaunchOptions options, std::string_view kernel);
/// Fails with NotFound when a suppression names none of the kernels.
format::Status checkSuppressions(const LaunchOptions &options, std::span<const std::string> kernels);

/// A sentence for a command's help.
std::string describeChecks();

} // namespace winnow::ptxsim
