// Verification and shapes of the operations on modalities.
#include "dialects/Winnow/Extents.h"
#include "dialects/Winnow/WinnowOps.h"

using namespace mlir;
using namespace winnow;

namespace {

int64_t dimensionOf(Value tensor, int64_t dimension) {
  return cast<RankedTensorType>(tensor.getType()).getDimSize(dimension);
}

/// Points at where an operand was aligned, if that is known.
void noteAlignment(Diagnostic &error, Value encoding) {
  if (auto align = encoding.getDefiningOp<AlignOp>())
    error.attachNote(align.getLoc()) << "'" << align.getModality() << "' is aligned to width "
                                     << dimensionOf(encoding, 1) << " here";
}

LogicalResult checkWidths(ContrastOp op) {
  int64_t a = dimensionOf(op.getA(), 1), b = dimensionOf(op.getB(), 1);
  if (areCompatibleExtents(a, b))
    return success();
  ArrayRef<StringAttr> names = op.getModalities().getNames();
  InFlightDiagnostic error = op.emitOpError()
                             << "compares " << names[0] << " of width " << a << " with " << names[1]
                             << " of width " << b << ", but encodings of one width are expected (C1)";
  noteAlignment(*error.getUnderlyingDiagnostic(), op.getA());
  noteAlignment(*error.getUnderlyingDiagnostic(), op.getB());
  return error;
}

} // namespace

LogicalResult SegmentsOp::verify() {
  int64_t modalities = getModalities().getNames().size();
  if (failed(
          checkDimension(*this, "lengths", getLengths(), 1, "the number of modalities", modalities, "C1")) ||
      failed(checkDimension(*this, "offsets", getOffsets(), 1, "the number of modalities and one more",
                            modalities + 1, "C1")))
    return failure();
  int64_t rows = dimensionOf(getLengths(), 0);
  if (failed(checkDimension(*this, "ids", getIds(), 0, "dimension 0 of 'lengths'", rows, "C2")) ||
      failed(checkDimension(*this, "offsets", getOffsets(), 0, "dimension 0 of 'lengths'", rows, "C2")))
    return failure();
  bool isDynamic = ShapedType::isDynamic(dimensionOf(getIds(), 1));
  if (isDynamic && !getTokens())
    return emitOpError("'ids' has a dynamic number of tokens, but 'tokens' is not given (C3)");
  if (!isDynamic && getTokens())
    return emitOpError("'tokens' is given, but the type of 'ids' says that there are ")
           << dimensionOf(getIds(), 1) << " (C3)";
  return success();
}

LogicalResult SegmentsOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  OpFoldResult rows = getDimension(builder, getLoc(), getLengths(), 0);
  OpFoldResult tokens =
      getTokens() ? OpFoldResult(getTokens()) : OpFoldResult(builder.getIndexAttr(dimensionOf(getIds(), 1)));
  OpFoldResult offsets = builder.getIndexAttr(getModalities().getNames().size() + 1);
  shapes.push_back(matchExtents(builder, getIds(), {rows, tokens}));
  shapes.push_back(matchExtents(builder, getOffsets(), {rows, offsets}));
  return success();
}

LogicalResult AlignOp::verify() {
  if (getModality().empty())
    return emitOpError("modality is empty, but a name is expected (C3)");
  if (!getEpsilon().isFinite() || !(getEpsilon().convertToFloat() > 0.0f))
    return emitOpError("epsilon is not a positive number (C4)");
  int64_t width = dimensionOf(getFeatures(), 1), expected = dimensionOf(getProjection(), 0);
  if (!areCompatibleExtents(width, expected))
    return emitOpError("the features of '") << getModality() << "' have width " << width
                                            << ", but its projection takes width " << expected << " (C1)";
  if (failed(checkDimension(*this, "result", getResult(), 0, "dimension 0 of 'features'",
                            dimensionOf(getFeatures(), 0), "C2")))
    return failure();
  return checkDimension(*this, "result", getResult(), 1, "dimension 1 of 'projection'",
                        dimensionOf(getProjection(), 1), "C2");
}

LogicalResult AlignOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> extents{getDimension(builder, getLoc(), getFeatures(), 0),
                                    getDimension(builder, getLoc(), getProjection(), 1)};
  shapes.push_back(matchExtents(builder, getResult(), extents));
  return success();
}

LogicalResult ContrastOp::verify() {
  if (getModalities().getNames().size() != 2)
    return emitOpError("names ") << getModalities().getNames().size()
                                 << " modalities, but two are expected (C3)";
  if (failed(checkWidths(*this)) ||
      failed(checkDimension(*this, "result", getResult(), 0, "dimension 0 of 'a'", dimensionOf(getA(), 0),
                            "C2")))
    return failure();
  return checkDimension(*this, "result", getResult(), 1, "dimension 0 of 'b'", dimensionOf(getB(), 0), "C2");
}

LogicalResult ContrastOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> extents{getDimension(builder, getLoc(), getA(), 0),
                                    getDimension(builder, getLoc(), getB(), 0)};
  shapes.push_back(matchExtents(builder, getResult(), extents));
  return success();
}
