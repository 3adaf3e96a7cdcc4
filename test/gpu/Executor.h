// What executes micro-kernels: the simulator, or a GPU.
#pragma once

#include "format/Status.h"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace winnow::gpu {

/// The registers of all threads: of d, a, b and c.
using Buffers = std::vector<std::vector<std::byte>>;

class Executor {
public:
  virtual ~Executor() = default;
  /// "NVIDIA H100, compute capability 9.0".
  virtual std::string name() const = 0;
  /// Compute capability times ten; kernels that need more cannot be executed.
  virtual unsigned target() const = 0;
  /// Executes the kernel "k" of a text, which takes the addresses of the buffers and changes the first.
  virtual format::Status run(const std::string &ptx, uint32_t threads, Buffers &buffers) = 0;
};

std::unique_ptr<Executor> makeSimulator();
format::Result<std::unique_ptr<Executor>> openGpu(int ordinal);

} // namespace winnow::gpu
