// Turns marked contractions into integer arithmetic, or into products of 16-bit floats.
#include "dialects/Winnow/WinnowAttributes.h"
#include "dialects/Winnow/WinnowOps.h"
#include "lib/Analysis/WeightError.h"
#include "lib/Analysis/WeightQuantization.h"
#include "passes/Precision/HalfContraction.h"
#include "passes/Precision/Passes.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

namespace winnow {
#define GEN_PASS_DEF_REALIZEPRECISION
#include "passes/Precision/Passes.h.inc"

using namespace mlir;

namespace {

/// The window of a convolution, its padding included.
struct Window {
  SmallVector<int64_t> strides, dilations, padding;
};

Window windowOf(Operation *op) {
  if (auto conv = dyn_cast<Conv2DOp>(op))
    return {llvm::to_vector(conv.getStrides()), llvm::to_vector(conv.getDilations()),
            llvm::to_vector(conv.getPadding())};
  auto conv = cast<linalg::Conv2DNchwFchwOp>(op);
  return {llvm::to_vector(conv.getStrides().getValues<int64_t>()),
          llvm::to_vector(conv.getDilations().getValues<int64_t>()),
          {0, 0, 0, 0}};
}

bool isZero(Value value) {
  while (auto fill = value.getDefiningOp<linalg::FillOp>())
    value = fill.getInputs()[0];
  return matchPattern(value, m_AnyZeroFloat());
}

/// The padding (top, left, bottom, right) by constant amounts of zeros that `x` consists of.
std::optional<SmallVector<int64_t>> matchZeroPadding(tensor::PadOp pad) {
  Value filler = pad.getConstantPaddingValue();
  if (pad.getNofold() || !filler || !isZero(filler))
    return std::nullopt;
  SmallVector<int64_t> padding;
  for (const SmallVector<OpFoldResult> &amounts : {pad.getMixedLowPad(), pad.getMixedHighPad()})
    for (auto [dimension, amount] : llvm::enumerate(amounts)) {
      std::optional<int64_t> constant = getConstantIntValue(amount);
      if (!constant || *constant < 0 || (dimension < 2 && *constant != 0))
        return std::nullopt;
      if (dimension >= 2)
        padding.push_back(*constant);
    }
  return padding;
}

/// One contraction on its way to integers. The new operations stand before it.
class Realization {
public:
  Realization(IRRewriter &rewriter, Operation *op, const Contraction &contraction)
      : rewriter(rewriter), loc(op->getLoc()), op(op), contraction(contraction) {
    rewriter.setInsertionPoint(op);
  }

  /// Replaces the operation; its padding moves along where it can.
  void run();

private:
  void absorbPadding(Window &window);
  void quantizeWeights();
  Operation *createContraction(Value x, const Window *window);
  Value createScaling(Operation *sum);
  Value findInit();

