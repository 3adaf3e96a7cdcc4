// The rules for the body of a function: README.md, "Plan".
#pragma once

#include "format/Module.h"
#include "format/Status.h"

namespace winnow::format {

/// Checks the body of `function`, whose signatures and register counts have been checked, as the kernels and
/// weights of `module` have been. Fails with DamagedModule; the message names function and instruction.
Status verifyProgram(const Module &module, const Function &function);

} // namespace winnow::format
