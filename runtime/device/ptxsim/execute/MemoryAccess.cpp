// Loads, stores and atomic operations.
#include "runtime/device/ptxsim/execute/MemoryAccess.h"

#include "runtime/device/ptxsim/execute/Addresses.h"
#include "runtime/device/ptxsim/execute/AsyncCopies.h"
#include "runtime/device/ptxsim/execute/Atomics.h"
#include "runtime/device/ptxsim/figures/Measurement.h"
#include "runtime/device/ptxsim/inspect/Inspection.h"
#include "runtime/device/ptxsim/inspect/UndefinedValues.h"

namespace winnow::ptxsim {

bool MemoryAccess::execute(Warp &warp, uint32_t pc, uint32_t mask) {
  const Instruction &in = code[pc];
  alignas(64) uint64_t addresses[kLanes];
  lanes.addresses(warp.rows, in, mask, addresses);
  AccessKind kind = in.operation == Operation::Load    ? AccessKind::Load
                    : in.operation == Operation::Store ? AccessKind::Store
                                                       : AccessKind::Atomic;
  const Access access{kind, in.space, unsigned(in.elementBytes) * in.count};
  if (!resolver.resolve(warp, pc, mask, access, addresses))
    return false;
  if (measurement.isOn())
    measurement.measure(pc, mask, access, addresses);
  if (undefined.isOn() && !undefined.followAccess(warp, pc, mask, access, addresses))
    return false;
  if (inspection.isOn() && in.space != StateSpace::Local) {
    if (kind != AccessKind::Load && launch.options.checkRaces &&
        !copies.checkStore(warp, pc, mask, access, addresses))
      return false;
    if (kind == AccessKind::Store)
      return inspection.store(warp, pc, mask, access, addresses);
    if (!inspection.inspect(warp, pc, mask, access, addresses))
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
bool MemoryAccess::discard(Warp &warp, uint32_t pc, uint32_t mask) {
  alignas(64) uint64_t addresses[kLanes];
  lanes.addresses(warp.rows, code[pc], mask, addresses);
  if (!resolver.resolve(warp, pc, mask, {AccessKind::Store, StateSpace::Global, kCacheLineBytes}, addresses))
    return false;
  constexpr unsigned kPartBytes = 32; // the widest access that inspections know
  for (unsigned part = 0; inspection.isOn() && part < kCacheLineBytes; part += kPartBytes) {
    if (!inspection.inspect(warp, pc, mask, {AccessKind::Store, StateSpace::Global, kPartBytes}, addresses))
      return false;
    for (uint64_t &address : addresses)
      address += kPartBytes;
  }
  return true;
}

/// The same bytes for all lanes; the decoder has checked that they are there.
void MemoryAccess::loadParameter(Warp &warp, uint32_t pc, uint32_t mask) {
  const Instruction &in = code[pc];
  uint64_t addresses[kLanes];
  for (uint64_t &address : addresses)
    address = reinterpret_cast<uint64_t>(launch.parameters.data()) + uint64_t(in.offset);
  lanes.load(warp.rows, in, mask, addresses, launch.code.rows.data() + in.target);
}

} // namespace winnow::ptxsim
