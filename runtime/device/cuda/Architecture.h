// Which code a GPU can execute: the rules of "GPU Compatibility" in NVIDIA's nvcc manual and of the directive
// .target in the PTX ISA.
#pragma once

#include "format/Module.h"

#include <optional>
#include <string>
#include <string_view>

namespace winnow::runtime::cuda {

/// A device's compute capability.
struct Capability {
  int major = 0, minor = 0;
};

/// What code is made for: "sm_80", "sm_90a" (one device only), "sm_100f" (one family).
struct Architecture {
  int major = 0, minor = 0;
  char suffix = 0; // 'a', 'f' or 0

  /// Of an image's target, "cuda:sm_80". Nothing if it is something else.
  static std::optional<Architecture> ofTarget(std::string_view target);

  bool isNewerThan(const Architecture &other) const;
  /// Whether a device executes a cubin for this architecture: of the same major version and not newer.
  bool runsAsBinaryOn(Capability device) const;
  /// Whether a driver compiles PTX for this architecture for a device: not newer.
  bool compilesFor(Capability device) const;
};

/// The best form of a kernel for a device: the newest cubin that it executes, else the newest PTX that can be
/// compiled for it. Null if there is none. Without binaries only PTX is chosen from.
const format::KernelVariant *chooseVariant(const format::Module &module, const format::Kernel &kernel,
                                           Capability device, bool withBinaries = true);

/// The code for GPUs in a module: "cuda:sm_80 (ptx), cuda:sm_90a (cubin)", or "none".
std::string listGpuCode(const format::Module &module);

} // namespace winnow::runtime::cuda
