// The CPU: native code from the module, spread over the session's threads.
#pragma once

#include "runtime/device/Device.h"

namespace winnow::runtime {

Result<std::unique_ptr<Device>> createHostDevice(const LoadedModule &module, const DeviceOptions &options);

} // namespace winnow::runtime
