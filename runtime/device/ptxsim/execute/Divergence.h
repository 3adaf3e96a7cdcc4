// Divergence and reconvergence: the tree of fragments of a warp.
#pragma once

#include "runtime/device/ptxsim/execute/Cta.h"

namespace winnow::ptxsim {

class Measurement;

/// Lanes of a fragment that go to one instruction.
struct Side {
  uint32_t target, mask;
};

class Divergence {
public:
  explicit Divergence(Measurement &measurement) : measurement(measurement) {}

  /// Splits a fragment whose lanes go from the branch `pc` to different instructions.
  void diverge(Warp &warp, uint32_t index, uint32_t pc, std::span<const Side> sides, uint32_t reconvergence);
  /// A fragment waits at `next` until the lanes of the sides, which begin functions, return.
  void enterFunctions(Warp &warp, uint32_t index, uint32_t next, std::span<const Side> sides);
  void leaveFunctions(Warp &warp, uint32_t index, uint32_t mask);
  void endFragment(Warp &warp, uint32_t index);
  void exitLanes(Warp &warp, uint32_t index, uint32_t mask);
  /// Lets lanes go on that wait for others which have run for long.
  void releaseArrivedLanes(Warp &warp, uint32_t index);

  /// How often lanes of a warp went to different instructions.
  uint64_t count() const { return divergences; }

private:
  uint32_t newFragment(Warp &warp);
  void childEnded(Warp &warp, int32_t parent);

  Measurement &measurement;
  uint64_t divergences = 0;
};

} // namespace winnow::ptxsim
