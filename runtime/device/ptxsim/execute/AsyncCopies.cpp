// cp.async (PTX ISA: "Data Movement and Conversion Instructions: Asynchronous copy"). Groups are counted for
// each thread. A copy is made when a wait of its thread or a barrier that tracks it demands it, and never
// before.
#include "runtime/device/ptxsim/execute/Cta.h"

#include <algorithm>
#include <cstring>

namespace winnow::ptxsim {
namespace {

/// A warp that starts more without a wait has the oldest made, so that a kernel cannot fill the memory.
constexpr size_t kMostPendingCopies = 4096;

/// Nearly all copies are whole, and have one of three sizes (PTX ISA: "cp.async").
void makeCopy(const PendingCopy &copy, unsigned lane) {
  auto *destination = reinterpret_cast<std::byte *>(copy.destinations[lane]);
  auto *source = reinterpret_cast<const std::byte *>(copy.sources[lane]);
  unsigned used = copy.sourceBytes[lane];
  if (used == 16)
    std::memcpy(destination, source, 16);
  else if (used == copy.bytes && used == 8)
    std::memcpy(destination, source, 8);
  else if (used == copy.bytes && used == 4)
    std::memcpy(destination, source, 4);
  else {
    if (used)
      std::memcpy(destination, source, used);
    std::memset(destination + used, 0, copy.bytes - used);
  }
}

} // namespace

/// Makes the copies for which choose(copy, lane) holds.
template <class Choose> void CtaExecutor::completeCopies(Warp &warp, Choose choose) {
  for (PendingCopy &copy : warp.copies) {
    uint32_t chosen = 0;
    for (uint32_t left = copy.mask; left; left &= left - 1) {
      unsigned lane = unsigned(__builtin_ctz(left));
      if (!choose(copy, lane))
        continue;
      makeCopy(copy, lane);
      chosen |= 1u << lane;
    }
    finishInspectedCopy(warp, copy, chosen);
    copy.mask &= ~chosen;
  }
  std::erase_if(warp.copies, [](const PendingCopy &copy) { return copy.mask == 0; });
}

bool CtaExecutor::copyAsync(Warp &warp, uint32_t pc, uint32_t mask) {
  const Instruction &in = code[pc];
  auto *sizes =
      in.source[2] == kNoRow ? nullptr : reinterpret_cast<const uint32_t *>(warp.rows + in.source[2]);
  uint32_t ignored =
      in.source[3] == kNoRow ? 0 : *reinterpret_cast<const uint32_t *>(warp.rows + in.source[3]);
  if (in.flags & kNegateThird)
    ignored = ~ignored;
  if (warp.copies.size() == kMostPendingCopies)
    completeCopies(warp, [oldest = warp.copies[0].order](const PendingCopy &copy, unsigned) {
      return copy.order == oldest;
    });
  warp.copies.emplace_back();
  PendingCopy &copy = warp.copies.back();
  copy.pc = pc;
  copy.mask = mask;
  copy.bytes = in.elementBytes;
  copy.order = ++asyncOrder;
  copy.groups = warp.committedGroups;
  uint32_t reading = 0, partial = 0;
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    // A size beyond that of the copy is undefined in PTX; the copy is full then.
    uint32_t used = sizes && sizes[lane] < copy.bytes ? sizes[lane] : copy.bytes;
    copy.sourceBytes[lane] = uint8_t(ignored >> lane & 1 ? 0 : used);
    reading |= uint32_t(copy.sourceBytes[lane] != 0) << lane;
    partial |= uint32_t(copy.sourceBytes[lane] < copy.bytes) << lane;
  }
  lanes.addresses(warp.rows, in, mask, copy.destinations.data());
  if (!resolve(warp, pc, mask, {AccessKind::Store, StateSpace::Shared, copy.bytes}, copy.destinations.data()))
    return false;
  if (!resolveSources(warp, in, pc, reading & mask, partial))
    return false;
  boundSources(copy);
  if (!inspectCopy(warp, copy))
    return false;
  if (figures)
    measureCopy(copy);
  return true;
}

