// The parser of function bodies: labels, declarations, instructions and operands.
#include "runtime/device/ptxsim/syntax/ParserState.h"

namespace winnow::ptxsim {

bool Parser::body(syntax::Function &function) {
  unsigned depth = 1;
  while (depth) {
    if (token.kind == TokenKind::End)
      return failExpected("'}' at the end of the function");
    if (accept('{')) {
      ++depth;
      function.body.push_back(syntax::ScopeBegin{});
    } else if (accept('}')) {
      if (--depth)
        function.body.push_back(syntax::ScopeEnd{});
    } else if (!statement(function.body)) {
      return false;
    }
    if (!status.ok())
      return false;
  }
  return true;
}

bool Parser::statement(std::vector<syntax::Statement> &statements) {
  if (bool ok = true; debugDirective(ok))
    return ok;
  if (accept(';'))
    return true;
  if (token.kind == TokenKind::Directive)
    return declaration(statements);
  if (token.is('@') || token.kind == TokenKind::Identifier)
    return instruction(statements);
  return failExpected("an instruction, a label or a declaration");
}

bool Parser::declaration(std::vector<syntax::Statement> &statements) {
  if (accept(".reg"))
    return registers(statements) && expect(';');
  bool isExternal = accept(".extern");
  for (auto [directive, space] :
       {std::pair{".local", StateSpace::Local}, std::pair{".shared", StateSpace::Shared},
        std::pair{".global", StateSpace::Global}, std::pair{".const", StateSpace::Constant},
        std::pair{".param", StateSpace::Parameter}}) {
    if (!accept(directive))
      continue;
    std::vector<syntax::VariableDeclaration> declared;
    if (!variables(space, isExternal, declared) || !expect(';'))
      return false;
    for (syntax::VariableDeclaration &variable : declared)
      statements.push_back(std::move(variable));
    return true;
  }
  return failExpected("a known directive");
}

bool Parser::registers(std::vector<syntax::Statement> &statements) {
  if (token.kind != TokenKind::Directive)
    return failExpected("a register type");
  auto type = parseType(token.text.substr(1));
  if (!type)
    return failExpected("a register type");
  consume();
  do {
    syntax::RegisterDeclaration declared;
    declared.location = token.location;
    declared.type = *type;
    if (!identifier(declared.name, "a register's name"))
      return false;
    if (accept('<')) {
      declared.isRange = true;
      if (!unsignedInteger(declared.count, "a number of registers") || !expect('>'))
        return false;
    }
    statements.push_back(declared);
  } while (accept(','));
  return true;
}

bool Parser::nameList(std::string_view what, std::vector<std::string_view> &names) {
  do {
    std::string_view name;
    if (!identifier(name, what))
      return false;
    names.push_back(name);
  } while (accept(','));
  return expect(';');
}

/// "{(results)} _ {(parameters)} {.noreturn} {.abi_preserve N} {.abi_preserve_control N};"
bool Parser::callPrototype(Location location, std::string_view name,
                           std::vector<syntax::Statement> &statements) {
  syntax::CallPrototype prototype;
  prototype.location = location;
  prototype.name = name;
  if (token.is('(') && !parameters(prototype.results))
    return false;
  if (!token.is("_"))
    return failExpected("'_'");
  consume();
  if (token.is('(') && !parameters(prototype.parameters))
    return false;
  uint64_t ignored = 0;
  while (!token.is(';')) {
    if (accept(".noreturn"))
      continue;
    if (!accept(".abi_preserve") && !accept(".abi_preserve_control"))
      return failExpected("';'");
    if (!unsignedInteger(ignored, "a number of registers"))
      return false;
  }
  statements.push_back(std::move(prototype));
  return expect(';');
}

/// What stands behind "name:": a table of branch targets, a prototype, a list of functions; else it is a
/// label.
bool Parser::labelled(Location location, std::string_view name, std::vector<syntax::Statement> &statements) {
  if (accept(".branchtargets")) {
    syntax::BranchTargets targets{location, name, {}};
    bool ok = nameList("a label", targets.labels);
    statements.push_back(std::move(targets));
    return ok;
  }
  if (accept(".calltargets")) {
    syntax::CallTargets targets{location, name, {}};
    bool ok = nameList("a function", targets.functions);
    statements.push_back(std::move(targets));
    return ok;
  }
  if (accept(".callprototype"))
    return callPrototype(location, name, statements);
  statements.push_back(syntax::Label{location, name});
  return true;
}

bool Parser::instruction(std::vector<syntax::Statement> &statements) {
  syntax::Instruction result;
  result.location = token.location;
  size_t begin = size_t(token.text.data() - text.data());
  if (accept('@')) {
    result.guardNegated = accept('!');
    if (!identifier(result.guard, "a predicate register"))
      return false;
    result.location = token.location;
  }
  if (!identifier(result.opcode, "an instruction"))
    return false;
  if (result.guard.empty() && token.is(':')) {
    consume();
    return labelled(result.location, result.opcode, statements);
  }
  while (token.kind == TokenKind::Directive) {
    result.modifiers.push_back(token.text.substr(1));
    consume();
  }
  while (!token.is(';')) {
    syntax::Operand next;
    if (!operand(next))
      return false;
    result.operands.push_back(std::move(next));
    if (!accept(',') && !token.is(';'))
      return failExpected("',' or ';'");
  }
  consume();
  result.text = text.substr(begin, previousEnd - begin);
  result.source = source;
  statements.push_back(std::move(result));
  return status.ok();
}

/// "{a, b}" and "(a, b)", after the opening character. Elements are names, literals and "_".
bool Parser::elements(char close, syntax::Operand &result) {
  if (accept(close))
    return true;
  do {
    if (token.is('{') || token.is('(') || token.is('['))
      return failExpected("a register or a number");
    syntax::Operand element;
    if (!operand(element))
      return false;
    result.elements.push_back(std::move(element));
  } while (accept(','));
  return expect(close);
}

bool Parser::address(syntax::Operand &result) {
  result.kind = syntax::Operand::Kind::Address;
  syntax::Literal offset;
  if (token.kind == TokenKind::Identifier) {
    result.name = token.text;
    consume();
    bool hasOffset = token.is('+') || token.is('-');
    if (!hasOffset)
      return expect(']');
  }
  if (!literal(offset))
    return false;
  if (offset.isFloat)
    return fail(result.location, "an address offset must be an integer");
  result.offset = int64_t(offset.bits);
  return expect(']');
}

/// A register, special register, symbol or label: "%r1", "%tid.x", "p|q", "symbol+4".
bool Parser::name(syntax::Operand &result) {
  result.kind = syntax::Operand::Kind::Name;
  result.name = token.text;
  consume();
  if (token.kind == TokenKind::Directive && !token.spaceBefore) {
    result.name =
        text.substr(size_t(result.name.data() - text.data()), result.name.size() + token.text.size());
    consume();
  }
  if (accept('|'))
    return identifier(result.second, "a predicate register");
  if (token.is('+') || token.is('-')) {
    syntax::Literal offset;
    if (!literal(offset))
      return false;
    result.offset = int64_t(offset.bits);
  }
  return true;
}

bool Parser::operand(syntax::Operand &result) {
  result.location = token.location;
  if (accept('!')) {
    result.negated = true;
    if (token.kind != TokenKind::Identifier)
      return failExpected("a predicate register");
    return name(result);
  }
  if (token.is("_")) {
    consume();
    result.kind = syntax::Operand::Kind::Sink;
    return !accept('|') || identifier(result.second, "a predicate register");
  }
  if (accept('[')) {
    return address(result);
  }
  if (accept('{')) {
    result.kind = syntax::Operand::Kind::Vector;
    return elements('}', result);
  }
  if (accept('(')) {
    result.kind = syntax::Operand::Kind::Call;
    return elements(')', result);
  }
  if (token.kind == TokenKind::Identifier)
    return name(result);
  bool isNegative = accept('-');
  if (isNegative && token.kind == TokenKind::Identifier) {
    result.kind = syntax::Operand::Kind::Minus;
    result.elements.emplace_back().location = token.location;
    return name(result.elements.front());
  }
  result.kind = syntax::Operand::Kind::Literal;
  return literal(result.literal, isNegative);
}

} // namespace winnow::ptxsim
