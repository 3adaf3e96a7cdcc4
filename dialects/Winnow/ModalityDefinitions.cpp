// Executable definitions of the operations on modalities.
#include "dialects/Winnow/Definition.h"
#include "dialects/Winnow/Extents.h"
#include "dialects/Winnow/WinnowOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace winnow;

namespace {

using Results = SmallVector<SmallVector<Value>>;

/// sum + a * b
Value multiplyAdd(Formula &formula, Value sum, Value a, Value b) {
  Value product = arith::MulFOp::create(formula.builder, formula.location, a, b);
  return arith::AddFOp::create(formula.builder, formula.location, sum, product);
}

} // namespace

Results SegmentsOp::decompose(OpBuilder &builder, ArrayRef<ValueRange> operands) {
  Value lengths = operands[0].front();
  int64_t modalities = getModalities().getNames().size();
  OpFoldResult rows = getDimension(builder, getLoc(), lengths, 0);
  auto extent = [&](int64_t value) { return OpFoldResult(builder.getIndexAttr(value)); };
  Value offsets =
      buildReduction(builder, getLoc(), {rows, extent(modalities + 1), extent(modalities)}, 2,
                     builder.getI32IntegerAttr(0), [&](Formula &formula, ValueRange at, Value sum) -> Value {
                       Value length = formula.entry(lengths, {at[0], at[2]});
                       Value isBefore = formula.isLess(at[2], at[1]);
                       Value isCounted = formula.both(isBefore, formula.isLess(formula.integer(0), length));
                       return arith::AddIOp::create(formula.builder, formula.location, sum,
                                                    formula.select(isCounted, length, formula.integer(0)));
                     });
  OpFoldResult tokens = getTokens() ? OpFoldResult(operands[1].front())
                                    : extent(cast<RankedTensorType>(getIds().getType()).getDimSize(1));
  Value ids = buildReduction(
      builder, getLoc(), {rows, tokens, extent(modalities)}, 2, builder.getI32IntegerAttr(-1),
      [&](Formula &formula, ValueRange at, Value found) {
        Value token = formula.toInteger(at[1]);
        Value next = arith::AddIOp::create(formula.builder, formula.location, at[2], formula.index(1));
        Value isBefore = formula.isLess(token, formula.entry(offsets, {at[0], at[2]}));
        Value isWithin = formula.isLess(token, formula.entry(offsets, {at[0], next}));
        Value isHere = formula.select(isBefore, formula.constant(builder.getBoolAttr(false)), isWithin);
        return formula.select(isHere, formula.toInteger(at[2]), found);
      });
  return {{ids}, {offsets}};
}

Results AlignOp::decompose(OpBuilder &builder, ArrayRef<ValueRange> operands) {
  Value features = operands[0].front(), projection = operands[1].front();
  OpFoldResult rows = getDimension(builder, getLoc(), features, 0);
  OpFoldResult columns = getDimension(builder, getLoc(), projection, 1);
  FloatAttr zero = builder.getF32FloatAttr(0.0f);
  Value projected = buildReduction(
      builder, getLoc(), {rows, columns, getDimension(builder, getLoc(), features, 1)}, 2, zero,
      [&](Formula &formula, ValueRange at, Value sum) {
        return multiplyAdd(formula, sum, formula.toF32(formula.entry(features, {at[0], at[2]})),
                           formula.toF32(formula.entry(projection, {at[2], at[1]})));
      });
  Value squares = buildReduction(builder, getLoc(), {rows, columns}, 1, zero,
                                 [&](Formula &formula, ValueRange at, Value sum) {
                                   Value entry = formula.entry(projected, at);
                                   return multiplyAdd(formula, sum, entry, entry);
                                 });
  Type element = getElementTypeOrSelf(getType());
  Value result =
      buildTensor(builder, getLoc(), {rows, columns}, element, [&](Formula &formula, ValueRange at) {
        Value norm = math::SqrtOp::create(formula.builder, formula.location, formula.entry(squares, at[0]));
        Value least = formula.constant(builder.getF32FloatAttr(getEpsilon().convertToFloat()));
        Value isShort =
            arith::CmpFOp::create(formula.builder, formula.location, arith::CmpFPredicate::OLT, norm, least);
        Value divisor = formula.select(isShort, least, norm);
        Value quotient =
            arith::DivFOp::create(formula.builder, formula.location, formula.entry(projected, at), divisor);
        return formula.fromF32(quotient, element);
      });
  return {{result}};
}

Results ContrastOp::decompose(OpBuilder &builder, ArrayRef<ValueRange> operands) {
  Value a = operands[0].front(), b = operands[1].front(), temperature = operands[2].front();
  OpFoldResult rows = getDimension(builder, getLoc(), a, 0), columns = getDimension(builder, getLoc(), b, 0);
  Value products =
      buildReduction(builder, getLoc(), {rows, columns, getDimension(builder, getLoc(), a, 1)}, 2,
                     builder.getF32FloatAttr(0.0f), [&](Formula &formula, ValueRange at, Value sum) {
                       return multiplyAdd(formula, sum, formula.toF32(formula.entry(a, {at[0], at[2]})),
                                          formula.toF32(formula.entry(b, {at[1], at[2]})));
                     });
  Type element = getElementTypeOrSelf(getType());
  Value result =
      buildTensor(builder, getLoc(), {rows, columns}, element, [&](Formula &formula, ValueRange at) {
        Value exponent = formula.entry(temperature, {});
        Value factor = math::ExpOp::create(formula.builder, formula.location, exponent);
        Value scaled =
            arith::MulFOp::create(formula.builder, formula.location, formula.entry(products, at), factor);
        return formula.fromF32(scaled, element);
      });
  return {{result}};
}
