// Executes CTAs, one after the other, on one host thread.
#pragma once

#include "format/Status.h"
#include "runtime/device/ptxsim/Simulator.h"
#include "runtime/device/ptxsim/code/Code.h"
#include "runtime/device/ptxsim/figures/FigureCollector.h"
#include "runtime/device/ptxsim/inspect/Shadow.h"
#include "runtime/device/ptxsim/lanes/Lanes.h"

#include <array>
#include <memory>
#include <mutex>

namespace winnow::ptxsim {

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
  const DeviceAddresses *deviceAddresses = nullptr; // for figures; null without

  /// Of each thread: the kernel's variables, and the stack of the functions that it calls.
  uint64_t localBytes() const { return code.localBytes + (code.functions.empty() ? 0 : kStackBytes); }
  uint32_t threads() const { return block[0] * block[1] * block[2]; }
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

/// The functions that a thread is in, the innermost last.
struct CallStack {
  struct Activation {
    const FunctionCode *callee = nullptr;
    const CallSite *site = nullptr;
    uint64_t begin = 0, end = 0; // of its frame in local memory
  };
  std::vector<Activation> activations;
  std::vector<std::byte> saved; // registers of the callees from before each call
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

/// cp.async.mbarrier.arrive: an arrival once the lane's copies before `order` are made, which is when a
/// thread asks.
struct DelayedArrival {
  uint64_t address = 0, order = 0;
  uint32_t warp = 0, lane = 0;
};

struct Warp {
  uint32_t index = 0;
  uint32_t alive = 0;
  std::vector<PendingCopy> copies;
  std::array<uint32_t, kLanes> committedGroups{};
  std::array<CallStack, kLanes> stacks;
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

/// "(5,0,0)"
std::string describeIndex(Dimensions index);
/// "0x1f"
std::string hexadecimal(uint64_t value);

class CtaExecutor {
public:
  explicit CtaExecutor(const LaunchContext &launch);
  /// Runs a CTA to its end. `cta` counts with x fastest.
  format::Status run(uint64_t cta);

  const std::vector<InstructionCount> &counts() const { return instructionCounts; }
  uint64_t divergentBranches() const { return divergences; }
  /// Null when no figures are asked for.
  std::unique_ptr<FigureCollector> takeFigures() { return std::move(figures); }

private:
  struct Side {
    uint32_t target, mask;
  };
  struct Barrier {
    uint32_t arrived = 0;  // threads
    uint32_t expected = 0; // 0: all that are alive
    uint32_t population = 0;
    uint32_t firstPc = 0; // of the arrival that came first
    bool all = true, any = false;
  };
  struct Access {
    AccessKind kind;
    StateSpace space;
    unsigned bytes; // of a lane
    unsigned alignment = bytes;
  };

  // Cta.cpp: warps, barriers, reports.
  void begin(uint64_t cta);
  void fillSpecials(Warp &warp, bool ofCta);
  uint64_t specialValue(SpecialRegister name, const Warp &warp, unsigned lane) const;
  int readyFragment(const Warp &warp) const;
  bool runWarp(Warp &warp);
  void arrive(Warp &warp, uint32_t fragment, uint32_t pc, uint32_t mask);
  bool checkBarrier(const Warp &warp, uint32_t pc, uint32_t mask, unsigned number, uint32_t expected);
  void releaseBarrier(unsigned barrier);
  void releaseFullBarriers();
  void finishBarrierReduce(Warp &warp, const Fragment &fragment, const Barrier &barrier);
  void reportDeadlock();
  std::string describeDeadlock(const Warp &warp, const Fragment &waiting) const;
  void handOutPrinted();
  Dimensions indexOf(uint64_t cta) const;
  std::string describeThread(uint32_t thread) const;
  std::string describeInstruction(uint32_t pc) const;
  std::string where(const Warp &warp, uint32_t pc, unsigned lane) const;
  bool fault(const Warp &warp, uint32_t pc, uint32_t mask, std::string_view message);

  // Fragments.cpp: the tree of diverged lanes.
  uint32_t newFragment(Warp &warp);
  /// Splits a fragment whose lanes go from the branch `pc` to different instructions.
  void diverge(Warp &warp, uint32_t fragment, uint32_t pc, const Side *sides, unsigned count,
               uint32_t reconvergence);
  void childEnded(Warp &warp, int32_t parent);
  void endFragment(Warp &warp, uint32_t fragment);
  void exitLanes(Warp &warp, uint32_t fragment, uint32_t mask);
  void releaseArrivedLanes(Warp &warp, uint32_t fragment);
  void releaseWarpSyncs(Warp &warp);

