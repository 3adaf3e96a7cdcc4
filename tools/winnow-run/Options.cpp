// The command line of winnow-run.
#include "tools/winnow-run/Options.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <iostream>

namespace winnow::run {
namespace {

/// Splits "name=value".
std::pair<std::string, std::string> splitName(const std::string &option, const std::string &text) {
  size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw UserError(option + "=" + text + ": expected NAME=VALUE");
  return {text.substr(0, equals), text.substr(equals + 1)};
}

std::vector<NamedFile> parseFiles(const std::string &option, const std::vector<std::string> &texts) {
  std::vector<NamedFile> files;
  for (const std::string &text : texts) {
    size_t at = text.find('@');
    bool named = at != std::string::npos && at > 1 && text[at - 1] == '=';
    if ((at != 0 && !named) || at + 1 == text.size())
      throw UserError(option + "=" + text + ": expected NAME=@FILE, or @FILE for a .npz file with the names");
    files.push_back({at == 0 ? "" : text.substr(0, at - 1), text.substr(at + 1)});
  }
  return files;
}

int64_t parseSize(const std::string &where, std::string_view text) {
  int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0)
    throw UserError(where + ": '" + std::string(text) + "' is not a size");
  return value;
}

std::vector<int64_t> parseShape(const std::string &where, std::string_view text) {
  std::vector<int64_t> shape;
  while (!text.empty()) {
    size_t cross = std::min(text.find('x'), text.size());
    shape.push_back(parseSize(where, text.substr(0, cross)));
    if (cross + 1 == text.size())
      throw UserError(where + ": the shape ends with an x");
    text.remove_prefix(std::min(cross + 1, text.size()));
  }
  return shape;
}

double parseNumber(const std::string &where, const std::string &text) {
  double value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    throw UserError(where + ": '" + text + "' is not a number");
  return value;
}

/// What `argument` is short for. The seed of random inputs is optional, and what follows "--random-inputs"
/// without one is not it. No option has a dot in its name, so "--memory.working=8" is a parameter's.
std::string longForm(std::string_view argument) {
  if (argument == "--random-inputs")
    return "--random-inputs=0";
  std::string_view name = argument.substr(0, argument.find('='));
  bool isParameter =
      name.size() < argument.size() && name.substr(0, 2) == "--" && name.find('.') != std::string_view::npos;
  return isParameter ? "--parameter=" + std::string(argument.substr(2)) : std::string(argument);
}

/// The arguments in the order that CLI11 wants, last first.
std::vector<std::string> reversedArguments(int argc, char **argv) {
  std::vector<std::string> arguments;
  for (int i = argc - 1; i > 0; --i)
    arguments.push_back(longForm(argv[i]));
  return arguments;
}

} // namespace

std::optional<Options> parseOptions(int argc, char **argv, int &exitCode) {
  Options options;
  std::vector<std::string> inputs, outputs, comparisons, shapes, dimensions, parameters;
  uint64_t seed = 0;
  CLI::App app(
      "Executes a module that winnow-compile made: on arrays from .npy and .npz files or on random ones.",
      "winnow-run");
  app.set_version_flag("--version", "winnow-run " WINNOW_VERSION);
  app.option_defaults()->always_capture_default(false);
  app.add_option("module", options.module, "the module, a .wnm file")->required()->type_name("FILE");
  app.add_option("--function", options.function, "the function to execute (main)")->type_name("NAME");
  app.add_option(
         "--device", options.device,
         "auto, host, cuda, cuda:1 for the second GPU, ptxsim or reference (auto: cuda if it can execute the "
         "module, else host)")
      ->type_name("DEVICE");
  app.add_option("--input", inputs,
                 "an input: NAME=@FILE.npy, NAME=@FILE.npz, or @FILE.npz for all its members")
      ->type_name("INPUT");
  app.add_option("--output", outputs,
                 "where an output goes: NAME=@FILE.npy, NAME=@FILE.npz, or @FILE.npz for all")
      ->type_name("OUTPUT");
  CLI::Option *random = app.add_option("--random-inputs", seed,
                                       "random values for inputs without a file: --random-inputs[=SEED]")
                            ->type_name("SEED");
  app.add_option("--shape", shapes, "the shape of a random input: NAME=2x128")->type_name("SHAPE");
  app.add_option("--dim", dimensions, "the size of a named dimension of random inputs: batch=4")
      ->type_name("DIM");
  app.add_option(
         "--parameter", parameters,
         "the value of a parameter of the model: NAME=VALUE; where NAME has a dot, --NAME=VALUE will do")
      ->type_name("PARAMETER");
  app.add_option("--load-state", options.loadState, "begin with the state in this .npz file")
      ->type_name("FILE");
  app.add_option("--save-state", options.saveState, "write the state to this .npz file in the end")
      ->type_name("FILE");
  app.add_option(
         "--dump-intermediates", options.intermediates,
         "write every value inside the model that winnow-compile --intermediates named, and the outputs, "
         "to this .npz file")
      ->type_name("FILE");
  app.add_option("--compare", comparisons,
                 "what an output must be: NAME=@FILE.npy, NAME=@FILE.npz or @FILE.npz")
      ->type_name("EXPECTED");
  app.add_option("--compare-device", options.compareDevice,
                 "execute on this device too and compare all outputs")
      ->type_name("DEVICE");
  app.add_option("--rtol", options.relativeTolerance, "|found - expected| <= atol + rtol * |expected| (1e-4)")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--atol", options.absoluteTolerance, "see --rtol (1e-5)")->check(CLI::NonNegativeNumber);
  app.add_option("--repeat", options.repeat, "how often to execute, for timing (1)")
      ->check(CLI::Range(1, 1000000000));
  app.add_option("--threads", options.threads, "at most so many threads (0: one for each processor)")
      ->check(CLI::Range(0, 65536));
  app.add_option("--check", options.checks,
                 "checks that the device makes, comma-separated, e.g. all (ptxsim, cuda)")
      ->type_name("CHECKS");
  app.add_flag("--describe", options.describe, "print what the module holds, and stop");
  app.add_flag("--json", options.json, "print results as JSON");
  app.add_flag("--profile", options.profile, "measure each kernel");
  for (CLI::Option *each : app.get_options()) {
    if (each->get_items_expected_max() > 1)
      each->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }
  try {
    app.parse(reversedArguments(argc, argv));
    options.inputs = parseFiles("--input", inputs);
    options.outputs = parseFiles("--output", outputs);
    options.comparisons = parseFiles("--compare", comparisons);
    if (random->count() > 0)
      options.randomSeed = seed;
    for (const std::string &text : shapes) {
      auto [name, shape] = splitName("--shape", text);
      options.shapes[name] = parseShape("--shape=" + text, shape);
    }
    for (const std::string &text : dimensions) {
      auto [name, size] = splitName("--dim", text);
      options.dimensions[name] = parseSize("--dim=" + text, size);
    }
    for (const std::string &text : parameters) {
      auto [name, value] = splitName("--parameter", text);
      options.parameters.emplace_back(name, parseNumber("--parameter=" + text, value));
    }
    return options;
  } catch (const CLI::Success &request) {
    exitCode = app.exit(request); // --help, --version
  } catch (const CLI::Error &error) {
    std::cerr << "winnow-run: error: " << error.what() << " (see winnow-run --help)\n";
    exitCode = 1;
  } catch (const UserError &error) {
    std::cerr << "winnow-run: error: " << error.what() << '\n';
    exitCode = 1;
  }
  return std::nullopt;
}

} // namespace winnow::run
