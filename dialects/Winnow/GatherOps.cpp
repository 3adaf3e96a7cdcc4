// Verification, folding and shapes of gather and scatter.
#include "dialects/Winnow/Extents.h"
#include "dialects/Winnow/WinnowOps.h"

using namespace mlir;
using namespace winnow;

namespace {

/// `tensor` has the dimensions `first` (called `firstNames`), then those of `source` after `skipped` ones.
LogicalResult checkResultShape(Operation *op, Value result, ArrayRef<int64_t> first,
                               ArrayRef<StringRef> firstNames, Value source, int64_t skipped) {
  auto sourceType = cast<RankedTensorType>(source.getType());
  auto resultType = cast<RankedTensorType>(result.getType());
  int64_t rank = 2 + sourceType.getRank() - skipped;
  if (resultType.getRank() != rank)
    return op->emitOpError("'result' has rank ")
           << resultType.getRank() << ", but " << rank << " is expected (C2)";
  for (int64_t i = 0; i < 2; ++i)
    if (failed(checkDimension(op, "result", result, i, firstNames[i], first[i], "C2")))
      return failure();
  for (int64_t i = 2; i < rank; ++i) {
    int64_t from = i - 2 + skipped;
    if (failed(checkDimension(op, "result", result, i, "dimension " + Twine(from) + " of 'source'",
                              sourceType.getDimSize(from), "C2")))
      return failure();
  }
  return success();
}

LogicalResult checkSourceRank(Operation *op, Value source, int64_t least) {
  int64_t rank = cast<RankedTensorType>(source.getType()).getRank();
  if (rank >= least)
    return success();
  return op->emitOpError("'source' has rank ") << rank << ", but at least " << least << " is expected (C1)";
}

/// `source` with its first `skipped` dimensions replaced by two others.
RankedTensorType replaceFirst(Value source, int64_t skipped, int64_t rows, int64_t entries) {
  auto type = cast<RankedTensorType>(source.getType());
  SmallVector<int64_t> shape{rows, entries};
  llvm::append_range(shape, type.getShape().drop_front(skipped));
  return RankedTensorType::get(shape, type.getElementType());
}

/// The rows of `selection` or, if only `tensor` tells them, of `tensor`.
int64_t commonRows(Value tensor, SelectionType selection) {
  if (!ShapedType::isDynamic(selection.getRows()))
    return selection.getRows();
  return cast<RankedTensorType>(tensor.getType()).getDimSize(0);
}

void appendRemaining(OpBuilder &builder, Location location, Value source, int64_t skipped,
                     SmallVector<OpFoldResult> &extents) {
  for (int64_t i = skipped, rank = cast<RankedTensorType>(source.getType()).getRank(); i < rank; ++i)
    extents.push_back(getDimension(builder, location, source, i));
}

} // namespace

void GatherOp::build(OpBuilder &builder, OperationState &state, Value source, Value selection, bool shared) {
  auto type = cast<SelectionType>(selection.getType());
  int64_t rows = shared ? type.getRows() : commonRows(source, type);
  build(builder, state, replaceFirst(source, shared ? 1 : 2, rows, type.getCapacity()), source, selection,
        shared);
}

LogicalResult GatherOp::verify() {
  SelectionType type = getSelection().getType();
  int64_t universe = getUniverseDimension();
  if (failed(checkSourceRank(*this, getSource(), universe + 1)))
    return failure();
  if (!getShared() && failed(checkDimension(*this, "source", getSource(), 0, "the selection's number of rows",
                                            type.getRows(), "C1")))
    return failure();
  if (failed(checkDimension(*this, "source", getSource(), universe, "the selection's universe",
                            type.getUniverse(), "C1")))
    return failure();
  return checkResultShape(*this, getResult(), {type.getRows(), type.getCapacity()},
                          {"the selection's number of rows", "the selection's capacity"}, getSource(),
                          universe + 1);
}

OpFoldResult GatherOp::fold(FoldAdaptor) {
  if (getShared())
    return {};
  // What lies beyond a count is unspecified on both sides.
  auto scatter = getSource().getDefiningOp<ScatterOp>();
  if (scatter && scatter.getSelection() == getSelection() && scatter.getSource().getType() == getType())
    return scatter.getSource();
  if (getSource().getType() == getType() && isFullSelection(getSelection()))
    return getSource();
  return {};
}

LogicalResult GatherOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> extents;
  extents.push_back(getShared() ? getRows(builder, getLoc(), getSelection())
                                : getDimension(builder, getLoc(), getSource(), 0));
  extents.push_back(getCapacity(builder, getLoc(), getSelection()));
  appendRemaining(builder, getLoc(), getSource(), getUniverseDimension() + 1, extents);
  shapes.push_back(matchExtents(builder, getResult(), extents));
  return success();
}

void ScatterOp::build(OpBuilder &builder, OperationState &state, Value source, Value selection) {
  auto type = cast<SelectionType>(selection.getType());
  build(builder, state, replaceFirst(source, 2, commonRows(source, type), type.getUniverse()), source,
        selection);
}

LogicalResult ScatterOp::verify() {
  SelectionType type = getSelection().getType();
  if (failed(checkSourceRank(*this, getSource(), 2)) ||
      failed(checkDimension(*this, "source", getSource(), 0, "the selection's number of rows", type.getRows(),
                            "C1")) ||
      failed(checkDimension(*this, "source", getSource(), 1, "the selection's capacity", type.getCapacity(),
                            "C1")))
    return failure();
  return checkResultShape(*this, getResult(), {type.getRows(), type.getUniverse()},
                          {"the selection's number of rows", "the selection's universe"}, getSource(), 2);
}

OpFoldResult ScatterOp::fold(FoldAdaptor) {
  if (getSource().getType() == getType() && isFullSelection(getSelection()))
    return getSource();
  return {};
}

LogicalResult ScatterOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> extents{getDimension(builder, getLoc(), getSource(), 0),
                                    getUniverse(builder, getLoc(), getSelection())};
  appendRemaining(builder, getLoc(), getSource(), 2, extents);
  shapes.push_back(matchExtents(builder, getResult(), extents));
  return success();
}