  // Execute.cpp: the instructions. runFragment returns false when its time was over; the others when the
  // fragment may not go on now.
  bool runFragment(Warp &warp, uint32_t fragment);
  template <bool isTraced> bool runFragmentAs(Warp &warp, uint32_t fragment);
  bool control(Warp &warp, uint32_t fragment, uint32_t &pc, uint32_t mask);
  bool branchIndexed(Warp &warp, uint32_t fragment, uint32_t &pc, uint32_t mask);
  bool warpSync(Warp &warp, uint32_t fragment, uint32_t pc, uint32_t mask);
  bool warpSyncOfGroups(Warp &warp, uint32_t fragment, uint32_t pc, uint32_t mask, const uint32_t *named);

  // Calls.cpp: calls of functions with code of their own. False and null after a fault.
  std::byte *localMemory(const Warp &warp, unsigned lane) const;
  const FunctionCode *functionAt(uint64_t address) const;
  bool call(Warp &warp, uint32_t fragment, uint32_t pc, uint32_t mask);
  const FunctionCode *calledFunction(const Warp &warp, uint32_t pc, unsigned lane, const CallSite &site);
  uint64_t callerFrame(const Warp &warp, unsigned lane, const CallSite &site) const;
  bool enterFunction(Warp &warp, uint32_t pc, unsigned lane, const CallSite &site,
                     const FunctionCode &callee);
  void returnLanes(Warp &warp, uint32_t fragment, uint32_t mask);
  void leaveFunction(Warp &warp, unsigned lane);
  void saveRows(Warp &warp, unsigned lane, const FunctionCode &callee);
  void restoreRows(Warp &warp, unsigned lane, const FunctionCode &callee);

  // SystemCalls.cpp: printf and assert. False after a fault.
  struct PrintArguments {
    uint64_t next = 0; // generic address
    uint32_t count = 0;
  };
  uint64_t systemArgument(const Warp &warp, uint32_t pc, unsigned lane, unsigned number) const;
  bool loadGeneric(Warp &warp, uint32_t pc, unsigned lane, uint64_t address, unsigned bytes, uint64_t &value);
  bool loadString(Warp &warp, uint32_t pc, unsigned lane, uint64_t address, std::string &text);
  bool callSystem(Warp &warp, uint32_t pc, uint32_t mask);
  bool failAssertion(Warp &warp, uint32_t pc, unsigned lane);
  bool print(Warp &warp, uint32_t pc, unsigned lane);
  bool nextArgument(Warp &warp, uint32_t pc, unsigned lane, unsigned bytes, PrintArguments &arguments,
                    uint64_t &value);
  bool convert(Warp &warp, uint32_t pc, unsigned lane, const std::string &format, size_t &at,
               PrintArguments &arguments, std::string &text);

  // Exchange.cpp: between the lanes of a warp. False after a fault.
  bool exchange(Warp &warp, uint32_t pc, uint32_t mask);
  void elect(std::byte *rows, const Instruction &in, uint32_t mask);
  void readClock(Warp &warp, const Instruction &in, uint32_t mask);
  void shuffle(std::byte *rows, const Instruction &in, uint32_t mask);
  void vote(std::byte *rows, const Instruction &in, uint32_t mask);
  void match(std::byte *rows, const Instruction &in, uint32_t mask);
  void warpReduce(std::byte *rows, const Instruction &in, uint32_t mask);

  // Access.cpp, Atomics.cpp: memory.
  bool memory(Warp &warp, uint32_t pc, uint32_t mask);
  bool discard(Warp &warp, uint32_t pc, uint32_t mask);
  void loadParameter(std::byte *rows, const Instruction &in, uint32_t mask);
  /// Makes host addresses of device addresses, after checking each.
  bool resolve(Warp &warp, uint32_t pc, uint32_t mask, const Access &access, uint64_t *addresses);
  bool resolveLane(Warp &warp, uint32_t pc, unsigned lane, const Access &access, uint64_t &address);
  bool accessFault(Warp &warp, uint32_t pc, unsigned lane, const Access &access, uint64_t address,
                   std::string_view problem);
  void atomic(std::byte *rows, const Instruction &in, uint32_t mask, const uint64_t *addresses);

  // MatrixAccess.cpp: instructions on matrices, which the whole warp executes together. False after a fault.
  bool matrix(Warp &warp, uint32_t pc, uint32_t mask);
  bool resolveRows(Warp &warp, uint32_t pc, AccessKind kind, uint64_t *addresses);
  bool loadMatrix(Warp &warp, uint32_t pc);
  bool storeMatrix(Warp &warp, uint32_t pc);
  void transposeMatrix(std::byte *rows, const Instruction &in);
  bool multiplyMatrices(Warp &warp, uint32_t pc);
  bool accessFragment(Warp &warp, uint32_t pc);

