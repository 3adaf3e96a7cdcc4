// Instructions that name the lanes of the warp that take part in them (PTX ISA: "membermask").
#include "runtime/device/ptxsim/execute/WarpSync.h"

#include "runtime/device/ptxsim/execute/Divergence.h"
#include "runtime/device/ptxsim/execute/Exchange.h"

namespace winnow::ptxsim {

/// Instructions that name the lanes that take part (membermask). The fragment waits when some of these are
/// elsewhere; naming lanes that never come is undefined in PTX, and a deadlock here.
bool WarpSync::execute(Warp &warp, uint32_t index, uint32_t pc, uint32_t mask) {
  const Instruction &in = code[pc];
  Row row = in.operation == Operation::WarpBarrier ? in.source[0] : in.source[3];
  auto *named = reinterpret_cast<const uint32_t *>(warp.rows + row);
  uint32_t members = named[__builtin_ctz(mask)];
  bool isConstant = row < launch.code.constants.size();
  uint32_t differing = 0;
  for (unsigned i = 0; i < kLanes && !isConstant; ++i)
    differing |= (named[i] ^ members) & -(mask >> i & 1);
  if (differing)
    return executeGroups(warp, index, pc, mask, named);
  if (mask & ~members)
    return fault(
        warp, pc, mask & ~members,
        "warp barrier: a thread executes a warp-wide instruction whose member mask does not name it");
  if ((members & warp.alive & ~mask) == 0)
    return exchange.execute(warp, pc, mask);
  Fragment &fragment = warp.fragments[index];
  fragment.state = Fragment::State::AtWarpSync;
  fragment.next = pc;
  fragment.syncMask = mask;
  fragment.syncMembers = members;
  release(warp);
  return false;
}

/// Lanes that come together and name different members are as many exchanges: cooperative groups' tiles are.
/// Where members of one are elsewhere, each goes on alone and waits for its own.
bool WarpSync::executeGroups(Warp &warp, uint32_t index, uint32_t pc, uint32_t mask, const uint32_t *named) {
  Side groups[kLanes];
  unsigned count = 0;
  bool areComplete = true;
  for (uint32_t left = mask; left;) {
    uint32_t members = named[__builtin_ctz(left)], group = 0;
    for (uint32_t lanesLeft = left; lanesLeft; lanesLeft &= lanesLeft - 1)
      group |= named[__builtin_ctz(lanesLeft)] == members ? lanesLeft & -lanesLeft : 0;
    areComplete &= (group & ~members) == 0 && (members & warp.alive & ~group) == 0;
    groups[count++] = {pc, group};
    left &= ~group;
  }
  if (!areComplete) {
    divergence.diverge(warp, index, pc, {groups, count}, pc + 1);
    return false;
  }
  for (unsigned i = 0; i < count; ++i)
    if (!exchange.execute(warp, pc, groups[i].mask))
      return false;
  return true;
}

/// Fragments that wait at a warp-wide instruction go on when the lanes that it names have arrived: at the
/// same instruction, or, for bar.warp.sync, at any.
void WarpSync::release(Warp &warp) {
  for (size_t first = 0; first < warp.fragments.size(); ++first) {
    if (warp.fragments[first].state != Fragment::State::AtWarpSync)
      continue;
    const Instruction &in = code[warp.fragments[first].next];
    uint32_t next = warp.fragments[first].next, members = warp.fragments[first].syncMembers, arrived = 0;
    std::vector<Fragment *> group;
    for (Fragment &other : warp.fragments) {
      bool isSame = other.next == next || (in.operation == Operation::WarpBarrier &&
                                           code[other.next].operation == Operation::WarpBarrier);
      if (other.state != Fragment::State::AtWarpSync || other.syncMembers != members || !isSame)
        continue;
      arrived |= other.syncMask;
      group.push_back(&other);
    }
    if (members & warp.alive & ~arrived)
      continue;
    if (!exchange.execute(warp, next, arrived))
      return;
    for (Fragment *fragment : group) {
      fragment->state = Fragment::State::Ready;
      ++fragment->next;
    }
  }
}

} // namespace winnow::ptxsim
