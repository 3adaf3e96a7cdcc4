// Verification, folding and shapes of the operations that make selections and take them apart.
#include "dialects/Winnow/Extents.h"
#include "dialects/Winnow/WinnowOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace winnow;

namespace {

/// The result's rows and universe are the dimensions of what it selects from.
LogicalResult checkRowsAndUniverse(Operation *op, StringRef name, Value source, SelectionType result,
                                   StringRef label) {
  if (failed(checkDimension(op, name, source, 0, "the result's number of rows", result.getRows(), label)))
    return failure();
  return checkDimension(op, name, source, 1, "the result's universe", result.getUniverse(), label);
}

LogicalResult checkFullCapacity(Operation *op, SelectionType result, StringRef label) {
  if (result.getCapacity() == result.getUniverse())
    return success();
  return op->emitOpError("the result's capacity differs from its universe in ")
         << result << " (" << label << ")";
}

/// The type of a selection from `source` in which everything may be active.
SelectionType fullCapacityType(Value source) {
  auto type = cast<RankedTensorType>(source.getType());
  return SelectionType::get(type.getContext(), type.getDimSize(0), type.getDimSize(1), type.getDimSize(1));
}

int64_t topKCapacity(int64_t universe, int64_t k) {
  return ShapedType::isDynamic(universe) ? k : std::min(universe, k);
}

LogicalResult checkK(Operation *op, uint64_t k) {
  if (static_cast<int64_t>(k) >= 1)
    return success();
  return op->emitOpError("k is ") << static_cast<int64_t>(k) << ", but must be at least 1 (C2)";
}

LogicalResult checkTopKCapacity(Operation *op, SelectionType result, uint64_t k, StringRef label) {
  int64_t capacity = topKCapacity(result.getUniverse(), static_cast<int64_t>(k));
  if (result.getCapacity() == capacity)
    return success();
  return op->emitOpError("the result's capacity must be ")
         << capacity << " in " << result << " (" << label << ")";
}

RankedTensorType partType(Value selection, ArrayRef<int64_t> shape, unsigned width) {
  return RankedTensorType::get(shape, IntegerType::get(selection.getContext(), width));
}

SelectionType typeOf(Value selection) { return cast<SelectionType>(selection.getType()); }

/// A top-k that can leave nothing out selects everything.
struct SelectEverything : OpRewritePattern<SelectTopKOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SelectTopKOp op, PatternRewriter &rewriter) const override {
    auto scores = cast<RankedTensorType>(op.getScores().getType());
    if (scores.isDynamicDim(1) || static_cast<int64_t>(op.getK()) < scores.getDimSize(1))
      return rewriter.notifyMatchFailure(op, "k is not known to cover the universe");
    Value everything = arith::ConstantOp::create(rewriter, op.getLoc(), rewriter.getBoolAttr(true));
    auto type = RankedTensorType::get(scores.getShape(), rewriter.getI1Type());
    SmallVector<Value> sizes;
    if (scores.isDynamicDim(0))
      sizes.push_back(tensor::DimOp::create(rewriter, op.getLoc(), op.getScores(), 0));
    Value mask = tensor::SplatOp::create(rewriter, op.getLoc(), everything, type, sizes);
    rewriter.replaceOpWithNewOp<SelectionFromMaskOp>(op, op.getType(), mask);
    return success();
  }
};

} // namespace

void SelectTopKOp::build(OpBuilder &builder, OperationState &state, Value scores, int64_t k) {
  auto type = cast<RankedTensorType>(scores.getType());
  build(builder, state,
        SelectionType::get(type.getContext(), type.getDimSize(0), type.getDimSize(1),
                           topKCapacity(type.getDimSize(1), k)),
        scores, builder.getI64IntegerAttr(k));
}

LogicalResult SelectTopKOp::verify() {
  if (failed(checkK(*this, getK())) ||
      failed(checkRowsAndUniverse(*this, "scores", getScores(), getType(), "C3")))
    return failure();
  return checkTopKCapacity(*this, getType(), getK(), "C4");
}

void SelectTopKOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<SelectEverything>(context);
}

void SelectBlocksOp::build(OpBuilder &builder, OperationState &state, Value queries, Value keys, int64_t k) {
  auto queryType = cast<RankedTensorType>(queries.getType()),
       keyType = cast<RankedTensorType>(keys.getType());
  int64_t rows = multiplyExtents(queryType.getDimSize(0), queryType.getDimSize(1));
  int64_t universe = keyType.getDimSize(1);
  build(builder, state, SelectionType::get(builder.getContext(), rows, universe, topKCapacity(universe, k)),
        queries, keys, builder.getI64IntegerAttr(k));
}

