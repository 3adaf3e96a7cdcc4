// Divergence and reconvergence: the tree of fragments of a warp. A fragment that diverges becomes a waiting
// parent, unless its lanes would meet where it ends anyway; then its sides are its siblings. So the tree is
// never deeper than the tree of post-dominators, whatever the control flow.
#include "runtime/device/ptxsim/execute/Divergence.h"

#include "runtime/device/ptxsim/figures/Measurement.h"

namespace winnow::ptxsim {

uint32_t Divergence::newFragment(Warp &warp) {
  for (uint32_t i = 0; i < warp.fragments.size(); ++i)
    if (warp.fragments[i].state == Fragment::State::Free) {
      warp.fragments[i] = Fragment();
      return i;
    }
  warp.fragments.emplace_back();
  return uint32_t(warp.fragments.size() - 1);
}

void Divergence::diverge(Warp &warp, uint32_t index, uint32_t pc, std::span<const Side> sides,
                         uint32_t reconvergence) {
  ++divergences;
  if (measurement.isOn())
    measurement.countDivergence(pc);
  Fragment parent = warp.fragments[index];
  bool isSibling = reconvergence == parent.reconvergence;
  int32_t parentIndex = isSibling ? parent.parent : int32_t(index);
  if (isSibling) {
    warp.fragments[index].state = Fragment::State::Free;
    if (parentIndex >= 0)
      --warp.fragments[uint32_t(parentIndex)].children;
  } else {
    warp.fragments[index].state = Fragment::State::WaitingForChildren;
    warp.fragments[index].isCalling = false;
    warp.fragments[index].next = reconvergence;
  }
  unsigned made = 0;
  for (const Side &side : sides) {
    if (side.target == reconvergence)
      continue; // already there
    uint32_t child = newFragment(warp);
    Fragment &fragment = warp.fragments[child];
    fragment.state = Fragment::State::Ready;
    fragment.next = side.target;
    fragment.reconvergence = reconvergence;
    fragment.mask = side.mask;
    fragment.parent = parentIndex;
    fragment.branch = pc;
    ++made;
  }
  if (parentIndex < 0)
    return;
  Fragment &waiting = warp.fragments[uint32_t(parentIndex)];
  waiting.children += made;
  if (waiting.children == 0)
    waiting.state = Fragment::State::Ready;
}

void Divergence::enterFunctions(Warp &warp, uint32_t index, uint32_t next, std::span<const Side> sides) {
  divergences += sides.size() > 1;
  warp.fragments[index].state = Fragment::State::WaitingForChildren;
  warp.fragments[index].isCalling = true;
  warp.fragments[index].next = next;
  warp.fragments[index].children = uint32_t(sides.size());
  for (const Side &side : sides) {
    uint32_t child = newFragment(warp);
    Fragment &fragment = warp.fragments[child];
    fragment.state = Fragment::State::Ready;
    fragment.next = side.target;
    fragment.mask = side.mask;
    fragment.parent = int32_t(index);
  }
}

/// Lanes return to the fragment that waits behind the call. They leave all fragments between, which end once
/// they have no lanes left.
void Divergence::leaveFunctions(Warp &warp, uint32_t index, uint32_t mask) {
  warp.fragments[index].mask &= ~mask;
  for (uint32_t i = uint32_t(warp.fragments[index].parent); !warp.fragments[i].isCalling;
       i = uint32_t(warp.fragments[i].parent))
    warp.fragments[i].mask &= ~mask;
  if (warp.fragments[index].mask == 0)
    endFragment(warp, index);
}

/// The last child's end wakes its parent, or ends that too when none of its lanes is left.
void Divergence::childEnded(Warp &warp, int32_t parent) {
  while (parent >= 0) {
    Fragment &waiting = warp.fragments[uint32_t(parent)];
    if (--waiting.children)
      return;
    if (waiting.mask) {
      waiting.state = Fragment::State::Ready;
      return;
    }
    waiting.state = Fragment::State::Free;
    parent = waiting.parent;
  }
}

void Divergence::endFragment(Warp &warp, uint32_t index) {
  warp.fragments[index].state = Fragment::State::Free;
  childEnded(warp, warp.fragments[index].parent);
}

/// Lanes that exit are taken out of all fragments that wait for them.
void Divergence::exitLanes(Warp &warp, uint32_t index, uint32_t mask) {
  warp.alive &= ~mask;
  for (int32_t i = int32_t(index); i >= 0; i = warp.fragments[uint32_t(i)].parent)
    warp.fragments[uint32_t(i)].mask &= ~mask;
  if (warp.fragments[index].mask == 0)
    endFragment(warp, index);
}

/// Lanes that wait where a branch joins go ahead without those that have run for long: these may spin until
/// the others do something (PTX guarantees progress of every thread from sm_70 on). They no longer join here,
/// but where the branch around this one does.
void Divergence::releaseArrivedLanes(Warp &warp, uint32_t index) {
  for (int32_t i = warp.fragments[index].parent; i >= 0; i = warp.fragments[uint32_t(i)].parent) {
    uint32_t elsewhere = 0;
    for (const Fragment &fragment : warp.fragments)
      if (fragment.state != Fragment::State::Free && fragment.parent == i)
        elsewhere |= fragment.mask;
    uint32_t arrived = warp.fragments[uint32_t(i)].mask & ~elsewhere;
    if (!arrived)
      continue;
    uint32_t ahead = newFragment(warp);
    Fragment &waiting = warp.fragments[uint32_t(i)], &fragment = warp.fragments[ahead];
    fragment = waiting;
    fragment.state = Fragment::State::Ready;
    fragment.mask = arrived;
    fragment.children = 0;
    waiting.mask &= ~arrived;
    if (fragment.parent >= 0)
      ++warp.fragments[uint32_t(fragment.parent)].children;
    warp.isSplit = true;
  }
}

} // namespace winnow::ptxsim
