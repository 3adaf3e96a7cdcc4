// The barriers of a CTA (PTX ISA: "bar, barrier").
#pragma once

#include "runtime/device/ptxsim/execute/ExecutionUnit.h"

#include <array>

namespace winnow::ptxsim {

class Inspection;

class Barriers : private ExecutionUnit {
public:
  Barriers(Cta &cta, Faults &faults, Inspection &inspection)
      : ExecutionUnit(cta, faults), inspection(inspection) {}

  void begin() { barriers.fill(Barrier()); }
  /// The lanes `mask` of a fragment execute a barrier instruction. The fragment goes on in a new run.
  void arrive(Warp &warp, uint32_t fragment, uint32_t pc, uint32_t mask);
  /// Threads that exit no longer count.
  void releaseFull();
  /// "32 of the 64 threads that barrier 1 waits for have come"
  std::string describeWaiting(unsigned number) const;

private:
  struct Barrier {
    uint32_t arrived = 0;  // threads
    uint32_t expected = 0; // 0: all that are alive
    uint32_t population = 0;
    uint32_t firstPc = 0; // of the arrival that came first
    bool all = true, any = false;
  };
  bool check(const Warp &warp, uint32_t pc, uint32_t mask, unsigned number, uint32_t expected);
  void reduce(const Warp &warp, const Instruction &in, uint32_t mask, Barrier &barrier);
  void release(unsigned number);
  void finishReduction(Warp &warp, const Fragment &fragment, const Barrier &barrier);

  Inspection &inspection;
  std::array<Barrier, 16> barriers;
};

} // namespace winnow::ptxsim
