// The CTA that an executor runs: its warps, with the registers of their threads, and its memories.
#pragma once

#include "runtime/device/ptxsim/DeviceHeap.h"
#include "runtime/device/ptxsim/Simulator.h"
#include "runtime/device/ptxsim/code/Code.h"
#include "runtime/device/ptxsim/figures/FigureCollector.h"

#include <mutex>

namespace winnow::ptxsim {

class HeapShadow;

/// What all CTAs of a launch share.
struct LaunchContext {
  const Code &code;
  std::string_view program;
  const MemoryMap &memory; // the caller's ranges and the program's variables
  std::span<const std::byte> parameters;
  Dimensions grid, block;
  uint64_t dynamicSharedBytes = 0;
  const LaunchOptions &options;
  std::mutex &printing;                             // for options.print
  DeviceHeap &heap;                                 // of the program
  HeapShadow &heapShadow;                           // its shadow
  const DeviceAddresses *deviceAddresses = nullptr; // for figures; null without

  bool hasStack() const { return code.usesStack || !code.functions.empty(); }
  /// Of each thread: the kernel's variables, and its stack.
  uint64_t localBytes() const { return code.localBytes + (hasStack() ? kStackBytes : 0); }
  uint32_t threads() const { return block[0] * block[1] * block[2]; }
  uint32_t warps() const { return (threads() + kLanes - 1) / kLanes; }
  uint64_t sharedBytes() const { return code.sharedBytes + dynamicSharedBytes; }
};

/// The lanes of a warp that run together. When they diverge they become a tree: the fragment that diverged
/// waits, with all lanes, at the instruction where its children end.
struct Fragment {
  enum class State : uint8_t { Free, Ready, WaitingForChildren, AtBarrier, AtWarpSync };
  State state = State::Free;
  uint8_t barrier = 0;
  bool isCalling = false;                 // WaitingForChildren: for lanes that return from a function
  uint32_t next = 0;                      // instruction
  uint32_t reconvergence = Code::kEnd;    // where it ends and joins its parent
  uint32_t mask = 0;                      // alive lanes
  uint32_t syncMask = 0, syncMembers = 0; // AtWarpSync: the lanes that execute it, and those it names
  int32_t parent = -1;
  uint32_t children = 0;
  uint32_t branch = Code::kEnd; // where its lanes parted from others
};

struct Warp {
  uint32_t index = 0;
  uint32_t alive = 0;
  std::byte *rows = nullptr;
  std::vector<Fragment> fragments;
  uint64_t executed = 0; // instructions; of a run of a fragment at its end
  uint64_t clock = 0;    // instructions until the last that read the clock
  size_t turn = 0;       // of its fragments
  bool isSplit = false;  // lanes that would have run together were let go ahead of others
};

/// Executions of one instruction.
struct InstructionCount {
  uint64_t warps = 0, lanes = 0;
};

Statistics summarize(const Code &code, const std::vector<InstructionCount> &counts,
                     uint64_t divergentBranches);

/// Of element `number` of a grid of CTAs or a block of threads, x fastest.
Dimensions indexInGrid(Dimensions grid, uint64_t number);

struct Cta {
  /// Allocates for all CTAs that take this place, one after the other.
  explicit Cta(const LaunchContext &launch);
  /// Registers and memories begin as zero. `newNumber` counts with x fastest.
  void begin(uint64_t newNumber);

  std::byte *localMemory(const Warp &warp, unsigned lane) const {
    return local + (warp.index * kLanes + lane) * localStride;
  }
  /// The local memory of a thread from the variables of the function on, that calls.
  std::byte *callerMemory(const Warp &warp, unsigned lane, const CallSite &site) const {
    uint64_t frame =
        site.frame == kNoRow ? 0 : reinterpret_cast<const uint64_t *>(warp.rows + site.frame)[lane];
    return localMemory(warp, lane) + frame;
  }
  /// Of a host address; not less than launch.sharedBytes() where it is in no shared memory.
  uint64_t sharedOffset(uint64_t address) const { return address - reinterpret_cast<uint64_t>(shared); }
  /// Of a host address in the local memory of all threads; not less than allLocalBytes() elsewhere.
  uint64_t localOffset(uint64_t address) const { return address - reinterpret_cast<uint64_t>(local); }
  uint64_t allLocalBytes() const { return localStride * warps.size() * kLanes; }

  const LaunchContext &launch;
  const uint64_t localStride; // from thread to thread
  std::vector<Warp> warps;
  std::byte *shared = nullptr, *local = nullptr;
  uint32_t aliveThreads = 0;
  uint64_t number = 0; // x fastest
  Dimensions index{};

private:
  void fillSpecials(Warp &warp, bool ofCta);
  uint64_t specialValue(SpecialRegister name, const Warp &warp, unsigned lane) const;

  std::vector<std::byte> storage; // register files, shared and local memory
};

} // namespace winnow::ptxsim
