// Verification, canonicalization and shapes of the sparse code.
#include "dialects/Winnow/Extents.h"
#include "dialects/Winnow/WinnowOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace winnow;

namespace {

int64_t dimensionOf(Value tensor, int64_t dimension) {
  return cast<RankedTensorType>(tensor.getType()).getDimSize(dimension);
}

LogicalResult checkSlots(SparseEncodeOp op, StringRef name, Value slots) {
  if (failed(checkDimension(op, name, slots, 0, "dimension 0 of 'vectors'", dimensionOf(op.getVectors(), 0),
                            "C4")))
    return failure();
  return checkDimension(op, name, slots, 1, "'atoms'", op.getAtoms(), "C4");
}

} // namespace

LogicalResult SparseEncodeOp::verify() {
  if (failed(checkDimension(*this, "dictionary", getDictionary(), 1, "dimension 1 of 'vectors'",
                            dimensionOf(getVectors(), 1), "C1")))
    return failure();
  int64_t atoms = getAtoms();
  if (atoms < 1 || atoms > kMostAtoms)
    return emitOpError("atoms is ") << atoms << ", but must be from 1 to " << kMostAtoms << " (C2)";
  float tolerance = getTolerance().convertToFloat();
  if (!(tolerance >= 0.0f && tolerance < 1.0f))
    return emitOpError("tolerance is ") << tolerance << ", but must be from 0 to below 1 (C3)";
  if (failed(checkSlots(*this, "indices", getIndices())))
    return failure();
  return checkSlots(*this, "coefficients", getCoefficients());
}

LogicalResult SparseEncodeOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> extents{getDimension(builder, getLoc(), getVectors(), 0),
                                    builder.getIndexAttr(getAtoms())};
  shapes.push_back(matchExtents(builder, getIndices(), extents));
  shapes.push_back(matchExtents(builder, getCoefficients(), extents));
  return success();
}

LogicalResult SparseDecodeOp::verify() {
  for (int64_t i = 0; i < 2; ++i)
    if (failed(checkDimension(*this, "coefficients", getCoefficients(), i,
                              "dimension " + Twine(i) + " of 'indices'", dimensionOf(getIndices(), i), "C1")))
      return failure();
  if (failed(checkDimension(*this, "result", getResult(), 0, "dimension 0 of 'indices'",
                            dimensionOf(getIndices(), 0), "C2")))
    return failure();
  return checkDimension(*this, "result", getResult(), 1, "dimension 1 of 'dictionary'",
                        dimensionOf(getDictionary(), 1), "C2");
}

/// A code without atoms stands for zeros.
LogicalResult SparseDecodeOp::canonicalize(SparseDecodeOp op, PatternRewriter &rewriter) {
  DenseIntElementsAttr indices;
  if (!matchPattern(op.getIndices(), m_Constant(&indices)))
    return rewriter.notifyMatchFailure(op, "its indices are not constant");
  if (!llvm::all_of(indices.getValues<APInt>(), [](const APInt &index) { return index.isNegative(); }))
    return rewriter.notifyMatchFailure(op, "it names an atom");
  if (!op.getType().hasStaticShape())
    return rewriter.notifyMatchFailure(op, "its type does not tell its shape");
  rewriter.replaceOpWithNewOp<arith::ConstantOp>(op, cast<TypedAttr>(rewriter.getZeroAttr(op.getType())));
  return success();
}

LogicalResult SparseDecodeOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> extents{getDimension(builder, getLoc(), getIndices(), 0),
                                    getDimension(builder, getLoc(), getDictionary(), 1)};
  shapes.push_back(matchExtents(builder, getResult(), extents));
  return success();
}
