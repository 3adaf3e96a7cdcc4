// The checks of races and of uninitialized memory: which shadow an access belongs to, and the reports.
#pragma once

#include "runtime/device/ptxsim/execute/Access.h"
#include "runtime/device/ptxsim/execute/ExecutionUnit.h"
#include "runtime/device/ptxsim/inspect/Shadow.h"

#include <memory>
#include <mutex>

namespace winnow::ptxsim {

/// Does nothing when neither check is asked for. What returns a bool is false after a fault. Addresses are
/// the host's.
class Inspection : private ExecutionUnit {
public:
  Inspection(Cta &cta, Faults &faults);

  bool isOn() const { return shadows != nullptr; }
  void begin();
  void synchronizeWarp(const Warp &warp);
  void synchronizeCta();
  void synchronizeDevice();

  /// Accesses are recorded before they are made.
  bool inspect(const Warp &warp, uint32_t pc, uint32_t mask, const Access &access, const uint64_t *addresses);
  /// `changed` has a bit for each byte that a store gives another value.
  bool inspectLane(const Warp &warp, uint32_t pc, unsigned lane, const Access &access, uint64_t address,
                   uint64_t changed = ~uint64_t(0));
  /// Makes the stores, too.
  bool store(const Warp &warp, uint32_t pc, uint32_t mask, const Access &access, const uint64_t *addresses);
  bool beginCopy(const Warp &warp, const PendingCopy &copy);
  void finishCopy(const Warp &warp, const PendingCopy &copy, uint32_t mask);
  /// malloc has given a block of so many bytes.
  void beginBlock(uint64_t address, uint64_t bytes);
  /// Before free takes a block back, if one begins there.
  bool endBlock(const Warp &warp, uint32_t pc, unsigned lane, uint64_t address);
  /// An access that has something to do with another thread's goes wrong.
  bool conflictFault(const Warp &warp, uint32_t pc, unsigned lane, const Access &access, uint64_t address,
                     const Conflict &conflict);

private:
  ShadowRegion *shadowOf(uint64_t address, uint64_t &offset);
  ShadowRegion *globalShadow(const MemoryRange &range);
  ShadowRegion &heapShadow();
  Record record(const Warp &warp, uint32_t pc, unsigned lane) const;
  unsigned inspectRun(uint32_t mask, const Access &access, const uint64_t *addresses, Record self);
  bool storeLane(const Warp &warp, uint32_t pc, unsigned lane, const Access &access,
                 const uint64_t *addresses);
  bool inspectSources(const Warp &warp, const PendingCopy &copy, uint32_t mask);
  ShadowRegion::LaneRun copyRun(const Warp &warp, const PendingCopy &copy, uint32_t mask) const;
  /// `what` is on this side of the conflict.
  bool conflictFault(const Warp &warp, uint32_t pc, unsigned lane, std::string_view what,
                     const Conflict &conflict);
  std::string describeAddress(uint64_t address) const;

  std::unique_ptr<Shadows> shadows;
  std::unique_lock<std::mutex> heapUse; // of the heap's shadow, from its first use on
};

} // namespace winnow::ptxsim
