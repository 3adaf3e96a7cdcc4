// Verification and shapes of normalizations.
#include "dialects/Winnow/Extents.h"
#include "dialects/Winnow/WinnowOps.h"

using namespace mlir;
using namespace winnow;

namespace {

/// What is read along a row has its width, which is known, and its element type. It may be absent.
LogicalResult checkParameter(NormalizeOp op, StringRef name, Value parameter) {
  if (!parameter)
    return success();
  auto type = cast<RankedTensorType>(parameter.getType());
  if (type.getDimSize(0) != op.getWidth())
    return op.emitOpError("'") << name << "' is of type " << type << ", but the last dimension of 'x' is "
                               << op.getWidth() << " (C2)";
  Type expected = op.getX().getType().getElementType();
  if (type.getElementType() != expected)
    return op.emitOpError("'") << name << "' has element type " << type.getElementType() << ", but 'x' has "
                               << expected << " (C3)";
  return success();
}

} // namespace

LogicalResult NormalizeOp::verify() {
  RankedTensorType type = getX().getType();
  if (type.getRank() == 0)
    return emitOpError("'x' has rank 0, but at least 1 is expected (C1)");
  if (ShapedType::isDynamic(getWidth()) || getWidth() < 1)
    return emitOpError("the last dimension of 'x', of type ")
           << type << ", must be known and at least 1 (C1)";
  if (failed(checkParameter(*this, "scale", getScale())) || failed(checkParameter(*this, "bias", getBias())))
    return failure();
  if (!getEpsilon().isFinite() || getEpsilon().isNegative())
    return emitOpError("epsilon is ")
           << getEpsilon().convertToFloat() << ", but must be finite and not negative (C4)";
  return success();
}

LogicalResult NormalizeOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> extents;
  for (int64_t i = 0, rank = getX().getType().getRank(); i < rank; ++i)
    extents.push_back(getDimension(builder, getLoc(), getX(), i));
  shapes.push_back(matchExtents(builder, getResult(), extents));
  return success();
}
