// Cuts PTX text into tokens (PTX ISA: "Syntax").
#pragma once

#include "runtime/device/ptxsim/syntax/Syntax.h"

#include <string>
#include <string_view>

namespace winnow::ptxsim {

enum class TokenKind : uint8_t {
  End,
  Identifier, // foo, %r1, $L__BB0_1, _
  Directive,  // .global, .v4, .shared::cta; `text` includes the dot
  Number,
  String,
  Punctuation, // one character
  Invalid      // Lexer::message says why
};

struct Token {
  TokenKind kind = TokenKind::End;
  Location location;
  std::string_view text;
  bool spaceBefore = false; // white space or a comment stands before it
  syntax::Literal literal;  // Number

  bool is(char punctuation) const { return kind == TokenKind::Punctuation && text[0] == punctuation; }
  bool is(std::string_view spelling) const { return text == spelling; }
};

class Lexer {
public:
  explicit Lexer(std::string_view text) : text(text) {}
  Token next();
  /// Why the last token is Invalid.
  const std::string &message() const { return error; }

private:
  bool skipSpace();
  char peek(size_t ahead = 0) const { return position + ahead < text.size() ? text[position + ahead] : '\0'; }
  void advance(size_t count);
  Token finish(TokenKind kind, Location location, size_t begin);
  Token invalid(Location location, std::string why);
  Token number(Location location);
  Token hexadecimalFloat(Location location, unsigned digits);

  std::string_view text;
  size_t position = 0;
  uint32_t line = 1, column = 1;
  std::string error;
};

} // namespace winnow::ptxsim
