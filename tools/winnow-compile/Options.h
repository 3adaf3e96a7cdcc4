// The command line of winnow-compile.
#pragma once

#include "lib/Pipeline/Compile.h"

#include <optional>
#include <string>

namespace winnow {

struct CommandLine {
  std::string input, output, report;
  bool printRemarks = false;
  CompileOptions compile;
};

/// Parses the arguments. If there is nothing to compile (--help, --version, a wrong option), what there is to
/// say has been printed and `exitCode` is set.
std::optional<CommandLine> parseCommandLine(int argc, char **argv, int &exitCode);

} // namespace winnow
