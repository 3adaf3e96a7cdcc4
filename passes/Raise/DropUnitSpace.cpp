// Turns computations on images of a single point into computations on matrices.
#include "lib/Analysis/Channelwise.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/Raise/Passes.h"

using namespace mlir;

namespace winnow {
#define GEN_PASS_DEF_DROPUNITSPACE
#include "passes/Raise/Passes.h.inc"
} // namespace winnow

using namespace winnow;

namespace {

/// A tensor [rows, channels, 1, ...].
bool isPoint(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getRank() > 2 &&
         llvm::all_of(tensor.getShape().drop_front(2), [](int64_t size) { return size == 1; });
}

/// {0}, ..., {kept - 1, ..., rank - 1}: all dimensions of extent 1 join the last one that is kept.
SmallVector<ReassociationIndices> joinRest(int64_t rank, int64_t kept) {
  SmallVector<ReassociationIndices> groups(kept);
  for (int64_t i = 0; i < rank; ++i)
    groups[std::min(i, kept - 1)].push_back(i);
  return groups;
}

Value collapse(OpBuilder &builder, Location location, Value tensor, int64_t kept) {
  int64_t rank = cast<RankedTensorType>(tensor.getType()).getRank();
  return rank == kept ? tensor
                      : tensor::CollapseShapeOp::create(builder, location, tensor, joinRest(rank, kept));
}

Value expandTo(OpBuilder &builder, Location location, Value matrix, RankedTensorType type) {
  SmallVector<OpFoldResult> extents = tensor::getMixedSizes(builder, location, matrix);
  extents.resize(type.getRank(), builder.getIndexAttr(1));
  return tensor::ExpandShapeOp::create(builder, location, type, matrix, joinRest(type.getRank(), 2), extents);
}

/// How an operand of an element-wise operation depends on row and channel: its leading dimensions that do,
/// which are loops 0 and 1 in this order; nothing if it is not like that.
std::optional<int64_t> leadingDimensions(AffineMap map) {
  int64_t leading = 0;
  for (auto [position, result] : llvm::enumerate(map.getResults())) {
    auto loop = dyn_cast<AffineDimExpr>(result);
    if (!loop)
      return std::nullopt;
    if (loop.getPosition() >= 2)
      continue;
    if (static_cast<int64_t>(position) != leading)
      return std::nullopt;
    ++leading;
  }
  return leading;
}

/// An element-wise operation on points is one on matrices.
struct DropFromElementwise : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(linalg::GenericOp op, PatternRewriter &rewriter) const override {
    if (op->getNumResults() != 1 || !isPoint(op->getResult(0).getType()) || op.getNumReductionLoops() != 0 ||
        !op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity() || op.hasIndexSemantics())
      return rewriter.notifyMatchFailure(op, "is not element-wise on single points");
    SmallVector<Value> operands;
    SmallVector<AffineMap> maps;
    for (OpOperand &operand : op->getOpOperands()) {
      AffineMap map = op.getMatchingIndexingMap(&operand);
      std::optional<int64_t> leading = leadingDimensions(map);
      if (!leading || (*leading == 0 && map.getNumResults() != 0))
        return rewriter.notifyMatchFailure(op, "has an operand of another layout");
      operands.push_back(operand.get());
      maps.push_back(AffineMap::get(2, 0, map.getResults().take_front(*leading), op.getContext()));
    }
    for (auto [operand, map] : llvm::zip_equal(operands, maps))
      if (map.getNumResults() != 0)
        operand = collapse(rewriter, op.getLoc(), operand, map.getNumResults());
    SmallVector<utils::IteratorType> parallel(2, utils::IteratorType::parallel);
    Value init = operands.pop_back_val();
    auto matrix = linalg::GenericOp::create(rewriter, op.getLoc(), TypeRange{init.getType()}, operands, init,
                                            maps, parallel);
    rewriter.inlineRegionBefore(op.getRegion(), matrix.getRegion(), matrix.getRegion().begin());
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    rewriter.replaceOp(op, expandTo(rewriter, op.getLoc(), matrix->getResult(0), type));
    return success();
  }
};

/// A 1x1 convolution of a point is a matrix product.
struct DropFromConvolution : OpRewritePattern<linalg::Conv2DNchwFchwOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(linalg::Conv2DNchwFchwOp op, PatternRewriter &rewriter) const override {
    Value x = op.getInputs()[0], weights = op.getInputs()[1];
    if (!op.hasPureTensorSemantics() || !isPoint(x.getType()) || !isPoint(weights.getType()))
      return rewriter.notifyMatchFailure(op, "is not a 1x1 convolution of single points");
    Location location = op.getLoc();
    Value matrix = collapse(rewriter, location, weights, 2);
    auto shape = cast<RankedTensorType>(matrix.getType());
    SmallVector<OpFoldResult> extents = tensor::getMixedSizes(rewriter, location, matrix);
    std::swap(extents[0], extents[1]);
    Value empty = tensor::EmptyOp::create(rewriter, location, extents, shape.getElementType());
    Value transposed =
        linalg::TransposeOp::create(rewriter, location, matrix, empty, ArrayRef<int64_t>{1, 0})->getResult(0);
    Value rows = collapse(rewriter, location, x, 2),
          init = collapse(rewriter, location, op.getOutputs()[0], 2);
    Value product = linalg::MatmulOp::create(rewriter, location, TypeRange{init.getType()},
                                             ValueRange{rows, transposed}, ValueRange{init})
                        .getResult(0);
    auto type = cast<RankedTensorType>(op.getResult(0).getType());
    rewriter.replaceOp(op, expandTo(rewriter, location, product, type));
    return success();
  }
};

/// A filled point is a filled matrix.
struct DropFromFill : OpRewritePattern<tensor::CollapseShapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tensor::CollapseShapeOp op, PatternRewriter &rewriter) const override {
    auto fill = op.getSrc().getDefiningOp<linalg::FillOp>();
    if (!fill || !isPoint(op.getSrcType()) || op.getResultType().getRank() != 2 || !keepsChannels(op))
      return rewriter.notifyMatchFailure(op, "is not of a filled point");
    SmallVector<OpFoldResult> extents = tensor::getMixedSizes(rewriter, op.getLoc(), fill.getOutputs()[0]);
    extents.resize(2);
    Value empty =
        tensor::EmptyOp::create(rewriter, op.getLoc(), extents, op.getResultType().getElementType());
    rewriter.replaceOpWithNewOp<linalg::FillOp>(op, fill.getInputs(), ValueRange{empty});
    return success();
  }
};

struct DropUnitSpace : winnow::impl::DropUnitSpaceBase<DropUnitSpace> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<DropFromElementwise, DropFromConvolution, DropFromFill>(&getContext());
    // Weights are transposed here and now.
    linalg::populateConstantFoldLinalgOperations(patterns, [](OpOperand *) { return true; });
    tensor::CollapseShapeOp::getCanonicalizationPatterns(patterns, &getContext());
    tensor::ExpandShapeOp::getCanonicalizationPatterns(patterns, &getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
