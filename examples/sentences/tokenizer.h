// Text to the numbers of BERT's uncased WordPiece tokens.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sentences {

/// Tokenizes as Hugging Face's BertTokenizerFast with do_lower_case: text is cleaned, lower-cased and
/// stripped of accents, split at spaces, punctuation and Chinese characters, and each word divided into the
/// longest pieces that the vocabulary has.
class Tokenizer {
public:
  /// `vocabulary` has a token in each line, whose number is that of the line, from 0; it must outlive the
  /// tokenizer. Throws std::runtime_error if a token that BERT needs is missing.
  explicit Tokenizer(std::string_view vocabulary);

  /// [CLS], the tokens of the text however many, [SEP]. Throws std::runtime_error, which names the byte, for
  /// what is not UTF-8.
  std::vector<int64_t> encode(std::string_view text) const;

private:
  using Pieces = std::unordered_map<std::string_view, int64_t>;

  size_t findSpecial(std::string_view text, size_t from) const;
  void appendText(std::string_view text, size_t offset, std::vector<int64_t> &tokens) const;
  void appendWord(std::string &word, size_t &length, std::vector<int64_t> &tokens) const;
  void appendPieces(std::string_view word, std::vector<int64_t> &tokens) const;

  /// Pieces that begin a word, and those that continue one, without their "##".
  Pieces beginnings, continuations;
  size_t longestPiece = 0;
  int64_t unknown, first, last;
};

} // namespace sentences
