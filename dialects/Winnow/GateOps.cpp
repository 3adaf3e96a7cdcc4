// Verification, folding and shapes of gates.
#include "dialects/Winnow/Extents.h"
#include "dialects/Winnow/WinnowOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace winnow;

LogicalResult ChannelGateOp::verify() {
  auto type = cast<RankedTensorType>(getX().getType());
  if (type.getRank() < 2)
    return emitOpError("'x' has rank ") << type.getRank() << ", but at least 2 is expected (C1)";
  for (int64_t i = 0; i < 2; ++i)
    if (failed(checkDimension(*this, "gate", getGate(), i, "dimension " + Twine(i) + " of 'x'",
                              type.getDimSize(i), "C2")))
      return failure();
  return success();
}

OpFoldResult ChannelGateOp::fold(FoldAdaptor) {
  if (matchPattern(getGate(), m_OneFloat()))
    return getX();
  return {};
}

LogicalResult ChannelGateOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> extents;
  for (int64_t i = 0, rank = cast<RankedTensorType>(getType()).getRank(); i < rank; ++i)
    extents.push_back(getDimension(builder, getLoc(), getX(), i));
  shapes.push_back(matchExtents(builder, getResult(), extents));
  return success();
}
