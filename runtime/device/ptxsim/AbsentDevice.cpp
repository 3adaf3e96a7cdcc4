// Stands in for PtxsimDevice.cpp in a runtime that is built without the simulator.
#include "runtime/device/ptxsim/PtxsimDevice.h"

namespace winnow::runtime {

Result<std::unique_ptr<Device>> createPtxsimDevice(const LoadedModule &, const DeviceOptions &) {
  return failure(Code::Unsupported,
                 "device 'ptxsim' is not in this runtime, which was built without the PTX simulator");
}

} // namespace winnow::runtime
