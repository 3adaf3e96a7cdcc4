// Executable definitions of feed-forward layers and experts: every neuron of every expert, then what counts.
#include "dialects/Winnow/Activations.h"
#include "dialects/Winnow/Extents.h"
#include "dialects/Winnow/SelectionForms.h"
#include "dialects/Winnow/WinnowOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace winnow;

namespace {

using Results = SmallVector<SmallVector<Value>>;

/// sum + a * b in f32
Value multiplyAdd(Formula &formula, Value a, Value b, Value sum) {
  Value product =
      arith::MulFOp::create(formula.builder, formula.location, formula.toF32(a), formula.toF32(b));
  return arith::AddFOp::create(formula.builder, formula.location, sum, product);
}

/// A tensor of f32 rounded to `type`.
Value roundTo(OpBuilder &builder, Location location, Type type, Value tensor) {
  if (type.isF32())
    return tensor;
  return buildTensor(builder, location, tensor::getMixedSizes(builder, location, tensor), type,
                     [&](Formula &formula, ValueRange at) -> Value {
                       return arith::TruncFOp::create(formula.builder, formula.location, type,
                                                      formula.entry(tensor, at));
                     });
}

/// The sum of `term` over the last of `extents`, in f32, rounded to `type`. The term adds to what it is
/// given.
Value buildSum(OpBuilder &builder, Location location, ArrayRef<OpFoldResult> extents, Type type,
               StepFormula term) {
  Value sum =
      buildReduction(builder, location, extents, extents.size() - 1, builder.getF32FloatAttr(0.0f), term);
  return roundTo(builder, location, type, sum);
}

/// a [M, K] * b [K, N]; with a mask [M, K], over the entries of `a` that it has.
Value buildProduct(OpBuilder &builder, Location location, Value a, Value b, Value mask = {}) {
  SmallVector<OpFoldResult> extents{getDimension(builder, location, a, 0),
                                    getDimension(builder, location, b, 1),
                                    getDimension(builder, location, a, 1)};
  return buildSum(builder, location, extents, getElementTypeOrSelf(a.getType()),
                  [&](Formula &formula, ValueRange at, Value sum) {
                    SmallVector<Value> from{at[0], at[2]};
                    Value added =
                        multiplyAdd(formula, formula.entry(a, from), formula.entry(b, {at[2], at[1]}), sum);
                    return mask ? formula.select(formula.entry(mask, from), added, sum) : added;
                  });
}

/// The sum of every entry of `values` [T, E, N] with the bias [E, N] of its expert, if there is one.
Value buildBiased(OpBuilder &builder, Location location, Value values, Value bias) {
  if (!bias)
    return values;
  Type type = getElementTypeOrSelf(values.getType());
  return buildTensor(builder, location, tensor::getMixedSizes(builder, location, values), type,
                     [&](Formula &formula, ValueRange at) -> Value {
                       Value value = formula.toF32(formula.entry(values, at));
                       Value added = formula.toF32(formula.entry(bias, at.drop_front()));
                       Value sum = arith::AddFOp::create(formula.builder, formula.location, value, added);
                       return type.isF32()
                                  ? sum
                                  : arith::TruncFOp::create(formula.builder, formula.location, type, sum);
                     });
}

/// Entry by entry, a * b.
Value buildEntryProduct(OpBuilder &builder, Location location, Value a, Value b) {
  return buildTensor(builder, location, tensor::getMixedSizes(builder, location, a),
                     getElementTypeOrSelf(a.getType()), [&](Formula &formula, ValueRange at) -> Value {
                       return arith::MulFOp::create(formula.builder, formula.location, formula.entry(a, at),
                                                    formula.entry(b, at));
                     });
}

/// The activation of every entry.
Value buildActivated(OpBuilder &builder, Location location, Activation activation, Value x) {
  return buildTensor(builder, location, tensor::getMixedSizes(builder, location, x),
                     getElementTypeOrSelf(x.getType()), [&](Formula &formula, ValueRange at) {
                       return buildActivation(formula.builder, formula.location, activation,
                                              formula.entry(x, at));
                     });
}

/// The group of each place among the members, or -1 beyond the last one.
Value buildGroups(OpBuilder &builder, Location location, Value offsets, OpFoldResult places) {
  OpFoldResult groups = addToExtent(builder, location, getDimension(builder, location, offsets, 0), -1);
  return buildReduction(
      builder, location, {places, groups}, 1, builder.getI32IntegerAttr(-1),
      [&](Formula &formula, ValueRange at, Value found) {
        Value next = arith::AddIOp::create(formula.builder, formula.location, at[1], formula.index(1));
        Value place = formula.toInteger(at[0]);
        Value isBefore = formula.isLess(place, formula.entry(offsets, at[1]));
        Value isIn = formula.isLess(place, formula.entry(offsets, next));
        return formula.select(isBefore, found, formula.select(isIn, formula.toInteger(at[1]), found));
      });
}

/// x [T, D] * weights [E, D, F] for every token and every expert: [T, E, F]. With `perExpert`, x is [T, E,
/// D].
Value buildExpertProducts(OpBuilder &builder, Location location, Value x, Value weights, bool perExpert) {
  SmallVector<OpFoldResult> extents{
      getDimension(builder, location, x, 0), getDimension(builder, location, weights, 0),
      getDimension(builder, location, weights, 2), getDimension(builder, location, weights, 1)};
  return buildSum(builder, location, extents, getElementTypeOrSelf(x.getType()),
                  [&](Formula &formula, ValueRange at, Value sum) {
                    SmallVector<Value> from{at[0], at[3]};
                    if (perExpert)
                      from.insert(from.begin() + 1, at[1]);
                    return multiplyAdd(formula, formula.entry(x, from),
                                       formula.entry(weights, {at[1], at[3], at[2]}), sum);
                  });
}

} // namespace

