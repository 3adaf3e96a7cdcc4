// Replaces selections by their parts, and what uses them by operations on tensors.
#include "passes/Expand/Passes.h"

#include "dialects/Winnow/Extents.h"
#include "dialects/Winnow/WinnowOps.h"
#include "passes/Expand/BuildGeneric.h"
#include "passes/Expand/Expansions.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace winnow {
#define GEN_PASS_DEF_EXPANDSELECTIONS
#include "passes/Expand/Passes.h.inc"

using namespace mlir;

namespace {

struct Parts {
  Value indices, counts;
};

Parts partsOf(OpBuilder &builder, Location loc, Value selection) {
  return {builder.createOrFold<SelectionIndicesOp>(loc, selection),
          builder.createOrFold<SelectionCountsOp>(loc, selection)};
}

/// The mask that a selection was enumerated from without dropping anything, or null.
Value findMask(Value selection) {
  auto assemble = selection.getDefiningOp<SelectionAssembleOp>();
  auto enumerate = assemble ? assemble.getIndices().getDefiningOp<SelectionEnumerateOp>() : nullptr;
  if (!enumerate || enumerate.getCounts() != assemble.getCounts() ||
      enumerate.getMask().getType().getShape() != enumerate.getIndices().getType().getShape()) {
    return {};
  }
  return enumerate.getMask();
}

struct ExpandFromMask : OpRewritePattern<SelectionFromMaskOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SelectionFromMaskOp op, PatternRewriter &rewriter) const override {
    replaceByEnumeration(rewriter, op, op.getMask());
    return success();
  }
};

struct ExpandThreshold : OpRewritePattern<SelectThresholdOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SelectThresholdOp op, PatternRewriter &rewriter) const override {
    auto type = cast<RankedTensorType>(op.getScores().getType());
    auto element = cast<FloatType>(type.getElementType());
    APFloat threshold = op.getThreshold();
    bool isInexact;
    threshold.convert(element.getFloatSemantics(), APFloat::rmNearestTiesToEven, &isInexact);
    auto predicate = op.getComparison() == ThresholdComparison::Greater ? arith::CmpFPredicate::OGT
                                                                        : arith::CmpFPredicate::OGE;
    Value mask =
        createGeneric(rewriter, op.getLoc(), tensor::getMixedSizes(rewriter, op.getLoc(), op.getScores()),
                      rewriter.getI1Type(), op.getScores(), mapOf(rewriter, 2, {0, 1}), 0, {},
                      [&](OpBuilder &b, Location loc, ValueRange arguments) -> Value {
                        Value limit = arith::ConstantOp::create(b, loc, b.getFloatAttr(element, threshold));
                        return compare(b, loc, predicate, arguments[0], limit);
                      });
    replaceByEnumeration(rewriter, op, mask);
    return success();
  }
};

/// Selects a score whose rank, the number of scores that come before it, is under k.
struct ExpandTopK : OpRewritePattern<SelectTopKOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SelectTopKOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, loc, op.getScores());
    Value scores = op.getScores();
    auto countBetter = [](OpBuilder &b, Location at, ValueRange arguments) -> Value {
      Value self = arguments[0], other = arguments[1];
      Value isGreater = compare(b, at, arith::CmpFPredicate::OGT, other, self);
      Value isEqual = compare(b, at, arith::CmpFPredicate::OEQ, other, self);
      Value isSelfNaN = compare(b, at, arith::CmpFPredicate::UNO, self, self);
      Value isOtherNaN = compare(b, at, arith::CmpFPredicate::UNO, other, other);
      Value isLower = compare(b, at, arith::CmpIPredicate::slt, index32(b, at, 2), index32(b, at, 1));
      // Everything comes before a NaN but a later NaN; of equal scores the lower index comes first.
      Value isTieBefore =
          arith::AndIOp::create(b, at, isLower, arith::OrIOp::create(b, at, isEqual, isSelfNaN));
      Value isNumber = arith::XOrIOp::create(b, at, isOtherNaN, arith::ConstantIntOp::create(b, at, 1, 1));
      Value isNaNBeaten = arith::AndIOp::create(b, at, isSelfNaN, isNumber);
      Value isBefore =
          arith::OrIOp::create(b, at, isGreater, arith::OrIOp::create(b, at, isNaNBeaten, isTieBefore));
      return arith::AddIOp::create(b, at, arguments[2],
                                   arith::ExtUIOp::create(b, at, b.getI32Type(), isBefore));
    };
    Value rank = createGeneric(rewriter, loc, sizes, rewriter.getI32Type(), ValueRange{scores, scores},
                               {mapOf(rewriter, 3, {0, 1}), mapOf(rewriter, 3, {0, 2})}, 1,
                               rewriter.getI32IntegerAttr(0), countBetter);
    int64_t k = std::min<int64_t>(op.getK(), std::numeric_limits<int32_t>::max());
    Value mask = createGeneric(rewriter, loc, sizes, rewriter.getI1Type(), rank, mapOf(rewriter, 2, {0, 1}),
                               0, {}, [&](OpBuilder &b, Location at, ValueRange arguments) -> Value {
                                 Value limit = arith::ConstantIntOp::create(b, at, k, 32);
                                 return compare(b, at, arith::CmpIPredicate::slt, arguments[0], limit);
                               });
    replaceByEnumeration(rewriter, op, mask);
    return success();
  }
};

