// Recognizes masks that a threshold or a top-k makes.
#include "dialects/Winnow/WinnowOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/Raise/Passes.h"
#include "passes/Raise/TopKForm.h"

using namespace mlir;

namespace winnow {
#define GEN_PASS_DEF_RAISEMASKS
#include "passes/Raise/Passes.h.inc"
} // namespace winnow

using namespace winnow;

namespace {

/// A comparison with a constant, the scores on the left.
struct Comparison {
  ThresholdComparison kind;
  double threshold;
};

std::optional<ThresholdComparison> comparisonOf(arith::CmpFPredicate predicate, bool isSwapped) {
  using Predicate = arith::CmpFPredicate;
  if (predicate == (isSwapped ? Predicate::OLT : Predicate::OGT))
    return ThresholdComparison::Greater;
  if (predicate == (isSwapped ? Predicate::OLE : Predicate::OGE))
    return ThresholdComparison::GreaterEqual;
  return std::nullopt;
}

/// The comparison that the body consists of.
std::optional<Comparison> findComparison(linalg::GenericOp op) {
  Block &body = *op.getBlock();
  auto compare = body.getTerminator()->getOperand(0).getDefiningOp<arith::CmpFOp>();
  if (!compare)
    return std::nullopt;
  bool isSwapped = compare.getRhs() == body.getArgument(0);
  Value constant = isSwapped ? compare.getLhs() : compare.getRhs();
  Value score = isSwapped ? compare.getRhs() : compare.getLhs();
  std::optional<ThresholdComparison> kind = comparisonOf(compare.getPredicate(), isSwapped);
  FloatAttr threshold;
  if (score != body.getArgument(0) || !kind || !matchPattern(constant, m_Constant(&threshold)) ||
      threshold.getValue().isNaN())
    return std::nullopt;
  return Comparison{*kind, threshold.getValueAsDouble()};
}

struct RaiseThreshold : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op, PatternRewriter &rewriter) const override {
    if (op.getNumLoops() != 2 || op.getNumParallelLoops() != 2 || op.getNumDpsInputs() != 1 ||
        op->getNumResults() != 1 ||
        !llvm::all_of(op.getIndexingMapsArray(), [](AffineMap map) { return map.isIdentity(); }))
      return rewriter.notifyMatchFailure(op, "is not element-wise on one matrix");
    std::optional<Comparison> comparison = findComparison(op);
    if (!comparison)
      return rewriter.notifyMatchFailure(op, "does not compare with a constant from above");
    Value selection = SelectThresholdOp::create(rewriter, op.getLoc(), op.getDpsInputs()[0], comparison->kind,
                                                comparison->threshold);
    rewriter.replaceOpWithNewOp<SelectionToMaskOp>(op, op->getResult(0).getType(), selection);
    return success();
  }
};

struct RaiseTopK : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op, PatternRewriter &rewriter) const override {
    std::optional<TopKMask> found = findTopKMask(op);
    if (!found)
      return rewriter.notifyMatchFailure(op, "does not scatter to the places of the highest scores");
    Location location = op.getLoc();
    Value selection = SelectTopKOp::create(rewriter, location, found->scores, found->k);
    Value mask = SelectionToMaskOp::create(rewriter, location, selection);
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    Value empty = tensor::EmptyOp::create(rewriter, location,
                                          tensor::getMixedSizes(rewriter, location, op.getDpsInits()[0]),
                                          type.getElementType());
    AffineMap identity = rewriter.getMultiDimIdentityMap(2);
    SmallVector<utils::IteratorType> parallel(2, utils::IteratorType::parallel);
    auto choose = [&](OpBuilder &body, Location at, ValueRange arguments) {
      Value yes = arith::ConstantOp::create(body, at, found->value);
      Value no =
          arith::ConstantOp::create(body, at, cast<TypedAttr>(body.getZeroAttr(type.getElementType())));
      Value chosen = arith::SelectOp::create(body, at, arguments[0], yes, no);
      linalg::YieldOp::create(body, at, chosen);
    };
    rewriter.replaceOpWithNewOp<linalg::GenericOp>(op, TypeRange{type}, ValueRange{mask}, ValueRange{empty},
                                                   ArrayRef<AffineMap>{identity, identity}, parallel, choose);
    return success();
  }
};

struct RaiseMasks : winnow::impl::RaiseMasksBase<RaiseMasks> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<RaiseThreshold, RaiseTopK>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
