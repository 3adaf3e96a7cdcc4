// Verification, shapes and definition of loops.
#include "dialects/Winnow/Extents.h"
#include "dialects/Winnow/WinnowOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace winnow;

Value LoopOp::getNextCondition() {
  return getCondition() ? cast<YieldOp>(getBody().front().getTerminator()).getValues().front() : Value();
}

OperandRange LoopOp::getYielded() {
  return cast<YieldOp>(getBody().front().getTerminator()).getValues().drop_front(getCondition() ? 1 : 0);
}

LogicalResult LoopOp::verifyRegions() {
  SmallVector<Type> arguments{IndexType::get(getContext())};
  llvm::append_range(arguments, getInitial().getTypes());
  if (!llvm::equal(arguments, getBody().front().getArgumentTypes()))
    return emitOpError("needs a region with the arguments ")
           << arguments << ", but it has " << SmallVector<Type>(getBody().front().getArgumentTypes())
           << " (C1)";
  SmallVector<Type> yielded;
  if (getCondition())
    yielded.push_back(getCondition().getType());
  llvm::append_range(yielded, getInitial().getTypes());
  SmallVector<Type> found(getBody().front().getTerminator()->getOperandTypes());
  if (found != yielded)
    return emitOpError("needs a region that yields ") << yielded << ", but it yields " << found << " (C2)";
  if (!llvm::equal(getResultTypes(), getInitial().getTypes()))
    return emitOpError("has results of ")
           << SmallVector<Type>(getResultTypes()) << ", but expected "
           << SmallVector<Type>(getInitial().getTypes()) << " as 'initial' (C3)";
  return success();
}

LogicalResult LoopOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  for (auto [result, initial] : llvm::zip_equal(getResults(), getInitial())) {
    SmallVector<OpFoldResult> extents;
    for (int64_t i = 0, rank = cast<RankedTensorType>(result.getType()).getRank(); i < rank; ++i)
      extents.push_back(getDimension(builder, getLoc(), initial, i));
    shapes.push_back(matchExtents(builder, result, extents));
  }
  return success();
}

/// A while loop over the number of the round, the condition if there is one, and the carried tensors.
SmallVector<SmallVector<Value>> LoopOp::decompose(OpBuilder &builder, ArrayRef<ValueRange> operands) {
  Location loc = getLoc();
  Value count = operands[0].front();
  SmallVector<Value> initial{arith::ConstantIndexOp::create(builder, loc, 0)};
  for (ValueRange operand : operands.drop_front())
    initial.push_back(operand.front());
  SmallVector<Type> types = llvm::map_to_vector(initial, [](Value value) { return value.getType(); });
  auto goesOn = [&](OpBuilder &body, Location at, ValueRange arguments) {
    Value holds = arith::CmpIOp::create(body, at, arith::CmpIPredicate::slt, arguments[0], count);
    if (getCondition()) {
      Value condition = tensor::ExtractOp::create(body, at, arguments[1], ValueRange());
      holds = arith::AndIOp::create(body, at, holds, condition);
    }
    scf::ConditionOp::create(body, at, holds, arguments);
  };
  auto run = [&](OpBuilder &body, Location at, ValueRange arguments) {
    IRMapping mapping;
    mapping.map(getCounter(), arguments[0]);
    mapping.map(getCarried(), arguments.drop_front(getCondition() ? 2 : 1));
    for (Operation &op : getBody().front().without_terminator())
      body.clone(op, mapping);
    Value one = arith::ConstantIndexOp::create(body, at, 1);
    SmallVector<Value> next{arith::AddIOp::create(body, at, arguments[0], one)};
    for (Value value : getBody().front().getTerminator()->getOperands())
      next.push_back(mapping.lookupOrDefault(value));
    scf::YieldOp::create(body, at, next);
  };
  auto loop = scf::WhileOp::create(builder, loc, types, initial, goesOn, run);
  return llvm::map_to_vector(loop.getResults().take_back(getInitial().size()),
                             [](Value result) { return SmallVector<Value>{result}; });
}
