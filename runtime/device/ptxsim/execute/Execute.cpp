// The main loop: one instruction after the other for the lanes of a fragment.
#include "runtime/device/ptxsim/execute/Executor.h"

namespace winnow::ptxsim {
namespace {

/// How many instructions a fragment may run before others get a turn.
constexpr uint64_t kFragmentSlice = 1 << 14;

uint32_t predicate(const std::byte *rows, Row row) { return *reinterpret_cast<const uint32_t *>(rows + row); }

} // namespace

bool CtaExecutor::runFragment(Warp &warp, uint32_t index) {
  return launch.options.trace || undefined.isOn() ? runFragmentAs<true>(warp, index)
                                                  : runFragmentAs<false>(warp, index);
}

template <bool isWatched> bool CtaExecutor::runFragmentAs(Warp &warp, uint32_t index) {
  std::byte *rows = warp.rows;
  uint32_t pc = warp.fragments[index].next;
  const uint32_t active = warp.fragments[index].mask, end = warp.fragments[index].reconvergence;
  uint64_t limit = launch.options.instructionLimit;
  uint64_t budget = limit && limit - warp.executed < kFragmentSlice ? limit - warp.executed : kFragmentSlice;
  const uint64_t given = budget;
  const uint32_t activeCount = countLanes(active);
  if (measurement.isOn())
    measurement.findLostLanes(warp, index);
  bool goesOn = true;
  while (pc != end && goesOn) {
    if (budget == 0)
      break;
    --budget;
    const Instruction &in = code[pc];
    uint32_t mask = active;
    if (in.guard != kNoRow) {
      uint32_t bits = predicate(rows, in.guard);
      mask &= in.flags & kGuardNegated ? ~bits : bits;
    }
    InstructionCount &count = instructionCounts[pc];
    ++count.warps;
    count.lanes += mask == active ? activeCount : countLanes(mask);
    if (isWatched && launch.options.trace && !(in.flags & kContinuation))
      launch.options.trace({cta.index, warp.index, mask, in.location, launch.code.texts[pc]});
    if (isWatched && undefined.isOn() && !undefined.follow(warp, pc, active, mask)) {
      goesOn = false;
      break;
    }
    if (in.operation == Operation::Branch) {
      if (mask == active) {
        pc = in.target;
      } else if (mask == 0) {
        ++pc;
      } else {
        const Side sides[2] = {{pc + 1, active & ~mask}, {in.target, mask}};
        divergence.diverge(warp, index, pc, sides, in.reconvergence);
        goesOn = false;
      }
    } else if (mask == 0) {
      ++pc;
    } else if (in.operation <= Operation::LastLaneOperation) {
      in.lanes(rows, in, mask);
      ++pc;
    } else {
      if (in.operation == Operation::ReadClock)
        warp.clock = warp.executed + given - budget;
      goesOn = control(warp, index, pc, mask);
    }
  }
  warp.executed += given - budget;
  if (measurement.isOn())
    measurement.charge(given - budget);
  if (!goesOn)
    return true; // whoever stopped it has set its state
  if (pc == end) {
    divergence.endFragment(warp, index);
    return true;
  }
  warp.fragments[index].next = pc;
  if (limit && warp.executed >= limit)
    faults.raise(warp, pc, active,
                 format::concatenate("instruction limit: a warp executed ", limit, " instructions"));
  return false;
}

/// Everything but branches and lane operations. `pc` moves on when the fragment does.
bool CtaExecutor::control(Warp &warp, uint32_t index, uint32_t &pc, uint32_t mask) {
  switch (code[pc].operation) {
  case Operation::BranchIndexed:
    return branchIndexed(warp, index, pc, mask);
  case Operation::Call:
    calls.call(warp, index, pc, mask);
    return false;
  case Operation::Return:
    warp.fragments[index].next = pc + 1;
    calls.returnLanes(warp, index, mask);
    return false;
  case Operation::Exit:
    // Lanes that stay go on in a new run, with a smaller mask.
    warp.fragments[index].next = pc + 1;
    exitLanes(warp, index, mask);
    return false;
  case Operation::Barrier:
  case Operation::BarrierArrive:
  case Operation::BarrierReduce:
    barriers.arrive(warp, index, pc, mask);
    return false;
  case Operation::Shuffle: {
    bool wasOn = undefined.isOn();
    if (!warpSync.execute(warp, index, pc, mask))
      return false;
    ++pc;
    if (wasOn == undefined.isOn())
      return true;
    warp.fragments[index].next = pc; // goes on in the loop that follows undefined values
    return false;
  }
  case Operation::WarpBarrier:
  case Operation::Vote:
  case Operation::Match:
  case Operation::WarpReduce:
  case Operation::Elect:
  case Operation::LoadMatrix:
  case Operation::StoreMatrix:
  case Operation::TransposeMatrix:
  case Operation::MultiplyMatrices:
  case Operation::LoadFragment:
  case Operation::StoreFragment:
    if (!warpSync.execute(warp, index, pc, mask))
      return false;
    break;
  default:
    if (!executeAlone(warp, pc, mask))
      return false;
  }
  ++pc;
  return true;
}

/// What no other lane takes part in and the fragment always goes on after, unless there is a fault.
bool CtaExecutor::executeAlone(Warp &warp, uint32_t pc, uint32_t mask) {
  const Instruction &in = code[pc];
  switch (in.operation) {
  case Operation::Load:
  case Operation::Store:
  case Operation::Atomic:
    return memory.execute(warp, pc, mask);
  case Operation::Discard:
    return memory.discard(warp, pc, mask);
  case Operation::LoadParameter:
    memory.loadParameter(warp, pc, mask);
    return true;
  case Operation::CallSystem:
    return systemCalls.execute(warp, pc, mask);
  case Operation::StackAllocate:
  case Operation::StackSave:
  case Operation::StackRestore:
    return calls.changeStack(warp, pc, mask);
  case Operation::Trap:
    return faults.raise(warp, pc, mask, "trap");
  case Operation::ActiveMask:
  case Operation::ReadClock:
    exchange.execute(warp, pc, mask);
    return true;
  case Operation::CopyAsync:
    return copies.start(warp, pc, mask);
  case Operation::CommitCopies:
    copies.commit(warp, mask);
    return true;
  case Operation::WaitCopies:
    copies.wait(warp, in, mask);
    return true;
  case Operation::MemoryBarrier:
    return memoryBarriers.execute(warp, pc, mask);
  case Operation::Fence:
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    in.mode ? inspection.synchronizeDevice() : inspection.synchronizeCta();
    return true;
  default: // Prefetch
    return true;
  }
}

/// brx.idx: lanes with one target go together. An index beyond the table is undefined in PTX, an error here.
bool CtaExecutor::branchIndexed(Warp &warp, uint32_t index, uint32_t &pc, uint32_t mask) {
  const Instruction &in = code[pc];
  auto *choice = reinterpret_cast<const uint32_t *>(warp.rows + in.source[0]);
  Side sides[kLanes + 1];
  unsigned count = 0;
  if (uint32_t others = warp.fragments[index].mask & ~mask)
    sides[count++] = {pc + 1, others};
  for (uint32_t left = mask; left; left &= left - 1) {
    unsigned lane = unsigned(__builtin_ctz(left));
    if (choice[lane] >= in.targetCount)
      return faults.raise(
          warp, pc, 1u << lane,
          format::concatenate("brx.idx with index ", choice[lane], " into a table of ", in.targetCount));
    uint32_t target = launch.code.targets[in.target + choice[lane]];
    unsigned side = 0;
    while (side < count && sides[side].target != target)
      ++side;
    if (side == count)
      sides[count++] = {target, 0};
    sides[side].mask |= 1u << lane;
  }
  if (count == 1) {
    pc = sides[0].target;
    return true;
  }
  divergence.diverge(warp, index, pc, {sides, count}, in.reconvergence);
  return false;
}

/// Lanes that others may have waited for.
void CtaExecutor::exitLanes(Warp &warp, uint32_t index, uint32_t mask) {
  divergence.exitLanes(warp, index, mask);
  cta.aliveThreads -= countLanes(mask);
  warpSync.release(warp);
  barriers.releaseFull();
}

} // namespace winnow::ptxsim