Results FfnOp::decompose(OpBuilder &builder, ArrayRef<ValueRange> operands) {
  Value x = operands[0].front(), up = operands[1].front(), down = operands[2].front();
  Value values = buildProduct(builder, getLoc(), x, up), hidden = values;
  if (getGate())
    hidden = buildProduct(builder, getLoc(), x, operands[3].front());
  hidden = buildActivated(builder, getLoc(), getActivation(), hidden);
  if (getGate())
    hidden = buildEntryProduct(builder, getLoc(), hidden, values);
  Value mask;
  if (getNeurons())
    mask = buildMask(builder, getLoc(), getNeurons().getType(), operands.back());
  return {{buildProduct(builder, getLoc(), hidden, down, mask)}};
}

Results GroupedMatmulOp::decompose(OpBuilder &builder, ArrayRef<ValueRange> operands) {
  Value x = operands[0].front(), weights = operands[1].front();
  Value offsets = operands[2][0], members = operands[2][1];
  OpFoldResult places = getDimension(builder, getLoc(), members, 0);
  Value groups = buildGroups(builder, getLoc(), offsets, places);
  SmallVector<OpFoldResult> extents{places, getDimension(builder, getLoc(), weights, 2),
                                    getDimension(builder, getLoc(), weights, 1)};
  Type f32 = builder.getF32Type();
  return {{buildSum(builder, getLoc(), extents, getElementTypeOrSelf(x.getType()),
                    [&](Formula &formula, ValueRange at, Value sum) -> Value {
                      Value group = formula.toIndex(formula.entry(groups, at[0]));
                      Value isMember = formula.isLess(formula.index(-1), group);
                      Value term = formula.orZero(isMember, f32, [&](Formula &inside) {
                        Value row = getGrouped() ? at[0] : inside.toIndex(inside.entry(members, at[0]));
                        return multiplyAdd(inside, inside.entry(x, {row, at[2]}),
                                           inside.entry(weights, {group, at[2], at[1]}), inside.zero(f32));
                      });
                      return arith::AddFOp::create(formula.builder, formula.location, sum, term);
                    })}};
}

Results ExpertsOp::decompose(OpBuilder &builder, ArrayRef<ValueRange> operands) {
  Value x = operands[0].front(), up = operands[1].front(), down = operands[2].front();
  Value gates = operands[3].front();
  Value mask = buildMask(builder, getLoc(), getRouting().getType(), operands[4]);
  ArrayRef<ValueRange> optional = operands.drop_front(5);
  auto next = [&](Value operand) {
    return operand ? std::exchange(optional, optional.drop_front()).front().front() : Value();
  };
  Value gate = next(getGate()), upBias = next(getUpBias()), gateBias = next(getGateBias());
  Value downBias = next(getDownBias());

  Value values = buildExpertProducts(builder, getLoc(), x, up, /*perExpert=*/false);
  values = buildBiased(builder, getLoc(), values, upBias);
  Value hidden = values;
  if (gate)
    hidden = buildBiased(builder, getLoc(),
                         buildExpertProducts(builder, getLoc(), x, gate, /*perExpert=*/false), gateBias);
  hidden = buildActivated(builder, getLoc(), getActivation(), hidden);
  if (gate)
    hidden = buildEntryProduct(builder, getLoc(), hidden, values);
  Value outputs = buildExpertProducts(builder, getLoc(), hidden, down, /*perExpert=*/true);
  outputs = buildBiased(builder, getLoc(), outputs, downBias);
  SmallVector<OpFoldResult> extents{getDimension(builder, getLoc(), x, 0),
                                    getDimension(builder, getLoc(), down, 2),
                                    getDimension(builder, getLoc(), down, 0)};
  return {{buildSum(builder, getLoc(), extents, getElementTypeOrSelf(x.getType()),
                    [&](Formula &formula, ValueRange at, Value sum) {
                      SmallVector<Value> token{at[0], at[2]};
                      Value added = multiplyAdd(formula, formula.entry(gates, token),
                                                formula.entry(outputs, {at[0], at[2], at[1]}), sum);
                      return formula.select(formula.entry(mask, token), added, sum);
                    })}};
}
