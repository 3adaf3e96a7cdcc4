// The shadow of a program's heap, which outlives a launch as the heap's blocks do.
#pragma once

#include "runtime/device/ptxsim/inspect/Shadow.h"

#include <atomic>
#include <mutex>

namespace winnow::ptxsim {

/// Accesses are forgotten when a launch ends; what nobody has written since it was allocated is not.
class HeapShadow {
public:
  /// The shadow as a launch finds it, which is that launch's alone while it holds `use`: a launch that uses
  /// the heap at the same time, and makes these checks, too, waits for its end.
  ShadowRegion &begin(const ShadowRegion::Options &options, std::unique_lock<std::mutex> &use);
  /// A launch has ended whose stores were not recorded: every byte of the blocks that live counts as written.
  void forgetUnwritten() { isAllWritten = true; }

private:
  std::mutex lock;
  std::unique_ptr<ShadowRegion> region; // made when it is first needed
  std::atomic<bool> isAllWritten{true};
};

} // namespace winnow::ptxsim