bool CtaExecutor::resolveSources(Warp &warp, const Instruction &in, uint32_t pc, uint32_t reading,
                                 uint32_t partial) {
  PendingCopy &copy = warp.copies.back();
  if (!reading)
    return true;
  Instruction from = in;
  from.source[0] = in.source[1];
  from.sourceBytes = in.registerBytes;
  from.offset = in.sourceOffset;
  lanes.addresses(warp.rows, from, reading, copy.sources.data());
  std::array<uint64_t, kLanes> full = copy.sources;
  uint32_t whole = reading & ~partial;
  if (whole && !resolve(warp, pc, whole, {AccessKind::Load, StateSpace::Global, copy.bytes}, full.data()))
    return false;
  for (uint32_t left = whole; left; left &= left - 1) {
    unsigned lane = unsigned(__builtin_ctz(left));
    copy.sources[lane] = full[lane];
  }
  return resolveParts(warp, pc, reading & partial, copy);
}

/// Lanes that read less than they write need not have the rest.
bool CtaExecutor::resolveParts(Warp &warp, uint32_t pc, uint32_t mask, PendingCopy &copy) {
  for (uint32_t left = mask; left; left &= left - 1) {
    unsigned lane = unsigned(__builtin_ctz(left));
    if (!resolveLane(warp, pc, lane,
                     {AccessKind::Load, StateSpace::Global, copy.sourceBytes[lane], copy.bytes},
                     copy.sources[lane]))
      return false;
  }
  return true;
}

void CtaExecutor::boundSources(PendingCopy &copy) {
  for (uint32_t left = copy.mask; left; left &= left - 1) {
    unsigned lane = unsigned(__builtin_ctz(left));
    if (!copy.sourceBytes[lane])
      continue;
    uint64_t begin = copy.sources[lane], end = begin + copy.sourceBytes[lane];
    copy.sourcesBegin = copy.sourcesEnd ? std::min(copy.sourcesBegin, begin) : begin;
    copy.sourcesEnd = std::max(copy.sourcesEnd, end);
  }
}

bool CtaExecutor::sparesSources(const Warp &warp, uint32_t pc, uint32_t mask, const Access &access,
                                const uint64_t *addresses) {
  if (std::all_of(warps.begin(), warps.end(), [](const Warp &each) { return each.copies.empty(); }))
    return true;
  for (uint32_t left = mask; left; left &= left - 1) {
    unsigned lane = unsigned(__builtin_ctz(left));
    if (!sparesSources(warp, pc, lane, access, addresses[lane]))
      return false;
  }
  return true;
}

bool CtaExecutor::sparesSources(const Warp &warp, uint32_t pc, unsigned lane, const Access &access,
                                uint64_t address) {
  for (const Warp &copier : warps)
    for (const PendingCopy &copy : copier.copies) {
      if (address >= copy.sourcesEnd || address + access.bytes <= copy.sourcesBegin)
        continue;
      for (uint32_t left = copy.mask; left; left &= left - 1) {
        unsigned source = unsigned(__builtin_ctz(left));
        uint64_t begin = copy.sources[source];
        if (address < begin + copy.sourceBytes[source] && begin < address + access.bytes)
          return conflictFault(warp, pc, lane, access, address,
                               {Conflict::Kind::UnfinishedCopy,
                                {uint32_t(ctaNumber), copier.index * kLanes + source, copy.pc},
                                false});
      }
    }
  return true;
}

void CtaExecutor::commitCopies(Warp &warp, uint32_t mask) {
  for (uint32_t left = mask; left; left &= left - 1)
    ++warp.committedGroups[unsigned(__builtin_ctz(left))];
}

void CtaExecutor::waitForCopies(Warp &warp, const Instruction &in, uint32_t mask) {
  auto *allowed =
      in.source[0] == kNoRow ? nullptr : reinterpret_cast<const uint32_t *>(warp.rows + in.source[0]);
  completeCopies(warp, [&](const PendingCopy &copy, unsigned lane) {
    // Groups from `committed` on are not committed yet.
    uint32_t committed = warp.committedGroups[lane];
    bool isDone =
        !allowed || (copy.groups[lane] < committed && committed - copy.groups[lane] > allowed[lane]);
    return (mask >> lane & 1) && isDone;
  });
}

/// A thread asks for the phase of an mbarrier: what it tracks has happened.
void CtaExecutor::completeArrivals(uint64_t address) {
  auto isHere = [&](const DelayedArrival &arrival) { return arrival.address == address; };
  for (const DelayedArrival &arrival : delayedArrivals)
    if (isHere(arrival)) {
      completeCopies(warps[arrival.warp], [&](const PendingCopy &copy, unsigned lane) {
        return lane == arrival.lane && copy.order < arrival.order;
      });
      countArrivals(address, 1);
    }
  std::erase_if(delayedArrivals, isHere);
}

} // namespace winnow::ptxsim
