// Matches the targets of a module's images with this machine's CPU.
#include "runtime/device/host/NativeCode.h"

#include <algorithm>

namespace winnow::runtime {

using format::Code;
using format::concatenate;
using format::failure;
using format::Result;
using format::Status;

namespace {

struct Cpu {
  std::string_view name;
  bool present;
};

/// From the least to the best.
std::span<const Cpu> knownCpus() {
#if defined(__x86_64__)
  static const Cpu cpus[] = {
      {"x86-64", true},
      {"x86-64-v2", bool(__builtin_cpu_supports("x86-64-v2"))},
      {"x86-64-v3", bool(__builtin_cpu_supports("x86-64-v3"))},
      {"x86-64-v4", bool(__builtin_cpu_supports("x86-64-v4"))},
  };
#else
  static const Cpu cpus[] = {{"aarch64", true}};
#endif
  return cpus;
}

/// The CPU of a target "prefix:CPU", or nothing if the target has another prefix.
std::string_view cpuOf(std::string_view target, std::string_view prefix) {
  bool matches = target.size() > prefix.size() && target.substr(0, prefix.size()) == prefix &&
                 target[prefix.size()] == ':';
  return matches ? target.substr(prefix.size() + 1) : std::string_view();
}

std::string targetsOf(const format::Module &module) {
  std::string text;
  for (const format::Image &image : module.images)
    text += (text.empty() ? "" : ", ") + image.target;
  return text.empty() ? "none" : text;
}

bool hasPTX(const format::Module &module) {
  return std::any_of(module.images.begin(), module.images.end(),
                     [](const format::Image &image) { return image.kind == "ptx"; });
}

} // namespace

int cpuRank(std::string_view cpu) {
  std::span<const Cpu> cpus = knownCpus();
  for (size_t i = 0; i < cpus.size(); ++i) {
    if (cpus[i].name == cpu)
      return cpus[i].present ? int(i) : -1;
  }
  return -1;
}

std::string_view hostCpu() {
  std::string_view best;
  for (const Cpu &cpu : knownCpus()) {
    if (cpu.present)
      best = cpu.name;
  }
  return best;
}

Result<NativeCode> NativeCode::load(const LoadedModule &module, std::string_view prefix,
                                    std::string_view device) {
  const format::Module &contents = module.contents();
  auto rank = [&](const format::KernelVariant &variant) {
    return cpuRank(cpuOf(contents.images[variant.image].target, prefix));
  };
  NativeCode code;
  code.images.resize(contents.images.size());
  code.kernels.resize(contents.kernels.size());
  int bestRank = -1;
  for (uint32_t index : module.dispatchedKernels(device)) {
    const format::Kernel &kernel = contents.kernels[index];
    const format::KernelVariant *best = nullptr;
    for (const format::KernelVariant &variant : kernel.variants) {
      if (rank(variant) >= 0 && (!best || rank(variant) > rank(*best)))
        best = &variant;
    }
    if (!best)
      return failure(Code::Unsupported, "the module has no ", prefix, " code that this CPU (", hostCpu(),
                     ") can execute for kernel '", kernel.name, "'; the module's targets are ",
                     targetsOf(contents), hasPTX(contents) ? "; the device ptxsim simulates its PTX" : "");
    std::unique_ptr<ElfImage> &image = code.images[best->image];
    const std::string &target = contents.images[best->image].target;
    if (!image) {
      auto loaded = ElfImage::load(module.image(best->image));
      if (!loaded.ok())
        return failure(loaded.status().code(), "cannot load the code for ", target, ": ",
                       loaded.status().message());
      image = std::move(*loaded);
    }
    void *function = image->function(best->symbol);
    if (!function)
      return failure(Code::DamagedModule, "the code for ", target, " has no function '", best->symbol,
                     "' for kernel '", kernel.name, "'");
    code.kernels[index] = {function, best};
    if (rank(*best) > bestRank) {
      bestRank = rank(*best);
      code.bestTarget = target;
    }
  }
  if (bestRank < 0)
    code.bestTarget = concatenate(prefix, ":", hostCpu());
  return code;
}

} // namespace winnow::runtime
