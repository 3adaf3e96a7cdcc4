// Loads, stores and atomic operations.
#pragma once

#include "runtime/device/ptxsim/execute/ExecutionUnit.h"

namespace winnow::ptxsim {

class Addresses;
class AsyncCopies;
class Inspection;
class Measurement;
class UndefinedValues;

class MemoryAccess : private ExecutionUnit {
public:
  MemoryAccess(Cta &cta, Faults &faults, Addresses &addresses, Inspection &inspection,
               Measurement &measurement, AsyncCopies &copies, UndefinedValues &undefined)
      : ExecutionUnit(cta, faults), resolver(addresses), inspection(inspection), measurement(measurement),
        copies(copies), undefined(undefined) {}

  /// False after a fault.
  bool execute(Warp &warp, uint32_t pc, uint32_t mask);
  bool discard(Warp &warp, uint32_t pc, uint32_t mask);
  void loadParameter(Warp &warp, uint32_t pc, uint32_t mask);

private:
  Addresses &resolver;
  Inspection &inspection;
  Measurement &measurement;
  AsyncCopies &copies;
  UndefinedValues &undefined;
};

} // namespace winnow::ptxsim