struct ExpandPositions : OpRewritePattern<SelectionPositionsOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SelectionPositionsOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    Parts parts = partsOf(rewriter, loc, op.getSelection());
    SmallVector<OpFoldResult> sizes{getRows(rewriter, loc, op.getSelection()),
                                    getUniverse(rewriter, loc, op.getSelection())};
    Value positions = createGeneric(
        rewriter, loc, sizes, rewriter.getI32Type(), ValueRange{parts.indices, parts.counts},
        {mapOf(rewriter, 3, {0, 2}), mapOf(rewriter, 3, {0})}, 1, rewriter.getI32IntegerAttr(-1),
        [](OpBuilder &b, Location at, ValueRange arguments) -> Value {
          Value place = index32(b, at, 2);
          Value isThis = compare(b, at, arith::CmpIPredicate::eq, arguments[0], index32(b, at, 1));
          Value isCounted = compare(b, at, arith::CmpIPredicate::slt, place, arguments[1]);
          Value isFound = arith::AndIOp::create(b, at, isThis, isCounted);
          return arith::SelectOp::create(b, at, isFound, place, arguments[2]);
        });
    rewriter.replaceOp(op, castTo(rewriter, loc, op.getType(), positions));
    return success();
  }
};

struct ExpandToMask : OpRewritePattern<SelectionToMaskOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SelectionToMaskOp op, PatternRewriter &rewriter) const override {
    if (op.getSelection().getType().getForm() != SelectionForm::Rows)
      return rewriter.notifyMatchFailure(op, "is not in the form rows");
    Location loc = op.getLoc();
    Value mask = findMask(op.getSelection());
    if (!mask) {
      Value positions = SelectionPositionsOp::create(rewriter, loc, op.getSelection());
      mask = createGeneric(rewriter, loc, tensor::getMixedSizes(rewriter, loc, positions),
                           rewriter.getI1Type(), positions, mapOf(rewriter, 2, {0, 1}), 0, {},
                           [](OpBuilder &b, Location at, ValueRange arguments) -> Value {
                             Value zero = arith::ConstantIntOp::create(b, at, 0, 32);
                             return compare(b, at, arith::CmpIPredicate::sge, arguments[0], zero);
                           });
    }
    rewriter.replaceOp(op, castTo(rewriter, loc, op.getType(), mask));
    return success();
  }
};

