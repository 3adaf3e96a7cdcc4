// NVIDIA GPUs as devices, by way of the CUDA driver.
#pragma once

#include "runtime/device/Device.h"

namespace winnow::runtime {

/// GPU `options.ordinal`. It has one check, "launches": every launch is waited for, so that a fault names its
/// kernel. Fails with Unsupported where there is no driver, no such GPU, or no code for it in the module.
Result<std::unique_ptr<Device>> createCudaDevice(const LoadedModule &module, const DeviceOptions &options);

} // namespace winnow::runtime
