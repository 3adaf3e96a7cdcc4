// The exchange between the lanes of a warp, and clocks.
#pragma once

#include "runtime/device/ptxsim/execute/ExecutionUnit.h"

namespace winnow::ptxsim {

class Inspection;
class Matrices;
class UndefinedValues;

class Exchange : private ExecutionUnit {
public:
  Exchange(Cta &cta, Faults &faults, Inspection &inspection, Matrices &matrices, UndefinedValues &undefined)
      : ExecutionUnit(cta, faults), inspection(inspection), matrices(matrices), undefined(undefined) {}

  /// Executes an instruction for the lanes that have come for it. False after a fault.
  bool execute(Warp &warp, uint32_t pc, uint32_t mask);

private:
  void shuffle(Warp &warp, uint32_t pc, uint32_t mask);

  Inspection &inspection;
  Matrices &matrices;
  UndefinedValues &undefined;
};

} // namespace winnow::ptxsim
