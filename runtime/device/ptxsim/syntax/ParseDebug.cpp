// The parser of directives that do not change what a program computes (PTX ISA: "Debugging Directives",
// ".pragma").
#include "runtime/device/ptxsim/syntax/ParserState.h"

namespace winnow::ptxsim {

bool Parser::skipToSemicolon() {
  while (token.kind != TokenKind::End && token.kind != TokenKind::Invalid && !token.is(';'))
    consume();
  return expect(';');
}

/// What is left of a line, which is where .loc and .file end (PTX ISA: "Debugging Directives").
bool Parser::skipLine(uint32_t line) {
  while (token.kind != TokenKind::End && token.kind != TokenKind::Invalid && token.location.line == line)
    consume();
  return status.ok();
}

/// Skips "{ ... }", nested ones included.
bool Parser::skipBraces() {
  unsigned depth = 0;
  do {
    if (token.kind == TokenKind::End || token.kind == TokenKind::Invalid)
      return failExpected("'}'");
    if (token.is('{'))
      ++depth;
    if (token.is('}'))
      --depth;
    consume();
  } while (depth);
  return status.ok();
}

/// .file INDEX "NAME"[, TIMESTAMP, SIZE]. Without an index it names the text itself.
bool Parser::sourceFile() {
  uint32_t line = token.location.line;
  consume();
  uint64_t index = 0;
  bool hasIndex = token.kind == TokenKind::Number;
  if (hasIndex && !unsignedInteger(index, "a file's number"))
    return false;
  if (token.kind != TokenKind::String)
    return failExpected("a file's name in quotes");
  if (hasIndex)
    module.files[uint32_t(index)] = token.text.substr(1, token.text.size() - 2);
  return skipLine(line);
}

/// .loc FILE LINE COLUMN[, function_name ..., inlined_at ...]
bool Parser::sourceLine() {
  uint32_t line = token.location.line;
  consume();
  uint64_t numbers[3];
  for (uint64_t &number : numbers)
    if (!unsignedInteger(number, "the numbers of a file, a line and a column"))
      return false;
  source = {uint32_t(numbers[0]), uint32_t(numbers[1]), uint32_t(numbers[2])};
  return skipLine(line);
}

/// Directives that say nothing about what a program computes; true when there was one.
bool Parser::debugDirective(bool &ok) {
  if (token.kind != TokenKind::Directive)
    return false;
  if (token.is(".loc") || token.is(".file")) {
    ok = token.is(".loc") ? sourceLine() : sourceFile();
    return true;
  }
  if (token.is(".pragma")) {
    ok = skipToSemicolon();
    return true;
  }
  if (token.is(".section")) {
    consume();
    if (token.kind == TokenKind::Directive || token.kind == TokenKind::Identifier)
      consume();
    ok = token.is('{') ? skipBraces() : failExpected("'{'");
    return true;
  }
  return false;
}

} // namespace winnow::ptxsim
