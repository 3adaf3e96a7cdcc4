// What the units of an executor have in common. Each executes a group of instructions, and owns what these
// leave behind.
#pragma once

#include "runtime/device/ptxsim/execute/Faults.h"
#include "runtime/device/ptxsim/lanes/Lanes.h"

namespace winnow::ptxsim {

class ExecutionUnit {
protected:
  ExecutionUnit(Cta &cta, Faults &faults)
      : cta(cta), faults(faults), launch(cta.launch), code(launch.code.instructions.data()),
        lanes(laneTable().memory) {}

  /// Always false.
  bool fault(const Warp &warp, uint32_t pc, uint32_t mask, std::string_view message) {
    return faults.raise(warp, pc, mask, message);
  }

  Cta &cta;
  Faults &faults;
  const LaunchContext &launch;
  const Instruction *const code;
  const MemoryLanes &lanes;
};

} // namespace winnow::ptxsim
