// From device addresses to host addresses, each checked, and reports of bad ones.
#include "runtime/device/ptxsim/execute/Addresses.h"

namespace winnow::ptxsim {

/// All lanes at once where they access one space and one buffer or the heap, else lane by lane.
bool Addresses::resolve(const Warp &warp, uint32_t pc, uint32_t mask, const Access &access,
                        uint64_t *addresses) {
  unsigned bytes = access.bytes;
  uint64_t misaligned =
      launch.options.checkAlignment || access.kind == AccessKind::Atomic ? access.alignment - 1 : 0;
  if (access.space == StateSpace::Shared) {
    uint64_t size = launch.sharedBytes();
    if (size >= bytes && lanes.contained(addresses, 0, size - bytes, misaligned)) {
      const uint64_t base = reinterpret_cast<uint64_t>(cta.shared);
      for (unsigned i = 0; i < kLanes; ++i)
        addresses[i] += base;
      return true;
    }
  } else if (access.space == StateSpace::Local) {
    if (cta.localStride >= bytes && lanes.contained(addresses, 0, cta.localStride - bytes, misaligned)) {
      const uint64_t stride = cta.localStride;
      const uint64_t base = reinterpret_cast<uint64_t>(cta.local) + warp.index * kLanes * stride;
      uint32_t leader = uint32_t(__builtin_ctz(mask));
      for (unsigned i = 0; i < kLanes; ++i)
        addresses[i] += base + (mask >> i & 1 ? i : leader) * stride;
      return true;
    }
  } else if (const MemoryRange *range = lastRange[pc]) {
    if (range->size >= bytes && lanes.contained(addresses, range->begin, range->end() - bytes, misaligned))
      return true;
  } else if (areInHeap(addresses, bytes, misaligned)) {
    return true;
  }
  uint64_t leader = 0;
  for (uint32_t left = mask; left; left &= left - 1) {
    unsigned lane = unsigned(__builtin_ctz(left));
    if (!resolveLane(warp, pc, lane, access, addresses[lane]))
      return false;
    leader = addresses[lane];
  }
  for (unsigned i = 0; i < kLanes; ++i)
    if (!(mask >> i & 1))
      addresses[i] = leader;
  return true;
}

/// Whether each lane's bytes lie in a block.
bool Addresses::areInHeap(const uint64_t *addresses, unsigned bytes, uint64_t misaligned) const {
  uint64_t low = 0;
  for (unsigned i = 0; i < kLanes; ++i) {
    if (!launch.heap.holds(addresses[i], bytes))
      return false;
    low |= addresses[i];
  }
  return !(low & misaligned);
}

bool Addresses::resolveLane(const Warp &warp, uint32_t pc, unsigned lane, const Access &access,
                            uint64_t &address) {
  AccessKind kind = access.kind;
  StateSpace space = access.space;
  unsigned bytes = access.bytes;
  uint64_t offset = address;
  if (space == StateSpace::Generic) {
    uint64_t pattern = address >> kWindowBits << kWindowBits;
    space = pattern == kSharedWindow      ? StateSpace::Shared
            : pattern == kLocalWindow     ? StateSpace::Local
            : pattern == kParameterWindow ? StateSpace::Parameter
                                          : StateSpace::Global;
    if (space != StateSpace::Global)
      offset -= pattern;
  }
  bool checksAlignment = launch.options.checkAlignment || kind == AccessKind::Atomic;
  if (checksAlignment && (offset & (access.alignment - 1)))
    return accessFault(warp, pc, lane, {kind, space, bytes, access.alignment}, offset, "misaligned");
  uint64_t size = 0, base = 0;
  switch (space) {
  case StateSpace::Shared:
    size = launch.sharedBytes();
    base = reinterpret_cast<uint64_t>(cta.shared);
    break;
  case StateSpace::Local:
    size = cta.localStride;
    base = reinterpret_cast<uint64_t>(cta.local) + (warp.index * kLanes + lane) * cta.localStride;
    break;
  case StateSpace::Parameter:
    if (kind != AccessKind::Load)
      return accessFault(warp, pc, lane, {kind, space, bytes, access.alignment}, offset, "read-only");
    size = launch.parameters.size();
    base = reinterpret_cast<uint64_t>(launch.parameters.data());
    break;
  default: {
    if (launch.heap.holds(offset, bytes)) {
      address = offset;
      return true;
    }
    const MemoryRange *range = launch.memory.find(offset);
    if (!range || range->end() - offset < bytes)
      return accessFault(warp, pc, lane, {kind, space, bytes, access.alignment}, offset, "out-of-bounds");
    if (kind != AccessKind::Load && !range->isWritable)
      return accessFault(warp, pc, lane, {kind, space, bytes, access.alignment}, offset, "read-only");
    lastRange[pc] = range;
    address = offset;
    return true;
  }
  }
  if (bytes > size || offset > size - bytes)
    return accessFault(warp, pc, lane, {kind, space, bytes, access.alignment}, offset, "out-of-bounds");
  address = base + offset;
  return true;
}

/// "out-of-bounds load of 4 bytes at 0x10 in global memory, 4 bytes after the end of 'x' (40 bytes at 0x0):
/// ..."
bool Addresses::accessFault(const Warp &warp, uint32_t pc, unsigned lane, const Access &access,
                            uint64_t address, std::string_view problem) {
  StateSpace space = access.space;
  std::string message = format::concatenate(problem, " ", access.verb(), " of ", access.bytes, " bytes at ",
                                            hexadecimal(address), " in ", name(space), " memory");
  if (problem == "misaligned")
    message += format::concatenate(", whose alignment must be ", access.alignment);
  bool isGlobal = space == StateSpace::Global || space == StateSpace::Constant;
  if (!isGlobal) {
    uint64_t size = space == StateSpace::Shared  ? launch.sharedBytes()
                    : space == StateSpace::Local ? cta.localStride
                                                 : launch.parameters.size();
    message += format::concatenate(" (", size, " bytes)");
  } else if (std::string block = launch.heap.describe(address); !block.empty()) {
    message += ", " + block;
  } else if (const MemoryRange *range = launch.memory.findFreed(address)) {
    message +=
        format::concatenate(", at byte ", address - range->begin, " of '", range->name, "', which was freed");
  } else if (const MemoryRange *range = launch.memory.nearest(address)) {
    if (address < range->begin)
      message += format::concatenate(", ", range->begin - address, " bytes before '");
    else if (address < range->end())
      message += format::concatenate(", at byte ", address - range->begin, " of '");
    else
      message += format::concatenate(", ", address - range->end(), " bytes after the end of '");
    message +=
        format::concatenate(range->name, "' (", range->size, " bytes at ", hexadecimal(range->begin), ")");
  } else {
    message += ", where the launch has no buffer at all";
  }
  return fault(warp, pc, 1u << lane, message);
}

} // namespace winnow::ptxsim
