// Loops in a plan: each carried tensor has a buffer that every round reads and, at its end, writes.
#include "passes/Dispatch/Planner.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace winnow {

bool writesInPlace(tensor::InsertSliceOp op) {
  auto argument = dyn_cast<BlockArgument>(op.getDest());
  auto loop = argument ? dyn_cast<LoopOp>(argument.getOwner()->getParentOp()) : LoopOp();
  auto isThisOrSize = [&](Operation *user) { return user == op || isa<tensor::DimOp>(user); };
  if (!loop || argument.getArgNumber() == 0 || !llvm::all_of(argument.getUsers(), isThisOrSize) ||
      !op->hasOneUse() || loop.getYielded()[argument.getArgNumber() - 1] != op.getResult() ||
      !op.hasUnitStride()) {
    return false;
  }
  // Whole rows of the first dimension lie together.
  RankedTensorType type = op.getType();
  llvm::SmallBitVector dropped = op.getDroppedDims();
  for (int64_t dimension = 1; dimension < type.getRank(); ++dimension) {
    if (dropped.test(dimension) && type.getDimSize(dimension) != 1) {
      return false;
    }
    // A dynamic size must be the whole one, too: the plan checks that.
    std::optional<int64_t> size = getConstantIntValue(op.getMixedSizes()[dimension]);
    if (!isZeroInteger(op.getMixedOffsets()[dimension]) || (size && *size != type.getDimSize(dimension))) {
      return false;
    }
  }
  return true;
}

/// Writes a part of a carried tensor's buffer.
LogicalResult Planner::convertInsertion(tensor::InsertSliceOp op) {
  const PlannedTensor source = lookup(op.getSource()), destination = tensors.lookup(op.getDest());
  Location loc = op.getLoc();
  if (!source.buffer) {
    return op.emitError() << "inserts a tensor without contents";
  }
  Value rowBytes = constant(std::max<int64_t>(1, op.getType().getElementTypeBitWidth() / 8));
  for (auto [dimension, size] : llvm::enumerate(destination.sizes)) {
    if (dimension == 0) {
      continue;
    }
    rowBytes = arith::MulIOp::create(builder, loc, rowBytes, size);
    checkSizes(loc, materialize(op.getMixedSizes()[dimension]), size, "a loop writes rows of another size");
  }
  Value first = materialize(op.getMixedOffsets()[0]), count = materialize(op.getMixedSizes()[0]);
  Value offset = arith::MulIOp::create(builder, loc, first, rowBytes);
  Value bytes = arith::MulIOp::create(builder, loc, count, rowBytes);
  auto part = plan::SliceOp::create(builder, loc, bufferType, destination.buffer, offset, bytes);
  plan::CopyOp::create(builder, loc, part, source.buffer);
  tensors[op.getResult()] = destination;
  return success();
}

/// Fills the buffers that the rounds carry.
LogicalResult Planner::beginLoop(LoopOp op, SmallVectorImpl<PlannedTensor> &carried) {
  for (auto [index, initial, result] : llvm::enumerate(op.getInitial(), op.getResults())) {
    const PlannedTensor before = tensors.lookup(initial);
    PlannedTensor planned{Value(), before.sizes};
    planned.buffer = destination(result, planned);
    // A tensor without contents is one of which every round writes a part.
    if (before.buffer && before.buffer != planned.buffer) {
      plan::CopyOp::create(builder, op.getLoc(), planned.buffer, before.buffer);
    }
    tensors[result] = planned;
    tensors[op.getCarried()[index]] = planned;
    carried.push_back(planned);
  }
  return success();
}

/// Makes the carried buffers hold what the round yields. What it passes on from another carried buffer is set
/// aside first, before that one is written.
LogicalResult Planner::endRound(LoopOp op, ArrayRef<PlannedTensor> carried) {
  SmallVector<std::pair<Value, Value>> copies; // destination, source
  for (auto [index, yielded] : llvm::enumerate(op.getYielded())) {
    PlannedTensor next = lookup(yielded);
    if (!next.buffer) {
      return op.emitError() << "carried tensor " << index << " has no contents after a round";
    }
    checkSizes(op.getLoc(), next.sizes, carried[index].sizes, "a loop yields another size than it carries");
    if (next.buffer == carried[index].buffer) {
      continue;
    }
    bool isCarried =
        llvm::any_of(carried, [&](const PlannedTensor &each) { return each.buffer == next.buffer; });
    if (isCarried) {
      Value aside = plan::AllocOp::create(builder, op.getLoc(), bufferType, bytes(next, yielded.getType()));
      plan::CopyOp::create(builder, op.getLoc(), aside, next.buffer);
      next.buffer = aside;
    }
    copies.emplace_back(carried[index].buffer, next.buffer);
  }
  for (auto [destination, source] : copies) {
    plan::CopyOp::create(builder, op.getLoc(), destination, source);
  }
  return success();
}

LogicalResult Planner::convertLoop(LoopOp op) {
  if (isa<plan::IfOp>(builder.getInsertionBlock()->getParentOp())) {
    return op.emitError() << "is a loop inside a conditional subgraph, where none can run";
  }
  SmallVector<PlannedTensor> carried;
  if (failed(beginLoop(op, carried))) {
    return failure();
  }
  Location loc = op.getLoc();
  Value condition;
  if (op.getCondition()) {
    Value holds = tensors.lookup(op.getCondition()).buffer;
    if (!holds) {
      return op.emitError() << "has a condition without contents";
    }
    condition = plan::AllocOp::create(builder, loc, bufferType, constant(1));
    plan::CopyOp::create(builder, loc, condition, holds);
  }
  auto loop = plan::ForOp::create(builder, loc, scalars.lookupOrDefault(op.getCount()), condition);
  OpBuilder::InsertionGuard guard(builder);
  Block *block = builder.createBlock(&loop.getBody(), {}, builder.getIndexType(), loc);
  scalars.map(op.getCounter(), block->getArgument(0));
  if (failed(convertBlock(op.getBody().front()))) {
    return failure();
  }
  // Before the carried buffers are written: the condition may be what one of them held.
  if (condition) {
    Value next = lookup(op.getNextCondition()).buffer;
    if (!next) {
      return op.emitError() << "yields a condition without contents";
    }
    plan::CopyOp::create(builder, loc, condition, next);
  }
  return endRound(op, carried);
}

} // namespace winnow
