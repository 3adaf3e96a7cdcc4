// Turns the syntax of a kernel into decoded instructions.
#pragma once

#include "runtime/device/ptxsim/Simulator.h"
#include "runtime/device/ptxsim/code/Code.h"
#include "runtime/device/ptxsim/decode/CallGraph.h"
#include "runtime/device/ptxsim/syntax/Syntax.h"

#include <string_view>
#include <unordered_map>

namespace winnow::ptxsim {

/// A register, a variable in memory or a function, a table of branch targets, or what an indirect call may
/// call.
struct Symbol {
  enum class Kind : uint8_t { Register, Memory, BranchTable, CallPrototype, CallTargets };
  Kind kind = Kind::Memory;
  ScalarType type = ScalarType::None;
  StateSpace space = StateSpace::Register;
  Row row = kNoRow;
  uint64_t address = 0; // in its space; the host's for global and const
  uint64_t size = 0;
  const syntax::BranchTargets *targets = nullptr;
  const syntax::CallPrototype *prototype = nullptr;
  const syntax::CallTargets *callees = nullptr;
  bool isCallParameter = false; // a .param variable of a function: local memory
  bool isInFrame = false;       // `address` counts from the frame of a function

  bool isValue() const { return kind == Kind::Register || kind == Kind::Memory; }
};

/// What kernels see of their module. `shared` variables get their place in each kernel that uses them.
struct ModuleSymbols {
  std::unordered_map<std::string_view, Symbol> memory;
  std::unordered_map<std::string_view, const syntax::VariableDeclaration *> shared;
  std::unordered_map<std::string_view, const syntax::Function *> functions; // not kernels
  std::map<uint32_t, std::string_view> files;
  std::unordered_map<std::string_view, uint64_t> functionAddresses;
  CallGraph calls;
  uint64_t constantsBegin = 0, constantsEnd = 0; // addresses of the constant variables
};

/// Bytes of the variable's array; 0 for one of unknown size. Natural alignment unless given.
uint64_t variableBytes(const syntax::VariableDeclaration &variable);
uint64_t variableAlignment(const syntax::VariableDeclaration &variable);

format::Result<Kernel> decodeKernel(const syntax::Function &function, const ModuleSymbols &module);

} // namespace winnow::ptxsim
