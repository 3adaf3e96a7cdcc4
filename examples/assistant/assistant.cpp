// Holds a conversation with the assistant whose compiled model is part of this program:
//
//   assistant DEVICE CONVERSATION [CHECKS]
//
// Prints each answer, the launches of the image encoder's kernels, and which tokens are remembered.
#include "assistant_model.h"
#include "conversation.h"

#include <winnow/runtime.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <unistd.h>

namespace assistant {
namespace {

DLTensor view(void *data, DLDataTypeCode code, uint8_t bits, std::vector<int64_t> &shape) {
  return {data, {kDLCPU, 0}, int32_t(shape.size()), {uint8_t(code), bits, 1}, shape.data(), nullptr, 0};
}

/// "0-4 7 9-11" for ascending numbers.
std::string ranges(const std::vector<int64_t> &numbers) {
  std::string text;
  for (size_t begin = 0, end; begin < numbers.size(); begin = end) {
    for (end = begin + 1; end < numbers.size() && numbers[end] == numbers[end - 1] + 1;)
      ++end;
    text += (text.empty() ? "" : " ") + std::to_string(numbers[begin]);
    if (end - begin > 1)
      text += "-" + std::to_string(numbers[end - 1]);
  }
  return text.empty() ? "nothing" : text;
}

/// A file for a moment.
class TemporaryFile {
public:
  TemporaryFile()
      : path(std::filesystem::temp_directory_path() / ("assistant-" + std::to_string(getpid()) + ".npz")) {}
  ~TemporaryFile() {
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
  const std::filesystem::path path;
};

/// A session of the model, and what has to be told to the next one.
class Assistant {
public:
  Assistant(const wn::Module &module, std::string device, std::string checks)
      : module(module), device(std::move(device)), checks(std::move(checks)) {
    open();
  }

  /// The answers to a message.
  std::vector<float> step(Command &message);
  /// Pins the tokens of the last message.
  const std::vector<int64_t> &anchor();
  void compact(int64_t target);
  void setParameter(const std::string &name, double value);
  void setContext(const std::array<float, kContextSize> &numbers) { context = numbers; }
  /// Goes on in a new session.
  void restart();

  /// The positions of the tokens that are remembered, ascending.
  std::vector<int64_t> held();
  /// How often kernels of the image encoder have been launched in this session; nothing on a device that has
  /// no kernels of parts of the model.
  std::optional<int64_t> imageEncoderLaunches() const;
  /// The device and its code.
  std::string place() const { return session->device() + " (" + session->target() + ")"; }

private:
  void open();

