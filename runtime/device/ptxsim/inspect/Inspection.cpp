// The checks of races and of uninitialized memory: which shadow an access belongs to, and the reports.
#include "runtime/device/ptxsim/inspect/Inspection.h"

#include "runtime/device/ptxsim/inspect/HeapShadow.h"

#include <algorithm>
#include <cstring>

namespace winnow::ptxsim {
namespace {

/// How many lanes from the lowest of `mask` on follow one another, as their bytes do.
unsigned runLength(uint32_t mask, unsigned bytes, const uint64_t *addresses) {
  unsigned first = unsigned(__builtin_ctz(mask)), lane = first + 1;
  while (lane < kLanes && (mask >> lane & 1) && addresses[lane] == addresses[lane - 1] + bytes)
    ++lane;
  return lane - first;
}

/// The lowest lane of `mask` and those that follow it, `count` in all.
uint32_t lowestLanes(uint32_t mask, unsigned count) {
  return uint32_t((uint64_t(1) << count) - 1) << __builtin_ctz(mask);
}

} // namespace

Inspection::Inspection(Cta &cta, Faults &faults) : ExecutionUnit(cta, faults) {
  const LaunchOptions &options = launch.options;
  if (!options.checkRaces && !options.checkUninitialized)
    return;
  shadows = std::make_unique<Shadows>(
      Shadows{Order(uint32_t(cta.warps.size())),
              ShadowRegion(launch.sharedBytes(), {options.checkRaces, options.checkUninitialized, true}),
              {}});
}

void Inspection::begin() {
  if (!shadows)
    return;
  shadows->restartFullClock();
  shadows->shared.forget();
  shadows->order.beginCta(cta.number);
}

void Inspection::synchronizeWarp(const Warp &warp) {
  if (!shadows)
    return;
  shadows->order.synchronizeWarp(warp.index);
  shadows->restartFullClock();
}

void Inspection::synchronizeCta() {
  if (!shadows)
    return;
  shadows->order.synchronizeCta();
  shadows->restartFullClock();
}

void Inspection::synchronizeDevice() {
  if (!shadows)
    return;
  shadows->order.synchronizeDevice();
  shadows->restartFullClock();
}

/// The shadow of a host address and the offset in it; null where nothing is to be watched.
ShadowRegion *Inspection::shadowOf(uint64_t address, uint64_t &offset) {
  if (cta.sharedOffset(address) < launch.sharedBytes()) {
    offset = cta.sharedOffset(address);
    return &shadows->shared;
  }
  // A thread's own; and compilers load from it before they know whether the value will be used.
  if (cta.localOffset(address) < cta.allLocalBytes())
    return nullptr;
  if (address - shadows->lastBegin < shadows->lastSize) {
    offset = address - shadows->lastBegin;
    return shadows->last;
  }
  if (uint64_t inHeap = launch.heap.offset(address); inHeap < DeviceHeap::kBytes) {
    shadows->lastBegin = address - inHeap;
    shadows->lastSize = DeviceHeap::kBytes;
    shadows->last = &heapShadow();
  } else if (const MemoryRange *range = launch.memory.find(address)) {
    shadows->lastBegin = range->begin;
    shadows->lastSize = range->size;
    shadows->last = range->isWritable ? globalShadow(*range) : nullptr;
  } else {
    return nullptr; // a parameter
  }
  offset = address - shadows->lastBegin;
  return shadows->last;
}

ShadowRegion *Inspection::globalShadow(const MemoryRange &range) {
  auto found = shadows->global.find(range.begin);
  if (found == shadows->global.end()) {
    ShadowRegion::Options options{launch.options.checkRaces,
                                  launch.options.checkUninitialized && !range.isInitialized, false};
    found = shadows->global.emplace(range.begin, ShadowRegion(range.size, options)).first;
  }
  return &found->second;
}

ShadowRegion &Inspection::heapShadow() {
  if (!shadows->heap)
    shadows->heap = &launch.heapShadow.begin(
        {launch.options.checkRaces, launch.options.checkUninitialized, false}, heapUse);
  return *shadows->heap;
}

void Inspection::beginBlock(uint64_t address, uint64_t bytes) {
  if (shadows)
    heapShadow().renew(launch.heap.offset(address), alignUp(bytes, DeviceHeap::kAlignment));
}

/// As a store to all of it would, free races with what nothing orders before it.
bool Inspection::endBlock(const Warp &warp, uint32_t pc, unsigned lane, uint64_t address) {
  const uint64_t bytes = shadows ? launch.heap.blockBytes(address) : 0;
  if (bytes == 0)
    return true;
  const uint64_t wholeBytes = alignUp(bytes, DeviceHeap::kAlignment);
  auto conflict = heapShadow().checkStores(launch.heap.offset(address), wholeBytes, record(warp, pc, lane),
                                           shadows->order);
  return !conflict ||
         conflictFault(warp, pc, lane,
                       format::concatenate("free of ", bytes, " bytes ", describeAddress(address)),
                       *conflict);
}

Record Inspection::record(const Warp &warp, uint32_t pc, unsigned lane) const {
  const Instruction &in = code[pc];
  // mbarrier.init and .inval write as any store does (PTX ISA: "mbarrier.init").
  bool isBarrierUse = in.operation == Operation::MemoryBarrier &&
                      MemoryBarrierMode(in.mode) != MemoryBarrierMode::Initialize &&
                      MemoryBarrierMode(in.mode) != MemoryBarrierMode::Invalidate;
  bool isStrong = in.operation == Operation::Atomic || isBarrierUse || (in.flags & kStrong);
  return shadows->order.record({cta.number, warp.index * kLanes + lane, pc, isStrong});
}

/// Records the accesses of the lowest lane of `mask` and those that follow it, as far as they are certainly
/// right, and gives their number. `self` is the record of lane 0.
unsigned Inspection::inspectRun(uint32_t mask, const Access &access, const uint64_t *addresses, Record self) {
  unsigned first = unsigned(__builtin_ctz(mask));
  uint64_t offset = 0;
  ShadowRegion *region = shadowOf(addresses[first], offset);
  if (!region)
    return 1;
  ShadowRegion::LaneRun run{offset, access.bytes, runLength(mask, access.bytes, addresses),
                            self.ofLane(first)};
  if (access.kind != AccessKind::Store)
    run.lanes = region->loadLanes(run, shadows->order);
  if (access.kind != AccessKind::Load && run.lanes)
    run.lanes = region->storeLanes(run, shadows->order);
  return run.lanes;
}

/// After resolve(): `addresses` are the host's. Reads and writes are recorded before they are made.
bool Inspection::inspect(const Warp &warp, uint32_t pc, uint32_t mask, const Access &access,
                         const uint64_t *addresses) {
  if (!shadows)
    return true;
  const Record self = record(warp, pc, 0);
  for (uint32_t left = mask; left;) {
    unsigned count = inspectRun(left, access, addresses, self), lane = unsigned(__builtin_ctz(left));
    if (count == 0 && !inspectLane(warp, pc, lane, access, addresses[lane]))
      return false;
    left &= ~lowestLanes(left, std::max(count, 1u));
  }
  return true;
}

bool Inspection::inspectLane(const Warp &warp, uint32_t pc, unsigned lane, const Access &access,
                             uint64_t address, uint64_t changed) {
  uint64_t offset = 0;
  ShadowRegion *region = shadows ? shadowOf(address, offset) : nullptr;
  if (!region)
    return true;
  Record self = record(warp, pc, lane);
  std::optional<Conflict> conflict;
  if (access.kind != AccessKind::Store)
    conflict = region->load(offset, access.bytes, self, shadows->order);
  if (conflict && !conflictFault(warp, pc, lane, access, address, *conflict))
    return false;
  conflict.reset();
  if (access.kind != AccessKind::Load)
    conflict = region->store(offset, access.bytes, self, shadows->order, changed);
  return !conflict || conflictFault(warp, pc, lane, access, address, *conflict);
}

/// Stores that may conflict go one lane after the other, so that the values of two lanes that write to one
/// place can be compared; the others together.
bool Inspection::store(const Warp &warp, uint32_t pc, uint32_t mask, const Access &access,
                       const uint64_t *addresses) {
  const Instruction &in = code[pc];
  const Record self = record(warp, pc, 0);
  uint32_t together = 0;
  auto storeTogether = [&] {
    if (together)
      lanes.store(warp.rows, in, together, addresses, launch.code.rows.data() + in.target);
    together = 0;
  };
  for (uint32_t left = mask; left;) {
    if (unsigned count = inspectRun(left, access, addresses, self)) {
      together |= lowestLanes(left, count);
      left &= ~together;
      continue;
    }
    storeTogether();
    if (!storeLane(warp, pc, unsigned(__builtin_ctz(left)), access, addresses))
      return false;
    left &= left - 1;
  }
  storeTogether();
  return true;
}

bool Inspection::storeLane(const Warp &warp, uint32_t pc, unsigned lane, const Access &access,
                           const uint64_t *addresses) {
  auto *bytes = reinterpret_cast<const std::byte *>(addresses[lane]);
  std::byte before[kLanes];
  std::memcpy(before, bytes, access.bytes);
  lanes.store(warp.rows, code[pc], 1u << lane, addresses, launch.code.rows.data() + code[pc].target);
  uint64_t changed = 0;
  for (unsigned i = 0; i < access.bytes; ++i)
    changed |= uint64_t(before[i] != bytes[i]) << i;
  return inspectLane(warp, pc, lane, access, addresses[lane], changed);
}

bool Inspection::beginCopy(const Warp &warp, const PendingCopy &copy) {
  const Access write{AccessKind::Store, StateSpace::Shared, copy.bytes};
  for (uint32_t left = shadows ? copy.mask : 0; left;) {
    unsigned lane = unsigned(__builtin_ctz(left));
    ShadowRegion::LaneRun run = copyRun(warp, copy, left);
    unsigned count = shadows->shared.beginCopyLanes(run, shadows->order);
    if (count == 0) {
      if (auto conflict = shadows->shared.beginCopy(run.offset, copy.bytes, run.first, shadows->order))
        return conflictFault(warp, copy.pc, lane, write, copy.destinations[lane], *conflict);
      count = 1;
    }
    if (!inspectSources(warp, copy, lowestLanes(left, count)))
      return false;
    left &= ~lowestLanes(left, count);
  }
  return true;
}

/// Lanes may read less than they write, or nothing.
bool Inspection::inspectSources(const Warp &warp, const PendingCopy &copy, uint32_t mask) {
  uint32_t whole = 0;
  for (unsigned lane = 0; lane < kLanes; ++lane)
    whole |= uint32_t(copy.sourceBytes[lane] == copy.bytes) << lane;
  if ((mask & ~whole) == 0)
    return inspect(warp, copy.pc, mask, {AccessKind::Load, StateSpace::Global, copy.bytes},
                   copy.sources.data());
  for (uint32_t left = mask; left; left &= left - 1) {
    unsigned lane = unsigned(__builtin_ctz(left));
    Access read{AccessKind::Load, StateSpace::Global, copy.sourceBytes[lane]};
    if (read.bytes && !inspectLane(warp, copy.pc, lane, read, copy.sources[lane]))
      return false;
  }
  return true;
}

void Inspection::finishCopy(const Warp &warp, const PendingCopy &copy, uint32_t mask) {
  for (uint32_t left = shadows ? mask : 0; left;) {
    ShadowRegion::LaneRun run = copyRun(warp, copy, left);
    unsigned count = shadows->shared.finishCopyLanes(run);
    if (count == 0)
      shadows->shared.finishCopy(run.offset, copy.bytes, run.first);
    left &= ~lowestLanes(left, std::max(count, 1u));
  }
}

/// What the lowest lane of `mask` and those that follow it write.
ShadowRegion::LaneRun Inspection::copyRun(const Warp &warp, const PendingCopy &copy, uint32_t mask) const {
  unsigned lane = unsigned(__builtin_ctz(mask));
  return {cta.sharedOffset(copy.destinations[lane]), copy.bytes,
          runLength(mask, copy.bytes, copy.destinations.data()), record(warp, copy.pc, lane)};
}

/// "race: store of 4 bytes at byte 16 of shared memory and the load by thread (1,0,0) at k.ptx:12:3 (ld...;),
/// with no barrier between them: ..."
bool Inspection::conflictFault(const Warp &warp, uint32_t pc, unsigned lane, const Access &access,
                               uint64_t address, const Conflict &conflict) {
  return conflictFault(
      warp, pc, lane,
      format::concatenate(access.verb(), " of ", access.bytes, " bytes ", describeAddress(address)),
      conflict);
}

bool Inspection::conflictFault(const Warp &warp, uint32_t pc, unsigned lane, std::string_view what,
                               const Conflict &conflict) {
  if (conflict.kind == Conflict::Kind::Unwritten)
    return faults.raiseUnwritten(warp, pc, lane, what);
  faults.forgetUnwritten();
  const Actor &other = conflict.other;
  std::string place = format::concatenate("thread ", faults.describeThread(other.thread));
  bool isOtherCta = other.cta != cta.number;
  if (isOtherCta)
    place = format::concatenate("CTA ", faults.describeCta(other.cta), ", ", place);
  place += format::concatenate(" at ", faults.describeInstruction(other.pc));
  if (conflict.kind == Conflict::Kind::UnfinishedCopy)
    return fault(warp, pc, 1u << lane,
                 format::concatenate("race: ", what, " while the copy by ", place,
                                     " is under way: a wait for it is missing before"));
  bool isAtomic = other.isStrong && code[other.pc].operation == Operation::Atomic;
  return fault(warp, pc, 1u << lane,
               format::concatenate("race: ", what, " and the ",
                                   isAtomic              ? "atomic operation"
                                   : conflict.otherWrote ? "store"
                                                         : "load",
                                   " by ", place,
                                   isOtherCta ? ", of which neither must come first"
                                              : ", with no barrier between them"));
}

/// "at byte 16 of shared memory", "at byte 8 of 'x' in global memory", "at byte 8 of a block of the heap (16
/// bytes)"
std::string Inspection::describeAddress(uint64_t address) const {
  if (cta.sharedOffset(address) < launch.sharedBytes())
    return format::concatenate("at byte ", cta.sharedOffset(address), " of shared memory");
  if (cta.localOffset(address) < cta.allLocalBytes())
    return format::concatenate("at byte ", cta.localOffset(address) % cta.localStride, " of local memory");
  if (std::string block = launch.heap.describe(address); !block.empty())
    return block;
  const MemoryRange *range = launch.memory.find(address);
  return range ? format::concatenate("at byte ", address - range->begin, " of '", range->name,
                                     "' in global memory")
               : "in global memory";
}

} // namespace winnow::ptxsim
