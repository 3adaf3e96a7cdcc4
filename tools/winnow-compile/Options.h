// The command line of winnow-compile.
#pragma once

#include "lib/Import/Weights/ModelWeights.h"
#include "lib/Pipeline/Compile.h"

#include <map>
#include <optional>
#include <string>

namespace winnow {

/// What a compilation makes: a module file, or an object and a C header.
enum class Output { Module, Object };

struct CommandLine {
  std::string input, output, report;
  Output emit = Output::Module;
  /// Begins the names that an object defines.
  std::string symbolPrefix;
  bool printRemarks = false;
  /// Plan the model and say what it consists of, but make no code.
  bool isDryRun = false;
  /// Inputs of an ONNX model that always have the value in a .npy file.
  std::map<std::string, std::string> fixedInputs;
  /// Values inside an ONNX model that a second function returns, too, or "all".
  std::vector<std::string> intermediates;
  /// Files that weights come from.
  WeightOptions weights;
  CompileOptions compile;
};

/// Parses the arguments. If there is nothing to compile (--help, --version, a wrong option), what there is to
/// say has been printed and `exitCode` is set.
std::optional<CommandLine> parseCommandLine(int argc, char **argv, int &exitCode);

} // namespace winnow
