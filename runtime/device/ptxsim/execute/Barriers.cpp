// The barriers of a CTA (PTX ISA: "bar, barrier").
#include "runtime/device/ptxsim/execute/Barriers.h"

#include "runtime/device/ptxsim/inspect/Inspection.h"

namespace winnow::ptxsim {

/// PTX ISA, "bar, barrier": a count is a multiple of the warp's size, the same for all that arrive, and
/// reductions may not be mixed with other arrivals.
bool Barriers::check(const Warp &warp, uint32_t pc, uint32_t mask, unsigned number, uint32_t expected) {
  const Barrier &barrier = barriers[number];
  if (expected % kLanes)
    return fault(warp, pc, mask,
                 format::concatenate("barrier ", number, " is for ", expected,
                                     " threads, but the count must be a multiple of ", kLanes));
  if (!barrier.arrived)
    return true;
  auto threads = [&](uint32_t count) { return count ? count : launch.threads(); };
  std::string elsewhere = faults.describeInstruction(barrier.firstPc);
  if (threads(expected) != threads(barrier.expected))
    return fault(warp, pc, mask,
                 format::concatenate("barrier ", number, " is for ", threads(expected),
                                     " threads here, but for ", threads(barrier.expected), " at ",
                                     elsewhere));
  bool isReduction = code[pc].operation == Operation::BarrierReduce;
  if (isReduction != (code[barrier.firstPc].operation == Operation::BarrierReduce))
    return fault(warp, pc, mask,
                 format::concatenate("barrier ", number,
                                     isReduction ? " is a reduction here, but not at "
                                                 : " is no reduction here, but it is at ",
                                     elsewhere));
  return true;
}

/// Lanes reach a barrier (PTX ISA: "bar, barrier"). Without a count it takes all threads that are alive.
void Barriers::arrive(Warp &warp, uint32_t index, uint32_t pc, uint32_t mask) {
  const Instruction &in = code[pc];
  unsigned leader = unsigned(__builtin_ctz(mask));
  auto value = [&](Row row) { return reinterpret_cast<const uint32_t *>(warp.rows + row)[leader]; };
  uint32_t number = value(in.source[0]);
  if (number >= barriers.size()) {
    fault(warp, pc, mask,
          format::concatenate("barrier ", number, " does not exist: there are ", barriers.size()));
    return;
  }
  bool isReduction = in.operation == Operation::BarrierReduce;
  if ((in.flags & kAligned) && launch.options.checkBarriers && mask != warp.alive && !warp.isSplit) {
    fault(warp, pc, warp.alive & ~mask,
          format::concatenate("divergent barrier: only ", countLanes(mask), " of the warp's ",
                              countLanes(warp.alive), " threads reach it together; this one does not"));
    return;
  }
  Barrier &barrier = barriers[number];
  Row countRow = isReduction || in.operation == Operation::Barrier || in.operation == Operation::BarrierArrive
                     ? in.source[1]
                     : kNoRow;
  uint32_t expected = countRow == kNoRow ? 0 : value(countRow);
  if (launch.options.checkBarriers && !check(warp, pc, mask, number, expected))
    return;
  if (!barrier.arrived)
    barrier.firstPc = pc;
  barrier.expected = expected;
  barrier.arrived += countLanes(mask);
  if (isReduction)
    reduce(warp, in, mask, barrier);
  Fragment &fragment = warp.fragments[index];
  fragment.next = in.operation == Operation::BarrierArrive ? pc + 1 : pc;
  if (in.operation != Operation::BarrierArrive) {
    fragment.state = Fragment::State::AtBarrier;
    fragment.barrier = uint8_t(number);
    fragment.syncMask = mask;
  }
  if (barrier.arrived >= (barrier.expected ? barrier.expected : cta.aliveThreads))
    release(number);
}

void Barriers::reduce(const Warp &warp, const Instruction &in, uint32_t mask, Barrier &barrier) {
  uint32_t predicate = *reinterpret_cast<const uint32_t *>(warp.rows + in.source[2]);
  predicate = (in.flags & kNegateThird ? ~predicate : predicate) & mask;
  barrier.population += countLanes(predicate);
  barrier.all &= predicate == mask;
  barrier.any |= predicate != 0;
}

void Barriers::finishReduction(Warp &warp, const Fragment &fragment, const Barrier &barrier) {
  const Instruction &in = code[fragment.next];
  if (in.operation != Operation::BarrierReduce)
    return;
  auto *out = reinterpret_cast<uint32_t *>(warp.rows + in.destination);
  if (in.type == ScalarType::Pred) {
    bool value = in.mode == 1 ? barrier.all : barrier.any;
    *out = (*out & ~fragment.syncMask) | (value ? fragment.syncMask : 0);
    return;
  }
  for (uint32_t left = fragment.syncMask; left; left &= left - 1)
    out[__builtin_ctz(left)] = barrier.population;
}

void Barriers::release(unsigned number) {
  inspection.synchronizeCta();
  for (Warp &warp : cta.warps)
    for (Fragment &fragment : warp.fragments)
      if (fragment.state == Fragment::State::AtBarrier && fragment.barrier == number) {
        finishReduction(warp, fragment, barriers[number]);
        fragment.state = Fragment::State::Ready;
        ++fragment.next;
      }
  barriers[number] = Barrier();
}

void Barriers::releaseFull() {
  for (unsigned i = 0; i < barriers.size(); ++i)
    if (barriers[i].arrived && !barriers[i].expected && barriers[i].arrived >= cta.aliveThreads)
      release(i);
}

std::string Barriers::describeWaiting(unsigned number) const {
  const Barrier &barrier = barriers[number];
  return format::concatenate(barrier.arrived, " of the ",
                             barrier.expected ? barrier.expected : cta.aliveThreads, " threads that barrier ",
                             number, " waits for have come");
}

} // namespace winnow::ptxsim
