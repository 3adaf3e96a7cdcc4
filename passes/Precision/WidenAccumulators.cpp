// Makes sums and products of 16-bit floats in f32 and rounds them once at the end.
#include "passes/Precision/Passes.h"

#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"

namespace winnow {
#define GEN_PASS_DEF_WIDENACCUMULATORS
#include "passes/Precision/Passes.h.inc"

using namespace mlir;

namespace {

bool isHalf(Type type) { return type.isF16() || type.isBF16(); }

/// The addition or multiplication that accumulates, or null: it alone reads what is accumulated so far.
Operation *findCombiner(linalg::LinalgOp op) {
  if (!op.hasPureTensorSemantics() || op.getNumDpsInits() != 1 || op.getNumReductionLoops() == 0)
    return nullptr;
  BlockArgument accumulated = op.getRegionOutputArgs().front();
  if (!isHalf(accumulated.getType()) || !accumulated.hasOneUse())
    return nullptr;
  Operation *combiner = op.getBlock()->getTerminator()->getOperand(0).getDefiningOp();
  bool isCombiner = isa_and_nonnull<arith::AddFOp, arith::MulFOp>(combiner) &&
                    llvm::is_contained(combiner->getOperands(), accumulated) && combiner->hasOneUse();
  return isCombiner ? combiner : nullptr;
}

/// One accumulation on its way to f32. The new operations stand before it.
class Widening {
public:
  Widening(IRRewriter &rewriter, linalg::LinalgOp op)
      : rewriter(rewriter), op(op), location(op.getLoc()),
        narrow(cast<RankedTensorType>(op->getResult(0).getType())),
        wide(narrow.clone(rewriter.getF32Type())) {
    rewriter.setInsertionPoint(op);
  }

  void run();

private:
  Value convert(Value tensor, RankedTensorType type);
  Value widenStart(Value init);
  Value createNamed(Value init);
  Value createGeneric(Value init);
  Value widenTerm(OpBuilder &body, Value term, IRMapping &mapping);

  IRRewriter &rewriter;
  linalg::LinalgOp op;
  Location location;
  RankedTensorType narrow, wide;
};

void Widening::run() {
  Value init = widenStart(op.getDpsInits().front());
  Value sums = createNamed(init);
  if (!sums) {
    if (!isa<linalg::GenericOp>(op)) {
      FailureOr<linalg::GenericOp> generic = linalg::generalizeNamedOp(rewriter, op);
      if (failed(generic))
        return;
      op = *generic;
      rewriter.setInsertionPoint(op);
    }
    sums = createGeneric(init);
  }
  rewriter.replaceOp(op, convert(sums, narrow));
}

/// Every element in another float type.
Value Widening::convert(Value tensor, RankedTensorType type) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, location, tensor);
  Type element = type.getElementType();
  Value empty = tensor::EmptyOp::create(rewriter, location, sizes, element);
  AffineMap identity = rewriter.getMultiDimIdentityMap(type.getRank());
  SmallVector<utils::IteratorType> parallel(type.getRank(), utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             rewriter, location, type, tensor, empty, ArrayRef<AffineMap>{identity, identity}, parallel,
             [&](OpBuilder &body, Location at, ValueRange arguments) {
               Value result = isHalf(element)
                                  ? Value(arith::TruncFOp::create(body, at, element, arguments[0]))
                                  : Value(arith::ExtFOp::create(body, at, element, arguments[0]));
               linalg::YieldOp::create(body, at, result);
             })
      .getResult(0);
}

/// What the accumulation starts from, in f32.
Value Widening::widenStart(Value init) {
  auto fill = init.getDefiningOp<linalg::FillOp>();
  if (!fill)
    return convert(init, wide);
  Value start = rewriter.createOrFold<arith::ExtFOp>(location, rewriter.getF32Type(), fill.getInputs()[0]);
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, location, fill.getOutputs()[0]);
  Value empty = tensor::EmptyOp::create(rewriter, location, sizes, wide.getElementType());
  return linalg::FillOp::create(rewriter, location, start, empty).getResult(0);
}

/// The operations that later phases know by their names keep them; they widen their operands themselves.
Value Widening::createNamed(Value init) {
  SmallVector<Type> result{wide};
  SmallVector<Value> inputs = op.getDpsInputs(), inits{init};
  Operation *named = nullptr;
  if (auto matmul = dyn_cast<linalg::MatmulOp>(op.getOperation()); matmul && !matmul.hasUserDefinedMaps())
    named = linalg::MatmulOp::create(rewriter, location, result, inputs, inits);
  else if (auto batch = dyn_cast<linalg::BatchMatmulOp>(op.getOperation());
           batch && !batch.hasUserDefinedMaps())
    named = linalg::BatchMatmulOp::create(rewriter, location, result, inputs, inits);
  else if (auto conv = dyn_cast<linalg::Conv2DNchwFchwOp>(op.getOperation()))
    named = linalg::Conv2DNchwFchwOp::create(rewriter, location, result, inputs, inits, conv.getStrides(),
                                             conv.getDilations());
  if (!named)
    return {};
  named->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  return named->getResult(0);
}

Value Widening::createGeneric(Value init) {
  auto generic = cast<linalg::GenericOp>(op.getOperation());
  Operation *combiner = findCombiner(op);
  BlockArgument accumulated = op.getRegionOutputArgs().front();
  auto build = [&](OpBuilder &body, Location at, ValueRange arguments) {
    IRMapping mapping;
    mapping.map(op.getRegionInputArgs(), arguments.drop_back());
    for (Operation &inner : generic.getBody()->without_terminator())
      if (&inner != combiner)
        body.clone(inner, mapping);
    Value term = combiner->getOperand(combiner->getOperand(0) == accumulated ? 1 : 0);
    Value widened = widenTerm(body, term, mapping);
    Value result = isa<arith::AddFOp>(combiner)
                       ? Value(arith::AddFOp::create(body, at, arguments.back(), widened))
                       : Value(arith::MulFOp::create(body, at, arguments.back(), widened));
    linalg::YieldOp::create(body, at, result);
  };
  auto widened =
      linalg::GenericOp::create(rewriter, location, wide, generic.getInputs(), init,
                                generic.getIndexingMapsArray(), generic.getIteratorTypesArray(), build);
  widened->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  return widened.getResult(0);
}

/// What is accumulated, in f32. A product of two 16-bit floats is not rounded before it is added.
Value Widening::widenTerm(OpBuilder &body, Value term, IRMapping &mapping) {
  Type f32 = body.getF32Type();
  auto widen = [&](Value value) -> Value {
    return arith::ExtFOp::create(body, location, f32, mapping.lookupOrDefault(value));
  };
  auto product = term.getDefiningOp<arith::MulFOp>();
  if (!product || product->getParentOp() != op.getOperation())
    return widen(term);
  Value left = widen(product.getLhs()), right = widen(product.getRhs());
  return arith::MulFOp::create(body, location, left, right);
}

struct WidenAccumulators : impl::WidenAccumulatorsBase<WidenAccumulators> {
  void runOnOperation() override {
    SmallVector<linalg::LinalgOp> accumulations;
    getOperation()->walk([&](linalg::LinalgOp op) {
      if (findCombiner(op))
        accumulations.push_back(op);
    });
    IRRewriter rewriter(&getContext());
    for (linalg::LinalgOp op : accumulations)
      Widening(rewriter, op).run();
  }
};

} // namespace
} // namespace winnow
