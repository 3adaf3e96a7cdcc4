// Ends the life of every transient buffer after its last use.
#include "passes/Dispatch/Passes.h"

namespace winnow {
#define GEN_PASS_DEF_PLANBUFFERS
#include "passes/Dispatch/Passes.h.inc"

using namespace mlir;

namespace {

/// The operation after which nothing uses `buffer` or a slice of it.
Operation *lastUse(Value buffer) {
  Operation *last = buffer.getDefiningOp();
  for (Operation *user : buffer.getUsers()) {
    Operation *candidate = isa<plan::SliceOp>(user) ? lastUse(user->getResult(0)) : user;
    last = last->isBeforeInBlock(candidate) ? candidate : last;
  }
  return last;
}

/// The first operation that uses `buffer`, or null.
Operation *firstUse(Value buffer) {
  Operation *first = nullptr;
  for (Operation *user : buffer.getUsers()) {
    first = !first || user->isBeforeInBlock(first) ? user : first;
  }
  return first;
}

struct PlanBuffers : impl::PlanBuffersBase<PlanBuffers> {
  void runOnOperation() override {
    Block &block = getOperation().getBody().front();
    llvm::MapVector<Operation *, SmallVector<Value>> released;
    // Moving one while walking the block would visit it again.
    SmallVector<plan::AllocOp> allocations(block.getOps<plan::AllocOp>());
    for (plan::AllocOp alloc : allocations) {
      Operation *first = firstUse(alloc);
      if (!first) {
        alloc.erase();
        continue;
      }
      alloc->moveBefore(first);
      released[lastUse(alloc)].push_back(alloc);
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
