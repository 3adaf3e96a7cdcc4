// From device addresses to host addresses, each checked.
#pragma once

#include "runtime/device/ptxsim/execute/Access.h"
#include "runtime/device/ptxsim/execute/ExecutionUnit.h"

namespace winnow::ptxsim {

class Addresses : private ExecutionUnit {
public:
  Addresses(Cta &cta, Faults &faults)
      : ExecutionUnit(cta, faults), lastRange(launch.code.instructions.size()) {}

  /// Replaces the addresses of an instruction; those of lanes outside `mask` become another lane's. False
  /// after a fault.
  bool resolve(const Warp &warp, uint32_t pc, uint32_t mask, const Access &access, uint64_t *addresses);
  bool resolveLane(const Warp &warp, uint32_t pc, unsigned lane, const Access &access, uint64_t &address);

private:
  bool areInHeap(const uint64_t *addresses, unsigned bytes, uint64_t misaligned) const;
  bool accessFault(const Warp &warp, uint32_t pc, unsigned lane, const Access &access, uint64_t address,
                   std::string_view problem);

  /// For each instruction the range that its last access was in; valid for the kind of access it makes.
  std::vector<const MemoryRange *> lastRange;
};

} // namespace winnow::ptxsim
