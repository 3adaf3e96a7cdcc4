// Executable definitions of what has to do with the order of numbers.
#include "dialects/Winnow/Definition.h"
#include "dialects/Winnow/WinnowOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace winnow;

namespace {

Value compare(Formula &formula, arith::CmpIPredicate predicate, Value a, Value b) {
  return arith::CmpIOp::create(formula.builder, formula.location, predicate, a, b);
}

Value constant(Formula &formula, int64_t value) {
  return formula.constant(formula.builder.getI64IntegerAttr(value));
}

Value isCounted(Formula &formula, Value key) {
  return compare(formula, arith::CmpIPredicate::sge, key, constant(formula, 0));
}

/// For each key, how many of the keys are smaller.
Value countSmaller(OpBuilder &builder, Location location, Value keys) {
  OpFoldResult count = tensor::getMixedSize(builder, location, keys, 0);
  return buildReduction(builder, location, {count, count}, 1, builder.getI64IntegerAttr(0),
                        [&](Formula &formula, ValueRange at, Value smaller) -> Value {
                          Value other = formula.entry(keys, at[1]);
                          Value isSmaller =
                              compare(formula, arith::CmpIPredicate::slt, other, formula.entry(keys, at[0]));
                          Value step = formula.select(formula.both(isCounted(formula, other), isSmaller),
                                                      constant(formula, 1), constant(formula, 0));
                          return arith::AddIOp::create(formula.builder, formula.location, smaller, step);
                        });
}

} // namespace

SmallVector<SmallVector<Value>> OrderStatisticOp::decompose(OpBuilder &builder,
                                                            ArrayRef<ValueRange> operands) {
  Value keys = operands[0].front(), rank = operands[1].front();
  Value smaller = countSmaller(builder, getLoc(), keys);
  Value result = buildReduction(
      builder, getLoc(), tensor::getMixedSize(builder, getLoc(), keys, 0), 0,
      builder.getI64IntegerAttr(int64_t(1) << kKeyBits), [&](Formula &formula, ValueRange at, Value found) {
        Value key = formula.entry(keys, at[0]);
        Value wanted = arith::MaxSIOp::create(formula.builder, formula.location, formula.entry(rank, {}),
                                              constant(formula, 0));
        Value hasRank = compare(formula, arith::CmpIPredicate::eq, formula.entry(smaller, at[0]), wanted);
        return formula.select(formula.both(isCounted(formula, key), hasRank), key, found);
      });
  return {{result}};
}
