// Evaluates scalar bodies by folding copies of their operations.
#include "lib/Analysis/ScalarEvaluation.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace winnow;

namespace {

class BodyEvaluator {
public:
  BodyEvaluator(Block &body, ArrayRef<Attribute> arguments, ArrayRef<Attribute> indices) : indices(indices) {
    for (auto [argument, value] : llvm::zip(body.getArguments(), arguments))
      known[argument] = value;
    for (Operation &op : body.without_terminator())
      evaluate(op);
  }

  Attribute valueOf(Value value) {
    if (Attribute found = known.lookup(value))
      return found;
    Attribute constant;
    return matchPattern(value, m_Constant(&constant)) ? constant : Attribute();
  }

private:
  void evaluate(Operation &op) {
    if (auto index = dyn_cast<linalg::IndexOp>(op)) {
      if (index.getDim() < indices.size())
        known[index.getResult()] = indices[index.getDim()];
      return;
    }
    if (op.getNumResults() != 1 || op.getNumRegions() != 0)
      return;
    if (Attribute zero = evaluateZeroProduct(op))
      known[op.getResult(0)] = zero;
    else if (Attribute same = evaluateEqualBranches(op))
      known[op.getResult(0)] = same;
    else
      known[op.getResult(0)] = fold(op);
  }

  Attribute evaluateZeroProduct(Operation &op) {
    if (!isa<arith::MulFOp, arith::MulIOp, arith::AndIOp>(op))
      return {};
    bool hasZero = llvm::any_of(op.getOperands(), [&](Value operand) { return isZero(valueOf(operand)); });
    return hasZero ? Attribute(Builder(op.getContext()).getZeroAttr(op.getResult(0).getType())) : Attribute();
  }

  Attribute evaluateEqualBranches(Operation &op) {
    auto select = dyn_cast<arith::SelectOp>(op);
    if (!select)
      return {};
    Attribute yes = valueOf(select.getTrueValue()), no = valueOf(select.getFalseValue());
    return yes == no || (isZero(yes) && isZero(no)) ? yes : Attribute();
  }

  /// Folds a copy, since folding may change the operation itself.
  Attribute fold(Operation &op) {
    Operation *copy = op.clone();
    Attribute result;
    constexpr int kAttempts = 3; // a fold may first reorder operands
    for (int attempt = 0; attempt < kAttempts && !result; ++attempt) {
      SmallVector<Attribute> operands;
      for (Value operand : copy->getOperands())
        operands.push_back(valueOf(operand));
      SmallVector<OpFoldResult> results;
      if (failed(copy->fold(operands, results)))
        break;
      if (results.size() == 1)
        result = isa<Attribute>(results[0]) ? cast<Attribute>(results[0]) : valueOf(cast<Value>(results[0]));
    }
    copy->erase();
    return result;
  }

  ArrayRef<Attribute> indices;
  DenseMap<Value, Attribute> known;
};

} // namespace

bool winnow::isZero(Attribute value) {
  if (auto real = dyn_cast_if_present<FloatAttr>(value))
    return real.getValue().isZero();
  if (auto integer = dyn_cast_if_present<IntegerAttr>(value))
    return integer.getValue().isZero();
  return false;
}

SmallVector<Attribute> winnow::evaluateBody(linalg::LinalgOp op, ArrayRef<Attribute> arguments,
                                            ArrayRef<Attribute> indices) {
  Block &body = *op.getBlock();
  BodyEvaluator evaluator(body, arguments, indices);
  SmallVector<Attribute> yielded;
  for (Value value : body.getTerminator()->getOperands())
    yielded.push_back(evaluator.valueOf(value));
  return yielded;
}
