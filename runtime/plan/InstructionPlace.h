// Where a program is: what its instructions demand of sizes, in messages that name function and instruction.
#pragma once

#include "format/Module.h"
#include "format/Status.h"
#include "runtime/plan/Shapes.h"

namespace winnow::runtime {

/// Instruction `index` of a verified function. All failures are InvalidArgument.
struct InstructionPlace {
  const format::Function &function;
  size_t index = 0;

  template <typename... Parts> format::Status fault(const Parts &...parts) const {
    return format::failure(format::Code::InvalidArgument, "function '", function.name, "', instruction ",
                           index, " (", name(function.body[index].opcode), "): ", parts...);
  }

  /// Whether so many bytes can be allocated where others have been.
  format::Status checkAllocation(int64_t bytes, int64_t others = 0) const;
  format::Status checkSlice(int64_t offset, int64_t bytes, int64_t whole) const;
  format::Status checkCopy(int64_t to, int64_t from) const;
  /// The shape that an Output instruction gives its output.
  format::Result<Shape> outputShape(std::span<const int64_t> scalars) const;
};

} // namespace winnow::runtime
