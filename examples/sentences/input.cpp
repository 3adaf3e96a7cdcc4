// Reads files of sentences, a line each.
#include "input.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <stdexcept>

namespace sentences {
namespace {

void readLines(std::istream &stream, const std::string &name, std::vector<Sentence> &sentences) {
  std::string line;
  for (int number = 1; std::getline(stream, line); ++number)
    if (line.find_first_not_of(" \t\r") != std::string::npos)
      sentences.push_back({line, name + ":" + std::to_string(number)});
  if (stream.bad())
    throw std::runtime_error("cannot read '" + name + "': " + std::strerror(errno));
}

} // namespace

std::vector<Sentence> readSentences(const std::vector<std::string> &arguments, const std::string &file) {
  std::vector<Sentence> sentences;
  for (size_t i = 0; i < arguments.size(); ++i)
    sentences.push_back({arguments[i], "sentence " + std::to_string(i + 1)});
  if (file == "-") {
    readLines(std::cin, "standard input", sentences);
  } else if (!file.empty()) {
    errno = 0;
    std::ifstream stream(file);
    if (!stream)
      throw std::runtime_error("cannot read '" + file + "': " + std::strerror(errno));
    readLines(stream, file, sentences);
  }
  if (sentences.empty())
    throw std::runtime_error(file.empty()
                                 ? "there is no sentence: give some as arguments, or a file with --file"
                                 : "there is no sentence in '" + file + "'");
  return sentences;
}

} // namespace sentences
