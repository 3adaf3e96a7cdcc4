// cp.async, and the copies that are under way.
#pragma once

#include "runtime/device/ptxsim/execute/Access.h"
#include "runtime/device/ptxsim/execute/ExecutionUnit.h"

namespace winnow::ptxsim {

class Addresses;
class Inspection;
class Measurement;

class AsyncCopies : private ExecutionUnit {
public:
  AsyncCopies(Cta &cta, Faults &faults, Addresses &addresses, Inspection &inspection,
              Measurement &measurement)
      : ExecutionUnit(cta, faults), resolver(addresses), inspection(inspection), measurement(measurement),
        queues(cta.warps.size()) {}

  void begin();
  /// False after a fault.
  bool start(Warp &warp, uint32_t pc, uint32_t mask);
  void commit(const Warp &warp, uint32_t mask);
  void wait(const Warp &warp, const Instruction &in, uint32_t mask);
  /// A number above those of all copies until now, and below those of later ones.
  uint64_t nextOrder() { return ++lastOrder; }
  /// Makes the copies of a thread that came before `order`.
  void complete(const Warp &warp, unsigned lane, uint64_t order);
  /// Whether a store leaves alone what copies are still reading. False after a fault.
  bool checkStore(const Warp &warp, uint32_t pc, uint32_t mask, const Access &access,
                  const uint64_t *addresses);

private:
  /// The copies of a warp.
  struct Queue {
    std::vector<PendingCopy> copies;
    std::array<uint32_t, kLanes> committedGroups{};
  };
  template <class Choose> void completeChosen(const Warp &warp, Choose choose);
  void readSizes(const Warp &warp, const Instruction &in, PendingCopy &copy);
  bool resolveSources(Warp &warp, const Instruction &in, PendingCopy &copy);
  bool resolveParts(Warp &warp, uint32_t pc, uint32_t mask, PendingCopy &copy);
  bool checkStoreOfLane(const Warp &warp, uint32_t pc, unsigned lane, const Access &access, uint64_t address);

  Addresses &resolver;
  Inspection &inspection;
  Measurement &measurement;
  std::vector<Queue> queues; // by warp
  uint64_t lastOrder = 0;
};

} // namespace winnow::ptxsim
