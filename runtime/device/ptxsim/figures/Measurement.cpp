// What an executor tells the collector of figures: accesses at device addresses, and the lanes that wait for
// others of their warp.
#include "runtime/device/ptxsim/figures/Measurement.h"

namespace winnow::ptxsim {

Measurement::Measurement(const Cta &cta) : cta(cta) {
  if (const DeviceAddresses *addresses = cta.launch.deviceAddresses)
    figures = std::make_unique<FigureCollector>(cta.launch.code.instructions.size(), *addresses);
}

/// A fragment's lanes are fewer than its parent's because of the branch that made it.
void Measurement::findLostLanes(const Warp &warp, uint32_t index) {
  figures->charges.clear();
  for (int32_t i = int32_t(index); i >= 0;) {
    const Fragment &fragment = warp.fragments[uint32_t(i)];
    i = fragment.parent;
    uint32_t whole = i >= 0 ? warp.fragments[uint32_t(i)].mask : warp.alive;
    if (uint32_t lost = countLanes(whole & ~fragment.mask); lost && fragment.branch != Code::kEnd)
      figures->charges.push_back({fragment.branch, lost});
  }
}

/// `addresses` are the host's. Local memory, constants and parameters have caches of their own.
void Measurement::measure(uint32_t pc, uint32_t mask, const Access &access, const uint64_t *addresses) {
  if (access.space == StateSpace::Local || access.space == StateSpace::Constant)
    return;
  std::array<ByteRange, kLanes> ranges;
  std::array<uint64_t, kLanes> offsets;
  size_t rangeCount = 0;
  uint32_t sharedLanes = 0;
  for (uint32_t left = mask; left; left &= left - 1) {
    unsigned lane = unsigned(__builtin_ctz(left));
    uint64_t begin = 0;
    offsets[lane] = cta.sharedOffset(addresses[lane]);
    if (offsets[lane] < cta.launch.sharedBytes())
      sharedLanes |= 1u << lane;
    else if (figures->translate(addresses[lane], begin))
      ranges[rangeCount++] = {begin, begin + access.bytes};
  }
  if (rangeCount)
    figures->countGlobal(pc, access.kind, {ranges.data(), rangeCount});
  if (sharedLanes)
    figures->countShared(
        pc, access.kind,
        wavefrontCost(offsets.data(), sharedLanes, access.bytes, access.kind == AccessKind::Atomic));
}

/// cp.async: a load of global memory, of as many bytes as each lane reads, and a store to shared memory.
void Measurement::measureCopy(const PendingCopy &copy) {
  std::array<ByteRange, kLanes> ranges;
  size_t rangeCount = 0;
  for (uint32_t left = copy.mask; left; left &= left - 1) {
    unsigned lane = unsigned(__builtin_ctz(left));
    uint64_t begin = 0;
    if (copy.sourceBytes[lane] && figures->translate(copy.sources[lane], begin))
      ranges[rangeCount++] = {begin, begin + copy.sourceBytes[lane]};
  }
  if (rangeCount)
    figures->countGlobal(copy.pc, AccessKind::Load, {ranges.data(), rangeCount});
  measure(copy.pc, copy.mask, {AccessKind::Store, StateSpace::Shared, copy.bytes}, copy.destinations.data());
}

/// wmma.load, wmma.store: one request for the whole matrix, because which lane has which element is open.
void Measurement::measureFragment(uint32_t pc, AccessKind kind, unsigned bytes,
                                  const std::vector<uint64_t> &addresses) {
  std::vector<ByteRange> global, sharedRanges;
  for (uint64_t address : addresses) {
    uint64_t begin = cta.sharedOffset(address);
    if (begin < cta.launch.sharedBytes())
      sharedRanges.push_back({begin, begin + bytes});
    else if (figures->translate(address, begin))
      global.push_back({begin, begin + bytes});
  }
  if (!global.empty())
    figures->countGlobal(pc, kind, global);
  if (!sharedRanges.empty())
    figures->countShared(pc, kind, wavefrontCost(sharedRanges));
}

} // namespace winnow::ptxsim
