// The executable definitions of a module's operations, compiled for this CPU without any of winnow's own
// optimizations: what other devices are compared with.
#pragma once

#include "runtime/device/Device.h"

namespace winnow::runtime {

Result<std::unique_ptr<Device>> createReferenceDevice(const LoadedModule &module,
                                                      const DeviceOptions &options);

} // namespace winnow::runtime
