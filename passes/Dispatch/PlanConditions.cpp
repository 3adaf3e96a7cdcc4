// Conditional subgraphs in a plan: branches that write their results in place.
#include "passes/Dispatch/Planner.h"

using namespace mlir;

namespace winnow {

/// Promises `buffer` to what computes `value`, or what it is a reshape of, inside `block`.
void Planner::claim(Value value, Block *block, Value buffer) {
  Operation *definition = value.getDefiningOp();
  while (isa_and_nonnull<tensor::CollapseShapeOp, tensor::ExpandShapeOp, tensor::CastOp>(definition) &&
         definition->getBlock() == block) {
    value = definition->getOperand(0);
    definition = value.getDefiningOp();
  }
  if (isa_and_nonnull<func::CallOp, WhenOp>(definition) && definition->getBlock() == block) {
    claims.try_emplace(value, buffer);
  }
}

bool isAlternative(Operation *op) {
  if (!isa<func::CallOp>(op) || op->getNumResults() != 1 || !op->hasOneUse()) {
    return false;
  }
  OpOperand &use = *op->use_begin();
  return isa<WhenOp>(use.getOwner()) && use.getOwner()->getBlock() == op->getBlock() &&
         use.getOperandNumber() > 0;
}

/// The operand that a call of a kernel with one result writes to, or null for another function.
Value Planner::destinationOperand(func::CallOp call) {
  auto kernel = entry->getParentOfType<ModuleOp>().lookupSymbol<func::FuncOp>(call.getCallee());
  auto inputs = kernel ? kernel->getAttrOfType<IntegerAttr>(kInputsAttribute) : IntegerAttr();
  return inputs ? call.getOperand(inputs.getInt()) : Value();
}

/// Makes `result` hold `value`, which is result `index` of `op`.
LogicalResult Planner::deliver(Operation *op, Value value, const PlannedTensor &result, unsigned index) {
  const PlannedTensor planned = lookup(value);
  if (!planned.buffer) {
    return op->emitError() << "result " << index << " has no contents";
  }
  checkSizes(op->getLoc(), planned.sizes, result.sizes,
             "a conditional subgraph yields another size than its alternative has");
  if (planned.buffer != result.buffer) {
    plan::CopyOp::create(builder, op->getLoc(), result.buffer, planned.buffer);
  }
  return success();
}

LogicalResult Planner::convertWhen(WhenOp op) {
  Value condition = tensors.lookup(op.getCondition()).buffer;
  if (!condition) {
    return op.emitError() << "has a condition without contents";
  }
  Block *body = &op.getBody().front();
  SmallVector<PlannedTensor> results;
  for (auto [result, otherwise, yielded] :
       llvm::zip_equal(op.getResults(), op.getOtherwise(), op.getYielded())) {
    // An alternative is computed in its branch only, and has not been seen yet.
    Operation *alternative = otherwise.getDefiningOp();
    bool isLate = alternative && isAlternative(alternative);
    Value shaped = isLate ? destinationOperand(cast<func::CallOp>(alternative)) : otherwise;
    PlannedTensor planned{Value(), tensors.lookup(shaped).sizes};
    planned.buffer = destination(result, planned);
    claim(yielded, body, planned.buffer);
    if (isLate) {
      claims[otherwise] = planned.buffer;
    }
    tensors[result] = planned;
    results.push_back(planned);
  }
  auto branch = plan::IfOp::create(builder, op.getLoc(), condition);
  OpBuilder::InsertionGuard guard(builder);
  builder.createBlock(&branch.getBody());
  if (failed(convertBlock(*body))) {
    return failure();
  }
  for (auto [index, yielded] : llvm::enumerate(op.getYielded())) {
    if (failed(deliver(op, yielded, results[index], index))) {
      return failure();
    }
  }
  builder.createBlock(&branch.getOtherwise());
  for (auto [index, otherwise] : llvm::enumerate(op.getOtherwise())) {
    Operation *alternative = otherwise.getDefiningOp();
    bool isLate = alternative && isAlternative(alternative);
    if (isLate && failed(convertCall(cast<func::CallOp>(alternative)))) {
      return failure();
    }
    if (failed(deliver(op, otherwise, results[index], index))) {
      return failure();
    }
  }
  return success();
}

} // namespace winnow
