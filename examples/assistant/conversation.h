// Reads what the assistant is told: a script of commands, words of a vocabulary, images.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace assistant {

constexpr int64_t kPatchSide = 4;
constexpr int64_t kPatchPixels = kPatchSide * kPatchSide;
constexpr size_t kContextSize = 4;

/// Patches of 4x4 pixels between 0 and 1, row after row; none if there is no image.
struct Image {
  std::vector<float> patches;
  int64_t patchCount() const { return int64_t(patches.size()) / kPatchPixels; }
};

enum class Verb { Set, Context, Say, See, Anchor, Compact, Restart };

struct Command {
  Verb verb;
  std::string line;                          // as it was written
  std::string parameter;                     // of set
  double value = 0;                          // of set
  int64_t count = 0;                         // of compact
  std::array<float, kContextSize> context{}; // of context
  std::vector<int64_t> words;                // of say and see
  Image image;                               // of see
};

/// The commands of a script; images and vocabulary.txt lie beside it. Throws std::runtime_error, which names
/// the file, the line, what was expected and what was found.
std::vector<Command> readConversation(const std::filesystem::path &path);

} // namespace assistant
