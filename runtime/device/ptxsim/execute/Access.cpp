// Memory accesses: from device addresses to host addresses, each checked, and reports of bad ones.
#include "runtime/device/ptxsim/execute/Cta.h"

#include <cstring>

namespace winnow::ptxsim {

std::string hexadecimal(uint64_t value) {
  std::string text;
  do {
    text.insert(text.begin(), "0123456789abcdef"[value & 15]);
    value >>= 4;
  } while (value);
  return "0x" + text;
}

bool CtaExecutor::memory(Warp &warp, uint32_t pc, uint32_t mask) {
  const Instruction &in = code[pc];
  alignas(64) uint64_t addresses[kLanes];
  lanes.addresses(warp.rows, in, mask, addresses);
  AccessKind kind = in.operation == Operation::Load    ? AccessKind::Load
                    : in.operation == Operation::Store ? AccessKind::Store
                                                       : AccessKind::Atomic;
  const Access access{kind, in.space, unsigned(in.elementBytes) * in.count};
  if (!resolve(warp, pc, mask, access, addresses))
    return false;
  if (figures)
    measure(pc, mask, access, addresses);
  if (shadows && in.space != StateSpace::Local) {
    if (kind != AccessKind::Load && launch.options.checkRaces &&
        !sparesSources(warp, pc, mask, access, addresses))
      return false;
    if (kind == AccessKind::Store)
      return storeInspected(warp, pc, mask, access, addresses);
    if (!inspect(warp, pc, mask, access, addresses))
      return false;
  }
  const Row *elements = launch.code.rows.data() + in.target;
  if (kind == AccessKind::Load)
    lanes.load(warp.rows, in, mask, addresses, elements);
  else if (kind == AccessKind::Store)
    lanes.store(warp.rows, in, mask, addresses, elements);
  else
    atomic(warp.rows, in, mask, addresses);
  return true;
}

/// A store of values that are not known (PTX ISA: "discard"): checked as one, and what is there stays. An
/// address in another window than global memory's is undefined in PTX, and out of bounds here.
bool CtaExecutor::discard(Warp &warp, uint32_t pc, uint32_t mask) {
  alignas(64) uint64_t addresses[kLanes];
  lanes.addresses(warp.rows, code[pc], mask, addresses);
  if (!resolve(warp, pc, mask, {AccessKind::Store, StateSpace::Global, kCacheLineBytes}, addresses))
    return false;
  constexpr unsigned kPartBytes = 32; // the widest access that inspections know
  for (unsigned part = 0; shadows && part < kCacheLineBytes; part += kPartBytes) {
    if (!inspect(warp, pc, mask, {AccessKind::Store, StateSpace::Global, kPartBytes}, addresses))
      return false;
    for (uint64_t &address : addresses)
      address += kPartBytes;
  }
  return true;
}

/// The same bytes for all lanes; the decoder has checked that they are there.
void CtaExecutor::loadParameter(std::byte *rows, const Instruction &in, uint32_t mask) {
  uint64_t addresses[kLanes];
  for (uint64_t &address : addresses)
    address = reinterpret_cast<uint64_t>(launch.parameters.data()) + uint64_t(in.offset);
  lanes.load(rows, in, mask, addresses, launch.code.rows.data() + in.target);
}

/// All lanes at once where they access one space and one buffer, else lane by lane.
bool CtaExecutor::resolve(Warp &warp, uint32_t pc, uint32_t mask, const Access &access, uint64_t *addresses) {
  unsigned bytes = access.bytes;
  uint64_t misaligned =
      launch.options.checkAlignment || access.kind == AccessKind::Atomic ? access.alignment - 1 : 0;
  if (access.space == StateSpace::Shared) {
    uint64_t size = launch.sharedBytes();
    if (size >= bytes && lanes.contained(addresses, 0, size - bytes, misaligned)) {
      for (unsigned i = 0; i < kLanes; ++i)
        addresses[i] += reinterpret_cast<uint64_t>(shared);
      return true;
    }
  } else if (access.space == StateSpace::Local) {
    if (localStride >= bytes && lanes.contained(addresses, 0, localStride - bytes, misaligned)) {
      uint64_t base = reinterpret_cast<uint64_t>(local) + warp.index * kLanes * localStride;
      uint32_t leader = uint32_t(__builtin_ctz(mask));
      for (unsigned i = 0; i < kLanes; ++i)
        addresses[i] += base + (mask >> i & 1 ? i : leader) * localStride;
      return true;
    }
  } else if (const MemoryRange *range = lastRange[pc]) {
    if (range->size >= bytes && lanes.contained(addresses, range->begin, range->end() - bytes, misaligned))
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

bool CtaExecutor::resolveLane(Warp &warp, uint32_t pc, unsigned lane, const Access &access,
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
    base = reinterpret_cast<uint64_t>(shared);
    break;
  case StateSpace::Local:
    size = localStride;
    base = reinterpret_cast<uint64_t>(local) + (warp.index * kLanes + lane) * localStride;
    break;
  case StateSpace::Parameter:
    if (kind != AccessKind::Load)
      return accessFault(warp, pc, lane, {kind, space, bytes, access.alignment}, offset, "read-only");
    size = launch.parameters.size();
    base = reinterpret_cast<uint64_t>(launch.parameters.data());
    break;
  default: {
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
bool CtaExecutor::accessFault(Warp &warp, uint32_t pc, unsigned lane, const Access &access, uint64_t address,
                              std::string_view problem) {
  StateSpace space = access.space;
  const char *verb = access.kind == AccessKind::Load    ? "load"
                     : access.kind == AccessKind::Store ? "store"
                                                        : "atomic operation";
  std::string message = format::concatenate(problem, " ", verb, " of ", access.bytes, " bytes at ",
                                            hexadecimal(address), " in ", name(space), " memory");
  if (problem == "misaligned")
    message += format::concatenate(", whose alignment must be ", access.alignment);
  bool isGlobal = space == StateSpace::Global || space == StateSpace::Constant;
  if (!isGlobal) {
    uint64_t size = space == StateSpace::Shared  ? launch.sharedBytes()
                    : space == StateSpace::Local ? localStride
                                                 : launch.parameters.size();
    message += format::concatenate(" (", size, " bytes)");
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
