// The command line of winnow-compile.
#pragma once

#include "lib/Pipeline/Compile.h"

#include <map>
#include <optional>
#include <string>

namespace winnow {

/// The sizes that a named dimension may have.
struct DimensionRange {
  int64_t minimum = 0, maximum = 0;
};

struct CommandLine {
  std::string input, output, report;
  bool printRemarks = false;
  std::map<std::string, DimensionRange> dimensions;
  CompileOptions compile;
};

/// Parses the arguments. If there is nothing to compile (--help, --version, a wrong option), what there is to
/// say has been printed and `exitCode` is set.
std::optional<CommandLine> parseCommandLine(int argc, char **argv, int &exitCode);

} // namespace winnow
