// Replaces the operations on modalities by operations on tensors.
#include "passes/Expand/BuildGeneric.h"

#include "dialects/Winnow/Definition.h"
#include "dialects/Winnow/WinnowOps.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace winnow {
#define GEN_PASS_DEF_EXPANDMODALITIES
#include "passes/Expand/Passes.h.inc"

using namespace mlir;

namespace {

/// sum over n of a * b in f32; loop n is the last one.
Value createProduct(OpBuilder &builder, Location loc, ArrayRef<OpFoldResult> sizes, Value a,
                    ArrayRef<unsigned> aLoops, Value b, ArrayRef<unsigned> bLoops) {
  unsigned loops = sizes.size() + 1;
  return createGeneric(builder, loc, sizes, builder.getF32Type(), {a, b},
                       {mapOf(builder, loops, aLoops), mapOf(builder, loops, bLoops)}, 1,
                       builder.getF32FloatAttr(0.0f),
                       [](OpBuilder &body, Location at, ValueRange arguments) -> Value {
                         Formula formula(body, at);
                         Value term = arith::MulFOp::create(body, at, formula.toF32(arguments[0]),
                                                            formula.toF32(arguments[1]));
                         return arith::AddFOp::create(body, at, arguments[2], term);
                       });
}

struct ExpandSegments : OpRewritePattern<SegmentsOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SegmentsOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    int64_t modalities = op.getModalities().getNames().size();
    OpFoldResult rows = tensor::getMixedSize(rewriter, loc, op.getLengths(), 0);
    Value offsets =
        createGeneric(rewriter, loc, {rows, rewriter.getIndexAttr(modalities + 1)}, rewriter.getI32Type(),
                      op.getLengths(), mapOf(rewriter, 3, {0, 2}), 1, rewriter.getI32IntegerAttr(0),
                      [](OpBuilder &b, Location at, ValueRange arguments) -> Value {
                        Value zero = arith::ConstantIntOp::create(b, at, 0, 32);
                        Value length = arith::MaxSIOp::create(b, at, arguments[0], zero);
                        Value isBefore =
                            compare(b, at, arith::CmpIPredicate::slt, index32(b, at, 2), index32(b, at, 1));
                        Value counted = arith::SelectOp::create(b, at, isBefore, length, zero);
                        return arith::AddIOp::create(b, at, arguments[1], counted);
                      });
    rewriter.replaceOp(op,
                       {castTo(rewriter, loc, op.getIds().getType(), identify(op, rewriter, offsets, rows)),
                        castTo(rewriter, loc, op.getOffsets().getType(), offsets)});
    return success();
  }

private:
  /// The number of segments that end at or before a token is its modality, unless it is behind all of them.
  static Value identify(SegmentsOp op, OpBuilder &builder, Value offsets, OpFoldResult rows) {
    Location loc = op.getLoc();
    int64_t modalities = op.getModalities().getNames().size();
    OpFoldResult one = builder.getIndexAttr(1), count = builder.getIndexAttr(modalities);
    Value ends = tensor::ExtractSliceOp::create(
        builder, loc, offsets, ArrayRef<OpFoldResult>{builder.getIndexAttr(0), one},
        ArrayRef<OpFoldResult>{rows, count}, ArrayRef<OpFoldResult>{one, one});
    OpFoldResult tokens =
        op.getTokens()
            ? OpFoldResult(op.getTokens())
            : OpFoldResult(builder.getIndexAttr(cast<RankedTensorType>(op.getIds().getType()).getDimSize(1)));
    Value passed = createGeneric(
        builder, loc, {rows, tokens}, builder.getI32Type(), ends, mapOf(builder, 3, {0, 2}), 1,
        builder.getI32IntegerAttr(0), [](OpBuilder &b, Location at, ValueRange arguments) -> Value {
          Value isPassed = compare(b, at, arith::CmpIPredicate::sle, arguments[0], index32(b, at, 1));
          Value step = arith::ExtUIOp::create(b, at, b.getI32Type(), isPassed);
          return arith::AddIOp::create(b, at, arguments[1], step);
        });
    return createGeneric(builder, loc, {rows, tokens}, builder.getI32Type(), passed,
                         mapOf(builder, 2, {0, 1}), 0, {},
                         [&](OpBuilder &b, Location at, ValueRange arguments) -> Value {
                           Value all = arith::ConstantIntOp::create(b, at, modalities, 32);
                           Value padding = arith::ConstantIntOp::create(b, at, -1, 32);
                           Value isToken = compare(b, at, arith::CmpIPredicate::slt, arguments[0], all);
                           return arith::SelectOp::create(b, at, isToken, arguments[0], padding);
                         });
  }
};

