// A text of PTX or a cubin, loaded onto a GPU.
#pragma once

#include "runtime/device/cuda/Gpu.h"

namespace winnow::runtime::cuda {

struct Kernel {
  std::string name;
  FunctionHandle function = nullptr;
  uint32_t mostThreads = 0; // of a block; registers limit them
  uint32_t staticSharedBytes = 0;
};

/// Unloaded with its owner, which must not outlive the Gpu. Current must live where it is made, used and
/// destroyed.
class Program {
public:
  /// `name` is what messages call it. Fails with DamagedModule or Unsupported if the driver refuses the code;
  /// the message holds what its compiler said.
  static format::Result<Program> load(Gpu &gpu, std::span<const uint8_t> code, bool isText,
                                      std::string_view name);
  Program(Program &&other) noexcept;
  Program &operator=(Program &&) = delete;
  ~Program();

  /// Fails with DamagedModule if there is none of that name.
  format::Result<Kernel> kernel(const std::string &symbol) const;

private:
  Program(Gpu &gpu, ModuleHandle module, std::string_view name) : gpu(&gpu), module(module), name(name) {}

  Gpu *gpu;
  ModuleHandle module;
  std::string name;
};

/// Makes launches of `threads` threads per block with that much dynamic shared memory possible. Fails with
/// Unsupported if the GPU has too little of either.
format::Status prepareLaunches(Gpu &gpu, const Kernel &kernel, uint64_t threads, uint64_t dynamicSharedBytes);

} // namespace winnow::runtime::cuda
