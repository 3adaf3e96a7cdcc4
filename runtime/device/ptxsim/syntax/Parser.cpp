// The module level of the parser: directives, variables, functions. ParseStatements.cpp has the bodies.
#include "runtime/device/ptxsim/syntax/Parser.h"

#include "runtime/device/ptxsim/syntax/ParserState.h"

#include <array>
#include <limits>

namespace winnow::ptxsim {
namespace {

constexpr uint32_t kNewestMajor = 9, kNewestMinor = 0; // of .version

} // namespace

format::Status errorAt(Location location, std::string_view message) {
  return format::failure(format::Code::InvalidArgument, location.line, ":", location.column, ": ", message);
}

Parser::Parser(std::string_view text) : text(text), lexer(text) { consume(); }

void Parser::consume() {
  previousEnd = size_t(token.text.data() ? token.text.data() + token.text.size() - text.data() : 0);
  token = lexer.next();
  if (token.kind == TokenKind::Invalid)
    fail(token.location, lexer.message());
}

bool Parser::fail(Location location, std::string_view message) {
  if (status.ok())
    status = errorAt(location, message);
  return false;
}

std::string Parser::describe(const Token &token) {
  if (token.kind == TokenKind::End)
    return "the end of the text";
  return format::concatenate("'", token.text.substr(0, 60), "'");
}

bool Parser::failExpected(std::string_view what) {
  return fail(token.location, format::concatenate("expected ", what, ", found ", describe(token)));
}

bool Parser::accept(char punctuation) {
  if (!token.is(punctuation))
    return false;
  consume();
  return true;
}

bool Parser::accept(std::string_view directive) {
  if (token.kind != TokenKind::Directive || token.text != directive)
    return false;
  consume();
  return true;
}

bool Parser::expect(char punctuation) {
  return accept(punctuation) || failExpected(format::concatenate("'", punctuation, "'"));
}

bool Parser::identifier(std::string_view &name, std::string_view what) {
  if (token.kind != TokenKind::Identifier)
    return failExpected(what);
  name = token.text;
  consume();
  return true;
}

bool Parser::unsignedInteger(uint64_t &value, std::string_view what) {
  if (token.kind != TokenKind::Number || token.literal.isFloat)
    return failExpected(what);
  value = token.literal.bits;
  consume();
  return true;
}

/// A literal with signs in front: -1, ~0, !0, 0f3F800000.
/// With its signs, of which one may have been read.
bool Parser::literal(syntax::Literal &value, bool isNegative) {
  bool negative = isNegative, complement = false;
  while (token.is('-') || token.is('+') || token.is('~')) {
    if (token.is('~'))
      complement = !complement;
    else if (token.is('-'))
      negative = !negative;
    consume();
  }
  if (token.kind != TokenKind::Number)
    return failExpected("a number");
  value = token.literal;
  if (value.isFloat && complement)
    return failExpected("an integer after '~'");
  if (value.isFloat && negative)
    value.bits ^= uint64_t(1) << (value.isSinglePrecision ? 31 : 63);
  if (!value.isFloat && complement)
    value.bits = ~value.bits;
  if (!value.isFloat && negative)
    value.bits = 0 - value.bits;
  consume();
  return true;
}

bool Parser::version() {
  if (token.kind != TokenKind::Number || !token.literal.isFloat || token.literal.isSinglePrecision)
    return failExpected("a version such as 8.5");
  size_t dot = token.text.find('.'); // far beyond 3 when there is none
  if (dot > 3 || token.text.size() - dot > 4)
    return failExpected("a version such as 8.5");
  for (char c : token.text.substr(0, dot))
    module.majorVersion = module.majorVersion * 10 + uint32_t(c - '0');
  for (char c : token.text.substr(dot + 1)) {
    if (c < '0' || c > '9')
      return failExpected("a version such as 8.5");
    module.minorVersion = module.minorVersion * 10 + uint32_t(c - '0');
  }
  if (std::pair(module.majorVersion, module.minorVersion) > std::pair(kNewestMajor, kNewestMinor))
    return fail(token.location,
                format::concatenate("PTX of version ", token.text, " is not supported, the newest is ",
                                    kNewestMajor, ".", kNewestMinor));
  consume();
  return true;
}

bool Parser::target() {
  if (!identifier(module.target, "a target such as sm_80"))
    return false;
  std::string_view option;
  while (accept(','))
    if (!identifier(option, "a target option"))
      return false;
  return true;
}

/// After the state space: ".align 4 .b8 name[16] = {...}" and further names after commas.
bool Parser::variables(StateSpace space, bool isExternal, std::vector<syntax::VariableDeclaration> &result) {
  syntax::VariableDeclaration common;
  common.space = space;
  common.isExternal = isExternal;
  if (!variableType(common))
    return false;
  do {
    syntax::VariableDeclaration variable = common;
    if (!variableName(variable))
      return false;
    if (accept('=') && !initializer(variable))
      return false;
    result.push_back(std::move(variable));
  } while (accept(','));
  return true;
}

bool Parser::variableType(syntax::VariableDeclaration &variable) {
  while (token.kind == TokenKind::Directive) {
    if (accept(".align")) {
      Location location = token.location;
      if (!unsignedInteger(variable.alignment, "an alignment"))
        return false;
      if (variable.alignment == 0 || variable.alignment > 4096 ||
          (variable.alignment & (variable.alignment - 1)))
        return fail(location, "an alignment must be a power of two up to 4096");
    } else if (token.is(".v2") || token.is(".v4")) {
      variable.vectorWidth = token.is(".v2") ? 2 : 4;
      consume();
    } else if (accept(".attribute")) {
      if (!token.is('('))
        return failExpected("'('");
      while (!token.is(')') && token.kind != TokenKind::End && token.kind != TokenKind::Invalid)
        consume();
      if (!expect(')'))
        return false;
    } else if (auto type = parseType(token.text.substr(1))) {
      if (byteWidth(*type) == 0)
        return failExpected("a type with a size in memory");
      variable.type = *type;
      consume();
      return true;
    } else {
      break;
    }
  }
  return failExpected("a type");
}

bool Parser::variableName(syntax::VariableDeclaration &variable) {
  variable.location = token.location;
  if (!identifier(variable.name, "a variable's name"))
    return false;
  while (accept('[')) {
    variable.isArray = true;
    if (accept(']')) {
      variable.elements = 0;
      continue;
    }
    uint64_t extent = 0;
    Location location = token.location;
    if (!unsignedInteger(extent, "an array's size") || !expect(']'))
      return false;
    constexpr uint64_t kLargest = uint64_t(1) << 36;
    if (extent > kLargest || (variable.elements && extent > kLargest / variable.elements))
      return fail(location, "the array is too large");
    variable.elements *= extent;
  }
  return status.ok();
}

/// "{1, 2, {3, 4}}" or a single value. Inner braces do not pad: they must be full.
bool Parser::initializer(syntax::VariableDeclaration &variable) {
  unsigned depth = 0;
  do {
    while (accept('{'))
      ++depth;
    if (depth && token.is('}')) {
      // an empty list, or a comma before the brace
    } else if (!initializerElement(variable)) {
      return false;
    }
    while (depth && accept('}'))
      --depth;
  } while (depth && accept(','));
  return depth == 0 || failExpected("'}'");
}

bool Parser::initializerElement(syntax::VariableDeclaration &variable) {
  syntax::Initializer element;
  element.location = token.location;
  if (token.kind != TokenKind::Identifier) {
    if (!literal(element.literal))
      return false;
  } else {
    if (token.is("generic")) {
      consume();
      element.isGeneric = true;
      if (!expect('(') || !identifier(element.symbol, "a symbol") || !expect(')'))
        return false;
    } else if (!identifier(element.symbol, "a symbol")) {
      return false;
    }
    if (token.is('+') || token.is('-')) {
      syntax::Literal offset;
      if (!literal(offset))
        return false;
      element.offset = int64_t(offset.bits);
    }
  }
  variable.initializer.push_back(element);
  return true;
}

/// "(.param .u64 .ptr .global .align 16 name, ...)", or nothing.
bool Parser::parameters(std::vector<syntax::VariableDeclaration> &result) {
  if (!expect('('))
    return false;
  if (accept(')'))
    return true;
  do {
    bool isRegister = token.is(".reg");
    if (!isRegister && !token.is(".param"))
      return failExpected("'.param'");
    consume();
    syntax::VariableDeclaration parameter;
    parameter.space = isRegister ? StateSpace::Register : StateSpace::Parameter;
    if (!variableType(parameter))
      return false;
    uint64_t ignored = 0;
    while (token.kind == TokenKind::Directive) {
      bool isAlignment = token.is(".align");
      if (!isAlignment && !token.is(".ptr") && !token.is(".noalias") && !parseSpace(token.text.substr(1)))
        return failExpected("a parameter's name");
      consume();
      if (isAlignment && !unsignedInteger(ignored, "an alignment"))
        return false;
    }
    if (!variableName(parameter))
      return false;
    result.push_back(parameter);
  } while (accept(','));
  return expect(')');
}

bool Parser::threadCounts(uint32_t (&counts)[3]) {
  for (unsigned i = 0; i < 3; ++i) {
    uint64_t value = 0;
    if (!unsignedInteger(value, "a number of threads"))
      return false;
    counts[i] = uint32_t(std::min<uint64_t>(value, std::numeric_limits<uint32_t>::max()));
    if (!accept(','))
      break;
  }
  for (uint32_t &count : counts)
    count = count ? count : 1;
  return true;
}

/// PTX ISA: "Performance-Tuning Directives".
bool Parser::functionAttributes(syntax::Function &function) {
  while (token.kind == TokenKind::Directive) {
    uint64_t ignored = 0;
    if (accept(".maxntid")) {
      if (!threadCounts(function.maximumThreads))
        return false;
    } else if (accept(".reqntid")) {
      if (!threadCounts(function.requiredThreads))
        return false;
    } else if (accept(".minnctapersm") || accept(".maxnctapersm") || accept(".maxnreg")) {
      if (!unsignedInteger(ignored, "a number"))
        return false;
    } else if (accept(".noreturn")) {
      // what it promises is not needed
    } else if (bool ok = true; debugDirective(ok)) {
      if (!ok)
        return false;
    } else {
      return failExpected("'{', ';' or a known function attribute");
    }
  }
  return true;
}

bool Parser::function(bool isEntry) {
  syntax::Function function;
  function.isEntry = isEntry;
  source = {};
  if (!isEntry && token.is('(') && !parameters(function.results))
    return false;
  function.location = token.location;
  if (!identifier(function.name, "a function's name"))
    return false;
  if (token.is('(') && !parameters(function.parameters))
    return false;
  if (!functionAttributes(function))
    return false;
  if (!accept(';')) {
    if (!expect('{'))
      return false;
    function.hasBody = true;
    if (!body(function))
      return false;
  }
  module.functions.push_back(std::move(function));
  return true;
}

bool Parser::topLevel() {
  if (bool ok = true; debugDirective(ok))
    return ok;
  if (token.kind != TokenKind::Directive)
    return failExpected("a directive");
  if (accept(".version"))
    return version();
  if (accept(".target"))
    return target();
  if (accept(".address_size")) {
    uint64_t bits = 0;
    Location location = token.location;
    return unsignedInteger(bits, "an address size") &&
           (bits == 64 || fail(location, "the address size must be 64"));
  }
  bool isExternal = false;
  while (token.is(".visible") || token.is(".extern") || token.is(".weak") || token.is(".common")) {
    isExternal |= token.is(".extern");
    consume();
  }
  if (accept(".entry"))
    return function(/*isEntry=*/true);
  if (accept(".func"))
    return function(/*isEntry=*/false);
  for (auto [directive, space] :
       {std::pair{".global", StateSpace::Global}, std::pair{".const", StateSpace::Constant},
        std::pair{".shared", StateSpace::Shared}})
    if (accept(directive))
      return variables(space, isExternal, module.variables) && expect(';');
  return failExpected("a known directive");
}

format::Result<syntax::Module> Parser::run() {
  while (status.ok() && token.kind != TokenKind::End)
    if (!topLevel())
      break;
  if (status.ok() && module.majorVersion == 0)
    return errorAt({1, 1}, "the text has no '.version' directive");
  if (!status.ok())
    return status;
  return std::move(module);
}

format::Result<syntax::Module> parseSyntax(std::string_view text) { return Parser(text).run(); }

} // namespace winnow::ptxsim
