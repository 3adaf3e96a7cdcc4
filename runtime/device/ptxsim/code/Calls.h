// Calls that are not expanded in place: functions with code of their own, and the places that call them.
#pragma once

#include "runtime/device/ptxsim/code/Instruction.h"

#include <string>
#include <vector>

namespace winnow::ptxsim {

/// A variable in the frame of a function or, in a kernel, in a thread's local memory.
struct FrameVariable {
  uint64_t offset = 0, size = 0;
};

/// A function that is recursive or whose address is taken. Its registers lie in the register file like the
/// kernel's, so a call keeps what an earlier activation has in them and a return brings it back; its local
/// variables lie on each thread's stack.
struct FunctionCode {
  struct SavedRow {
    Row row;
    uint8_t bytes; // of a lane; 0 for a predicate
  };
  std::string name;
  uint64_t address = 0;
  uint32_t entry = 0; // instruction
  uint64_t frameBytes = 0;
  Row frame = kNoRow; // the register that holds where the frame begins in local memory
  std::vector<FrameVariable> parameters, results;
  std::vector<SavedRow> rows;
};

/// The variables of the caller that an instruction passes and that get results.
struct CallSite {
  static constexpr uint32_t kIndirect = ~uint32_t(0);
  uint32_t callee = kIndirect; // of Code::functions
  Row frame = kNoRow;          // FunctionCode::frame of the caller; the kernel has none
  std::vector<FrameVariable> arguments, results;
};

/// Functions of the CUDA runtime that the simulator is.
enum class SystemCall : uint8_t { Print, FailAssertion, Allocate, Free };

/// Of each thread, beside the local variables of the kernel: frames of functions, and what alloca gives.
constexpr uint64_t kStackBytes = uint64_t(1) << 14;
constexpr uint64_t kFrameAlignment = 16;
constexpr size_t kDeepestStack = 1024;

} // namespace winnow::ptxsim
