// winnow-run: executes a module's function on arrays from files, and times, profiles and compares it.
#include "tools/ProgressBar.h"
#include "tools/winnow-run/Options.h"
#include "tools/winnow-run/Report.h"

#include <chrono>
#include <iostream>

using namespace winnow::run;

namespace {

class Stopwatch {
public:
  double milliseconds() const {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  }

private:
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
};

wn_session_options sessionOptions(const Options &options) {
  wn_session_options made;
  wn_session_options_init(&made);
  made.threads = options.threads;
  made.timing = options.profile;
  return made;
}

/// Gives a new session what the user wants it to begin with.
void prepareSession(wn::Session &session, const Options &options) {
  for (const auto &[name, value] : options.parameters)
    session.setParameter(name, value);
  if (!options.loadState.empty())
    session.loadState(options.loadState);
}

std::vector<Array> copyOutputs(const std::vector<wn::Tensor> &tensors,
                               const std::vector<wn_tensor_info> &infos) {
  std::vector<Array> arrays;
  for (size_t i = 0; i < tensors.size(); ++i)
    arrays.push_back(copyTensor(tensors[i], infos[i]));
  return arrays;
}

/// Everything that can be compared: with files, and with another device on the same inputs.
std::vector<Comparison> compareOutputs(const Options &options, const wn::Module &module,
                                       const Execution &execution, const std::vector<DLTensor> &inputs,
                                       const std::vector<wn_tensor_info> &infos) {
  Tolerance tolerance = {options.relativeTolerance, options.absoluteTolerance};
  std::vector<Comparison> comparisons;
  for (const auto &[index, path] : matchOutputs(options.comparisons, execution.outputNames, "--compare")) {
    const std::string &name = execution.outputNames[index];
    Array expected = readArray(name, path);
    nameEightBits(expected, execution.outputs[index].type);
    comparisons.push_back(compare(name, "'" + path + "'", execution.outputs[index], expected, tolerance));
  }
  if (options.compareDevice.empty())
    return comparisons;
  wn_session_options other = sessionOptions(options);
  wn::Session session(module, options.compareDevice, &other);
  prepareSession(session, options);
  bool hasState = !nlohmann::ordered_json::parse(module.describe())["states"].empty();
  // What a call leaves behind changes the next one.
  for (int i = 1; hasState && i < options.repeat; ++i)
    session.invoke(options.function, inputs, infos.size());
  std::vector<Array> expected = copyOutputs(session.invoke(options.function, inputs, infos.size()), infos);
  for (size_t i = 0; i < expected.size(); ++i)
    comparisons.push_back(compare(execution.outputNames[i], "device " + session.device(),
                                  execution.outputs[i], expected[i], tolerance));
  return comparisons;
}

/// The function that returns what is inside another one, too. Throws UserError if the module has none.
std::string intermediatesOf(const std::string &function, const wn::Module &module) {
  std::string name = function + "_intermediates";
  auto description = nlohmann::ordered_json::parse(module.describe());
  for (const auto &each : description["functions"])
    if (each["name"] == name)
      return name;
  throw UserError("--dump-intermediates needs the function '" + name +
                  "', which the module does not have: compile the model with --intermediates");
}

void dumpIntermediates(const Options &options, const wn::Module &module, wn::Session &session,
                       const std::vector<DLTensor> &inputs) {
  std::string function = intermediatesOf(options.function, module);
  std::vector<wn_tensor_info> infos = module.tensors(function, WN_OUTPUT);
  std::vector<Array> arrays = copyOutputs(session.invoke(function, inputs, infos.size()), infos);
  std::map<std::string, Array> members;
  for (size_t i = 0; i < infos.size(); ++i)
    members[infos[i].name] = std::move(arrays[i]);
  writeArchive(options.intermediates, members);
}

Execution execute(const Options &options) {
  Stopwatch loading;
  wn::Module module = wn::Module::fromFile(options.module);
  if (!options.intermediates.empty())
    intermediatesOf(options.function, module); // found out before the work, as wrong names are below
  wn_session_options given = sessionOptions(options);
  given.checks = options.checks.c_str();
  wn::Session session(module, options.device, &given);
  prepareSession(session, options);
  Execution execution{
      options.function, session.device(), session.target(), {}, {}, {}, loading.milliseconds(), {}, {}};

  std::vector<wn_tensor_info> infos = module.tensors(options.function, WN_OUTPUT);
  for (const wn_tensor_info &info : infos)
    execution.outputNames.emplace_back(info.name);
  matchOutputs(options.outputs, execution.outputNames, "--output"); // a wrong name is found before the work
  matchOutputs(options.comparisons, execution.outputNames, "--compare");
  std::vector<Array> arrays = makeInputs(options, module);
  std::vector<DLTensor> inputs;
  for (Array &array : arrays)
    inputs.push_back(viewArray(array));

  std::vector<wn::Tensor> outputs;
  winnow::ProgressBar progress(options.repeat);
  for (int i = 0; i < options.repeat; ++i) {
    outputs.clear();
    Stopwatch running;
    outputs = session.invoke(options.function, inputs, infos.size());
    execution.milliseconds.push_back(running.milliseconds());
    progress.show(i + 1, "runs");
  }
  if (!options.saveState.empty())
    session.saveState(options.saveState);
  execution.outputs = copyOutputs(outputs, infos);
  execution.profile = nlohmann::ordered_json::parse(session.profile());
  if (!options.intermediates.empty())
    dumpIntermediates(options, module, session, inputs);
  execution.comparisons = compareOutputs(options, module, execution, inputs, infos);
  return execution;
}

/// 0, or 1 if an output is not what it must be.
int run(const Options &options) {
  if (options.describe) {
    std::string json = wn::Module::fromFile(options.module).describe();
    std::cout << (options.json ? json + "\n" : describeText(nlohmann::ordered_json::parse(json)));
    return 0;
  }
  Execution execution = execute(options);
  for (const std::string &note : suppressionNotes(execution))
    std::cerr << "winnow-run: note: " << note << '\n';
  writeOutputs(options, execution.outputNames, execution.outputs);
  std::cout << (options.json ? executionJson(execution).dump(2) + "\n"
                             : executionText(execution, options.profile));
  int exitCode = 0;
  for (const Comparison &comparison : execution.comparisons) {
    if (comparison.agrees())
      continue;
    std::cerr << "winnow-run: error: " << comparison.sentence() << '\n';
    exitCode = 1;
  }
  return exitCode;
}

} // namespace

int main(int argc, char **argv) {
  int exitCode = 0;
  std::optional<Options> options = parseOptions(argc, argv, exitCode);
  if (!options)
    return exitCode;
  try {
    exitCode = run(*options);
    std::cout.flush();
    if (!std::cout)
      throw UserError("cannot write to standard output");
    return exitCode;
  } catch (const std::bad_alloc &) {
    std::cerr << "winnow-run: error: out of memory\n";
  } catch (const std::exception &error) {
    std::cerr << "winnow-run: error: " << error.what() << '\n';
  }
  return 1;
}
