// What binding a program and interpreting it demand alike.
#include "runtime/plan/InstructionPlace.h"

namespace winnow::runtime {

using format::Result;
using format::Status;

Status InstructionPlace::checkAllocation(int64_t bytes, int64_t others) const {
  constexpr int64_t kMaximumBytes = int64_t(1) << 62; // so that sums of sizes stay far from overflow
  bool isPossible = bytes >= 0 && bytes <= kMaximumBytes - others;
  return isPossible ? Status() : fault("cannot allocate ", bytes, " bytes");
}

Status InstructionPlace::checkSlice(int64_t offset, int64_t bytes, int64_t whole) const {
  bool fits = offset >= 0 && bytes >= 0 && offset <= whole && bytes <= whole - offset;
  return fits ? Status()
              : fault(bytes, " bytes at offset ", offset, " exceed the buffer of ", whole, " bytes");
}

Status InstructionPlace::checkCopy(int64_t to, int64_t from) const {
  return to == from ? Status() : fault("cannot copy ", from, " bytes to ", to);
}

Result<Shape> InstructionPlace::outputShape(std::span<const int64_t> scalars) const {
  std::span<const uint32_t> operands = function.body[index].operands;
  Shape shape;
  for (uint32_t number : operands.subspan(1)) {
    if (scalars[number] < 0)
      return fault("dimension ", shape.size(), " of output '", function.outputs[operands[0]].name, "' is ",
                   scalars[number]);
    shape.push_back(scalars[number]);
  }
  return shape;
}

} // namespace winnow::runtime