  IRRewriter &rewriter;
  Location loc;
  Operation *op;
  Contraction contraction;
  Value weights, weightScales, rowScales;
};

void Realization::run() {
  bool isConvolution = isa<Conv2DOp, linalg::Conv2DNchwFchwOp>(op);
  Window window;
  if (isConvolution) {
    window = windowOf(op);
    absorbPadding(window);
  }
  auto quantized = QuantizeOp::create(rewriter, loc, contraction.x, contraction.inputs);
  rowScales = quantized.getScale();
  quantizeWeights();
  Operation *sum = createContraction(quantized.getValues(), isConvolution ? &window : nullptr);
  rewriter.replaceOp(op, createScaling(sum));
}

/// Zero stays zero when it is quantized, so the padding may come after.
void Realization::absorbPadding(Window &window) {
  auto pad = contraction.x.getDefiningOp<tensor::PadOp>();
  if (!pad)
    return;
  std::optional<SmallVector<int64_t>> padding = matchZeroPadding(pad);
  if (!padding)
    return;
  for (auto [sum, amount] : llvm::zip_equal(window.padding, *padding))
    sum += amount;
  contraction.x = pad.getSource();
}

void Realization::quantizeWeights() {
  ElementsAttr constant;
  matchPattern(contraction.weights, m_Constant(&constant));
  auto type = cast<RankedTensorType>(constant.getType());
  QuantizedWeights quantized =
      quantizePerChannel(*readFloats(constant), type.getShape(), contraction.channelDimension);
  auto scaleType =
      RankedTensorType::get({type.getDimSize(contraction.channelDimension)}, rewriter.getF32Type());
  weights = arith::ConstantOp::create(
      rewriter, loc, DenseElementsAttr::get(type.clone(rewriter.getI8Type()), ArrayRef(quantized.values)));
  weightScales =
      arith::ConstantOp::create(rewriter, loc, DenseElementsAttr::get(scaleType, ArrayRef(quantized.scales)));
  if (contraction.outputs)
    weightScales =
        GatherOp::create(rewriter, loc, weightScales, contraction.outputs, /*shared=*/true).getResult();
}

Operation *Realization::createContraction(Value x, const Window *window) {
  Type type = cast<RankedTensorType>(op->getResult(0).getType()).clone(rewriter.getI32Type());
  if (!window)
    return MatmulOp::create(rewriter, loc, type, x, weights, contraction.inputs, contraction.outputs);
  return Conv2DOp::create(rewriter, loc, type, x, weights, contraction.inputs, contraction.outputs,
                          window->strides, window->dilations, window->padding);
}

/// What linalg's operation adds to, if it is not zero.
Value Realization::findInit() {
  auto destination = dyn_cast<DestinationStyleOpInterface>(op);
  if (!destination || isZero(destination.getDpsInits()[0]))
    return {};
  return destination.getDpsInits()[0];
}

/// f32(sum) * weight scale * row scale + init
Value Realization::createScaling(Operation *sum) {
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  ReifiedRankedShapedTypeDims shapes;
  (void)cast<ReifyRankedShapedTypeOpInterface>(sum).reifyResultShapes(rewriter, shapes);
  Value empty = tensor::EmptyOp::create(rewriter, loc, shapes.front(), type.getElementType());

  AffineMap identity = rewriter.getMultiDimIdentityMap(type.getRank());
  AffineMap rows = AffineMap::get(type.getRank(), 0, rewriter.getAffineDimExpr(0));
  AffineMap channels =
      contraction.outputs
          ? AffineMap::get(type.getRank(), 0, {rewriter.getAffineDimExpr(0), rewriter.getAffineDimExpr(1)},
                           rewriter.getContext())
          : AffineMap::get(type.getRank(), 0, rewriter.getAffineDimExpr(1));
  SmallVector<Value> operands{sum->getResult(0), weightScales, rowScales};
  SmallVector<AffineMap> maps{identity, channels, rows};
  Value init = findInit();
  if (init) {
    operands.push_back(init);
    maps.push_back(identity);
  }
  maps.push_back(identity);
  SmallVector<utils::IteratorType> parallel(type.getRank(), utils::IteratorType::parallel);
  auto scale = [&](OpBuilder &body, Location at, ValueRange arguments) {
    Value result = arith::SIToFPOp::create(body, at, rewriter.getF32Type(), arguments[0]);
    result = arith::MulFOp::create(body, at, result, arguments[1]);
    result = arith::MulFOp::create(body, at, result, arguments[2]);
    if (init)
      result = arith::AddFOp::create(body, at, result, arguments[3]);
    linalg::YieldOp::create(body, at, result);
  };
  return linalg::GenericOp::create(rewriter, loc, type, operands, empty, maps, parallel, scale).getResult(0);
}

struct RealizePrecision : impl::RealizePrecisionBase<RealizePrecision> {
  void runOnOperation() override {
    SmallVector<Operation *> marked;
    getOperation().walk([&](Operation *op) {
      if (op->hasAttr(WinnowDialect::getPrecisionAttrName()))
        marked.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    bool hasFailed = false;
    for (Operation *op : marked)
      hasFailed |= failed(realize(rewriter, op));
    if (hasFailed)
      return signalPassFailure();
    // The f32 weights that nobody reads any more must not end up in the module's file.
    getOperation().walk([&](arith::ConstantOp constant) {
      if (constant->use_empty())
        rewriter.eraseOp(constant);
    });
  }

  LogicalResult realize(IRRewriter &rewriter, Operation *op) {
    auto mark = cast<PrecisionAttr>(op->removeAttr(WinnowDialect::getPrecisionAttrName()));
    if (mark.getValue() == Precision::F32)
      return success();
    Precision precision = mark.getValue();
    FloatType half = halfTypeOf(precision, op->getContext());
    std::optional<WeightError> entry = measureWeightError(op, precision);
    if (!entry || !entry->obstacle.empty())
      return op->emitOpError("is marked ")
             << stringifyPrecision(precision) << ", but "
             << (entry  ? entry->obstacle
                 : half ? "only matrix products and convolutions have a 16-bit form"
                        : "only matrix products and convolutions have an integer form");
    if (half) {
      realizeHalf(rewriter, op, *matchContraction(op), half);
      return success();
    }
    Realization(rewriter, op, *matchContraction(op)).run();
    return success();
  }
};

} // namespace
} // namespace winnow
