// Verification and shapes of dynamic quantization.
#include "dialects/Winnow/Extents.h"
#include "dialects/Winnow/WinnowOps.h"

using namespace mlir;
using namespace winnow;

void QuantizeOp::build(OpBuilder &builder, OperationState &state, Value x, Value active) {
  auto type = cast<RankedTensorType>(x.getType());
  build(builder, state, type.clone(builder.getI8Type()),
        RankedTensorType::get(type.getShape().take_front(), builder.getF32Type()), x, active);
}

LogicalResult QuantizeOp::verify() {
  auto type = cast<RankedTensorType>(getX().getType());
  auto values = cast<RankedTensorType>(getValues().getType());
  if (type.getRank() < 2)
    return emitOpError("'x' has rank ") << type.getRank() << ", but at least 2 is expected (C1)";
  if (values.getRank() != type.getRank())
    return emitOpError("'values' has rank ")
           << values.getRank() << ", but 'x' has rank " << type.getRank() << " (C1)";
  for (int64_t i = 0; i < type.getRank(); ++i)
    if (failed(checkDimension(*this, "values", getValues(), i, "dimension " + Twine(i) + " of 'x'",
                              type.getDimSize(i), "C1")))
      return failure();
  if (failed(checkDimension(*this, "scale", getScale(), 0, "dimension 0 of 'x'", type.getDimSize(0), "C2")))
    return failure();
  if (!getActive())
    return success();
  SelectionType active = getActive().getType();
  if (failed(checkDimension(*this, "x", getX(), 0, "the selection's number of rows", active.getRows(), "C3")))
    return failure();
  return checkDimension(*this, "x", getX(), 1, "the selection's capacity", active.getCapacity(), "C3");
}

LogicalResult QuantizeOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> extents;
  for (int64_t i = 0, rank = cast<RankedTensorType>(getX().getType()).getRank(); i < rank; ++i)
    extents.push_back(getDimension(builder, getLoc(), getX(), i));
  shapes.push_back(matchExtents(builder, getValues(), extents));
  shapes.push_back(matchExtents(builder, getScale(), extents.front()));
  return success();
}
