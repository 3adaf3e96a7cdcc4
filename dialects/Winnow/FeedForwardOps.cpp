// Verification, canonicalization and shapes of feed-forward layers and experts.
#include "dialects/Winnow/Activations.h"
#include "dialects/Winnow/DenseContraction.h"
#include "dialects/Winnow/Extents.h"
#include "dialects/Winnow/WinnowOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace winnow;

namespace {

int64_t dimensionOf(Value tensor, int64_t dimension) {
  return cast<RankedTensorType>(tensor.getType()).getDimSize(dimension);
}

/// A dimension of the operand `name` is that of the operand `otherName`.
LogicalResult checkSame(Operation *op, StringRef name, Value tensor, int64_t dimension, StringRef otherName,
                        Value other, int64_t otherDimension, StringRef label) {
  return checkDimension(op, name, tensor, dimension,
                        "dimension " + Twine(otherDimension) + " of '" + otherName + "'",
                        dimensionOf(other, otherDimension), label);
}

/// The named operands have the element type of `x`.
LogicalResult checkElementTypes(Operation *op, Value x, ArrayRef<std::pair<StringRef, Value>> others,
                                StringRef label) {
  Type expected = getElementTypeOrSelf(x.getType());
  for (auto [name, value] : others) {
    if (!value || getElementTypeOrSelf(value.getType()) == expected)
      continue;
    return op->emitOpError("'") << name << "' has element type " << getElementTypeOrSelf(value.getType())
                                << ", but 'x' has " << expected << " (" << label << ")";
  }
  return success();
}

/// A bias of experts has a row for each of them and a column for each of those of their weights.
LogicalResult checkBias(Operation *op, StringRef name, Value bias, StringRef weightsName, Value weights) {
  if (!bias)
    return success();
  return failure(failed(checkSame(op, name, bias, 0, weightsName, weights, 0, "C8")) ||
                 failed(checkSame(op, name, bias, 1, weightsName, weights, 2, "C8")));
}

/// Rows times capacity: how many rows grouped tensors have.
int64_t groupedRows(SelectionType type) { return multiplyExtents(type.getRows(), type.getCapacity()); }

/// Neurons that leave nothing out say nothing.
struct DropFullNeurons : OpRewritePattern<FfnOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(FfnOp op, PatternRewriter &rewriter) const override {
    if (!op.getNeurons() || !isFullSelection(op.getNeurons()))
      return rewriter.notifyMatchFailure(op, "does not select all neurons");
    rewriter.modifyOpInPlace(op, [&] { op.getNeuronsMutable().clear(); });
    return success();
  }
};

/// With all neurons active, a feed-forward layer is linalg's.
struct BecomeDense : OpRewritePattern<FfnOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(FfnOp op, PatternRewriter &rewriter) const override {
    if (op.getNeurons())
      return rewriter.notifyMatchFailure(op, "has a selection");
    Location loc = op.getLoc();
    Type element = getElementTypeOrSelf(op.getType());
    Value up = buildDenseMatmul(rewriter, loc, op.getX(), op.getUp(), element);
    Value gate = op.getGate() ? buildDenseMatmul(rewriter, loc, op.getX(), op.getGate(), element) : Value();
    Value hidden = buildHidden(rewriter, loc, op.getActivation(), up, gate);
    Value result = buildDenseMatmul(rewriter, loc, hidden, op.getDown(), element);
    if (result.getType() != op.getType())
      result = tensor::CastOp::create(rewriter, loc, op.getType(), result);
    rewriter.replaceOp(op, result);
    return success();
  }
};

} // namespace

LogicalResult FfnOp::verify() {
  if (failed(checkSame(*this, "x", getX(), 1, "up", getUp(), 0, "C1")) ||
      failed(checkSame(*this, "down", getDown(), 0, "up", getUp(), 1, "C1")))
    return failure();
  for (int64_t dimension : {0, 1})
    if (getGate() && failed(checkSame(*this, "gate", getGate(), dimension, "up", getUp(), dimension, "C2")))
      return failure();
  if (getNeurons()) {
    SelectionType type = getNeurons().getType();
    if (failed(
            checkDimension(*this, "x", getX(), 0, "the number of rows of 'neurons'", type.getRows(), "C3")) ||
        failed(
            checkDimension(*this, "up", getUp(), 1, "the universe of 'neurons'", type.getUniverse(), "C3")))
      return failure();
  }
  if (failed(checkSame(*this, "result", getResult(), 0, "x", getX(), 0, "C4")) ||
      failed(checkSame(*this, "result", getResult(), 1, "down", getDown(), 1, "C4")))
    return failure();
  return checkElementTypes(
      *this, getX(), {{"up", getUp()}, {"down", getDown()}, {"gate", getGate()}, {"result", getResult()}},
      "C5");
}

void FfnOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<DropFullNeurons, BecomeDense>(context);
}

LogicalResult FfnOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  return reifyShape(
      builder, getResult(),
      {getDimension(builder, getLoc(), getX(), 0), getDimension(builder, getLoc(), getDown(), 1)}, shapes);
}

void GroupedMatmulOp::build(OpBuilder &builder, OperationState &state, Value x, Value weights, Value groups,
                            bool grouped) {
  int64_t rows = groupedRows(cast<SelectionType>(groups.getType()));
  auto type = RankedTensorType::get({rows, dimensionOf(weights, 2)}, getElementTypeOrSelf(x.getType()));
  build(builder, state, type, x, weights, groups, grouped);
}

LogicalResult GroupedMatmulOp::verify() {
  SelectionType type = getGroups().getType();
  if (failed(getGrouped() ? checkDimension(*this, "x", getX(), 0, "the rows of 'groups' times its capacity",
                                           groupedRows(type), "C1")
                          : checkDimension(*this, "x", getX(), 0, "the number of rows of 'groups'",
                                           type.getRows(), "C1")) ||
      failed(checkDimension(*this, "weights", getWeights(), 0, "the universe of 'groups'", type.getUniverse(),
                            "C2")) ||
      failed(checkSame(*this, "weights", getWeights(), 1, "x", getX(), 1, "C2")) ||
      failed(checkDimension(*this, "result", getResult(), 0, "the rows of 'groups' times its capacity",
                            groupedRows(type), "C3")) ||
      failed(checkSame(*this, "result", getResult(), 1, "weights", getWeights(), 2, "C3")))
    return failure();
  return checkElementTypes(*this, getX(), {{"weights", getWeights()}, {"result", getResult()}}, "C4");
}

LogicalResult GroupedMatmulOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  OpFoldResult rows = getDimension(builder, getLoc(), getX(), 0);
  if (!getGrouped())
    rows = multiplyExtents(builder, getLoc(), rows, getCapacity(builder, getLoc(), getGroups()));
  OpFoldResult columns = getDimension(builder, getLoc(), getWeights(), 2);
  return reifyShape(builder, getResult(), {rows, columns}, shapes);
}

LogicalResult ExpertsOp::verify() {
  SelectionType type = getRouting().getType();
  if (failed(
          checkDimension(*this, "x", getX(), 0, "the number of rows of 'routing'", type.getRows(), "C1")) ||
      failed(
          checkDimension(*this, "up", getUp(), 0, "the universe of 'routing'", type.getUniverse(), "C1")) ||
      failed(checkSame(*this, "up", getUp(), 1, "x", getX(), 1, "C2")) ||
      failed(checkSame(*this, "down", getDown(), 0, "up", getUp(), 0, "C3")) ||
      failed(checkSame(*this, "down", getDown(), 1, "up", getUp(), 2, "C3")) ||
      failed(checkDimension(*this, "gates", getGates(), 0, "the number of rows of 'routing'", type.getRows(),
                            "C4")) ||
      failed(checkDimension(*this, "gates", getGates(), 1, "the universe of 'routing'", type.getUniverse(),
                            "C4")) ||
      failed(checkSame(*this, "result", getResult(), 0, "x", getX(), 0, "C5")) ||
      failed(checkSame(*this, "result", getResult(), 1, "down", getDown(), 2, "C5")))
    return failure();
  if (failed(checkElementTypes(*this, getX(),
                               {{"up", getUp()},
                                {"down", getDown()},
                                {"gates", getGates()},
                                {"gate", getGate()},
                                {"up_bias", getUpBias()},
                                {"gate_bias", getGateBias()},
                                {"down_bias", getDownBias()},
                                {"result", getResult()}},
                               "C6")))
    return failure();
  for (int64_t dimension : {0, 1, 2})
    if (getGate() && failed(checkSame(*this, "gate", getGate(), dimension, "up", getUp(), dimension, "C7")))
      return failure();
  if (getGateBias() && !getGate())
    return emitOpError("has a 'gate_bias', but no 'gate' (C7)");
  return failure(failed(checkBias(*this, "up_bias", getUpBias(), "up", getUp())) ||
                 failed(checkBias(*this, "gate_bias", getGateBias(), "gate", getGate())) ||
                 failed(checkBias(*this, "down_bias", getDownBias(), "down", getDown())));
}

LogicalResult ExpertsOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  return reifyShape(
      builder, getResult(),
      {getDimension(builder, getLoc(), getX(), 0), getDimension(builder, getLoc(), getDown(), 2)}, shapes);
}
