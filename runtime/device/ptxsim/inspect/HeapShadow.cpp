// The shadow of a program's heap, which outlives a launch as the heap's blocks do.
#include "runtime/device/ptxsim/inspect/HeapShadow.h"

#include "runtime/device/ptxsim/DeviceHeap.h"

namespace winnow::ptxsim {

ShadowRegion &HeapShadow::begin(const ShadowRegion::Options &options, std::unique_lock<std::mutex> &use) {
  use = std::unique_lock(lock);
  if (!region)
    region = std::make_unique<ShadowRegion>(DeviceHeap::kBytes, options);
  region->restart(options);
  if (options.beginsUnwritten && isAllWritten.exchange(false))
    region->markWritten(0, DeviceHeap::kBytes);
  return *region;
}

} // namespace winnow::ptxsim
