// cp.async (PTX ISA: "Data Movement and Conversion Instructions: Asynchronous copy"). Groups are counted for
// each thread. A copy is made when a wait of its thread or a barrier that tracks it demands it, and never
// before.
#include "runtime/device/ptxsim/execute/AsyncCopies.h"

#include "runtime/device/ptxsim/execute/Addresses.h"
#include "runtime/device/ptxsim/figures/Measurement.h"
#include "runtime/device/ptxsim/inspect/Inspection.h"

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

void boundSources(PendingCopy &copy) {
  for (uint32_t left = copy.mask; left; left &= left - 1) {
    unsigned lane = unsigned(__builtin_ctz(left));
    if (!copy.sourceBytes[lane])
      continue;
    uint64_t begin = copy.sources[lane], end = begin + copy.sourceBytes[lane];
    copy.sourcesBegin = copy.sourcesEnd ? std::min(copy.sourcesBegin, begin) : begin;
    copy.sourcesEnd = std::max(copy.sourcesEnd, end);
  }
}

} // namespace

void AsyncCopies::begin() {
  for (Queue &queue : queues) {
    queue.copies.clear();
    queue.committedGroups.fill(0);
  }
}

/// Makes the copies for which choose(copy, lane) holds.
template <class Choose> void AsyncCopies::completeChosen(const Warp &warp, Choose choose) {
  std::vector<PendingCopy> &copies = queues[warp.index].copies;
  for (PendingCopy &copy : copies) {
    uint32_t chosen = 0;
    for (uint32_t left = copy.mask; left; left &= left - 1) {
      unsigned lane = unsigned(__builtin_ctz(left));
      if (!choose(copy, lane))
        continue;
      makeCopy(copy, lane);
      chosen |= 1u << lane;
    }
    inspection.finishCopy(warp, copy, chosen);
    copy.mask &= ~chosen;
  }
  std::erase_if(copies, [](const PendingCopy &copy) { return copy.mask == 0; });
}

bool AsyncCopies::start(Warp &warp, uint32_t pc, uint32_t mask) {
  const Instruction &in = code[pc];
  Queue &queue = queues[warp.index];
  if (queue.copies.size() == kMostPendingCopies)
    completeChosen(warp, [oldest = queue.copies[0].order](const PendingCopy &copy, unsigned) {
      return copy.order == oldest;
    });
  PendingCopy &copy = queue.copies.emplace_back();
  copy.pc = pc;
  copy.mask = mask;
  copy.bytes = in.elementBytes;
  copy.order = nextOrder();
  copy.groups = queue.committedGroups;
  readSizes(warp, in, copy);
  lanes.addresses(warp.rows, in, mask, copy.destinations.data());
  if (!resolver.resolve(warp, pc, mask, {AccessKind::Store, StateSpace::Shared, copy.bytes},
                        copy.destinations.data()))
    return false;
  if (!resolveSources(warp, in, copy))
    return false;
  boundSources(copy);
  if (!inspection.beginCopy(warp, copy))
    return false;
  if (measurement.isOn())
    measurement.measureCopy(copy);
  return true;
}

/// What each lane reads. A size beyond that of the copy is undefined in PTX; the copy is full then.
void AsyncCopies::readSizes(const Warp &warp, const Instruction &in, PendingCopy &copy) {
  auto *sizes =
      in.source[2] == kNoRow ? nullptr : reinterpret_cast<const uint32_t *>(warp.rows + in.source[2]);
  uint32_t ignored =
      in.source[3] == kNoRow ? 0 : *reinterpret_cast<const uint32_t *>(warp.rows + in.source[3]);
  if (in.flags & kNegateThird)
    ignored = ~ignored;
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    uint32_t used = sizes && sizes[lane] < copy.bytes ? sizes[lane] : copy.bytes;
    copy.sourceBytes[lane] = uint8_t(ignored >> lane & 1 ? 0 : used);
  }
}

