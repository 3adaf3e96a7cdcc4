// Executes CTAs, one after the other, on one host thread.
#pragma once

#include "runtime/device/ptxsim/execute/Addresses.h"
#include "runtime/device/ptxsim/execute/AsyncCopies.h"
#include "runtime/device/ptxsim/execute/Barriers.h"
#include "runtime/device/ptxsim/execute/Calls.h"
#include "runtime/device/ptxsim/execute/Divergence.h"
#include "runtime/device/ptxsim/execute/Exchange.h"
#include "runtime/device/ptxsim/execute/Matrices.h"
#include "runtime/device/ptxsim/execute/MemoryAccess.h"
#include "runtime/device/ptxsim/execute/MemoryBarriers.h"
#include "runtime/device/ptxsim/execute/SystemCalls.h"
#include "runtime/device/ptxsim/execute/WarpSync.h"
#include "runtime/device/ptxsim/figures/Measurement.h"
#include "runtime/device/ptxsim/inspect/Inspection.h"
#include "runtime/device/ptxsim/inspect/UndefinedValues.h"

namespace winnow::ptxsim {

class CtaExecutor {
public:
  explicit CtaExecutor(const LaunchContext &launch);
  CtaExecutor(const CtaExecutor &) = delete; // its units refer to one another
  CtaExecutor &operator=(const CtaExecutor &) = delete;

  /// Runs a CTA to its end. `number` counts with x fastest.
  format::Status run(uint64_t number);

  const std::vector<InstructionCount> &counts() const { return instructionCounts; }
  uint64_t divergentBranches() const { return divergence.count(); }
  /// Null when no figures are asked for.
  std::unique_ptr<FigureCollector> takeFigures() { return measurement.takeFigures(); }

private:
  // Executor.cpp: whose turn it is.
  void begin(uint64_t number);
  bool runWarps();
  bool runWarp(Warp &warp);
  void reportDeadlock();
  std::string describeDeadlock(const Warp &warp, const Fragment &waiting) const;

  // Execute.cpp: the instructions. runFragment returns false when its time was over; the others when the
  // fragment may not go on now.
  bool runFragment(Warp &warp, uint32_t index);
  template <bool isWatched> bool runFragmentAs(Warp &warp, uint32_t index);
  bool control(Warp &warp, uint32_t index, uint32_t &pc, uint32_t mask);
  bool executeAlone(Warp &warp, uint32_t pc, uint32_t mask);
  bool branchIndexed(Warp &warp, uint32_t index, uint32_t &pc, uint32_t mask);
  void exitLanes(Warp &warp, uint32_t index, uint32_t mask);

  const LaunchContext &launch;
  const Instruction *const code;
  Cta cta;
  Faults faults{cta};
  // Each unit knows only those before it.
  Measurement measurement{cta};
  Inspection inspection{cta, faults};
  UndefinedValues undefined{cta, faults};
  Addresses addresses{cta, faults};
  Divergence divergence{measurement};
  Barriers barriers{cta, faults, inspection};
  Calls calls{cta, faults, divergence, undefined};
  SystemCalls systemCalls{cta, faults, addresses, inspection, undefined};
  AsyncCopies copies{cta, faults, addresses, inspection, measurement};
  MemoryAccess memory{cta, faults, addresses, inspection, measurement, copies, undefined};
  MemoryBarriers memoryBarriers{cta, faults, addresses, inspection, copies};
  Matrices matrices{cta, faults, addresses, inspection, measurement};
  Exchange exchange{cta, faults, inspection, matrices, undefined};
  WarpSync warpSync{cta, faults, divergence, exchange};
  std::vector<InstructionCount> instructionCounts;
};

} // namespace winnow::ptxsim
