// Instructions that name the lanes of the warp that take part in them (PTX ISA: "membermask").
#pragma once

#include "runtime/device/ptxsim/execute/ExecutionUnit.h"

namespace winnow::ptxsim {

class Divergence;
class Exchange;

class WarpSync : private ExecutionUnit {
public:
  WarpSync(Cta &cta, Faults &faults, Divergence &divergence, Exchange &exchange)
      : ExecutionUnit(cta, faults), divergence(divergence), exchange(exchange) {}

  /// False when the fragment may not go on now.
  bool execute(Warp &warp, uint32_t index, uint32_t pc, uint32_t mask);
  /// Lets fragments go on that wait for lanes which have arrived or exited.
  void release(Warp &warp);

private:
  bool executeGroups(Warp &warp, uint32_t index, uint32_t pc, uint32_t mask, const uint32_t *named);

  Divergence &divergence;
  Exchange &exchange;
};

} // namespace winnow::ptxsim
