// The arguments of a kernel: values, and buffers from and to .npy files.
#pragma once

#include "format/numpy/NumpyFile.h"
#include "runtime/device/ptxsim/Simulator.h"

namespace winnow::ptxsim::tool {

struct Argument {
  enum class Kind : uint8_t { Value, Bytes, In, InOut, Out };
  Kind kind = Kind::Value;
  std::string text; // as the user wrote it
  // Value
  bool isFloat = false;
  uint64_t bits = 0;
  unsigned bytes = 0;
  // the others
  std::string input, output; // files, empty for none
  format::NumpyArray array;  // Out: its elements are poison until the kernel writes them; Bytes: the value

  bool isBuffer() const { return kind >= Kind::In; }
};

/// One --arg: "in:@a.npy", "inout:@a.npy:@b.npy", "out:f32[4x8]:@c.npy", "i32:5",
/// "bytes:@a.bin". Opens no file.
format::Result<Argument> parseArgument(std::string_view text);

/// Reads the arrays of In and InOut, and Bytes of the size that the kernel's parameter has.
format::Status readArrays(const Kernel &kernel, std::vector<Argument> &arguments);

/// The kernel's parameters and the memory that they point to, after a comparison of number and types.
struct Binding {
  std::vector<std::byte> parameters;
  MemoryMap memory;
};
format::Result<Binding> bindArguments(const Kernel &kernel, std::vector<Argument> &arguments);

/// Writes the arrays of InOut and Out, all or none.
format::Status writeArrays(const std::vector<Argument> &arguments);

} // namespace winnow::ptxsim::tool
