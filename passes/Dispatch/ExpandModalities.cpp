// Replaces the operations on modalities by operations on tensors.
#include "passes/Dispatch/Passes.h"

#include "dialects/Winnow/WinnowOps.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace winnow {
#define GEN_PASS_DEF_EXPANDMODALITIES
#include "passes/Dispatch/Passes.h.inc"

using namespace mlir;

namespace {

using utils::IteratorType;
using Body = llvm::function_ref<Value(OpBuilder &, Location, ValueRange arguments)>;

/// An operand of a loop nest, and the loops by which it is indexed.
struct Operand {
  Value tensor;
  SmallVector<unsigned> loops;
};

/// Builds loop nests whose first loops are the dimensions of the result.
class LoopNests {
public:
  LoopNests(OpBuilder &builder, Location loc) : builder(builder), loc(loc) {}

  Value parallel(ArrayRef<OpFoldResult> sizes, Type element, ArrayRef<Operand> operands, Body body) {
    return create(tensor::EmptyOp::create(builder, loc, sizes, element), operands, 0, body);
  }

  /// One more loop, over which the result accumulates.
  Value reduction(ArrayRef<OpFoldResult> sizes, TypedAttr start, ArrayRef<Operand> operands, Body body) {
    Value empty = tensor::EmptyOp::create(builder, loc, sizes, start.getType());
    Value value = arith::ConstantOp::create(builder, loc, start);
    return create(linalg::FillOp::create(builder, loc, value, empty).getResult(0), operands, 1, body);
  }

  /// sum over n of a * b in f32, for two matrices
  Value product(ArrayRef<OpFoldResult> sizes, const Operand &a, const Operand &b) {
    return reduction(sizes, builder.getF32FloatAttr(0.0f), {a, b},
                     [](OpBuilder &inner, Location at, ValueRange arguments) -> Value {
                       Value term = arith::MulFOp::create(inner, at, toF32(inner, at, arguments[0]),
                                                          toF32(inner, at, arguments[1]));
                       return arith::AddFOp::create(inner, at, arguments[2], term);
                     });
  }

private:
  Value create(Value init, ArrayRef<Operand> operands, unsigned reductions, Body body) {
    unsigned rank = cast<RankedTensorType>(init.getType()).getRank(), loops = rank + reductions;
    SmallVector<Value> inputs;
    SmallVector<AffineMap> maps;
    for (const Operand &operand : operands) {
      inputs.push_back(operand.tensor);
      maps.push_back(AffineMap::getMultiDimMapWithTargets(loops, operand.loops, builder.getContext()));
    }
    // Not getMajorSubMap, which has no map without results.
    SmallVector<unsigned> own = llvm::to_vector(llvm::seq<unsigned>(0, rank));
    maps.push_back(AffineMap::getMultiDimMapWithTargets(loops, own, builder.getContext()));
    SmallVector<IteratorType> iterators(rank, IteratorType::parallel);
    iterators.append(reductions, IteratorType::reduction);
    return linalg::GenericOp::create(builder, loc, init.getType(), inputs, init, maps, iterators,
                                     [&](OpBuilder &nested, Location at, ValueRange arguments) {
                                       linalg::YieldOp::create(nested, at, body(nested, at, arguments));
                                     })
        .getResult(0);
  }

  static Value toF32(OpBuilder &builder, Location loc, Value value) {
    Type f32 = builder.getF32Type();
    return value.getType() == f32 ? value : arith::ExtFOp::create(builder, loc, f32, value).getResult();
  }

