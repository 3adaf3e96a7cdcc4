// What executes kernels. Every device is made for one session, from one module, and gets the kernels launched
// one after the other, never two at a time.
#pragma once

#include "format/Module.h"
#include "format/Status.h"
#include "runtime/memory/Memory.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace winnow::runtime {

using format::Code;
using format::concatenate;
using format::failure;
using format::Result;
using format::Status;

class LoadedModule;
class ParallelFor;

/// One launch of a kernel. All spans live until launch() returns, the buffers until the device has finished.
struct Launch {
  uint32_t kernel = 0;                  // index into the module's kernels
  std::span<const int64_t> extents;     // as many as the kernel's variants have tile sizes
  std::span<void *const> buffers;       // device addresses, 64-byte aligned but for slices
  std::span<const int64_t> bufferBytes; // one for each buffer; a buffer of 0 bytes may have any address
  std::span<const int64_t> sizes;
  const std::atomic<bool> *cancelled =
      nullptr; // where the device can, a long launch stops with Code::Cancelled soon after it is set
};

/// Something that a device counted, e.g. "multiply_adds".
struct Counter {
  std::string name;
  uint64_t value = 0;
};

/// Memory that the host cannot address. Copies and launches happen in the order in which they are asked for.
class DeviceMemory : public MemorySpace {
public:
  /// `source` may change as soon as it returns.
  virtual Status copyToDevice(void *destination, const void *source, int64_t bytes) = 0;
  /// Waits for everything that was asked for before, and for itself.
  virtual Status copyFromDevice(void *destination, const void *source, int64_t bytes) = 0;
  virtual Status copyOnDevice(void *destination, const void *source, int64_t bytes) = 0;

  /// Memory of the host that kernels and copies on the device can address as the host does.
  virtual MemorySpace &sharedHostMemory() = 0;

  /// The most bytes that were in use at once, without those that the device shares with the host.
  virtual int64_t peakBytes() const = 0;
};

class Device {
public:
  virtual ~Device() = default;

  /// "host", "cuda", "cuda:1", "ptxsim", "reference".
  virtual std::string_view name() const = 0;
  /// The target whose code it executes: "host:x86-64-v4".
  virtual std::string_view target() const = 0;

  /// Executes a kernel, which may go on until finish() returns. Fails with DeviceFault if the device stopped
  /// the kernel, or one before it, or one of its checks found something; the message names the kernel and the
  /// fault.
  virtual Status launch(const Launch &launch) = 0;

  /// Waits for everything that was launched and copied. Fails as launch().
  virtual Status finish() { return {}; }

  /// What was counted in launches of a kernel since the device was made.
  virtual std::vector<Counter> counters(uint32_t kernel) const {
    (void)kernel;
    return {};
  }

  /// The device's own memory, or null if kernels read and write the host's memory in place.
  virtual DeviceMemory *separateMemory() { return nullptr; }
};

/// What a session gives to its device. The references outlive the device.
struct DeviceOptions {
  ParallelFor &parallelFor;
  Memory &memory;
  /// Comma-separated names of checks that the device shall make: "all", "bounds,races". A device fails with
  /// InvalidArgument for a name that it does not know, and says which it knows.
  std::string checks;
  /// Count what takes time to count, too, for Device::counters.
  bool measures = false;
  /// Which of several devices of one kind, counted from 0.
  int ordinal = 0;
};

struct CreatedDevice {
  std::unique_ptr<Device> device;
  std::string passedOver; // why "auto" did not take a faster kind of device: "cuda: REASON", or ""
};

/// Makes the device `name` ("cuda:1" is the second of its kind; "auto": cuda if it can execute the module,
/// else host) and loads the module's code for it: every kernel that the device's programs dispatch has a
/// variant afterwards. Fails with InvalidArgument for an unknown device, Unsupported if the module has no
/// code that it can execute, DamagedModule for a bad image. `module` outlives the device.
Result<CreatedDevice> createDevice(std::string_view name, const LoadedModule &module, DeviceOptions options);

/// The names that createDevice takes, without "auto".
std::span<const std::string_view> deviceNames();

/// The number of items of a launch: the product of ceil(extent / tile). Fails with InvalidArgument if an
/// extent is negative or the product exceeds 63 bits.
Result<int64_t> itemCount(std::span<const int64_t> extents, std::span<const int64_t> tile);

/// The blocks of a launch of GPU code, whose threads are the items. Fails like itemCount(), and with
/// InvalidArgument if there are more than `most`, the limit of `device`.
Result<int64_t> blockCount(const Launch &launch, const format::KernelVariant &variant,
                           std::string_view kernel, int64_t most, std::string_view device);

/// For devices without checks: fails with InvalidArgument if `options` asks for any.
Status requireNoChecks(std::string_view device, const DeviceOptions &options);

} // namespace winnow::runtime
