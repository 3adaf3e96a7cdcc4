// What alloca takes from a thread's stack (PTX ISA: "Stack Manipulation Instructions").
#include "runtime/device/ptxsim/execute/Calls.h"

#include <cstring>

namespace winnow::ptxsim {

bool Calls::changeStack(Warp &warp, uint32_t pc, uint32_t mask) {
  const Instruction &in = code[pc];
  for (uint32_t left = mask; left; left &= left - 1) {
    const unsigned lane = unsigned(__builtin_ctz(left));
    uint64_t operand = 0, result = stacks[warp.index][lane].top;
    if (in.operation != Operation::StackSave)
      std::memcpy(&operand, warp.rows + in.source[0] + lane * in.sourceBytes, in.sourceBytes);
    if (in.operation == Operation::StackRestore
            ? !restore(warp, pc, lane, operand)
            : in.operation == Operation::StackAllocate && !allocate(warp, pc, lane, operand, result))
      return false;
    if (in.operation != Operation::StackRestore)
      std::memcpy(warp.rows + in.destination + lane * in.registerBytes, &result, in.registerBytes);
  }
  return true;
}

/// `address` in local memory; what is there becomes zero, as frames do.
bool Calls::allocate(const Warp &warp, uint32_t pc, unsigned lane, uint64_t size, uint64_t &address) {
  uint64_t &top = stacks[warp.index][lane].top;
  address = alignUp(top, uint64_t(1) << code[pc].mode);
  if (address > cta.localStride || size > cta.localStride - address)
    return fault(warp, pc, 1u << lane,
                 format::concatenate("stack overflow: alloca of ", size, " bytes behind ",
                                     top - launch.code.localBytes, " bytes in use; ", kStackBytes,
                                     " bytes are possible"));
  top = address + size;
  std::memset(cta.localMemory(warp, lane) + address, 0, size);
  return true;
}

/// Back to what stacksave gave in this function.
bool Calls::restore(const Warp &warp, uint32_t pc, unsigned lane, uint64_t top) {
  CallStack &stack = stacks[warp.index][lane];
  const uint64_t least = stack.activations.empty() ? launch.code.localBytes : stack.activations.back().end;
  if (top < least || top > stack.top)
    return fault(warp, pc, 1u << lane,
                 format::concatenate("stackrestore to ", hexadecimal(top),
                                     ", where no stacksave of this function can have been"));
  stack.top = top;
  return true;
}

} // namespace winnow::ptxsim
