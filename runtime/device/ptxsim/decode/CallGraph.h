// Which functions of a module call themselves, and which are called through pointers.
#pragma once

#include "runtime/device/ptxsim/syntax/Syntax.h"

#include <string_view>
#include <unordered_set>
#include <vector>

namespace winnow::ptxsim {

struct CallGraph {
  /// Functions that a chain of direct calls leads back to.
  std::unordered_set<std::string_view> recursive;
  /// Functions whose name is an operand or an initial value, in the order of the text.
  std::vector<std::string_view> addressTaken;
};

CallGraph analyzeCalls(const syntax::Module &module);

/// The operand that names what a call instruction calls; null when there is none.
const syntax::Operand *calledOperand(const syntax::Instruction &call);

} // namespace winnow::ptxsim
