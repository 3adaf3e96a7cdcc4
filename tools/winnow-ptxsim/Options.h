// What the user of winnow-ptxsim asked for, parsed but not yet compared with the PTX.
#pragma once

#include "runtime/device/ptxsim/figures/GpuModel.h"
#include "tools/winnow-ptxsim/Arguments.h"

#include <optional>
#include <stdexcept>

namespace winnow::ptxsim::tool {

/// A failure whose message goes to the user.
struct UserError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Options {
  std::string file;
  std::string entry; // empty: the only one
  Dimensions grid{1, 1, 1}, block{1, 1, 1};
  uint64_t sharedBytes = 0; // dynamic
  std::vector<Argument> arguments;
  LaunchOptions launch;          // checks and the instruction limit
  std::string statistics, trace; // files, empty for none
  bool printsSummary = false;
  std::vector<const GpuModel *> gpus; // to make estimates for
  int threads = 0;
};

/// Handles --help, --version and errors itself: then there is nothing to run, and `exitCode` is set.
std::optional<Options> parseOptions(int argc, char **argv, int &exitCode);

} // namespace winnow::ptxsim::tool
