// Verification, canonicalization and shapes of the matrix product and the convolution.
#include "dialects/Winnow/DenseContraction.h"
#include "dialects/Winnow/Extents.h"
#include "dialects/Winnow/WinnowOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace winnow;

namespace {

int64_t dimensionOf(Value tensor, int64_t dimension) {
  return cast<RankedTensorType>(tensor.getType()).getDimSize(dimension);
}

int64_t capacityOf(Value selection) { return cast<SelectionType>(selection.getType()).getCapacity(); }

Type elementOf(Value tensor) { return getElementTypeOrSelf(tensor.getType()); }

Type resultElement(Value x) {
  return elementOf(x).isInteger() ? IntegerType::get(x.getContext(), 32) : elementOf(x);
}

/// Where the two contractions keep input and output channels in their weights.
int64_t inputDimension(MatmulOp) { return 0; }
int64_t outputDimension(MatmulOp) { return 1; }
int64_t inputDimension(Conv2DOp) { return 1; }
int64_t outputDimension(Conv2DOp) { return 0; }

/// C1, C2 and C3 for one selection, if there is one.
template <typename OpTy>
LogicalResult checkSelection(OpTy op, StringRef name, Value selection, int64_t weightDimension) {
  if (!selection)
    return success();
  auto type = cast<SelectionType>(selection.getType());
  if (failed(checkDimension(op, "weights", op.getWeights(), weightDimension, "the universe of '" + name + "'",
                            type.getUniverse(), "C2")))
    return failure();
  return checkDimension(op, "x", op.getX(), 0, "the number of rows of '" + name + "'", type.getRows(), "C3");
}

template <typename OpTy> LogicalResult checkChannels(OpTy op) {
  Value x = op.getX(), weights = op.getWeights(), result = op.getResult();
  if (op.getInputs()) {
    if (failed(checkDimension(op, "x", x, 1, "the capacity of 'inputs'", capacityOf(op.getInputs()), "C1")))
      return failure();
  } else if (failed(checkDimension(op, "x", x, 1, "dimension " + Twine(inputDimension(op)) + " of 'weights'",
                                   dimensionOf(weights, inputDimension(op)), "C1"))) {
    return failure();
  }
  if (failed(checkSelection(op, "inputs", op.getInputs(), inputDimension(op))) ||
      failed(checkSelection(op, "outputs", op.getOutputs(), outputDimension(op))) ||
      failed(checkDimension(op, "result", result, 0, "dimension 0 of 'x'", dimensionOf(x, 0), "C4")))
    return failure();
  if (op.getOutputs())
    return checkDimension(op, "result", result, 1, "the capacity of 'outputs'", capacityOf(op.getOutputs()),
                          "C4");
  return checkDimension(op, "result", result, 1, "dimension " + Twine(outputDimension(op)) + " of 'weights'",
                        dimensionOf(weights, outputDimension(op)), "C4");
}

template <typename OpTy> LogicalResult checkElementTypes(OpTy op) {
  Type x = elementOf(op.getX()), weights = elementOf(op.getWeights()), result = elementOf(op.getResult());
  if (x != weights)
    return op.emitOpError("'weights' has element type ") << weights << ", but 'x' has " << x << " (C5)";
  bool isWidened = result.isF32() && (x.isF16() || x.isBF16());
  if (result != resultElement(op.getX()) && !isWidened)
    return op.emitOpError("'result' has element type ")
           << result << ", but " << resultElement(op.getX()) << " is expected (C5)";
  return success();
}

LogicalResult checkWindow(Conv2DOp op, StringRef name, ArrayRef<int64_t> values, size_t count,
                          int64_t least) {
  if (values.size() != count)
    return op.emitOpError() << name << " has " << values.size() << " numbers, but " << count
                            << " are expected (C6)";
  for (int64_t value : values)
    if (value < least)
      return op.emitOpError() << name << " has " << value << ", but at least " << least
                              << " is expected (C6)";
  return success();
}

ConvolutionWindow windowOf(Conv2DOp op) { return {op.getStrides(), op.getDilations(), op.getPadding()}; }

/// What a selection of everything leaves to select; the types are those of the operation without it.
Value dropIfFull(Value selection) { return selection && isFullSelection(selection) ? Value() : selection; }

/// A selection that leaves nothing out says nothing.
template <typename OpTy> struct DropFullSelection : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op, PatternRewriter &rewriter) const override {
    Value inputs = dropIfFull(op.getInputs()), outputs = dropIfFull(op.getOutputs());
    if (inputs == op.getInputs() && outputs == op.getOutputs())
      return rewriter.notifyMatchFailure(op, "no operand selects everything");
    rewriter.modifyOpInPlace(op, [&] {
      if (!inputs)
        op.getInputsMutable().clear();
      if (!outputs)
        op.getOutputsMutable().clear();
    });
    return success();
  }
};

