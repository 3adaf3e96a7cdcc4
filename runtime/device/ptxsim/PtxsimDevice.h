// The PTX simulator as a device: executes the PTX of a module on the host's threads.
#pragma once

#include "runtime/device/Device.h"

namespace winnow::runtime {

/// Its checks: "bounds" (always made), "alignment", "barriers" and "all". Without names all are made.
Result<std::unique_ptr<Device>> createPtxsimDevice(const LoadedModule &module, const DeviceOptions &options);

} // namespace winnow::runtime
