// Lines are deleted, doubled, moved and taken over; words are replaced by words of the text or of a list.
#include "test/fuzz/PtxMutation.h"

#include <cctype>
#include <cstddef>
#include <iterator>
#include <vector>

namespace winnow::ptxsim::fuzz {
namespace {

constexpr const char *kWords[] = {"0",
                                  "1",
                                  "-1",
                                  "2",
                                  "3",
                                  "4",
                                  "8",
                                  "16",
                                  "31",
                                  "32",
                                  "33",
                                  "64",
                                  "255",
                                  "256",
                                  "1023",
                                  "65535",
                                  "65536",
                                  "0x7fffffff",
                                  "0x80000000",
                                  "0xffffffff",
                                  "4294967296",
                                  "0x7fffffffffffffff",
                                  "0xffffffffffffffff",
                                  "0f7f800000",
                                  "0f7fc00000",
                                  "0f00000001",
                                  "0d7ff0000000000000",
                                  "1e999",
                                  "_",
                                  "{",
                                  "}",
                                  "[",
                                  "]",
                                  "(",
                                  ")",
                                  ";",
                                  ":",
                                  ",",
                                  "@",
                                  "@!",
                                  "|",
                                  "!",
                                  "+",
                                  "-",
                                  "<",
                                  ">",
                                  "%tid",
                                  "%laneid",
                                  "%clock64",
                                  "WARP_SZ",
                                  "pred",
                                  "b1",
                                  "b8",
                                  "b16",
                                  "b32",
                                  "b64",
                                  "b128",
                                  "u8",
                                  "u16",
                                  "u32",
                                  "u64",
                                  "s8",
                                  "s16",
                                  "s32",
                                  "s64",
                                  "f16",
                                  "f16x2",
                                  "bf16",
                                  "bf16x2",
                                  "tf32",
                                  "f32",
                                  "f64",
                                  "e4m3",
                                  "v2",
                                  "v4",
                                  "v8",
                                  "rn",
                                  "rz",
                                  "rm",
                                  "rp",
                                  "rna",
                                  "rni",
                                  "rzi",
                                  "ftz",
                                  "sat",
                                  "relu",
                                  "NaN",
                                  "satfinite",
                                  "approx",
                                  "full",
                                  "cc",
                                  "hi",
                                  "lo",
                                  "wide",
                                  "wrap",
                                  "clamp",
                                  "sync",
                                  "aligned",
                                  "shared",
                                  "global",
                                  "local",
                                  "param",
                                  "const",
                                  "reg",
                                  "align",
                                  "volatile",
                                  "relaxed",
                                  "acquire",
                                  "release",
                                  "acq_rel",
                                  "cta",
                                  "gpu",
                                  "sys",
                                  "add",
                                  "and",
                                  "xor",
                                  "cas",
                                  "exch",
                                  "inc",
                                  "min",
                                  "max",
                                  "trans",
                                  "x1",
                                  "x2",
                                  "x4",
                                  "m8n8",
                                  "m16n8k8",
                                  "m16n8k16",
                                  "m16n8k32",
                                  "m8n8k4",
                                  "row",
                                  "col",
                                  "idx",
                                  "bfly",
                                  "up",
                                  "down",
                                  "ballot",
                                  "all",
                                  "any",
                                  "uni",
                                  "red",
                                  "arrive",
                                  "popc",
                                  "init",
                                  "inval",
                                  "test_wait",
                                  "try_wait",
                                  "parity",
                                  "expect_tx",
                                  "drop",
                                  "noComplete",
                                  "noinc",
                                  "entry",
                                  "func",
                                  "visible",
                                  "extern",
                                  "branchtargets",
                                  "reqntid",
                                  "maxntid"};

bool isWordCharacter(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$'; }

/// A word, or a single other character.
struct Piece {
  size_t begin, size;
};

std::vector<Piece> piecesOf(std::string_view text) {
  std::vector<Piece> pieces;
  for (size_t i = 0; i < text.size();) {
    size_t end = i + 1;
    while (isWordCharacter(text[i]) && end < text.size() && isWordCharacter(text[end]))
      ++end;
    if (!std::isspace(static_cast<unsigned char>(text[i])))
      pieces.push_back({i, end - i});
    i = end;
  }
  return pieces;
}

std::vector<std::string> linesOf(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

size_t below(size_t count, std::mt19937 &random) { return random() % count; }

void replaceWord(std::string &text, std::mt19937 &random) {
  std::vector<Piece> pieces = piecesOf(text);
  if (pieces.empty())
    return;
  Piece from = pieces[below(pieces.size(), random)], to = pieces[below(pieces.size(), random)];
  std::string word = random() & 1 ? text.substr(to.begin, to.size) : kWords[below(std::size(kWords), random)];
  text.replace(from.begin, from.size, word);
}

void changeLines(std::string &text, std::string_view other, std::mt19937 &random) {
  std::vector<std::string> lines = linesOf(text), others = linesOf(other);
  if (lines.empty())
    return;
  auto place = [&] { return lines.begin() + ptrdiff_t(below(lines.size(), random)); };
  switch (below(others.empty() ? 4 : 5, random)) {
  case 0:
    lines.erase(place());
    break;
  case 1: {
    std::string line = *place();
    lines.insert(place(), line);
    break;
  }
  case 2:
    std::swap(*place(), *place());
    break;
  case 3: {
    std::string line = *place();
    replaceWord(line, random);
    lines.insert(place(), line);
    break;
  }
  default:
    lines.insert(place(), others[below(others.size(), random)]);
  }
  text.clear();
  for (const std::string &line : lines)
    text += line + '\n';
}

} // namespace

std::string mutate(std::string text, std::string_view other, std::mt19937 &random) {
  for (size_t changes = 1 + below(4, random); changes; --changes)
    if (random() % 3)
      replaceWord(text, random);
    else
      changeLines(text, other, random);
  return text;
}

} // namespace winnow::ptxsim::fuzz