Value buildDense(OpBuilder &builder, MatmulOp op) {
  return buildDenseMatmul(builder, op.getLoc(), op.getX(), op.getWeights(), elementOf(op.getResult()));
}

Value buildDense(OpBuilder &builder, Conv2DOp op) {
  return buildDenseConv2D(builder, op.getLoc(), op.getX(), op.getWeights(), windowOf(op),
                          elementOf(op.getResult()));
}

/// Without a selection, a contraction is linalg's.
template <typename OpTy> struct BecomeDense : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op, PatternRewriter &rewriter) const override {
    if (op.getInputs() || op.getOutputs())
      return rewriter.notifyMatchFailure(op, "has a selection");
    Value dense = buildDense(rewriter, op);
    if (dense.getType() != op.getType())
      dense = tensor::CastOp::create(rewriter, op.getLoc(), op.getType(), dense);
    if (Attribute precision = op->getAttr(WinnowDialect::getPrecisionAttrName()))
      if (Operation *contraction = dense.getDefiningOp())
        contraction->setAttr(WinnowDialect::getPrecisionAttrName(), precision);
    rewriter.replaceOp(op, dense);
    return success();
  }
};

} // namespace

void MatmulOp::build(OpBuilder &builder, OperationState &state, Value x, Value weights, Value inputs,
                     Value outputs) {
  int64_t columns = outputs ? capacityOf(outputs) : dimensionOf(weights, 1);
  build(builder, state, RankedTensorType::get({dimensionOf(x, 0), columns}, resultElement(x)), x, weights,
        inputs, outputs);
}

LogicalResult MatmulOp::verify() {
  return failure(failed(checkChannels(*this)) || failed(checkElementTypes(*this)));
}

void MatmulOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<DropFullSelection<MatmulOp>, BecomeDense<MatmulOp>>(context);
}

LogicalResult MatmulOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> extents{getDimension(builder, getLoc(), getX(), 0),
                                    getOutputs() ? getCapacity(builder, getLoc(), getOutputs())
                                                 : getDimension(builder, getLoc(), getWeights(), 1)};
  shapes.push_back(matchExtents(builder, getResult(), extents));
  return success();
}

void Conv2DOp::build(OpBuilder &builder, OperationState &state, Value x, Value weights, Value inputs,
                     Value outputs, ArrayRef<int64_t> strides, ArrayRef<int64_t> dilations,
                     ArrayRef<int64_t> padding) {
  SmallVector<int64_t> shape{dimensionOf(x, 0), outputs ? capacityOf(outputs) : dimensionOf(weights, 0)};
  for (int64_t axis = 0; axis < 2; ++axis)
    shape.push_back(convolvedExtent(dimensionOf(x, axis + 2), dimensionOf(weights, axis + 2), strides[axis],
                                    dilations[axis], padding[axis] + padding[axis + 2]));
  build(builder, state, RankedTensorType::get(shape, resultElement(x)), x, weights, inputs, outputs, strides,
        dilations, padding);
}

LogicalResult Conv2DOp::verify() {
  if (failed(checkChannels(*this)) || failed(checkElementTypes(*this)) ||
      failed(checkWindow(*this, "strides", getStrides(), 2, 1)) ||
      failed(checkWindow(*this, "dilations", getDilations(), 2, 1)) ||
      failed(checkWindow(*this, "padding", getPadding(), 4, 0)))
    return failure();
  for (int64_t axis = 0; axis < 2; ++axis) {
    int64_t extent = convolvedExtent(dimensionOf(getX(), axis + 2), dimensionOf(getWeights(), axis + 2),
                                     getStrides()[axis], getDilations()[axis],
                                     getPadding()[axis] + getPadding()[axis + 2]);
    if (extent < 0 && !ShapedType::isDynamic(extent))
      return emitOpError("the window exceeds dimension ") << axis + 2 << " of 'x' with its padding (C7)";
    if (failed(checkDimension(*this, "result", getResult(), axis + 2, "the extent that the window gives",
                              extent, "C7")))
      return failure();
  }
  return success();
}

void Conv2DOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<DropFullSelection<Conv2DOp>, BecomeDense<Conv2DOp>>(context);
}

LogicalResult Conv2DOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> extents{
      getDimension(builder, getLoc(), getX(), 0),
      getOutputs() ? getCapacity(builder, getLoc(), getOutputs())
                   : getDimension(builder, getLoc(), getWeights(), 0),
      convolvedExtent(builder, getLoc(), getX(), getWeights(), 0, windowOf(*this)),
      convolvedExtent(builder, getLoc(), getX(), getWeights(), 1, windowOf(*this))};
  shapes.push_back(matchExtents(builder, getResult(), extents));
  return success();
}
