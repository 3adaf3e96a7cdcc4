// Where diverged lanes meet again.
#pragma once

#include "runtime/device/ptxsim/code/Code.h"

namespace winnow::ptxsim {

/// Sets Instruction::reconvergence of every branch to the first instruction of the branch's immediate
/// post-dominator, or to Code::kEnd where there is none. Control flow may be of any form; code that cannot
/// reach an exit is treated as if it could leave from every such cycle.
void computeReconvergence(Code &code);

} // namespace winnow::ptxsim