LogicalResult SelectBlocksOp::verify() {
  RankedTensorType queries = getQueries().getType(), keys = getKeys().getType();
  if (queries.getElementType() != keys.getElementType())
    return emitOpError("'keys' has element type ")
           << keys.getElementType() << ", but 'queries' has " << queries.getElementType() << " (C1)";
  if (failed(checkK(*this, getK())))
    return failure();
  for (int64_t dimension : {0, 2})
    if (failed(checkDimension(*this, "keys", getKeys(), dimension,
                              "dimension " + Twine(dimension) + " of 'queries'",
                              queries.getDimSize(dimension), "C3")))
      return failure();
  int64_t rows = multiplyExtents(queries.getDimSize(0), queries.getDimSize(1));
  if (failed(checkExtent(*this, "the result's number of rows", getType().getRows(),
                         "the number of query blocks", rows, "C4")) ||
      failed(checkDimension(*this, "keys", getKeys(), 1, "the result's universe", getType().getUniverse(),
                            "C4")))
    return failure();
  return checkTopKCapacity(*this, getType(), getK(), "C5");
}

void SelectThresholdOp::build(OpBuilder &builder, OperationState &state, Value scores,
                              ThresholdComparison comparison, double threshold) {
  build(builder, state, fullCapacityType(scores), scores, comparison, APFloat(threshold));
}

LogicalResult SelectThresholdOp::verify() {
  if (getThreshold().isNaN())
    return emitOpError("threshold is not a number (C2)");
  if (failed(checkRowsAndUniverse(*this, "scores", getScores(), getType(), "C3")))
    return failure();
  return checkFullCapacity(*this, getType(), "C4");
}

void SelectionFromMaskOp::build(OpBuilder &builder, OperationState &state, Value mask) {
  build(builder, state, fullCapacityType(mask), mask);
}

LogicalResult SelectionFromMaskOp::verify() {
  if (failed(checkRowsAndUniverse(*this, "mask", getMask(), getType(), "C2")))
    return failure();
  return checkFullCapacity(*this, getType(), "C3");
}

OpFoldResult SelectionFromMaskOp::fold(FoldAdaptor) {
  auto toMask = getMask().getDefiningOp<SelectionToMaskOp>();
  if (toMask && toMask.getSelection().getType() == getType())
    return toMask.getSelection();
  return {};
}

void SelectionToMaskOp::build(OpBuilder &builder, OperationState &state, Value selection) {
  SelectionType type = typeOf(selection);
  build(builder, state, partType(selection, {type.getRows(), type.getUniverse()}, 1), selection);
}

LogicalResult SelectionToMaskOp::verify() {
  SelectionType type = getSelection().getType();
  if (failed(checkDimension(*this, "result", getResult(), 0, "the selection's number of rows", type.getRows(),
                            "C1")))
    return failure();
  return checkDimension(*this, "result", getResult(), 1, "the selection's universe", type.getUniverse(),
                        "C1");
}

OpFoldResult SelectionToMaskOp::fold(FoldAdaptor) {
  if (readThroughConversion(getSelectionMutable()))
    return getResult();
  auto fromMask = getSelection().getDefiningOp<SelectionFromMaskOp>();
  if (fromMask && fromMask.getMask().getType() == getType())
    return fromMask.getMask();
  return {};
}

LogicalResult SelectionToMaskOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  return reifyShape(
      builder, getResult(),
      {findRows(builder, getLoc(), getSelection()), findUniverse(builder, getLoc(), getSelection())}, shapes);
}

void SelectionIndicesOp::build(OpBuilder &builder, OperationState &state, Value selection) {
  SelectionType type = typeOf(selection);
  build(builder, state, partType(selection, {type.getRows(), type.getCapacity()}, 32), selection);
}

LogicalResult SelectionIndicesOp::verify() {
  SelectionType type = getSelection().getType();
  if (failed(checkDimension(*this, "result", getResult(), 0, "the selection's number of rows", type.getRows(),
                            "C1")))
    return failure();
  return checkDimension(*this, "result", getResult(), 1, "the selection's capacity", type.getCapacity(),
                        "C1");
}

OpFoldResult SelectionIndicesOp::fold(FoldAdaptor) {
  auto assemble = getSelection().getDefiningOp<SelectionAssembleOp>();
  if (assemble && assemble.getIndices().getType() == getType())
    return assemble.getIndices();
  return {};
}

LogicalResult SelectionIndicesOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  return reifyShape(
      builder, getResult(),
      {findRows(builder, getLoc(), getSelection()), findCapacity(builder, getLoc(), getSelection())}, shapes);
}

void SelectionCountsOp::build(OpBuilder &builder, OperationState &state, Value selection) {
  build(builder, state, partType(selection, {typeOf(selection).getRows()}, 32), selection);
}

