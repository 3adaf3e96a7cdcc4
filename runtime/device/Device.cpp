// The table of devices, and what all of them need.
#include "runtime/device/Device.h"
#include "runtime/device/cuda/CudaDevice.h"
#include "runtime/device/host/HostDevice.h"
#include "runtime/device/ptxsim/PtxsimDevice.h"
#include "runtime/device/reference/ReferenceDevice.h"

#include <array>
#include <charconv>

namespace winnow::runtime {
namespace {

struct Entry {
  std::string_view name;
  Result<std::unique_ptr<Device>> (*create)(const LoadedModule &, const DeviceOptions &);
  bool isNumbered = false; // whether a machine may have several
};

constexpr Entry kDevices[] = {
    {"host", createHostDevice},
    {"cuda", createCudaDevice, true},
    {"ptxsim", createPtxsimDevice},
    {"reference", createReferenceDevice},
};

constexpr auto kNames = [] {
  std::array<std::string_view, std::size(kDevices)> names;
  for (size_t i = 0; i < names.size(); ++i)
    names[i] = kDevices[i].name;
  return names;
}();

Status unknownDevice(std::string_view name) {
  std::string known = "auto";
  for (std::string_view each : kNames)
    known += concatenate(", ", each);
  return failure(Code::InvalidArgument, "device '", name, "' is unknown, expected one of ", known);
}

/// The number in "cuda:1"; -1 if it is none.
int parseOrdinal(std::string_view text) {
  int ordinal = -1;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ordinal);
  return error == std::errc() && end == text.data() + text.size() ? ordinal : -1;
}

Result<std::unique_ptr<Device>> createNamed(std::string_view name, const LoadedModule &module,
                                            DeviceOptions &options) {
  std::string_view kind = name.substr(0, name.find(':'));
  for (const Entry &entry : kDevices) {
    if (entry.name != (entry.isNumbered ? kind : name))
      continue;
    if (kind.size() < name.size())
      options.ordinal = parseOrdinal(name.substr(kind.size() + 1));
    return options.ordinal < 0 ? unknownDevice(name) : entry.create(module, options);
  }
  return unknownDevice(name);
}

} // namespace

std::span<const std::string_view> deviceNames() { return kNames; }

Result<CreatedDevice> createDevice(std::string_view name, const LoadedModule &module, DeviceOptions options) {
  std::string passedOver;
  if (name == "auto") {
    // Whatever is wrong with the GPU, its driver or the code for it: the host does it too.
    auto gpu = createCudaDevice(module, options);
    if (gpu.ok())
      return CreatedDevice{std::move(*gpu), ""};
    passedOver = concatenate("cuda: ", gpu.status().message());
    name = "host";
  }
  auto device = createNamed(name, module, options);
  if (!device.ok() && !passedOver.empty())
    return failure(device.status().code(), device.status().message(), " (passed over ", passedOver, ")");
  if (!device.ok())
    return device.status();
  return CreatedDevice{std::move(*device), std::move(passedOver)};
}

Result<int64_t> itemCount(std::span<const int64_t> extents, std::span<const int64_t> tile) {
  int64_t count = 1;
  bool overflow = false, empty = false;
  for (size_t i = 0; i < extents.size(); ++i) {
    if (extents[i] < 0)
      return failure(Code::InvalidArgument, "extent ", extents[i], " is negative");
    int64_t tiles = extents[i] / tile[i] + (extents[i] % tile[i] != 0);
    empty |= tiles == 0;
    overflow |= __builtin_mul_overflow(count, tiles, &count);
  }
  if (overflow && !empty)
    return failure(Code::InvalidArgument, "a launch has more items than 63 bits can count");
  return empty ? 0 : count;
}

Result<int64_t> blockCount(const Launch &launch, const format::KernelVariant &variant,
                           std::string_view kernel, int64_t most, std::string_view device) {
  auto items = itemCount(launch.extents, variant.tile);
  if (!items.ok())
    return items.status();
  int64_t threads = variant.threads, blocks = *items / threads + (*items % threads != 0);
  if (blocks > most)
    return failure(Code::InvalidArgument, "kernel '", kernel, "' would need ", blocks,
                   " blocks, but a grid has at most ", most, " on ", device);
  return blocks;
}

Status requireNoChecks(std::string_view device, const DeviceOptions &options) {
  if (options.checks.empty())
    return {};
  return failure(Code::InvalidArgument, "device '", device, "' has no checks, but '", options.checks,
                 "' was asked for");
}

} // namespace winnow::runtime
