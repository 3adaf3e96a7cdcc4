// The tokenizer gives the tokens that Hugging Face's gives (examples/sentences/data, written by export.py),
// and says what is not UTF-8.
#include "tokenizer.h"
#include "vocabulary.h"

#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <zlib.h>

namespace {

using sentences::Tokenizer;
using Tokens = std::vector<int64_t>;

const Tokenizer &tokenizer() {
  static const Tokenizer made(sentences::kVocabulary);
  return made;
}

nlohmann::json readTokens() {
  std::ifstream file(SENTENCES_DATA "/tokens.json");
  return nlohmann::json::parse(file);
}

/// As export.py computes it: of the numbers as 32-bit integers, lowest byte first.
uint32_t checksum(uint32_t before, const Tokens &tokens) {
  std::vector<unsigned char> bytes;
  for (int64_t token : tokens)
    for (int shift = 0; shift < 32; shift += 8)
      bytes.push_back((token >> shift) & 0xFF);
  return crc32(before, bytes.data(), uInt(bytes.size()));
}

std::string encodeUtf8(uint32_t code) {
  if (code < 0x80)
    return {char(code)};
  std::string bytes;
  int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  bytes += char((0xFF00 >> (more + 1)) | (code >> (6 * more)));
  while (more-- > 0)
    bytes += char(0x80 | ((code >> (6 * more)) & 0x3F));
  return bytes;
}

TEST(TokenizerTest, TrickyStrings) {
  int count = 0;
  for (const nlohmann::json &entry : readTokens()) {
    if (entry.contains("repeated"))
      continue;
    ++count;
    EXPECT_EQ(tokenizer().encode(entry["text"].get<std::string>()), entry["ids"].get<Tokens>())
        << entry["text"];
  }
  EXPECT_GE(count, 90);
}

TEST(TokenizerTest, LongStrings) {
  int count = 0;
  for (const nlohmann::json &entry : readTokens()) {
    if (!entry.contains("repeated"))
      continue;
    ++count;
    std::string text, part = entry["text"];
    for (int i = 0; i < entry["repeated"]; ++i)
      text += part;
    Tokens tokens = tokenizer().encode(text);
    EXPECT_EQ(tokens.size(), entry["tokens"]) << entry;
    EXPECT_EQ(checksum(0, tokens), entry["checksum"]) << entry;
  }
  EXPECT_GE(count, 10);
}

/// Each code point there is, but for those on which Hugging Face's tables and today's Unicode disagree.
TEST(TokenizerTest, EveryCodePoint) {
  std::ifstream file(SENTENCES_DATA "/code-points.txt");
  std::map<uint32_t, uint32_t> disputed, blocks; // last code points and checksums by first code points
  for (std::string what; file >> what;) {
    uint32_t first, second;
    file >> std::hex >> first >> second;
    (what == "block" ? blocks : disputed)[first] = second;
  }
  auto isDisputed = [&](uint32_t code) {
    auto after = disputed.upper_bound(code);
    return after != disputed.begin() && code <= std::prev(after)->second;
  };
  ASSERT_EQ(blocks.size(), 272u);
  for (auto [first, expected] : blocks) {
    uint32_t found = 0;
    for (uint32_t code = first; code < first + 4096; ++code)
      if ((code < 0xD800 || code > 0xDFFF) && !isDisputed(code))
        found = checksum(found, tokenizer().encode("a" + encodeUtf8(code) + "b"));
    EXPECT_EQ(found, expected) << "a code point from " << std::hex << first << " on";
  }
}

/// Why a text is refused, or "".
std::string refusal(const std::string &text) {
  try {
    tokenizer().encode(text);
    return "";
  } catch (const std::runtime_error &error) {
    return error.what();
  }
}

TEST(TokenizerTest, RefusesWhatIsNotUtf8) {
  EXPECT_EQ(refusal("caf\xE9 au lait"), "expected UTF-8, found none at byte 4");
  EXPECT_EQ(refusal("\x80"), "expected UTF-8, found none at byte 1");
  EXPECT_EQ(refusal("cut \xF0\x9F\x98"), "expected UTF-8, found none at byte 5");
  EXPECT_EQ(refusal("overlong \xC0\xAF"), "expected UTF-8, found none at byte 10");
  EXPECT_EQ(refusal("surrogate \xED\xA0\x80"), "expected UTF-8, found none at byte 11");
  EXPECT_EQ(refusal("beyond \xF4\x90\x80\x80"), "expected UTF-8, found none at byte 8");
  EXPECT_EQ(refusal("[SEP] behind a token \xFF"), "expected UTF-8, found none at byte 22");
}

TEST(TokenizerTest, NeedsTheSpecialTokens) {
  try {
    Tokenizer incomplete("[PAD]\n[UNK]\n[CLS]\n[MASK]\nhello\n");
    FAIL() << "a vocabulary without [SEP] is taken";
  } catch (const std::runtime_error &error) {
    EXPECT_STREQ(error.what(), "the vocabulary has no token [SEP]");
  }
}

TEST(TokenizerTest, VocabularyWithCarriageReturns) {
  Tokenizer small("[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\n[MASK]\r\nhell\r\n##o");
  EXPECT_EQ(small.encode("Hello hell o"), (Tokens{2, 5, 6, 5, 1, 3}));
}

} // namespace