  OpBuilder &builder;
  Location loc;
};

Value fromF32(OpBuilder &builder, Location loc, Value value, Type element) {
  return value.getType() == element ? value
                                    : arith::TruncFOp::create(builder, loc, element, value).getResult();
}

Value castTo(OpBuilder &builder, Location loc, Type type, Value value) {
  return value.getType() == type ? value : tensor::CastOp::create(builder, loc, type, value).getResult();
}

Value index32(OpBuilder &builder, Location loc, int64_t loop) {
  Value index = linalg::IndexOp::create(builder, loc, loop);
  return arith::IndexCastOp::create(builder, loc, builder.getI32Type(), index);
}

Value compare(OpBuilder &builder, Location loc, arith::CmpIPredicate predicate, Value a, Value b) {
  return arith::CmpIOp::create(builder, loc, predicate, a, b);
}

struct ExpandSegments : OpRewritePattern<SegmentsOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SegmentsOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    LoopNests nests(rewriter, loc);
    int64_t modalities = op.getModalities().getNames().size();
    OpFoldResult rows = tensor::getMixedSize(rewriter, loc, op.getLengths(), 0);
    Value offsets = nests.reduction(
        {rows, rewriter.getIndexAttr(modalities + 1)}, rewriter.getI32IntegerAttr(0),
        {{op.getLengths(), {0, 2}}}, [](OpBuilder &b, Location at, ValueRange arguments) -> Value {
          Value zero = arith::ConstantIntOp::create(b, at, 0, 32);
          Value length = arith::MaxSIOp::create(b, at, arguments[0], zero);
          Value isBefore = compare(b, at, arith::CmpIPredicate::slt, index32(b, at, 2), index32(b, at, 1));
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
    LoopNests nests(builder, loc);
    Value passed = nests.reduction({rows, tokens}, builder.getI32IntegerAttr(0), {{ends, {0, 2}}},
                                   [](OpBuilder &b, Location at, ValueRange arguments) -> Value {
                                     Value isPassed = compare(b, at, arith::CmpIPredicate::sle, arguments[0],
                                                              index32(b, at, 1));
                                     Value step = arith::ExtUIOp::create(b, at, b.getI32Type(), isPassed);
                                     return arith::AddIOp::create(b, at, arguments[1], step);
                                   });
    return nests.parallel({rows, tokens}, builder.getI32Type(), {{passed, {0, 1}}},
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
    LoopNests nests(rewriter, loc);
    OpFoldResult rows = tensor::getMixedSize(rewriter, loc, op.getFeatures(), 0);
    OpFoldResult columns = tensor::getMixedSize(rewriter, loc, op.getProjection(), 1);
    Value projected =
        nests.product({rows, columns}, {op.getFeatures(), {0, 2}}, {op.getProjection(), {2, 1}});
    Value squares = nests.product({rows}, {projected, {0, 1}}, {projected, {0, 1}});
    float epsilon = op.getEpsilon().convertToFloat();
    Type element = cast<RankedTensorType>(op.getType()).getElementType();
    Value result =
        nests.parallel({rows, columns}, element, {{projected, {0, 1}}, {squares, {0}}},
                       [&](OpBuilder &b, Location at, ValueRange arguments) {
                         Value norm = math::SqrtOp::create(b, at, arguments[1]);
                         Value least = arith::ConstantOp::create(b, at, b.getF32FloatAttr(epsilon));
                         Value isShort = arith::CmpFOp::create(b, at, arith::CmpFPredicate::OLT, norm, least);
                         Value divisor = arith::SelectOp::create(b, at, isShort, least, norm);
                         return fromF32(b, at, arith::DivFOp::create(b, at, arguments[0], divisor), element);
                       });
    rewriter.replaceOp(op, castTo(rewriter, loc, op.getType(), result));
    return success();
  }
};

struct ExpandContrast : OpRewritePattern<ContrastOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ContrastOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    LoopNests nests(rewriter, loc);
    SmallVector<OpFoldResult> sizes{tensor::getMixedSize(rewriter, loc, op.getA(), 0),
                                    tensor::getMixedSize(rewriter, loc, op.getB(), 0)};
    Value products = nests.product(sizes, {op.getA(), {0, 2}}, {op.getB(), {1, 2}});
    // Once, not for every element.
    Value factor = nests.parallel({}, rewriter.getF32Type(), {{op.getTemperature(), {}}},
                                  [](OpBuilder &b, Location at, ValueRange arguments) -> Value {
                                    return math::ExpOp::create(b, at, arguments[0]);
                                  });
    Type element = cast<RankedTensorType>(op.getType()).getElementType();
    Value result = nests.parallel(sizes, element, {{products, {0, 1}}, {factor, {}}},
                                  [&](OpBuilder &b, Location at, ValueRange arguments) {
                                    Value scaled = arith::MulFOp::create(b, at, arguments[0], arguments[1]);
                                    return fromF32(b, at, scaled, element);
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
