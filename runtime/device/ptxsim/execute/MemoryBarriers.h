// mbarrier, and the arrivals that wait for copies.
#pragma once

#include "runtime/device/ptxsim/execute/ExecutionUnit.h"

namespace winnow::ptxsim {

class Addresses;
class AsyncCopies;
class Inspection;

class MemoryBarriers : private ExecutionUnit {
public:
  MemoryBarriers(Cta &cta, Faults &faults, Addresses &addresses, Inspection &inspection, AsyncCopies &copies)
      : ExecutionUnit(cta, faults), resolver(addresses), inspection(inspection), copies(copies) {}

  void begin() { delayedArrivals.clear(); }
  /// False after a fault.
  bool execute(Warp &warp, uint32_t pc, uint32_t mask);

private:
  /// cp.async.mbarrier.arrive: an arrival once the lane's copies before `order` are made, which is when a
  /// thread asks.
  struct DelayedArrival {
    uint64_t address = 0, order = 0;
    uint32_t warp = 0, lane = 0;
  };
  static void countPending(const Warp &warp, const Instruction &in, uint32_t mask);
  bool badUse(const Warp &warp, uint32_t pc, unsigned lane, std::string_view message);
  static uint32_t operand(const Warp &warp, const Instruction &in, unsigned lane);
  bool executeLane(const Warp &warp, uint32_t pc, unsigned lane, uint64_t address);
  bool initialize(const Warp &warp, uint32_t pc, unsigned lane, uint64_t address);
  static void test(const Warp &warp, const Instruction &in, unsigned lane, uint64_t address);
  void arriveAfterCopies(const Warp &warp, const Instruction &in, unsigned lane, uint64_t address);
  bool arrive(const Warp &warp, uint32_t pc, unsigned lane, uint64_t address);
  void completeArrivals(uint64_t address);
  void countArrivals(uint64_t address, uint32_t count);

  Addresses &resolver;
  Inspection &inspection;
  AsyncCopies &copies;
  std::vector<DelayedArrival> delayedArrivals;
};

} // namespace winnow::ptxsim
