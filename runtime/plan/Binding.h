// A function's program for one set of input shapes: all sizes, offsets and launches known, no addresses yet.
// Where a size is read from a buffer, the program falls into pieces, and what follows is bound when it has
// been read.
#pragma once

#include "format/Module.h"
#include "runtime/plan/ArenaPacking.h"
#include "runtime/plan/Shapes.h"

#include <memory>
#include <optional>

namespace winnow::runtime {

struct BoundBuffer {
  enum class Origin : uint8_t { Input, Output, Weight, Parameter, State, NextState, Arena };
  Origin origin = Origin::Arena;
  uint32_t index = 0; // of the input, output, weight, parameter, state, or of the arena's piece
  int64_t offset = 0; // in that
  int64_t bytes = 0;
};

/// A dispatch; a copy from `buffers[1]` to `buffers[0]`; a jump to step `target`, or one that is made only if
/// the first byte of `buffers[0]` is 0. The ranges index Binding's lists.
struct BoundStep {
  enum class Kind : uint8_t { Dispatch, Copy, Jump, JumpIfZero };
  Kind kind = Kind::Dispatch;
  uint32_t target = 0;
  uint32_t kernel = 0;
  uint32_t firstBuffer = 0, bufferCount = 0;
  uint32_t firstSize = 0, sizeCount = 0;
  uint32_t firstExtent = 0, extentCount = 0;
};

/// The element of a buffer that the next piece needs, at a byte offset.
struct BoundRead {
  uint32_t buffer = 0; // register
  int64_t offset = 0;
  format::ElementType type = format::ElementType::I64;
};

/// A piece of a program.
struct Binding {
  struct Made {
    uint32_t number = 0; // of the buffer register
    BoundBuffer buffer;
  };
  std::vector<Shape> inputShapes;
  std::vector<int64_t> inputBytes;
  std::vector<Shape> outputShapes; // of this piece's outputs and those before
  std::vector<int64_t> outputBytes;
  std::vector<uint32_t> outputs; // those that the piece makes
  std::vector<Made> buffers;     // the registers that the piece writes
  std::vector<BoundStep> steps;
  std::vector<uint32_t> stepBuffers; // registers
  std::vector<int64_t> stepBufferBytes;
  std::vector<uint32_t> nextStates; // those that the piece makes
  std::vector<int64_t> numbers;     // sizes and extents of the steps
  Packing arena;
  std::optional<BoundRead> read; // how the piece ends, or nothing for the last one
};

/// Binds a verified `function` of `module` piece by piece, for input shapes that have been checked and values
/// of all parameters. All that it is given outlives it.
class Binder {
public:
  Binder(const format::Module &module, const format::Function &function, std::vector<Shape> inputShapes,
         std::span<const int64_t> parameters);
  ~Binder();

  /// The next piece; `read` is what the read found that ended the one before. Fails as evaluateScalar, and
  /// with InvalidArgument for a negative or excessive size, for a read beyond its buffer, and for a slice or
  /// copy that does not fit; the message names function and instruction.
  format::Result<Binding> next(int64_t read = 0);

private:
  class State;
  std::unique_ptr<State> state;
};

} // namespace winnow::runtime