struct ExpandGather : OpRewritePattern<GatherOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(GatherOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto type = cast<RankedTensorType>(op.getType());
    Parts parts = partsOf(rewriter, loc, op.getSelection());
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, loc, parts.indices);
    llvm::append_range(sizes, ArrayRef(tensor::getMixedSizes(rewriter, loc, op.getSource()))
                                  .drop_front(op.getUniverseDimension() + 1));
    unsigned rank = sizes.size();
    Value gathered =
        createGeneric(rewriter, loc, sizes, type.getElementType(), ValueRange{parts.indices, parts.counts},
                      {mapOf(rewriter, rank, {0, 1}), mapOf(rewriter, rank, {0})}, 0, {},
                      [&](OpBuilder &b, Location at, ValueRange arguments) -> Value {
                        // Beyond the count the index is not to be trusted; any entry will do.
                        Value zero = arith::ConstantIntOp::create(b, at, 0, 32);
                        Value isCounted =
                            compare(b, at, arith::CmpIPredicate::slt, index32(b, at, 1), arguments[1]);
                        Value entry = arith::SelectOp::create(b, at, isCounted, arguments[0], zero);
                        SmallVector<Value> source = allIndices(b, at, rank);
                        source[1] = arith::IndexCastOp::create(b, at, b.getIndexType(), entry);
                        return tensor::ExtractOp::create(b, at, op.getSource(),
                                                         ValueRange(source).drop_front(op.getShared()));
                      });
    rewriter.replaceOp(op, castTo(rewriter, loc, type, gathered));
    return success();
  }
};

struct ExpandScatter : OpRewritePattern<ScatterOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ScatterOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto type = cast<RankedTensorType>(op.getType());
    Value positions = SelectionPositionsOp::create(rewriter, loc, op.getSelection());
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, loc, positions);
    llvm::append_range(sizes, ArrayRef(tensor::getMixedSizes(rewriter, loc, op.getSource())).drop_front(2));
    unsigned rank = sizes.size();
    Value dense =
        createGeneric(rewriter, loc, sizes, type.getElementType(), positions, mapOf(rewriter, rank, {0, 1}),
                      0, {}, [&](OpBuilder &b, Location at, ValueRange arguments) -> Value {
                        // A branch, since a row without entries has nothing to read.
                        Value none = arith::ConstantIntOp::create(b, at, 0, 32);
                        Value isSelected = compare(b, at, arith::CmpIPredicate::sge, arguments[0], none);
                        SmallVector<Value> source = allIndices(b, at, rank);
                        source[1] = arith::IndexCastOp::create(b, at, b.getIndexType(), arguments[0]);
                        auto branch = scf::IfOp::create(
                            b, at, isSelected,
                            [&](OpBuilder &selected, Location here) {
                              Value value = tensor::ExtractOp::create(selected, here, op.getSource(), source);
                              scf::YieldOp::create(selected, here, value);
                            },
                            [&](OpBuilder &skipped, Location here) {
                              Value zero = arith::ConstantOp::create(
                                  skipped, here, skipped.getZeroAttr(type.getElementType()));
                              scf::YieldOp::create(skipped, here, zero);
                            });
                        return branch.getResult(0);
                      });
    rewriter.replaceOp(op, castTo(rewriter, loc, type, dense));
    return success();
  }
};

struct ExpandChannelGate : OpRewritePattern<ChannelGateOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ChannelGateOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto type = cast<RankedTensorType>(op.getType());
    unsigned rank = type.getRank();
    Value product = createGeneric(rewriter, loc, tensor::getMixedSizes(rewriter, loc, op.getX()),
                                  type.getElementType(), ValueRange{op.getX(), op.getGate()},
                                  {rewriter.getMultiDimIdentityMap(rank), mapOf(rewriter, rank, {0, 1})}, 0,
                                  {}, [](OpBuilder &b, Location at, ValueRange arguments) -> Value {
                                    return arith::MulFOp::create(b, at, arguments[0], arguments[1]);
                                  });
    rewriter.replaceOp(op, castTo(rewriter, loc, type, product));
    return success();
  }
};

