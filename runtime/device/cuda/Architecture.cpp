// Compares architectures of code with capabilities of devices.
#include "runtime/device/cuda/Architecture.h"
#include "format/Status.h"

#include <algorithm>
#include <charconv>
#include <tuple>
#include <utility>

namespace winnow::runtime::cuda {
namespace {

constexpr std::string_view kPrefix = "cuda:sm_";

bool isNotNewer(const Architecture &code, Capability device) {
  return std::tie(code.major, code.minor) <= std::tie(device.major, device.minor);
}

bool isExactly(const Architecture &code, Capability device) {
  return code.major == device.major && code.minor == device.minor;
}

/// Tegra's GPUs, whose binaries are their own (CUDA C++ Programming Guide: "Binary Compatibility").
bool isIntegrated(Capability device) {
  constexpr std::pair<int, int> kTegra[] = {{5, 3}, {6, 2}, {7, 2}, {8, 7}, {10, 1}, {11, 0}};
  return std::find(std::begin(kTegra), std::end(kTegra), std::pair(device.major, device.minor)) !=
         std::end(kTegra);
}

} // namespace

std::optional<Architecture> Architecture::ofTarget(std::string_view target) {
  if (!target.starts_with(kPrefix))
    return std::nullopt;
  target.remove_prefix(kPrefix.size());
  int number = 0;
  auto [end, error] = std::from_chars(target.data(), target.data() + target.size(), number);
  std::string_view rest(end, size_t(target.data() + target.size() - end));
  bool isKnown = rest.empty() || rest == "a" || rest == "f";
  if (error != std::errc() || number < 10 || !isKnown)
    return std::nullopt;
  return Architecture{number / 10, number % 10, rest.empty() ? char(0) : rest[0]};
}

bool Architecture::isNewerThan(const Architecture &other) const {
  // Of one number, code that knows its device better: sm_90a, then sm_90.
  bool isSpecific = suffix != 0, otherIsSpecific = other.suffix != 0;
  return std::tie(major, minor, isSpecific) > std::tie(other.major, other.minor, otherIsSpecific);
}

bool Architecture::runsAsBinaryOn(Capability device) const {
  if (suffix == 'a' || isIntegrated(device) || isIntegrated({major, minor}))
    return isExactly(*this, device);
  return major == device.major && isNotNewer(*this, device);
}

bool Architecture::compilesFor(Capability device) const {
  if (suffix == 'a')
    return isExactly(*this, device);
  if (suffix == 'f')
    return runsAsBinaryOn(device);
  return isNotNewer(*this, device);
}

const format::KernelVariant *chooseVariant(const format::Module &module, const format::Kernel &kernel,
                                           Capability device, bool withBinaries) {
  const format::KernelVariant *best = nullptr;
  Architecture bestArchitecture;
  bool bestIsBinary = false;
  for (const format::KernelVariant &variant : kernel.variants) {
    const format::Image &image = module.images[variant.image];
    std::optional<Architecture> architecture = Architecture::ofTarget(image.target);
    bool isBinary = image.kind == "cubin";
    if (!architecture || (isBinary && !withBinaries) ||
        !(isBinary ? architecture->runsAsBinaryOn(device) : architecture->compilesFor(device)))
      continue;
    bool isBetter = isBinary != bestIsBinary ? isBinary : architecture->isNewerThan(bestArchitecture);
    if (best && !isBetter)
      continue;
    best = &variant;
    bestArchitecture = *architecture;
    bestIsBinary = isBinary;
  }
  return best;
}

std::string listGpuCode(const format::Module &module) {
  std::string list;
  for (const format::Image &image : module.images)
    if (image.target.starts_with("cuda:"))
      list += format::concatenate(list.empty() ? "" : ", ", image.target, " (", image.kind, ")");
  return list.empty() ? "none" : list;
}

} // namespace winnow::runtime::cuda
