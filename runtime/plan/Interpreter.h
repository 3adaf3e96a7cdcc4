// Runs a program instruction by instruction: where sizes depend on data, or there are loops, nothing can be
// bound before.
#pragma once

#include "format/Module.h"
#include "runtime/memory/Memory.h"
#include "runtime/plan/Shapes.h"

#include <atomic>

namespace winnow::runtime {

/// What a program needs of the call that it runs in.
class ProgramHost {
public:
  virtual ~ProgramHost() = default;

  virtual format::Result<void *> inputAddress(uint32_t input) = 0;
  /// Makes the output, or checks that the caller's has the shape.
  virtual format::Result<void *> outputAddress(uint32_t output, const Shape &shape) = 0;
  virtual format::Result<void *> weightAddress(uint32_t weight) = 0;
  virtual format::Result<void *> parameterAddress(uint32_t parameter) = 0;
  virtual format::Result<void *> stateAddress(uint32_t state, bool isNext) = 0;

  /// Where transient buffers lie.
  virtual MemorySpace &transientSpace() = 0;
  virtual format::Status launch(uint32_t kernel, std::span<const int64_t> extents,
                                std::span<void *const> buffers, std::span<const int64_t> bufferBytes,
                                std::span<const int64_t> sizes) = 0;
  virtual format::Status copy(void *destination, const void *source, int64_t bytes) = 0;
  /// Reads a few bytes when all that writes them is done.
  virtual format::Status read(void *destination, const void *source, int64_t bytes) = 0;
  virtual void branchSkipped() = 0;
  /// How many bytes of transient buffers are in use.
  virtual void transientsInUse(int64_t bytes) = 0;
  virtual bool isCancelled() const = 0;
};

/// Runs a verified `function` of `module` for input shapes that have been checked and values of all
/// parameters. Fails as evaluateScalar, as `host` does, with Cancelled, and with InvalidArgument for a
/// negative or excessive size, a read outside of its buffer, and a slice or copy that does not fit; the
/// message names function and instruction.
format::Status interpret(const format::Module &module, const format::Function &function,
                         std::span<const Shape> inputShapes, std::span<const int64_t> parameters,
                         ProgramHost &host);

} // namespace winnow::runtime
