// What the units of an executor tell one another about accesses of a warp's lanes to memory.
#pragma once

#include "runtime/device/ptxsim/code/Instruction.h"
#include "runtime/device/ptxsim/figures/Figures.h"

#include <array>

namespace winnow::ptxsim {

struct Access {
  AccessKind kind;
  StateSpace space;
  unsigned bytes; // of a lane
  unsigned alignment = bytes;

  const char *verb() const {
    return kind == AccessKind::Load ? "load" : kind == AccessKind::Store ? "store" : "atomic operation";
  }
};

/// Copies that lanes of a warp have started with one cp.async. They are made as late as the waits allow, so
/// that a missing wait shows.
struct PendingCopy {
  uint32_t pc = 0;
  uint32_t mask = 0;  // lanes whose copy is not made yet
  uint64_t order = 0; // of the CTA's copies and arrivals
  unsigned bytes = 0;
  std::array<uint64_t, kLanes> destinations, sources; // host addresses
  std::array<uint8_t, kLanes> sourceBytes;            // the rest becomes zero
  std::array<uint32_t, kLanes> groups;                // of each lane's groups
  uint64_t sourcesBegin = 0, sourcesEnd = 0;          // all that is read lies between
};

} // namespace winnow::ptxsim
