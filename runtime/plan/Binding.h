// A function's program for one set of input shapes: all sizes, offsets and launches known, no addresses yet.
// Programs whose sizes depend on data, or that have loops, are not bound; the interpreter runs them.
#pragma once

#include "format/Module.h"
#include "runtime/plan/ArenaPacking.h"
#include "runtime/plan/Shapes.h"

namespace winnow::runtime {

struct BoundBuffer {
  enum class Origin : uint8_t { Input, Output, Weight, Parameter, State, NextState, Arena };
  Origin origin = Origin::Arena;
  uint32_t index = 0; // of the input, output, weight, parameter or state
  int64_t offset = 0; // in that, or in the arena
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

struct Binding {
  std::vector<Shape> inputShapes, outputShapes;
  std::vector<int64_t> inputBytes, outputBytes;
  std::vector<BoundBuffer> buffers; // one for each buffer register
  std::vector<BoundStep> steps;
  std::vector<uint32_t> stepBuffers; // registers
  std::vector<int64_t> stepBufferBytes;
  std::vector<int64_t> numbers; // sizes and extents of the steps
  Packing arena;
};

/// Whether all that a program launches is known before anything runs.
bool isBindable(const format::Function &function);

/// Evaluates a verified, bindable `function` of `module` for these shapes, which have been checked, and these
/// values of all parameters. Fails as evaluateScalar, and with InvalidArgument for a negative or excessive
/// size and for a slice or copy that does not fit; the message names function and instruction.
format::Result<Binding> bindProgram(const format::Module &module, const format::Function &function,
                                    std::span<const Shape> inputShapes, std::span<const int64_t> parameters);

} // namespace winnow::runtime