bool AsyncCopies::resolveSources(Warp &warp, const Instruction &in, PendingCopy &copy) {
  uint32_t reading = 0, whole = 0;
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    reading |= uint32_t(copy.sourceBytes[lane] != 0) << lane;
    whole |= uint32_t(copy.sourceBytes[lane] == copy.bytes) << lane;
  }
  reading &= copy.mask;
  whole &= copy.mask;
  if (!reading)
    return true;
  Instruction from = in;
  from.source[0] = in.source[1];
  from.sourceBytes = in.registerBytes;
  from.offset = in.sourceOffset;
  lanes.addresses(warp.rows, from, reading, copy.sources.data());
  std::array<uint64_t, kLanes> full = copy.sources;
  if (whole && !resolver.resolve(warp, copy.pc, whole, {AccessKind::Load, StateSpace::Global, copy.bytes},
                                 full.data()))
    return false;
  for (uint32_t left = whole; left; left &= left - 1) {
    unsigned lane = unsigned(__builtin_ctz(left));
    copy.sources[lane] = full[lane];
  }
  return resolveParts(warp, copy.pc, reading & ~whole, copy);
}

/// Lanes that read less than they write need not have the rest.
bool AsyncCopies::resolveParts(Warp &warp, uint32_t pc, uint32_t mask, PendingCopy &copy) {
  for (uint32_t left = mask; left; left &= left - 1) {
    unsigned lane = unsigned(__builtin_ctz(left));
    if (!resolver.resolveLane(warp, pc, lane,
                              {AccessKind::Load, StateSpace::Global, copy.sourceBytes[lane], copy.bytes},
                              copy.sources[lane]))
      return false;
  }
  return true;
}

bool AsyncCopies::checkStore(const Warp &warp, uint32_t pc, uint32_t mask, const Access &access,
                             const uint64_t *addresses) {
  if (std::all_of(queues.begin(), queues.end(), [](const Queue &queue) { return queue.copies.empty(); }))
    return true;
  for (uint32_t left = mask; left; left &= left - 1) {
    unsigned lane = unsigned(__builtin_ctz(left));
    if (!checkStoreOfLane(warp, pc, lane, access, addresses[lane]))
      return false;
  }
  return true;
}

bool AsyncCopies::checkStoreOfLane(const Warp &warp, uint32_t pc, unsigned lane, const Access &access,
                                   uint64_t address) {
  for (uint32_t copier = 0; copier < queues.size(); ++copier)
    for (const PendingCopy &copy : queues[copier].copies) {
      if (address >= copy.sourcesEnd || address + access.bytes <= copy.sourcesBegin)
        continue;
      for (uint32_t left = copy.mask; left; left &= left - 1) {
        unsigned source = unsigned(__builtin_ctz(left));
        uint64_t begin = copy.sources[source];
        if (address < begin + copy.sourceBytes[source] && begin < address + access.bytes)
          return inspection.conflictFault(warp, pc, lane, access, address,
                                          {Conflict::Kind::UnfinishedCopy,
                                           {uint32_t(cta.number), copier * kLanes + source, copy.pc},
                                           false});
      }
    }
  return true;
}

void AsyncCopies::commit(const Warp &warp, uint32_t mask) {
  for (uint32_t left = mask; left; left &= left - 1)
    ++queues[warp.index].committedGroups[unsigned(__builtin_ctz(left))];
}

void AsyncCopies::wait(const Warp &warp, const Instruction &in, uint32_t mask) {
  auto *allowed =
      in.source[0] == kNoRow ? nullptr : reinterpret_cast<const uint32_t *>(warp.rows + in.source[0]);
  completeChosen(warp, [&](const PendingCopy &copy, unsigned lane) {
    // Groups from `committed` on are not committed yet.
    uint32_t committed = queues[warp.index].committedGroups[lane];
    bool isDone =
        !allowed || (copy.groups[lane] < committed && committed - copy.groups[lane] > allowed[lane]);
    return (mask >> lane & 1) && isDone;
  });
}

void AsyncCopies::complete(const Warp &warp, unsigned lane, uint64_t order) {
  completeChosen(
      warp, [&](const PendingCopy &copy, unsigned copying) { return copying == lane && copy.order < order; });
}

} // namespace winnow::ptxsim
