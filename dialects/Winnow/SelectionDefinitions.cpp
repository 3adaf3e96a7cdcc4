// Executable definitions of what makes selections and takes them apart, and of gather and scatter.
#include "dialects/Winnow/Extents.h"
#include "dialects/Winnow/SelectionForms.h"
#include "dialects/Winnow/WinnowOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace winnow;

namespace {

using Results = SmallVector<SmallVector<Value>>;

SmallVector<OpFoldResult> extentsOf(OpBuilder &builder, Location location, Value tensor) {
  return tensor::getMixedSizes(builder, location, tensor);
}

Value compare(Formula &formula, arith::CmpFPredicate predicate, Value a, Value b) {
  return arith::CmpFOp::create(formula.builder, formula.location, predicate, a, b);
}

/// Score `a` at index `i` ranks before score `b` at index `j`: it is higher, or NaN is compared with, or
/// they are equal and `i` is lower.
Value ranksBefore(Formula &formula, Value a, Value i, Value b, Value j) {
  Value aIsNaN = compare(formula, arith::CmpFPredicate::UNO, a, a);
  Value bIsNaN = compare(formula, arith::CmpFPredicate::UNO, b, b);
  Value aIsNumber = compare(formula, arith::CmpFPredicate::ORD, a, a);
  Value isHigher =
      formula.either(compare(formula, arith::CmpFPredicate::OGT, a, b), formula.both(aIsNumber, bIsNaN));
  Value isTied =
      formula.either(compare(formula, arith::CmpFPredicate::OEQ, a, b), formula.both(aIsNaN, bIsNaN));
  return formula.either(isHigher, formula.both(isTied, formula.isLess(i, j)));
}

/// True for the entries that fewer than `k` others rank before.
Value buildTopKMask(OpBuilder &builder, Location location, Value scores, int64_t k) {
  SmallVector<OpFoldResult> extents = extentsOf(builder, location, scores);
  Value ranks =
      buildReduction(builder, location, {extents[0], extents[1], extents[1]}, 2, builder.getI64IntegerAttr(0),
                     [&](Formula &formula, ValueRange at, Value rank) -> Value {
                       Value score = formula.entry(scores, {at[0], at[1]}),
                             other = formula.entry(scores, {at[0], at[2]});
                       Value isBefore = ranksBefore(formula, other, at[2], score, at[1]);
                       Value step = formula.select(isBefore, formula.constant(builder.getI64IntegerAttr(1)),
                                                   formula.constant(builder.getI64IntegerAttr(0)));
                       return arith::AddIOp::create(formula.builder, formula.location, rank, step);
                     });
  return buildTensor(builder, location, extents, builder.getI1Type(), [&](Formula &formula, ValueRange at) {
    return formula.isLess(formula.entry(ranks, at), formula.constant(builder.getI64IntegerAttr(k)));
  });
}

Results selectionResults(SelectionType type, const SelectionParts &parts, OpBuilder &builder,
                         Location location) {
  return {valuesOf(type, parts, builder, location)};
}

} // namespace

Results SelectTopKOp::decompose(OpBuilder &builder, ArrayRef<ValueRange> operands) {
  Value mask = buildTopKMask(builder, getLoc(), operands[0].front(), getK());
  OpFoldResult capacity = builder.getIndexAttr(getType().getCapacity());
  return selectionResults(getType(), buildSelection(builder, getLoc(), mask, capacity), builder, getLoc());
}

Results SelectBlocksOp::decompose(OpBuilder &builder, ArrayRef<ValueRange> operands) {
  Value queries = operands[0].front(), keys = operands[1].front();
  SmallVector<OpFoldResult> extents = extentsOf(builder, getLoc(), queries);
  extents.insert(extents.begin() + 2, getDimension(builder, getLoc(), keys, 1));
  Value scores =
      buildReduction(builder, getLoc(), extents, 3, builder.getF32FloatAttr(0.0f),
                     [&](Formula &formula, ValueRange at, Value sum) -> Value {
                       Value query = formula.toF32(formula.entry(queries, {at[0], at[1], at[3]}));
                       Value key = formula.toF32(formula.entry(keys, {at[0], at[2], at[3]}));
                       Value product = arith::MulFOp::create(formula.builder, formula.location, query, key);
                       return arith::AddFOp::create(formula.builder, formula.location, sum, product);
                     });
  Value rows = tensor::CollapseShapeOp::create(builder, getLoc(), scores,
                                               SmallVector<ReassociationIndices>{{0, 1}, {2}});
  Value mask = buildTopKMask(builder, getLoc(), rows, getK());
  OpFoldResult capacity = builder.getIndexAttr(getType().getCapacity());
  return selectionResults(getType(), buildSelection(builder, getLoc(), mask, capacity), builder, getLoc());
}

