// Verification, shapes, definition and canonical form of conditional subgraphs.
#include "dialects/Winnow/Extents.h"
#include "dialects/Winnow/WinnowOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace winnow;

OperandRange WhenOp::getYielded() { return cast<YieldOp>(getBody().front().getTerminator()).getValues(); }

LogicalResult WhenOp::inferReturnTypes(MLIRContext *, std::optional<Location>, ValueRange operands,
                                       DictionaryAttr, OpaqueProperties, RegionRange,
                                       SmallVectorImpl<Type> &types) {
  llvm::append_range(types, operands.drop_front().getTypes());
  return success();
}

LogicalResult WhenOp::verifyRegions() {
  OperandRange yielded = getYielded();
  if (yielded.size() != getOtherwise().size())
    return emitOpError("yields ") << yielded.size() << " values, but 'otherwise' has "
                                  << getOtherwise().size() << " (C2)";
  for (auto [index, value, otherwise] : llvm::enumerate(yielded, getOtherwise()))
    if (value.getType() != otherwise.getType())
      return emitOpError("yields ") << value.getType() << " as result " << index << ", but 'otherwise' has "
                                    << otherwise.getType() << " there (C2)";
  return success();
}

LogicalResult WhenOp::reifyResultShapes(OpBuilder &builder, ReifiedRankedShapedTypeDims &shapes) {
  for (auto [result, otherwise] : llvm::zip_equal(getResults(), getOtherwise())) {
    SmallVector<OpFoldResult> extents;
    for (int64_t i = 0, rank = cast<RankedTensorType>(result.getType()).getRank(); i < rank; ++i)
      extents.push_back(getDimension(builder, getLoc(), otherwise, i));
    shapes.push_back(matchExtents(builder, result, extents));
  }
  return success();
}

SmallVector<SmallVector<Value>> WhenOp::decompose(OpBuilder &builder, ArrayRef<ValueRange> operands) {
  Value holds = tensor::ExtractOp::create(builder, getLoc(), operands[0].front(), ValueRange());
  auto run = [&](OpBuilder &body, Location at) {
    IRMapping mapping;
    for (Operation &op : getBody().front().without_terminator())
      body.clone(op, mapping);
    SmallVector<Value> values;
    for (Value value : getYielded())
      values.push_back(mapping.lookupOrDefault(value));
    scf::YieldOp::create(body, at, values);
  };
  auto skip = [&](OpBuilder &body, Location at) {
    SmallVector<Value> values;
    for (ValueRange operand : operands.drop_front())
      values.push_back(operand.front());
    scf::YieldOp::create(body, at, values);
  };
  auto branch = scf::IfOp::create(builder, getLoc(), holds, run, skip);
  return llvm::map_to_vector(branch.getResults(), [](Value result) { return SmallVector<Value>{result}; });
}

namespace {

/// A subgraph whose condition is known is inlined, or dropped.
struct FoldKnownCondition : OpRewritePattern<WhenOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(WhenOp op, PatternRewriter &rewriter) const override {
    DenseElementsAttr condition;
    if (!matchPattern(op.getCondition(), m_Constant(&condition)))
      return rewriter.notifyMatchFailure(op, "the condition is not a constant");
    if (!condition.getSplatValue<bool>()) {
      rewriter.replaceOp(op, op.getOtherwise());
      return success();
    }
    Operation *yield = op.getBody().front().getTerminator();
    SmallVector<Value> values(op.getYielded());
    rewriter.inlineBlockBefore(&op.getBody().front(), op);
    rewriter.replaceOp(op, values);
    rewriter.eraseOp(yield);
    return success();
  }
};

/// What nobody reads is not yielded.
struct DropUnusedResults : OpRewritePattern<WhenOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(WhenOp op, PatternRewriter &rewriter) const override {
    SmallVector<Value> otherwise, yielded, replaced;
    for (auto [result, value, alternative] :
         llvm::zip_equal(op.getResults(), op.getYielded(), op.getOtherwise())) {
      if (result.use_empty())
        continue;
      replaced.push_back(result);
      yielded.push_back(value);
      otherwise.push_back(alternative);
    }
    if (replaced.size() == op->getNumResults())
      return rewriter.notifyMatchFailure(op, "every result is used");
    auto smaller = WhenOp::create(rewriter, op.getLoc(), op.getCondition(), otherwise);
    rewriter.inlineRegionBefore(op.getBody(), smaller.getBody(), smaller.getBody().end());
    Operation *yield = smaller.getBody().front().getTerminator();
    rewriter.modifyOpInPlace(yield, [&] { yield->setOperands(yielded); });
    for (auto [old, result] : llvm::zip_equal(replaced, smaller.getResults()))
      rewriter.replaceAllUsesWith(old, result);
    rewriter.eraseOp(op);
    return success();
  }
};

} // namespace

void WhenOp::getCanonicalizationPatterns(RewritePatternSet &patterns, MLIRContext *context) {
  patterns.add<FoldKnownCondition, DropUnusedResults>(context);
}
