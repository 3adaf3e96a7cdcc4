// The table of devices, and what all of them need.
#include "runtime/device/Device.h"
#include "runtime/device/host/HostDevice.h"
#include "runtime/device/ptxsim/PtxsimDevice.h"
#include "runtime/device/reference/ReferenceDevice.h"

namespace winnow::runtime {
namespace {

struct Entry {
  std::string_view name;
  Result<std::unique_ptr<Device>> (*create)(const LoadedModule &, const DeviceOptions &);
};

constexpr Entry kDevices[] = {
    {"host", createHostDevice},
    {"ptxsim", createPtxsimDevice},
    {"reference", createReferenceDevice},
};

constexpr auto kNames = [] {
  std::array<std::string_view, std::size(kDevices)> names;
  for (size_t i = 0; i < names.size(); ++i)
    names[i] = kDevices[i].name;
  return names;
}();

} // namespace

std::span<const std::string_view> deviceNames() { return kNames; }

Result<std::unique_ptr<Device>> createDevice(std::string_view name, const LoadedModule &module,
                                             const DeviceOptions &options) {
  std::string_view wanted = name == "auto" ? "host" : name;
  for (const Entry &entry : kDevices) {
    if (entry.name == wanted)
      return entry.create(module, options);
  }
  std::string known = "auto";
  for (std::string_view each : kNames)
    known += concatenate(", ", each);
  return failure(Code::InvalidArgument, "device '", name, "' is unknown, expected one of ", known);
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

Status requireNoChecks(std::string_view device, const DeviceOptions &options) {
  if (options.checks.empty())
    return {};
  return failure(Code::InvalidArgument, "device '", device, "' has no checks, but '", options.checks,
                 "' was asked for");
}

} // namespace winnow::runtime
