// BERT's uncased WordPiece on utf8proc, which knows the characters' categories, decompositions and cases.
#include "tokenizer.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utf8proc.h>

namespace sentences {
namespace {

/// Tokens that are taken as they are where a text spells them.
constexpr std::array<std::string_view, 5> kSpecial = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
constexpr size_t kLongestWord = 100; // code points; longer words are unknown
constexpr std::string_view kContinuation = "##";

struct Range {
  utf8proc_int32_t first, last;
};
/// What BERT takes for Chinese characters, each of which is a word.
constexpr Range kChinese[] = {{0x4E00, 0x9FFF},   {0x3400, 0x4DBF},   {0x20000, 0x2A6DF}, {0x2A700, 0x2B73F},
                              {0x2B740, 0x2B81F}, {0x2B820, 0x2CEAF}, {0xF900, 0xFAFF},   {0x2F800, 0x2FA1F}};

enum class Kind { Dropped, Space, Alone, Letter };

Kind classify(utf8proc_int32_t code) {
  if (code == '\t' || code == '\n' || code == '\r')
    return Kind::Space;
  switch (utf8proc_category(code)) {
  case UTF8PROC_CATEGORY_CC:
  case UTF8PROC_CATEGORY_CF:
  case UTF8PROC_CATEGORY_CO:
  case UTF8PROC_CATEGORY_MN: // what is left of accents
    return Kind::Dropped;
  case UTF8PROC_CATEGORY_ZS:
  case UTF8PROC_CATEGORY_ZL:
  case UTF8PROC_CATEGORY_ZP:
    return Kind::Space;
  case UTF8PROC_CATEGORY_PC:
  case UTF8PROC_CATEGORY_PD:
  case UTF8PROC_CATEGORY_PS:
  case UTF8PROC_CATEGORY_PE:
  case UTF8PROC_CATEGORY_PI:
  case UTF8PROC_CATEGORY_PF:
  case UTF8PROC_CATEGORY_PO:
    return Kind::Alone;
  default:
    break;
  }
  if (code == 0xFFFD) // stands for what could not be decoded
    return Kind::Dropped;
  if (code > ' ' && code < 0x7F && std::string_view("$+<=>^`|~").find(char(code)) != std::string_view::npos)
    return Kind::Alone; // symbols that BERT takes for punctuation
  for (Range range : kChinese)
    if (code >= range.first && code <= range.last)
      return Kind::Alone;
  return Kind::Letter;
}

void append(std::string &text, utf8proc_int32_t code) {
  utf8proc_uint8_t bytes[4];
  text.append(reinterpret_cast<char *>(bytes), utf8proc_encode_char(code, bytes));
}

/// The next code point of `text`, which `position` is then behind. `offset` is where the text begins in what
/// is given.
utf8proc_int32_t decode(std::string_view text, size_t &position, size_t offset) {
  utf8proc_int32_t code;
  utf8proc_ssize_t size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t *>(text.data()) + position,
                                           utf8proc_ssize_t(text.size() - position), &code);
  if (size < 0)
    throw std::runtime_error("expected UTF-8, found none at byte " + std::to_string(offset + position + 1));
  position += size;
  return code;
}

/// The canonical decomposition of a code point. In a whole text accents would be put in order, too, but
/// accents are dropped, and no token has two other characters that have an order.
size_t decompose(utf8proc_int32_t code, std::array<utf8proc_int32_t, 8> &parts) {
  return utf8proc_decompose_char(code, parts.data(), parts.size(), UTF8PROC_DECOMPOSE, nullptr);
}

bool isContinued(char byte) { return (byte & 0xC0) == 0x80; }

} // namespace

Tokenizer::Tokenizer(std::string_view vocabulary) {
  int64_t number = 0;
  for (size_t begin = 0, end; begin < vocabulary.size(); begin = end + 1, ++number) {
    end = std::min(vocabulary.find('\n', begin), vocabulary.size());
    std::string_view token = vocabulary.substr(begin, end - begin);
    if (!token.empty() && token.back() == '\r')
      token.remove_suffix(1);
    longestPiece = std::max(longestPiece, token.size());
    bool continues = token.size() > kContinuation.size() && token.substr(0, 2) == kContinuation;
    if (continues)
      continuations.emplace(token.substr(2), number);
    else
      beginnings.emplace(token, number);
  }
  for (std::string_view token : kSpecial)
    if (!beginnings.count(token))
      throw std::runtime_error("the vocabulary has no token " + std::string(token));
  unknown = beginnings.at("[UNK]");
  first = beginnings.at("[CLS]");
  last = beginnings.at("[SEP]");
}

std::vector<int64_t> Tokenizer::encode(std::string_view text) const {
  std::vector<int64_t> tokens = {first};
  for (size_t begin = 0; begin < text.size();) {
    size_t special = findSpecial(text, begin);
    appendText(text.substr(begin, special - begin), begin, tokens);
    if (special == text.size())
      break;
    size_t end = text.find(']', special) + 1;
    tokens.push_back(beginnings.at(text.substr(special, end - special)));
    begin = end;
  }
  tokens.push_back(last);
  return tokens;
}

/// Where the next special token begins, or the text's end.
size_t Tokenizer::findSpecial(std::string_view text, size_t from) const {
  for (size_t place = text.find('[', from); place < text.size(); place = text.find('[', place + 1))
    for (std::string_view token : kSpecial)
      if (text.substr(place, token.size()) == token)
        return place;
  return text.size();
}

/// A text without special tokens. `offset` is where it begins in what is given.
void Tokenizer::appendText(std::string_view text, size_t offset, std::vector<int64_t> &tokens) const {
  std::string word;
  size_t length = 0; // of the word, in code points
  std::array<utf8proc_int32_t, 8> parts;
  for (size_t position = 0; position < text.size();) {
    size_t count = decompose(decode(text, position, offset), parts);
    for (size_t i = 0; i < count; ++i) {
      Kind kind = classify(parts[i]);
      if (kind == Kind::Dropped)
        continue;
      if (kind != Kind::Letter)
        appendWord(word, length, tokens);
      if (kind == Kind::Space)
        continue;
      append(word, utf8proc_tolower(parts[i]));
      ++length;
      if (kind == Kind::Alone)
        appendWord(word, length, tokens);
    }
  }
  appendWord(word, length, tokens);
}

/// The tokens of a word, which then is empty.
void Tokenizer::appendWord(std::string &word, size_t &length, std::vector<int64_t> &tokens) const {
  if (length > kLongestWord)
    tokens.push_back(unknown);
  else if (length > 0)
    appendPieces(word, tokens);
  word.clear();
  length = 0;
}

/// The longest piece that the vocabulary has, and again of what is left; if it has none, the whole word is
/// unknown.
void Tokenizer::appendPieces(std::string_view word, std::vector<int64_t> &tokens) const {
  size_t before = tokens.size();
  for (size_t begin = 0, end; begin < word.size(); begin = end) {
    const Pieces &pieces = begin == 0 ? beginnings : continuations;
    auto piece = pieces.end();
    for (end = std::min(word.size(), begin + longestPiece); end > begin; --end)
      if ((end == word.size() || !isContinued(word[end])) &&
          (piece = pieces.find(word.substr(begin, end - begin))) != pieces.end())
        break;
    if (piece == pieces.end()) {
      tokens.resize(before);
      return tokens.push_back(unknown);
    }
    tokens.push_back(piece->second);
  }
}

} // namespace sentences
