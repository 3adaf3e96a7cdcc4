// The recursive-descent parser behind Parser.h. Every function returns false after a failure.
#pragma once

#include "runtime/device/ptxsim/syntax/Lexer.h"
#include "runtime/device/ptxsim/syntax/Parser.h"

namespace winnow::ptxsim {

class Parser {
public:
  explicit Parser(std::string_view text);
  format::Result<syntax::Module> run();

private:
  // Tokens.
  void consume();
  bool accept(char punctuation);
  bool accept(std::string_view directive);
  bool expect(char punctuation);
  bool identifier(std::string_view &name, std::string_view what);
  bool unsignedInteger(uint64_t &value, std::string_view what);
  bool literal(syntax::Literal &value, bool isNegative = false);
  bool skipToSemicolon();
  bool skipLine(uint32_t line);
  bool skipBraces();
  bool debugDirective(bool &ok);
  bool sourceFile();
  bool sourceLine();
  bool fail(Location location, std::string_view message);
  bool failExpected(std::string_view what);
  static std::string describe(const Token &token);

  // Module level.
  bool topLevel();
  bool version();
  bool target();
  bool variables(StateSpace space, bool isExternal, std::vector<syntax::VariableDeclaration> &result);
  bool variableType(syntax::VariableDeclaration &variable);
  bool variableName(syntax::VariableDeclaration &variable);
  bool initializer(syntax::VariableDeclaration &variable);
  bool initializerElement(syntax::VariableDeclaration &variable);
  bool parameters(std::vector<syntax::VariableDeclaration> &result);
  bool threadCounts(uint32_t (&counts)[3]);
  bool functionAttributes(syntax::Function &function);
  bool function(bool isEntry);

  // Bodies.
  bool body(syntax::Function &function);
  bool statement(std::vector<syntax::Statement> &statements);
  bool declaration(std::vector<syntax::Statement> &statements);
  bool registers(std::vector<syntax::Statement> &statements);
  bool nameList(std::string_view what, std::vector<std::string_view> &names);
  bool callPrototype(Location location, std::string_view name, std::vector<syntax::Statement> &statements);
  bool labelled(Location location, std::string_view name, std::vector<syntax::Statement> &statements);
  bool instruction(std::vector<syntax::Statement> &statements);
  bool operand(syntax::Operand &result);
  bool address(syntax::Operand &result);
  bool elements(char close, syntax::Operand &result);
  bool name(syntax::Operand &result);

  std::string_view text;
  Lexer lexer;
  Token token;
  size_t previousEnd = 0; // where the token before `token` ended
  SourceLine source;      // of the instructions that follow
  format::Status status;
  syntax::Module module;
};

} // namespace winnow::ptxsim
