// The command line of winnow-compile.
#include "tools/winnow-compile/Options.h"

#include "lib/Target/Object/EmitHeader.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

#include <CLI/CLI.hpp>

namespace winnow {

namespace {

int64_t parseSize(llvm::StringRef text, const std::string &option) {
  int64_t size;
  if (text.getAsInteger(10, size) || size < 0) {
    throw CLI::ValidationError("--dim=" + option, "'" + text.str() + "' is not a size");
  }
  return size;
}

/// NAME=@FILE.npy
void parseConstant(const std::string &option, std::map<std::string, std::string> &constants) {
  auto [name, file] = llvm::StringRef(option).split("=@");
  if (name.empty() || file.empty()) {
    throw CLI::ValidationError("--constant=" + option, "expected NAME=@FILE.npy");
  }
  if (!constants.try_emplace(name.str(), file.str()).second) {
    throw CLI::ValidationError("--constant=" + option, "the input is given twice");
  }
}

/// NAME=SIZE or NAME=LOW..HIGH
void parseDimension(const std::string &option, std::map<std::string, DimensionRange> &dimensions) {
  auto [name, range] = llvm::StringRef(option).rsplit('=');
  if (name.empty() || range.empty()) {
    throw CLI::ValidationError("--dim=" + option, "expected NAME=SIZE or NAME=LOW..HIGH");
  }
  size_t dots = range.find("..");
  DimensionRange parsed;
  parsed.minimum = parseSize(range.substr(0, dots), option);
  parsed.maximum = dots == llvm::StringRef::npos ? parsed.minimum : parseSize(range.substr(dots + 2), option);
  if (parsed.maximum < parsed.minimum) {
    throw CLI::ValidationError("--dim=" + option, "the range is empty");
  }
  if (!dimensions.try_emplace(name.str(), parsed).second) {
    throw CLI::ValidationError("--dim=" + option, "the dimension is given twice");
  }
}

/// A whole number of bytes, at least 1, that fits 64 bits.
std::string checkBytes(const std::string &text) {
  int64_t bytes;
  bool isBytes = !llvm::StringRef(text).getAsInteger(10, bytes) && bytes > 0;
  return isBytes ? "" : "'" + text + "' is not a number of bytes";
}

std::string checkFraction(const std::string &text) {
  double value;
  bool isFraction = !llvm::StringRef(text).getAsDouble(value) && value > 0 && value <= 1;
  return isFraction ? "" : "'" + text + "' is not a number above 0 and up to 1";
}

std::string checkError(const std::string &text) {
  double value;
  bool isError = !llvm::StringRef(text).getAsDouble(value) && value >= 0;
  return isError ? "" : "'" + text + "' is not a number of at least 0";
}

std::string checkSymbolPrefix(const std::string &text) {
  return isObjectPrefix(text) ? "" : "'" + text + "' cannot begin names of C";
}

/// Checks and completes what concerns an object.
void completeObject(CommandLine &line) {
  bool isObject = line.emit == Output::Object;
  if (!isObject && !line.symbolPrefix.empty()) {
    throw CLI::ValidationError("--symbol-prefix", "is for --emit=obj only");
  }
  if (isObject && llvm::sys::path::extension(line.output) == ".h") {
    throw CLI::ValidationError("--output", "'" + line.output +
                                               "' would be the header of --emit=obj, expected the object, "
                                               "usually MODEL.o");
  }
  if (line.symbolPrefix.empty()) {
    line.symbolPrefix = objectPrefix(line.output);
  }
}

void addTuning(CLI::App &app, CompileOptions &options) {
  app.add_option("--soft-gates", options.softGates,
                 "make soft gates hard, an approximation: none, topk:K or threshold:T")
      ->capture_default_str();
  app.add_option("--prune", options.prune,
                 "prune constant weights by magnitude: none, 2:4, blocks:RxC:DENSITY or coo:DENSITY")
      ->capture_default_str();
  app.add_option(
         "--max-pruning-error", options.maximumPruningError,
         "never prune weights whose relative error would be larger; 0 packs only what has the structure")
      ->check(checkError)
      ->capture_default_str();
  app.add_option("--precision", options.precision,
                 "one precision for every contraction: none, f32, i8, f16 or bf16")
      ->check(CLI::IsMember({"none", "f32", "i8", "f16", "bf16"}))
      ->capture_default_str();
  app.add_option("--budget", options.budget,
                 "choose INT8 where it costs least, until the weights take this fraction of their f32 bytes")
      ->check(checkFraction);
  app.add_option("--budget-bytes", options.budgetBytes, "the same in bytes")
      ->check(checkBytes)
      ->excludes("--budget");
  app.add_option("--max-weight-error", options.maximumWeightError,
                 "never quantize or round weights whose relative error would be larger")
      ->check(checkError)
      ->capture_default_str();
}

} // namespace

std::optional<CommandLine> parseCommandLine(int argc, char **argv, int &exitCode) {
  CommandLine line;
  std::string stopAfter, emit = "module";
  std::vector<std::string> dumpAfter;
  std::vector<std::string> dimensions, constants;
  bool skipsAssembler = false;
  std::vector<std::string> phases;
  for (llvm::StringRef name : phaseNames().drop_back()) {
    phases.push_back(name.str());
  }

  CLI::App app{"Compiles a model (ONNX, or MLIR text) to a module file with PTX and host code.",
               "winnow-compile"};
  app.set_version_flag("--version", "winnow-compile " WINNOW_VERSION);
  app.add_option("model", line.input, "the model: MODEL.onnx or MODEL.mlir")->required();
  app.add_option("-o,--output", line.output, "the module file, usually MODEL.wnm, or the object, MODEL.o");
  app.add_option("--target", line.compile.targets,
                 "what to make code for, may be repeated: host:native, host:x86-64-v2|v3|v4, host:aarch64, "
                 "cuda:sm_NN")
      ->allow_extra_args(false)
      ->capture_default_str();
  app.add_flag("--with-reference", line.compile.withReference,
               "add the reference device, which computes every operation by its definition");
  app.add_option("--dim", dimensions,
                 "the sizes of a named dimension, may be repeated: NAME=SIZE or NAME=LOW..HIGH")
      ->allow_extra_args(false);
  app.add_option(
         "--constant", constants,
         "an input of an ONNX model that always has the value in a file, may be repeated: NAME=@FILE.npy")
      ->allow_extra_args(false);
  app.add_option(
         "--intermediates", line.intermediates,
         "a value inside an ONNX model, may be repeated, or all: a second function, main_intermediates, "
         "returns it after the outputs, for winnow-run --dump-intermediates")
      ->allow_extra_args(false);
  auto *weights = app.add_option("--weights", line.weights.files,
                                 "take weights from this file, may be repeated: FILE.safetensors, or the "
                                 "FILE.safetensors.index.json of a checkpoint in parts")
                      ->allow_extra_args(false);
  app.add_option(
         "--weights-map", line.weights.map,
         "what the model's weights are called in --weights, as JSON: {\"NAME\": \"TENSOR\"}; TENSOR^T "
         "is the transposed one, \"PREFIX*\": \"OTHER*\" replaces a prefix")
      ->needs(weights);
  addTuning(app, line.compile);
  app.add_flag("--no-ptxas", skipsAssembler, "do not run ptxas, even if it is there");
  app.add_flag(
      "--dry-run", line.isDryRun,
      "check the model and say what it consists of, or all that is wrong with it, without making code");
  app.add_option("--stop-after", stopAfter, "print the module after this phase and stop")
      ->check(CLI::IsMember(phases));
  app.add_option("--dump-after", dumpAfter, "print the module after this phase and go on, may be repeated")
      ->allow_extra_args(false)
      ->check(CLI::IsMember(phases));
  app.add_option(
         "--emit", emit,
         "what to write: module, a file for wn_module_load_file; or obj, an object of the host target to "
         "link into a program, and MODEL.h beside it, which declares PREFIX_load() for C and C++")
      ->check(CLI::IsMember({"module", "obj"}))
      ->excludes("--stop-after")
      ->capture_default_str();
  app.add_option("--symbol-prefix", line.symbolPrefix,
                 "what the names that --emit=obj defines begin with (default: the object's name)")
      ->check(checkSymbolPrefix);
  app.add_flag("--remarks", line.printRemarks, "say what was decided and why");
  app.add_option("--report", line.report, "write the decisions to this file, as JSON")
      ->excludes("--stop-after");
  try {
    app.parse(argc, argv);
    for (const std::string &dimension : dimensions) {
      parseDimension(dimension, line.compile.dimensions);
    }
    for (const std::string &constant : constants) {
      parseConstant(constant, line.fixedInputs);
    }
    if (line.isDryRun && !stopAfter.empty()) {
      throw CLI::ExcludesError("--dry-run", "--stop-after");
    }
    if (stopAfter.empty() && line.output.empty() && !line.isDryRun) {
      throw CLI::RequiredError("--output");
    }
    line.emit = emit == "obj" ? Output::Object : Output::Module;
    completeObject(line);
  } catch (const CLI::ParseError &error) {
    exitCode = app.exit(error);
    return std::nullopt;
  }
  line.compile.assemblePTX = !skipsAssembler;
  if (line.isDryRun) {
    line.compile.stopAfter = Phase::Dispatch;
  }
  if (!stopAfter.empty()) {
    line.compile.stopAfter = *parsePhase(stopAfter);
  }
  for (const std::string &phase : dumpAfter) {
    line.compile.dumpAfter.insert(*parsePhase(phase));
  }
  return line;
}

} // namespace winnow
