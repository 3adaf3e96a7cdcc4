// Cuts PTX text into tokens.
#include "runtime/device/ptxsim/syntax/Lexer.h"

#include "format/Status.h"

#include <bit>
#include <charconv>
#include <cstring>

namespace winnow::ptxsim {
namespace {

bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool isFollow(char c) { return isLetter(c) || isDigit(c) || c == '_' || c == '$'; }
bool isStart(char c) { return isLetter(c) || c == '_' || c == '$' || c == '%'; }

int digitValue(char c) {
  if (isDigit(c))
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return 99;
}

} // namespace

void Lexer::advance(size_t count) {
  for (; count && position < text.size(); --count, ++position) {
    if (text[position] == '\n') {
      ++line;
      column = 1;
    } else {
      ++column;
    }
  }
}

/// Skips white space and comments; false when a comment is not closed.
bool Lexer::skipSpace() {
  while (position < text.size()) {
    char c = peek();
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v') {
      advance(1);
    } else if (c == '/' && peek(1) == '/') {
      while (position < text.size() && peek() != '\n')
        advance(1);
    } else if (c == '/' && peek(1) == '*') {
      size_t end = text.find("*/", position + 2);
      if (end == std::string_view::npos)
        return false;
      advance(end + 2 - position);
    } else {
      break;
    }
  }
  return true;
}

Token Lexer::finish(TokenKind kind, Location location, size_t begin) {
  Token token;
  token.kind = kind;
  token.location = location;
  token.text = text.substr(begin, position - begin);
  return token;
}

Token Lexer::invalid(Location location, std::string why) {
  error = std::move(why);
  Token token;
  token.kind = TokenKind::Invalid;
  token.location = location;
  return token;
}

/// 0fXXXXXXXX and 0dXXXXXXXXXXXXXXXX (PTX ISA: "Floating-Point Constants").
Token Lexer::hexadecimalFloat(Location location, unsigned digits) {
  size_t begin = position;
  advance(2);
  uint64_t bits = 0;
  for (unsigned i = 0; i < digits; ++i) {
    int digit = digitValue(peek());
    if (digit > 15)
      return invalid(location,
                     format::concatenate("a floating-point constant needs ", digits, " hexadecimal digits"));
    bits = bits << 4 | uint64_t(digit);
    advance(1);
  }
  Token token = finish(TokenKind::Number, location, begin);
  token.literal.isFloat = true;
  token.literal.isSinglePrecision = digits == 8;
  token.literal.bits = bits;
  return token;
}

Token Lexer::number(Location location) {
  char second = peek(1);
  if (peek() == '0' && (second == 'f' || second == 'F'))
    return hexadecimalFloat(location, 8);
  if (peek() == '0' && (second == 'd' || second == 'D'))
    return hexadecimalFloat(location, 16);
  size_t begin = position;
  int base = 10;
  if (peek() == '0' && (second == 'x' || second == 'X'))
    base = 16;
  else if (peek() == '0' && (second == 'b' || second == 'B'))
    base = 2;
  else if (peek() == '0' && isDigit(second))
    base = 8;
  if (base == 10 || base == 8) {
    size_t end = position;
    while (end < text.size() && isDigit(text[end]))
      ++end;
    if (end < text.size() && (text[end] == '.' || text[end] == 'e' || text[end] == 'E')) {
      double value = 0;
      auto [stop, status] = std::from_chars(text.data() + begin, text.data() + text.size(), value);
      if (status != std::errc())
        return invalid(location, "a floating-point constant is out of range");
      advance(size_t(stop - text.data()) - begin);
      Token token = finish(TokenKind::Number, location, begin);
      token.literal = {true, false, std::bit_cast<uint64_t>(value)};
      return token;
    }
  }
  if (base == 16 || base == 2)
    advance(2);
  size_t first = position;
  uint64_t value = 0;
  for (; digitValue(peek()) < base; advance(1)) {
    if (value > (~uint64_t(0) - uint64_t(digitValue(peek()))) / uint64_t(base))
      return invalid(location, "an integer constant does not fit into 64 bits");
    value = value * uint64_t(base) + uint64_t(digitValue(peek()));
  }
  if (position == first)
    return invalid(location, "an integer constant has no digits");
  if (peek() == 'U')
    advance(1);
  if (isFollow(peek()))
    return invalid(location, format::concatenate("a number is followed by '", peek(), "'"));
  Token token = finish(TokenKind::Number, location, begin);
  token.literal.bits = value;
  return token;
}

Token Lexer::next() {
  size_t before = position;
  if (!skipSpace())
    return invalid({line, column}, "a comment is not closed");
  bool spaceBefore = position != before;
  Location location{line, column};
  size_t begin = position;
  Token token;
  char c = peek();
  if (position == text.size()) {
    token = finish(TokenKind::End, location, begin);
  } else if (isStart(c) && (c != '%' || isFollow(peek(1)))) {
    advance(1);
    while (isFollow(peek()))
      advance(1);
    token = finish(TokenKind::Identifier, location, begin);
  } else if (c == '.' && isFollow(peek(1))) {
    advance(1);
    while (isFollow(peek()) || (peek() == ':' && peek(1) == ':' && isFollow(peek(2))))
      advance(peek() == ':' ? 2 : 1);
    token = finish(TokenKind::Directive, location, begin);
  } else if (isDigit(c)) {
    token = number(location);
  } else if (c == '"') {
    size_t end = text.find_first_of("\"\n", position + 1);
    if (end == std::string_view::npos || text[end] == '\n')
      return invalid(location, "a string is not closed");
    advance(end + 1 - position);
    token = finish(TokenKind::String, location, begin);
  } else if (c != '\0' && std::strchr(";,:{}[]()<>=+-@!|*~&^/%?", c)) {
    advance(1);
    token = finish(TokenKind::Punctuation, location, begin);
  } else {
    unsigned code = static_cast<unsigned char>(c);
    return invalid(location, code > 32 && code < 127
                                 ? format::concatenate("unexpected character '", c, "'")
                                 : format::concatenate("unexpected character with code ", code));
  }
  token.spaceBefore = spaceBefore;
  return token;
}

} // namespace winnow::ptxsim
