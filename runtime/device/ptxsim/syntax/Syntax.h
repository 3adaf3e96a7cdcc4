// The syntax of a PTX text: what the parser makes and the decoder reads. Names and modifiers are views
// into the text, which must outlive it.
#pragma once

#include "runtime/device/ptxsim/Types.h"

#include <cstdint>
#include <map>
#include <string_view>
#include <variant>
#include <vector>

namespace winnow::ptxsim::syntax {

/// An integer (as 64 bits) or floating-point literal.
struct Literal {
  bool isFloat = false;
  bool isSinglePrecision = false; // written 0f...
  uint64_t bits = 0;              // the integer, the 32 bits of 0f..., or the bits of a double
};

struct Operand {
  enum class Kind : uint8_t { Name, Literal, Address, Vector, Sink, Call, Minus };
  Kind kind = Kind::Sink;
  Location location;
  bool negated = false; // !name
  std::string_view
      name; // Name ("%r1", "%tid.x", a symbol or a label) or the base of an Address; may be empty
  std::string_view second; // Name: q of "p|q"
  int64_t offset = 0;      // Name, Address: "+4"
  Literal literal;
  std::vector<Operand>
      elements; // Vector; Call: the arguments in parentheses; Minus: the name that is negated
};

struct Instruction {
  Location location;
  SourceLine source;
  std::string_view guard; // empty: always
  bool guardNegated = false;
  std::string_view text;                   // the whole instruction, for messages
  std::string_view opcode;                 // "ld"
  std::vector<std::string_view> modifiers; // "global", "v4", "f32"
  std::vector<Operand> operands;
};

struct Label {
  Location location;
  std::string_view name;
};

/// "name: .branchtargets a, b;"
struct BranchTargets {
  Location location;
  std::string_view name;
  std::vector<std::string_view> labels;
};

/// `.reg` names: one register, or `count` of them called name0, name1, ...
struct RegisterDeclaration {
  Location location;
  ScalarType type = ScalarType::None;
  std::string_view name;
  bool isRange = false;
  uint64_t count = 1;
};

/// One element of an initializer: a literal, or the address of a symbol plus an offset.
struct Initializer {
  Location location;
  Literal literal;
  std::string_view symbol; // empty: the literal
  bool isGeneric = false;  // generic(symbol)
  int64_t offset = 0;
};

/// A variable in memory, or a parameter. `elements` is 0 for an array of unknown size ("x[]").
struct VariableDeclaration {
  Location location;
  StateSpace space = StateSpace::Global;
  ScalarType type = ScalarType::None;
  std::string_view name;
  uint64_t alignment = 0; // 0: the natural one
  uint64_t elements = 1;
  uint64_t vectorWidth = 1;
  bool isArray = false;
  bool isExternal = false;
  std::vector<Initializer> initializer;
};

/// "name: .callprototype (.param .b32 _) _ (.param .b64 _);"
struct CallPrototype {
  Location location;
  std::string_view name;
  std::vector<VariableDeclaration> results, parameters;
};

/// "name: .calltargets f, g;"
struct CallTargets {
  Location location;
  std::string_view name;
  std::vector<std::string_view> functions;
};

struct ScopeBegin {};
struct ScopeEnd {};

using Statement = std::variant<Instruction, Label, BranchTargets, CallPrototype, CallTargets,
                               RegisterDeclaration, VariableDeclaration, ScopeBegin, ScopeEnd>;

struct Function {
  Location location;
  std::string_view name;
  bool isEntry = false;
  bool hasBody = false;
  std::vector<VariableDeclaration> results, parameters;
  std::vector<Statement> body;
  uint32_t requiredThreads[3] = {0, 0, 0}; // .reqntid; 0: none
  uint32_t maximumThreads[3] = {0, 0, 0};  // .maxntid
};

struct Module {
  uint32_t majorVersion = 0, minorVersion = 0;
  std::string_view target;
  std::vector<VariableDeclaration> variables;
  std::vector<Function> functions;
  std::map<uint32_t, std::string_view> files; // of SourceLine
};

} // namespace winnow::ptxsim::syntax
