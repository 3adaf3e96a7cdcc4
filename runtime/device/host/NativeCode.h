// Chooses and loads native images of a module: what the host and the reference device share.
#pragma once

#include "format/Status.h"
#include "runtime/device/host/ElfImage.h"
#include "runtime/module/LoadedModule.h"

#include <vector>

namespace winnow::runtime {

/// How well this machine's CPU runs code for `cpu` ("x86-64-v3", "aarch64"): higher is better, -1 not at all.
int cpuRank(std::string_view cpu);
/// The best CPU of cpuRank's that this machine has.
std::string_view hostCpu();

/// A kernel's code on this machine.
struct NativeKernel {
  void *function = nullptr; // null if no program for the device dispatches the kernel
  const format::KernelVariant *variant = nullptr;
};

class NativeCode {
public:
  /// Loads, for each kernel that a program for `programDevice` dispatches, the best variant whose target is
  /// "`prefix`:CPU". Fails with Unsupported if there is none, naming the kernel and what the module has.
  static format::Result<NativeCode> load(const LoadedModule &module, std::string_view prefix,
                                         std::string_view programDevice);

  const NativeKernel &kernel(uint32_t index) const { return kernels[index]; }
  /// The best target among the loaded images, "host:x86-64-v4".
  const std::string &target() const { return bestTarget; }

private:
  std::vector<std::unique_ptr<ElfImage>> images;
  std::vector<NativeKernel> kernels;
  std::string bestTarget;
};

} // namespace winnow::runtime
