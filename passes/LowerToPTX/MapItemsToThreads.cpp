// Replaces a kernel's loop over items by the one item of the executing thread.
#include "passes/LowerToPTX/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/PatternMatch.h"

namespace winnow {
#define GEN_PASS_DEF_MAPITEMSTOTHREADS
#include "passes/LowerToPTX/Passes.h.inc"
} // namespace winnow

using namespace mlir;

namespace {

/// Of one block, on every architecture.
constexpr int64_t mostThreads = 1024;

/// The item that the thread executes: block index times threads plus thread index.
Value createItem(OpBuilder &builder, Location location, int64_t threads) {
  Type word = builder.getI32Type(), index = builder.getIndexType();
  Value block = NVVM::BlockIdXOp::create(builder, location, word);
  Value thread = NVVM::ThreadIdXOp::create(builder, location, word);
  Value wideBlock = arith::IndexCastUIOp::create(builder, location, index, block);
  Value wideThread = arith::IndexCastUIOp::create(builder, location, index, thread);
  Value width = arith::ConstantIndexOp::create(builder, location, threads);
  Value first = arith::MulIOp::create(builder, location, wideBlock, width);
  return arith::AddIOp::create(builder, location, first, wideThread);
}

/// How often each of the loop's variables steps; none is negative.
SmallVector<Value> createCounts(OpBuilder &builder, scf::ForallOp loop, ValueRange lower, ValueRange upper,
                                ValueRange step) {
  Location location = loop.getLoc();
  Value zero = arith::ConstantIndexOp::create(builder, location, 0);
  SmallVector<Value> counts;
  for (auto [first, last, width] : llvm::zip_equal(lower, upper, step)) {
    Value extent = builder.createOrFold<arith::SubIOp>(location, last, first);
    Value positive = builder.createOrFold<arith::MaxSIOp>(location, extent, zero);
    counts.push_back(builder.createOrFold<arith::CeilDivUIOp>(location, positive, width));
  }
  return counts;
}

/// Splits the item's number into the loop's variables, the last of which varies fastest.
SmallVector<Value> createVariables(OpBuilder &builder, Location location, Value item, ValueRange counts,
                                   ValueRange lower, ValueRange step) {
  SmallVector<Value> variables(counts.size());
  for (size_t i = counts.size(); i-- > 0;) {
    Value position = item;
    if (i > 0) {
      position = builder.createOrFold<arith::RemUIOp>(location, item, counts[i]);
      item = builder.createOrFold<arith::DivUIOp>(location, item, counts[i]);
    }
    Value offset = builder.createOrFold<arith::MulIOp>(location, position, step[i]);
    variables[i] = builder.createOrFold<arith::AddIOp>(location, lower[i], offset);
  }
  return variables;
}

/// The kernel's loop over items, or an error that says what was found instead.
FailureOr<scf::ForallOp> findItemLoop(func::FuncOp kernel) {
  SmallVector<scf::ForallOp> loops(kernel.getOps<scf::ForallOp>());
  if (loops.size() != 1)
    return kernel.emitOpError("has ")
           << loops.size() << " loops over items (scf.forall), but one was expected";
  if (loops.front()->getNumResults() != 0)
    return loops.front().emitOpError("yields tensors, but a kernel's items work on buffers");
  return loops.front();
}

struct MapItemsToThreads : winnow::impl::MapItemsToThreadsBase<MapItemsToThreads> {
  using Base::Base;

  void runOnOperation() override {
    func::FuncOp kernel = getOperation();
    if (threads < 1 || threads > mostThreads) {
      kernel.emitOpError("cannot run in blocks of ")
          << threads.getValue() << " threads, but in 1 to " << mostThreads;
      return signalPassFailure();
    }
    bool sharesRows =
        kernel.walk([](gpu::SubgroupReduceOp) { return WalkResult::interrupt(); }).wasInterrupted();
    if (sharesRows && threads % 32 != 0) {
      kernel.emitOpError("adds up what the lanes of warps have, but its blocks of ")
          << threads.getValue() << " threads are not whole warps";
      return signalPassFailure();
    }
    FailureOr<scf::ForallOp> found = findItemLoop(kernel);
    if (failed(found))
      return signalPassFailure();
    scf::ForallOp loop = *found;
    Location location = loop.getLoc();
    IRRewriter builder(loop);
    auto values = [&](ArrayRef<OpFoldResult> bounds) {
      return getValueOrCreateConstantIndexOp(builder, location, bounds);
    };
    SmallVector<Value> lower = values(loop.getMixedLowerBound()), upper = values(loop.getMixedUpperBound()),
                       step = values(loop.getMixedStep());
    SmallVector<Value> counts = createCounts(builder, loop, lower, upper, step);
    Value items = arith::ConstantIndexOp::create(builder, location, 1);
    for (Value count : counts)
      items = builder.createOrFold<arith::MulIOp>(location, items, count);

    Value item = createItem(builder, location, threads);
    Value inside = arith::CmpIOp::create(builder, location, arith::CmpIPredicate::ult, item, items);
    auto branch = scf::IfOp::create(builder, location, inside);
    builder.setInsertionPointToStart(branch.thenBlock());
    SmallVector<Value> variables = createVariables(builder, location, item, counts, lower, step);
    builder.eraseOp(loop.getTerminator());
    builder.inlineBlockBefore(loop.getBody(), branch.thenBlock()->getTerminator(), variables);
    builder.eraseOp(loop);
  }
};

} // namespace