struct ExpandAlign : OpRewritePattern<AlignOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(AlignOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    OpFoldResult rows = tensor::getMixedSize(rewriter, loc, op.getFeatures(), 0);
    OpFoldResult columns = tensor::getMixedSize(rewriter, loc, op.getProjection(), 1);
    Value projected =
        createProduct(rewriter, loc, {rows, columns}, op.getFeatures(), {0, 2}, op.getProjection(), {2, 1});
    Value squares = createProduct(rewriter, loc, rows, projected, {0, 1}, projected, {0, 1});
    float epsilon = op.getEpsilon().convertToFloat();
    Type element = cast<RankedTensorType>(op.getType()).getElementType();
    Value result = createGeneric(rewriter, loc, {rows, columns}, element, {projected, squares},
                                 {mapOf(rewriter, 2, {0, 1}), mapOf(rewriter, 2, {0})}, 0, {},
                                 [&](OpBuilder &b, Location at, ValueRange arguments) {
                                   Value norm = math::SqrtOp::create(b, at, arguments[1]);
                                   Value least = arith::ConstantOp::create(b, at, b.getF32FloatAttr(epsilon));
                                   Value isShort = compare(b, at, arith::CmpFPredicate::OLT, norm, least);
                                   Value divisor = arith::SelectOp::create(b, at, isShort, least, norm);
                                   Value quotient = arith::DivFOp::create(b, at, arguments[0], divisor);
                                   return Formula(b, at).fromF32(quotient, element);
                                 });
    rewriter.replaceOp(op, castTo(rewriter, loc, op.getType(), result));
    return success();
  }
};

struct ExpandContrast : OpRewritePattern<ContrastOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ContrastOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    SmallVector<OpFoldResult> sizes{tensor::getMixedSize(rewriter, loc, op.getA(), 0),
                                    tensor::getMixedSize(rewriter, loc, op.getB(), 0)};
    Value products = createProduct(rewriter, loc, sizes, op.getA(), {0, 2}, op.getB(), {1, 2});
    // Once, not for every element.
    Value factor =
        createGeneric(rewriter, loc, {}, rewriter.getF32Type(), op.getTemperature(), mapOf(rewriter, 0, {}),
                      0, {}, [](OpBuilder &b, Location at, ValueRange arguments) -> Value {
                        return math::ExpOp::create(b, at, arguments[0]);
                      });
    Type element = cast<RankedTensorType>(op.getType()).getElementType();
    Value result = createGeneric(rewriter, loc, sizes, element, {products, factor},
                                 {mapOf(rewriter, 2, {0, 1}), mapOf(rewriter, 2, {})}, 0, {},
                                 [&](OpBuilder &b, Location at, ValueRange arguments) {
                                   Value scaled = arith::MulFOp::create(b, at, arguments[0], arguments[1]);
                                   return Formula(b, at).fromF32(scaled, element);
                                 });
    rewriter.replaceOp(op, castTo(rewriter, loc, op.getType(), result));
    return success();
  }
};

struct ExpandModalities : impl::ExpandModalitiesBase<ExpandModalities> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandSegments, ExpandAlign, ExpandContrast>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns)))) {
      getOperation().emitError() << "expansion of modalities did not reach an end";
      signalPassFailure();
    }
  }
};

} // namespace
} // namespace winnow
