// The PTX simulator as a device: executes the PTX of a module on the host's threads.
#pragma once

#include "runtime/device/Device.h"
#include "runtime/device/ptxsim/Simulator.h"

namespace winnow::runtime {

/// Makes launches run their CTAs on the threads of `parallelFor`, which must outlive `options`.
void useThreads(ptxsim::LaunchOptions &options, ParallelFor &parallelFor);

/// Its checks are those of ptxsim/Checks.h.
Result<std::unique_ptr<Device>> createPtxsimDevice(const LoadedModule &module, const DeviceOptions &options);

} // namespace winnow::runtime