LogicalResult SelectionCountsOp::verify() {
  return checkDimension(*this, "result", getResult(), 0, "the selection's number of rows",
                        getSelection().getType().getRows(), "C1");
}

OpFoldResult SelectionCountsOp::fold(FoldAdaptor) {
  if (readThroughConversion(getSelectionMutable()))
    return getResult();
  auto assemble = getSelection().getDefiningOp<SelectionAssembleOp>();
  if (assemble && assemble.getCounts().getType() == getType())
    return assemble.getCounts();
  return {};
}

LogicalResult SelectionCountsOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  return reifyShape(builder, getResult(), {findRows(builder, getLoc(), getSelection())}, shapes);
}

void SelectionPositionsOp::build(OpBuilder &builder, OperationState &state, Value selection) {
  SelectionType type = typeOf(selection);
  build(builder, state, partType(selection, {type.getRows(), type.getUniverse()}, 32), selection);
}

LogicalResult SelectionPositionsOp::verify() {
  SelectionType type = getSelection().getType();
  if (failed(checkDimension(*this, "result", getResult(), 0, "the selection's number of rows", type.getRows(),
                            "C1")))
    return failure();
  return checkDimension(*this, "result", getResult(), 1, "the selection's universe", type.getUniverse(),
                        "C1");
}

LogicalResult SelectionPositionsOp::reifyResultShapes(OpBuilder &builder,
                                                      ReifiedRankedShapedTypeDims &shapes) {
  return reifyShape(
      builder, getResult(),
      {findRows(builder, getLoc(), getSelection()), findUniverse(builder, getLoc(), getSelection())}, shapes);
}

LogicalResult SelectionEnumerateOp::verify() {
  auto mask = getMask().getType();
  if (failed(checkDimension(*this, "indices", getIndices(), 0, "the mask's number of rows",
                            mask.getDimSize(0), "C1")) ||
      failed(checkDimension(*this, "counts", getCounts(), 0, "the mask's number of rows", mask.getDimSize(0),
                            "C1")))
    return failure();
  bool isDynamic = getIndices().getType().isDynamicDim(1);
  if (getCapacity() && !isDynamic)
    return emitOpError("has an operand 'capacity', but dimension 1 of indices is ")
           << getIndices().getType().getDimSize(1) << " (C3)";
  if (isDynamic && !getCapacity() && !mask.isDynamicDim(1))
    return emitOpError("dimension 1 of indices is dynamic, but that of mask is ")
           << mask.getDimSize(1) << " (C2)";
  return success();
}

OpFoldResult SelectionEnumerateOp::getMixedCapacity(OpBuilder &builder) {
  int64_t capacity = getIndices().getType().getDimSize(1);
  if (!ShapedType::isDynamic(capacity))
    return builder.getIndexAttr(capacity);
  return getCapacity() ? OpFoldResult(getCapacity()) : getDimension(builder, getLoc(), getMask(), 1);
}

LogicalResult SelectionEnumerateOp::reifyResultShapes(OpBuilder &builder,
                                                      ReifiedRankedShapedTypeDims &shapes) {
  OpFoldResult rows = getDimension(builder, getLoc(), getMask(), 0);
  shapes.push_back(matchExtents(builder, getIndices(), {rows, getMixedCapacity(builder)}));
  shapes.push_back(matchExtents(builder, getCounts(), {rows}));
  return success();
}

LogicalResult SelectionAssembleOp::verify() {
  SelectionType type = getType();
  if (failed(checkDimension(*this, "indices", getIndices(), 0, "the result's number of rows", type.getRows(),
                            "C1")) ||
      failed(checkDimension(*this, "indices", getIndices(), 1, "the result's capacity", type.getCapacity(),
                            "C1")) ||
      failed(checkDimension(*this, "counts", getCounts(), 0, "the result's number of rows", type.getRows(),
                            "C2")))
    return failure();
  bool isNeeded = ShapedType::isDynamic(type.getUniverse());
  if (isNeeded && !getUniverse())
    return emitOpError("needs the operand 'universe', since ") << type << " does not tell it (C3)";
  if (!isNeeded && getUniverse())
    return emitOpError("has an operand 'universe', but ") << type << " tells it already (C3)";
  return success();
}

OpFoldResult SelectionAssembleOp::fold(FoldAdaptor) {
  auto indices = getIndices().getDefiningOp<SelectionIndicesOp>();
  auto counts = getCounts().getDefiningOp<SelectionCountsOp>();
  // With a dynamic universe, the operand may say another one than the selection has.
  if (indices && counts && !getUniverse() && indices.getSelection() == counts.getSelection() &&
      indices.getSelection().getType() == getType())
    return indices.getSelection();
  return {};
}