struct ExpandQuantize : OpRewritePattern<QuantizeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(QuantizeOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(rewriter, loc, op.getX());
    unsigned rank = sizes.size();
    AffineMap identity = rewriter.getMultiDimIdentityMap(rank), row = mapOf(rewriter, rank, {0});
    FloatType f32 = rewriter.getF32Type();
    SmallVector<Value> inputs{op.getX()};
    SmallVector<AffineMap> maps{identity};
    if (op.getActive()) {
      inputs.push_back(partsOf(rewriter, loc, op.getActive()).counts);
      maps.push_back(row);
    }
    auto largest = [&](OpBuilder &b, Location at, ValueRange arguments) -> Value {
      Value magnitude = math::AbsFOp::create(b, at, arguments[0]);
      if (op.getActive()) {
        Value zero = arith::ConstantOp::create(b, at, b.getZeroAttr(f32));
        Value isCounted = compare(b, at, arith::CmpIPredicate::slt, index32(b, at, 1), arguments[1]);
        magnitude = arith::SelectOp::create(b, at, isCounted, magnitude, zero);
      }
      return arith::MaxNumFOp::create(b, at, arguments.back(), magnitude);
    };
    Value maximum = createGeneric(rewriter, loc, sizes[0], f32, inputs, maps, rank - 1,
                                  rewriter.getZeroAttr(f32), largest);
    Value scale = createGeneric(rewriter, loc, sizes[0], f32, maximum, mapOf(rewriter, 1, {0}), 0, {},
                                [&](OpBuilder &b, Location at, ValueRange arguments) -> Value {
                                  Value limit = arith::ConstantOp::create(b, at, b.getF32FloatAttr(127.0f));
                                  return arith::DivFOp::create(b, at, arguments[0], limit);
                                });
    auto quantize = [&](OpBuilder &b, Location at, ValueRange arguments) -> Value {
      auto constant = [&](float value) {
        return arith::ConstantOp::create(b, at, b.getF32FloatAttr(value)).getResult();
      };
      Value quotient = arith::DivFOp::create(b, at, arguments[0], arguments[1]);
      Value isNaN = compare(b, at, arith::CmpFPredicate::UNO, quotient, quotient);
      Value rounded = math::RoundEvenOp::create(b, at, quotient);
      Value atMost = arith::MinNumFOp::create(b, at, rounded, constant(127.0f));
      Value limited = arith::MaxNumFOp::create(b, at, atMost, constant(-127.0f));
      Value number = arith::SelectOp::create(b, at, isNaN, constant(0.0f), limited);
      return arith::FPToSIOp::create(b, at, b.getI8Type(), number);
    };
    Value values = createGeneric(rewriter, loc, sizes, rewriter.getI8Type(), ValueRange{op.getX(), scale},
                                 {identity, row}, 0, {}, quantize);
    rewriter.replaceOp(op, {castTo(rewriter, loc, op.getValues().getType(), values),
                            castTo(rewriter, loc, op.getScale().getType(), scale)});
    return success();
  }
};

struct ExpandPadding : OpRewritePattern<Conv2DOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(Conv2DOp op, PatternRewriter &rewriter) const override {
    ArrayRef<int64_t> padding = op.getPadding();
    if (llvm::all_of(padding, [](int64_t amount) { return amount == 0; })) {
      return failure();
    }
    Location loc = op.getLoc();
    auto extents = [&](int64_t height, int64_t width) {
      OpFoldResult none = rewriter.getIndexAttr(0);
      return SmallVector<OpFoldResult>{none, none, rewriter.getIndexAttr(height),
                                       rewriter.getIndexAttr(width)};
    };
    Type element = cast<RankedTensorType>(op.getX().getType()).getElementType();
    Value zero = arith::ConstantOp::create(rewriter, loc, rewriter.getZeroAttr(element));
    Value padded = tensor::PadOp::create(rewriter, loc, Type(), op.getX(), extents(padding[0], padding[1]),
                                         extents(padding[2], padding[3]), zero);
    rewriter.modifyOpInPlace(op, [&] {
      op.getXMutable().assign(padded);
      op.setPadding({0, 0, 0, 0});
    });
    return success();
  }
};

struct ExpandSelections : impl::ExpandSelectionsBase<ExpandSelections> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandFromMask, ExpandThreshold, ExpandTopK, ExpandPositions, ExpandToMask, ExpandGather,
                 ExpandScatter, ExpandChannelGate, ExpandQuantize, ExpandPadding>(&getContext());
    populateSelectionFormExpansions(patterns);
    populateOrderExpansions(patterns);
    populateFeedForwardExpansions(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns)))) {
      getOperation().emitError() << "expansion of selections did not reach an end";
      signalPassFailure();
    }
  }
};

} // namespace
} // namespace winnow
