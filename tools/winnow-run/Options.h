// What the user asked for, parsed but not yet compared with the module.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace winnow::run {

/// A failure whose message goes to the user.
struct UserError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// "name=@file"; without a name, the file is a .npz whose members have the names.
struct NamedFile {
  std::string name, path;
};

struct Options {
  std::string module;
  std::string function = "main";
  std::string device = "auto";
  std::vector<NamedFile> inputs, outputs, comparisons;
  std::optional<uint64_t> randomSeed;
  std::map<std::string, std::vector<int64_t>> shapes; // of random inputs
  std::map<std::string, int64_t> dimensions;          // of random inputs
  std::vector<std::pair<std::string, double>> parameters;
  std::string loadState, saveState, intermediates; // files, empty for none
  std::string compareDevice;
  double relativeTolerance = 1e-4, absoluteTolerance = 1e-5;
  int repeat = 1;
  int threads = 0;
  std::string checks;
  bool describe = false, json = false, profile = false;
};

/// Handles --help, --version and errors itself: then there is nothing to run, and `exitCode` is set.
std::optional<Options> parseOptions(int argc, char **argv, int &exitCode);

} // namespace winnow::run
