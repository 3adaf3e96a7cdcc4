// The command line of winnow-ptxsim.
#include "tools/winnow-ptxsim/Options.h"
#include "format/CommaSeparated.h"
#include "runtime/device/ptxsim/Checks.h"

#include <CLI/CLI.hpp>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <set>
#include <unistd.h>

namespace winnow::ptxsim::tool {
namespace {

constexpr const char *kArgumentForms =
    "an argument of the kernel, in order: in:@A.npy, inout:@A.npy:@B.npy "
    "or out:TYPE[SHAPE]:@C.npy for the address of a "
    "buffer; i32:5, u32:5, i64:5, u64:5, f32:0.5 or f64:0.5 for a value; bytes:@FILE for a "
    "structure, whose bytes the file has";

/// CLI11 lets a negative number wrap.
std::string notNegative(const std::string &text) {
  return text.starts_with('-') ? "must not be negative, but is " + text : "";
}

bool parseNumber(std::string_view text, uint32_t &number) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

/// "8", "8,4" or "8,4,2".
Dimensions parseDimensions(const std::string &option, std::string_view text) {
  Dimensions dimensions{1, 1, 1};
  std::string_view left = text;
  for (size_t i = 0;; ++i) {
    std::string_view part = left.substr(0, left.find(','));
    if (i == dimensions.size() || !parseNumber(part, dimensions[i]))
      throw UserError(option + "=" + std::string(text) + ": expected X, X,Y or X,Y,Z");
    if (part.size() == left.size())
      return dimensions;
    left.remove_prefix(part.size() + 1);
  }
}

/// "all", "A100" or "A100,H200".
std::vector<const GpuModel *> parseGpus(std::string_view text) {
  std::vector<const GpuModel *> gpus;
  for (std::string_view chosen : format::commaSeparated(text)) {
    std::string known = "all";
    size_t before = gpus.size();
    for (const GpuModel &gpu : gpuModels()) {
      known += format::concatenate(", ", gpu.name);
      if (chosen == "all" || chosen == gpu.name)
        gpus.push_back(&gpu);
    }
    if (gpus.size() == before)
      throw UserError(format::concatenate("--gpu=", text, ": '", chosen, "' is unknown, expected ", known));
  }
  return gpus;
}

/// Each file is written once, where there is a folder for it, and the PTX is none of them.
void checkOutputs(const Options &options) {
  std::vector<std::string> outputs{options.statistics, options.trace};
  for (const Argument &argument : options.arguments)
    outputs.push_back(argument.output);
  std::set<std::filesystem::path> written{std::filesystem::path(options.file).lexically_normal()};
  for (const std::string &output : outputs) {
    if (output.empty() || (std::filesystem::exists(output) && !std::filesystem::is_regular_file(output)))
      continue;
    std::filesystem::path path = std::filesystem::path(output).lexically_normal();
    std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
    if (access(folder.c_str(), W_OK | X_OK) != 0)
      throw UserError(format::concatenate("cannot write '", output, "': ", std::strerror(errno)));
    if (!written.insert(path).second)
      throw UserError(
          "'" + output + "' would be overwritten: it is " +
          (path == std::filesystem::path(options.file).lexically_normal() ? "the PTX" : "written twice"));
  }
}

template <typename T> T orThrow(format::Result<T> result) {
  if (!result.ok())
    throw UserError(result.status().message());
  return std::move(*result);
}

} // namespace

std::optional<Options> parseOptions(int argc, char **argv, int &exitCode) {
  Options options;
  std::vector<std::string> arguments;
  std::string grid = "1", block = "1", checks, gpus;
  bool countsOnly = false;
  CLI::App app(
      "Executes a kernel of a PTX file without a GPU, and reports what is wrong with it.\n"
      "Exit status: 0 when the kernel ended, 1 for a bad request or an instruction that is not supported,\n"
      "3 when a check stopped the kernel.",
      "winnow-ptxsim");
  app.set_version_flag("--version", "winnow-ptxsim " WINNOW_VERSION);
  app.option_defaults()->always_capture_default(false);
  app.add_option("file", options.file, "the PTX")->required()->type_name("FILE");
  app.add_option("--entry", options.entry, "the kernel (the only one)")->type_name("NAME");
  app.add_option("--grid", grid, "blocks: X[,Y[,Z]] (1)")->type_name("GRID");
  app.add_option("--block", block, "threads of a block: X[,Y[,Z]] (1)")->type_name("BLOCK");
  app.add_option("--shared", options.sharedBytes, "bytes of dynamic shared memory (0)")
      ->type_name("BYTES")
      ->check(notNegative);
  app.add_option("--arg", arguments, kArgumentForms)
      ->type_name("ARGUMENT")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--check", checks, describeChecks())->type_name("CHECKS");
  app.add_option("--max-instructions", options.launch.instructionLimit,
                 "the most instructions that a warp may execute (0: any number)")
      ->type_name("N")
      ->check(notNegative);
  app.add_option("--stats", options.statistics, "write what was counted and measured to this JSON file")
      ->type_name("FILE");
  app.add_flag(
      "--counts-only", countsOnly,
      "with --stats: count instructions, but do not measure memory and divergence, which takes time");
  app.add_flag("--summary", options.printsSummary, "print what was measured, and the lines that matter most");
  app.add_option(
         "--gpu", gpus,
         "with --stats or --summary: estimate occupancy and time on these GPUs: A100, H100, H200 or all")
      ->type_name("GPUS");
  app.add_option("--trace", options.trace, "write every executed instruction to this file")
      ->type_name("FILE");
  app.add_option("--threads", options.threads,
                 "at most so many threads of this machine (0: one for each processor)")
      ->check(CLI::Range(0, 65536));
  try {
    app.parse(argc, argv);
    options.grid = parseDimensions("--grid", grid);
    options.block = parseDimensions("--block", block);
    if (format::Status status = parseChecks(checks, options.launch); !status.ok())
      throw UserError("--check: " + status.message());
    options.gpus = parseGpus(gpus);
    bool reports = !options.statistics.empty() || options.printsSummary;
    if (countsOnly && (options.printsSummary || !options.gpus.empty()))
      throw UserError("--counts-only leaves out what --summary and --gpu need");
    if (!options.gpus.empty() && !reports)
      throw UserError("--gpu needs --stats or --summary");
    options.launch.measuresFigures = reports && !countsOnly;
    for (const std::string &text : arguments)
      options.arguments.push_back(orThrow(parseArgument(text)));
    checkOutputs(options);
    return options;
  } catch (const CLI::Success &request) {
    exitCode = app.exit(request); // --help, --version
  } catch (const CLI::Error &error) {
    std::cerr << "winnow-ptxsim: error: " << error.what() << " (see winnow-ptxsim --help)\n";
    exitCode = 1;
  } catch (const UserError &error) {
    std::cerr << "winnow-ptxsim: error: " << error.what() << '\n';
    exitCode = 1;
  }
  return std::nullopt;
}

} // namespace winnow::ptxsim::tool