  const wn::Module &module;
  const std::string device, checks;
  std::unique_ptr<wn::Session> session;
  std::map<std::string, double> parameters;
  std::array<float, kContextSize> context{};
  std::vector<int64_t> lastMessage;
};

void Assistant::open() {
  wn_session_options options;
  wn_session_options_init(&options);
  options.checks = checks.c_str();
  session = std::make_unique<wn::Session>(module, device, &options);
  for (const auto &[name, value] : parameters)
    session->setParameter(name, value);
}

std::vector<float> Assistant::step(Command &message) {
  std::vector<int64_t> words = {int64_t(message.words.size())};
  std::vector<int64_t> patches = {message.image.patchCount(), kPatchPixels};
  std::vector<int64_t> numbers = {int64_t(kContextSize)};
  std::vector<wn::Tensor> outputs =
      session->invoke("step",
                      {view(message.words.data(), kDLInt, 64, words),
                       view(message.image.patches.data(), kDLFloat, 32, patches),
                       view(context.data(), kDLFloat, 32, numbers)},
                      2);
  int64_t first = *outputs[1].data<int64_t>();
  lastMessage.resize(words[0] + patches[0]);
  for (int64_t &position : lastMessage)
    position = first++;
  const float *answers = outputs[0].data<float>();
  return {answers, answers + outputs[0].shape()[0]};
}

const std::vector<int64_t> &Assistant::anchor() {
  std::vector<int64_t> count = {int64_t(lastMessage.size())};
  session->invoke("anchor", {view(lastMessage.data(), kDLInt, 64, count)}, 0);
  return lastMessage;
}

void Assistant::compact(int64_t target) {
  std::vector<int64_t> scalar;
  session->invoke("compact", {view(&target, kDLInt, 64, scalar)}, 0);
}

void Assistant::setParameter(const std::string &name, double value) {
  session->setParameter(name, value);
  parameters[name] = value;
}

void Assistant::restart() {
  TemporaryFile file;
  session->saveState(file.path);
  open();
  session->loadState(file.path);
}

std::vector<int64_t> Assistant::held() {
  std::vector<wn::Tensor> outputs = session->invoke("held", {}, 1);
  const int64_t *places = outputs[0].data<int64_t>();
  std::vector<int64_t> positions(places, places + outputs[0].shape()[0]);
  std::erase(positions, -1); // empty places
  std::sort(positions.begin(), positions.end());
  return positions;
}

std::optional<int64_t> Assistant::imageEncoderLaunches() const {
  bool knowsOrigins = false;
  int64_t launches = 0;
  const nlohmann::json profile = nlohmann::json::parse(session->profile());
  for (const nlohmann::json &kernel : profile["kernels"]) {
    std::string origin = kernel["origin"];
    knowsOrigins |= !origin.empty();
    if (origin.find("image encoder") != std::string::npos)
      launches += kernel["launches"].get<int64_t>();
  }
  return knowsOrigins ? std::optional(launches) : std::nullopt;
}

void answer(Assistant &assistant, Command &message) {
  int64_t before = assistant.imageEncoderLaunches().value_or(0);
  std::printf("  answers");
  for (float number : assistant.step(message))
    std::printf(" %.6f", number);
  if (std::optional<int64_t> after = assistant.imageEncoderLaunches())
    std::printf("\n  image encoder: %lld launches", static_cast<long long>(*after - before));
  std::printf("\n  remembers %s\n", ranges(assistant.held()).c_str());
}

void execute(Assistant &assistant, Command &command, std::set<int64_t> &pinned) {
  std::printf("> %s\n", command.line.c_str());
  switch (command.verb) {
  case Verb::Set:
    return assistant.setParameter(command.parameter, command.value);
  case Verb::Context:
    return assistant.setContext(command.context);
  case Verb::Say:
  case Verb::See:
    return answer(assistant, command);
  case Verb::Anchor: {
    const std::vector<int64_t> &positions = assistant.anchor();
    std::printf("  pins %s\n", ranges(positions).c_str());
    pinned.insert(positions.begin(), positions.end());
    return;
  }
  case Verb::Compact:
    assistant.compact(command.count);
    std::printf("  remembers %s\n", ranges(assistant.held()).c_str());
    return;
  case Verb::Restart:
    return assistant.restart();
  }
}

/// Prints whether what was pinned is still there; returns whether it is. `held` is ascending.
bool reportPinned(const std::set<int64_t> &pinned, const std::vector<int64_t> &held) {
  bool isHeld = std::includes(held.begin(), held.end(), pinned.begin(), pinned.end());
  if (!pinned.empty())
    std::printf("pinned tokens %s: %s\n", ranges({pinned.begin(), pinned.end()}).c_str(),
                isHeld ? "all remembered" : "not all remembered");
  return isHeld;
}

int converse(const std::string &device, const std::string &script, const std::string &checks) {
  std::vector<Command> commands = readConversation(script);
  wn::Module module = wn::Module::fromMemory(assistant_model_data, assistant_model_size);
  Assistant assistant(module, device, checks);
  std::printf("on %s\n", assistant.place().c_str());
  std::set<int64_t> pinned;
  for (Command &command : commands)
    execute(assistant, command, pinned);
  return reportPinned(pinned, assistant.held()) ? 0 : 1;
}

} // namespace
} // namespace assistant

int main(int argc, char **argv) try {
  if (argc < 3 || argc > 4) {
    std::fprintf(stderr, "usage: assistant DEVICE CONVERSATION [CHECKS]\n");
    return 2;
  }
  return assistant::converse(argv[1], argv[2], argc == 4 ? argv[3] : "");
} catch (const std::exception &error) {
  std::fprintf(stderr, "assistant: %s\n", error.what());
  return 1;
}
