// Ends the life of every transient buffer after its last use.
#include "passes/Dispatch/Passes.h"

namespace winnow {
#define GEN_PASS_DEF_PLANBUFFERS
#include "passes/Dispatch/Passes.h.inc"

using namespace mlir;

namespace {

/// The operation of `block` that is `op` or holds it.
Operation *ancestorIn(Block *block, Operation *op) { return block->findAncestorOpInBlock(*op); }

/// The operation of `block` after which nothing uses `buffer` or a slice of it. A use inside a branch lasts
/// as long as the whole `plan.if`: whether it is taken is not known here.
Operation *lastUse(Block *block, Value buffer) {
  Operation *last = ancestorIn(block, buffer.getDefiningOp());
  for (Operation *user : buffer.getUsers()) {
    Operation *candidate =
        isa<plan::SliceOp>(user) ? lastUse(block, user->getResult(0)) : ancestorIn(block, user);
    last = last->isBeforeInBlock(candidate) ? candidate : last;
  }
  return last;
}

/// The first operation of `block` that uses `buffer`, or null.
Operation *firstUse(Block *block, Value buffer) {
  Operation *first = nullptr;
  for (Operation *user : buffer.getUsers()) {
    Operation *candidate = ancestorIn(block, user);
    first = !first || candidate->isBeforeInBlock(first) ? candidate : first;
  }
  return first;
}

struct PlanBuffers : impl::PlanBuffersBase<PlanBuffers> {
  void runOnOperation() override {
    llvm::MapVector<Operation *, SmallVector<Value>> released;
    // Moving one while walking its block would visit it again.
    SmallVector<plan::AllocOp> allocations;
    getOperation().walk([&](plan::AllocOp alloc) { allocations.push_back(alloc); });
    for (plan::AllocOp alloc : allocations) {
      Block *block = alloc->getBlock();
      Operation *first = firstUse(block, alloc);
      if (!first) {
        alloc.erase();
        continue;
      }
      alloc->moveBefore(first);
      released[lastUse(block, alloc)].push_back(alloc);
    }
    for (auto &[last, buffers] : released) {
      OpBuilder builder(&getContext());
      builder.setInsertionPointAfter(last);
      plan::ReleaseOp::create(builder, last->getLoc(), buffers);
    }
  }
};

} // namespace
} // namespace winnow