  // AsyncCopies.cpp: cp.async.
  bool copyAsync(Warp &warp, uint32_t pc, uint32_t mask);
  /// The lanes of `partial` read less than they write.
  bool resolveSources(Warp &warp, const Instruction &in, uint32_t pc, uint32_t reading, uint32_t partial);
  bool resolveParts(Warp &warp, uint32_t pc, uint32_t mask, PendingCopy &copy);
  void boundSources(PendingCopy &copy);
  /// Whether a store leaves alone what copies are still reading.
  bool sparesSources(const Warp &warp, uint32_t pc, uint32_t mask, const Access &access,
                     const uint64_t *addresses);
  bool sparesSources(const Warp &warp, uint32_t pc, unsigned lane, const Access &access, uint64_t address);
  void commitCopies(Warp &warp, uint32_t mask);
  void waitForCopies(Warp &warp, const Instruction &in, uint32_t mask);
  template <class Choose> void completeCopies(Warp &warp, Choose choose);

  // MemoryBarriers.cpp: mbarrier.
  bool memoryBarrier(Warp &warp, uint32_t pc, uint32_t mask);
  bool memoryBarrierLane(Warp &warp, uint32_t pc, unsigned lane, uint64_t address);
  void completeArrivals(uint64_t address);
  void countArrivals(uint64_t address, uint32_t count);

  // Inspection.cpp: the checks of races and of uninitialized memory, which do nothing without shadows.
  void makeShadows();
  void beginShadows();
  void synchronizeWarp(const Warp &warp);
  void synchronizeCta();
  void synchronizeDevice();
  ShadowRegion *shadowOf(uint64_t address, uint64_t &offset);
  Record record(const Warp &warp, uint32_t pc, unsigned lane) const;
  bool inspect(const Warp &warp, uint32_t pc, uint32_t mask, const Access &access, const uint64_t *addresses);
  unsigned inspectRun(uint32_t mask, const Access &access, const uint64_t *addresses, Record self);
  bool inspectLane(const Warp &warp, uint32_t pc, unsigned lane, const Access &access, uint64_t address,
                   uint64_t changed = ~uint64_t(0));
  bool storeInspected(const Warp &warp, uint32_t pc, uint32_t mask, const Access &access,
                      const uint64_t *addresses);
  bool storeInspectedLane(const Warp &warp, uint32_t pc, unsigned lane, const Access &access,
                          const uint64_t *addresses);
  bool inspectCopy(const Warp &warp, const PendingCopy &copy);
  bool inspectSources(const Warp &warp, const PendingCopy &copy, uint32_t mask);
  void finishInspectedCopy(const Warp &warp, const PendingCopy &copy, uint32_t mask);
  ShadowRegion::LaneRun copyRun(const Warp &warp, const PendingCopy &copy, uint32_t mask) const;
  bool conflictFault(const Warp &warp, uint32_t pc, unsigned lane, const Access &access, uint64_t address,
                     const Conflict &conflict);
  bool unwrittenFault(const Warp &warp, uint32_t pc, unsigned lane, std::string_view what);
  std::string describeAddress(uint64_t address) const;

  // Measurement.cpp: figures, if they are asked for.
  void findLostLanes(const Warp &warp, uint32_t fragment);
  void measure(uint32_t pc, uint32_t mask, const Access &access, const uint64_t *addresses);
  void measureCopy(const PendingCopy &copy);
  void measureFragment(uint32_t pc, AccessKind kind, unsigned bytes, const std::vector<uint64_t> &addresses);

  const LaunchContext &launch;
  const Instruction *code;
  const MemoryLanes &lanes;
  std::vector<Warp> warps;
  std::vector<std::byte> storage; // register files, shared and local memory
  std::byte *shared = nullptr, *local = nullptr;
  uint64_t localStride = 0;
  std::array<Barrier, 16> barriers;
  std::vector<DelayedArrival> delayedArrivals;
  uint64_t asyncOrder = 0;
  uint32_t aliveThreads = 0;
  uint64_t ctaNumber = 0; // x fastest
  Dimensions ctaIndex{};
  std::unique_ptr<Shadows> shadows;
  std::unique_ptr<FigureCollector> figures;
  /// For each instruction the range that its last access was in; valid for the kind of access it makes.
  std::vector<const MemoryRange *> lastRange;
  std::vector<InstructionCount> instructionCounts;
  uint64_t divergences = 0;
  std::string printed; // by the CTA, not yet handed out
  format::Status status;
  format::Status unwritten; // the first load of what nobody has written, not yet reported

  /// How many instructions a fragment, and how many fragments a warp, may run before others get a turn.
  static constexpr uint64_t kFragmentSlice = 1 << 14;
  static constexpr unsigned kRunsPerSlice = 1 << 12;
};

} // namespace winnow::ptxsim