Results SelectThresholdOp::decompose(OpBuilder &builder, ArrayRef<ValueRange> operands) {
  Value scores = operands[0].front();
  auto type = cast<FloatType>(getElementTypeOrSelf(scores.getType()));
  APFloat threshold = getThreshold();
  bool losesInformation = false;
  threshold.convert(type.getFloatSemantics(), APFloat::rmNearestTiesToEven, &losesInformation);
  arith::CmpFPredicate predicate =
      getComparison() == ThresholdComparison::Greater ? arith::CmpFPredicate::OGT : arith::CmpFPredicate::OGE;
  SmallVector<OpFoldResult> extents = extentsOf(builder, getLoc(), scores);
  Value mask =
      buildTensor(builder, getLoc(), extents, builder.getI1Type(), [&](Formula &formula, ValueRange at) {
        return compare(formula, predicate, formula.entry(scores, at),
                       formula.constant(FloatAttr::get(type, threshold)));
      });
  return selectionResults(getType(), buildSelection(builder, getLoc(), mask, extents[1]), builder, getLoc());
}

Results SelectionFromMaskOp::decompose(OpBuilder &builder, ArrayRef<ValueRange> operands) {
  Value mask = operands[0].front();
  OpFoldResult universe = getDimension(builder, getLoc(), mask, 1);
  return selectionResults(getType(), buildSelection(builder, getLoc(), mask, universe), builder, getLoc());
}

Results SelectionEnumerateOp::decompose(OpBuilder &builder, ArrayRef<ValueRange> operands) {
  Value mask = operands[0].front();
  int64_t capacity = getIndices().getType().getDimSize(1);
  OpFoldResult entries = builder.getIndexAttr(capacity);
  if (ShapedType::isDynamic(capacity))
    entries = getCapacity() ? OpFoldResult(operands[1].front()) : getDimension(builder, getLoc(), mask, 1);
  SelectionParts parts = buildSelection(builder, getLoc(), mask, entries);
  return {{parts.indices}, {parts.counts}};
}

Results SelectionToMaskOp::decompose(OpBuilder &builder, ArrayRef<ValueRange> operands) {
  return {{buildMask(builder, getLoc(), getSelection().getType(), operands[0])}};
}

Results SelectionIndicesOp::decompose(OpBuilder &, ArrayRef<ValueRange> operands) {
  return {{operands[0][0]}};
}

Results SelectionCountsOp::decompose(OpBuilder &builder, ArrayRef<ValueRange> operands) {
  SelectionType type = getSelection().getType();
  if (type.getForm() == SelectionForm::Rows)
    return {{operands[0][1]}};
  return {{buildMaskCounts(builder, getLoc(), buildMask(builder, getLoc(), type, operands[0]), 0)}};
}

Results SelectionPositionsOp::decompose(OpBuilder &builder, ArrayRef<ValueRange> operands) {
  return {{buildPositions(builder, getLoc(), partsOf(getSelection().getType(), operands[0]))}};
}

Results SelectionAssembleOp::decompose(OpBuilder &, ArrayRef<ValueRange> operands) {
  SmallVector<Value> values{operands[0].front(), operands[1].front()};
  if (getUniverse())
    values.push_back(operands[2].front());
  return {values};
}

Results GatherOp::decompose(OpBuilder &builder, ArrayRef<ValueRange> operands) {
  SelectionParts parts = partsOf(getSelection().getType(), operands[1]);
  return {{buildGather(builder, getLoc(), operands[0].front(), parts, getShared())}};
}

Results ScatterOp::decompose(OpBuilder &builder, ArrayRef<ValueRange> operands) {
  SelectionParts parts = partsOf(getSelection().getType(), operands[1]);
  return {{buildScatter(builder, getLoc(), operands[0].front(), parts)}};
}
