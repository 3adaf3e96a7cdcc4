// Sentences from the command line, files and standard input.
#pragma once

#include <string>
#include <vector>

namespace sentences {

struct Sentence {
  std::string text;
  std::string place; // for messages: "sentence 2", or "notes.txt:14"
};

/// Those of the command line, then the lines of `file` ("-" is standard input, "" none), of which blank ones
/// are passed over. Throws std::runtime_error if the file cannot be read, or if there is no sentence at all.
std::vector<Sentence> readSentences(const std::vector<std::string> &arguments, const std::string &file);

} // namespace sentences
