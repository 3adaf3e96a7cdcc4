// Reads scripts, vocabularies and PGM images, and says where one is wrong.
#include "conversation.h"

#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

namespace assistant {
namespace {

constexpr int64_t kUnknownWord = 63; // the model's last row
constexpr int64_t kMaximumSide = 1024;

using Vocabulary = std::map<std::string, int64_t>;

std::ifstream open(const std::filesystem::path &path) {
  std::ifstream file(path);
  if (!file)
    throw std::runtime_error("cannot read '" + path.string() + "'");
  return file;
}

Vocabulary readVocabulary(const std::filesystem::path &path) {
  std::ifstream file = open(path);
  Vocabulary numbers;
  for (std::string word; std::getline(file, word);)
    numbers.emplace(word, int64_t(numbers.size()));
  if (int64_t(numbers.size()) > kUnknownWord)
    throw std::runtime_error("'" + path.string() + "' has " + std::to_string(numbers.size()) +
                             " words, expected at most " + std::to_string(kUnknownWord));
  return numbers;
}

/// The next token of a PGM file, behind comments.
std::string nextToken(std::istream &file) {
  std::string token;
  while (file >> token && token.front() == '#')
    std::getline(file, token);
  return file ? token : "";
}

int64_t nextNumber(std::istream &file, int64_t least, int64_t most, const std::filesystem::path &path) {
  std::string token = nextToken(file);
  bool isShort = token.size() <= 6 && token.find_first_not_of("0123456789") == std::string::npos;
  int64_t number = isShort && !token.empty() ? std::stoll(token) : -1;
  if (number < least || number > most)
    throw std::runtime_error("'" + path.string() + "': expected a number from " + std::to_string(least) +
                             " to " + std::to_string(most) + ", found '" + token + "'");
  return number;
}

/// A plain PGM image ("P2"), whose sides are multiples of a patch's.
Image readImage(const std::filesystem::path &path) {
  std::ifstream file = open(path);
  if (nextToken(file) != "P2")
    throw std::runtime_error("'" + path.string() + "' is no plain PGM image: it does not begin with P2");
  int64_t width = nextNumber(file, 1, kMaximumSide, path), height = nextNumber(file, 1, kMaximumSide, path);
  int64_t white = nextNumber(file, 1, 65535, path);
  if (width % kPatchSide || height % kPatchSide)
    throw std::runtime_error("'" + path.string() + "': expected sides that are multiples of 4, found " +
                             std::to_string(width) + "x" + std::to_string(height));
  Image image;
  image.patches.resize(width * height);
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x) {
      int64_t patch = y / kPatchSide * (width / kPatchSide) + x / kPatchSide;
      int64_t pixel = y % kPatchSide * kPatchSide + x % kPatchSide;
      image.patches[patch * kPatchPixels + pixel] = float(nextNumber(file, 0, white, path)) / float(white);
    }
  return image;
}

template <typename Value> Value read(std::istream &rest, const char *what) {
  Value value;
  if (!(rest >> value))
    throw std::runtime_error(std::string("expected ") + what);
  return value;
}

std::vector<int64_t> readWords(std::istream &rest, const Vocabulary &vocabulary) {
  std::vector<int64_t> words;
  for (std::string word; rest >> word;) {
    auto found = vocabulary.find(word);
    words.push_back(found == vocabulary.end() ? kUnknownWord : found->second);
  }
  return words;
}

Command parse(const std::string &line, const std::filesystem::path &folder, const Vocabulary &vocabulary) {
  static const std::map<std::string, Verb> verbs = {
      {"set", Verb::Set},       {"context", Verb::Context}, {"say", Verb::Say},        {"see", Verb::See},
      {"anchor", Verb::Anchor}, {"compact", Verb::Compact}, {"restart", Verb::Restart}};
  std::istringstream rest(line);
  auto verb = verbs.find(read<std::string>(rest, "a command"));
  if (verb == verbs.end())
    throw std::runtime_error("expected set, context, say, see, anchor, compact or restart");
  Command command;
  command.verb = verb->second;
  command.line = line;
  if (command.verb == Verb::Set) {
    command.parameter = read<std::string>(rest, "a parameter's name");
    command.value = read<double>(rest, "a number");
  }
  if (command.verb == Verb::Compact)
    command.count = read<int64_t>(rest, "a count");
  if (command.verb == Verb::Context)
    for (float &number : command.context)
      number = read<float>(rest, "four numbers");
  if (command.verb == Verb::See)
    command.image = readImage(folder / read<std::string>(rest, "an image's name"));
  if (command.verb == Verb::Say || command.verb == Verb::See)
    command.words = readWords(rest, vocabulary);
  if (std::string more; rest >> more)
    throw std::runtime_error("expected nothing more, found '" + more + "'");
  return command;
}

} // namespace

std::vector<Command> readConversation(const std::filesystem::path &path) {
  std::filesystem::path folder = path.parent_path();
  std::ifstream file = open(path);
  Vocabulary vocabulary = readVocabulary(folder / "vocabulary.txt");
  std::vector<Command> commands;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.empty() || line.front() == '#')
      continue;
    try {
      commands.push_back(parse(line, folder, vocabulary));
    } catch (const std::runtime_error &error) {
      throw std::runtime_error(path.string() + ":" + std::to_string(number) + ": " + error.what() + " in '" +
                               line + "'");
    }
  }
  return commands;
}

} // namespace assistant
