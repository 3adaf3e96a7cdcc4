// Instructions on matrices, which the whole warp executes together.
#pragma once

#include "runtime/device/ptxsim/execute/Access.h"
#include "runtime/device/ptxsim/execute/ExecutionUnit.h"

namespace winnow::ptxsim {

class Addresses;
class Inspection;
class Measurement;

class Matrices : private ExecutionUnit {
public:
  Matrices(Cta &cta, Faults &faults, Addresses &addresses, Inspection &inspection, Measurement &measurement)
      : ExecutionUnit(cta, faults), resolver(addresses), inspection(inspection), measurement(measurement) {}

  /// False after a fault.
  bool execute(Warp &warp, uint32_t pc, uint32_t mask);

private:
  bool resolveRows(Warp &warp, uint32_t pc, AccessKind kind, uint64_t *addresses);
  bool loadMatrix(Warp &warp, uint32_t pc);
  bool storeMatrix(Warp &warp, uint32_t pc);
  bool multiply(Warp &warp, uint32_t pc);
  bool accessFragment(Warp &warp, uint32_t pc);

  Addresses &resolver;
  Inspection &inspection;
  Measurement &measurement;
};

} // namespace winnow::ptxsim
