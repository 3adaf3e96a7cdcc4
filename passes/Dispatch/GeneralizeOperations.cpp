// Turns named and data-moving operations into linalg.generic, the one form that later passes handle.
#include "passes/Dispatch/GeneralizeOperations.h"

#include "dialects/Winnow/WinnowOps.h"
#include "passes/Dispatch/Passes.h"

#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace winnow {
#define GEN_PASS_DEF_GENERALIZEOPERATIONS
#include "passes/Dispatch/Passes.h.inc"

using namespace mlir;

namespace {

using ElementAt = llvm::function_ref<Value(OpBuilder &, Location, ValueRange indices)>;

/// A linalg.generic without inputs whose element at `indices` is what `element` builds.
Value createByIndex(OpBuilder &builder, Location loc, RankedTensorType type, ArrayRef<OpFoldResult> sizes,
                    ElementAt element) {
  Value empty = tensor::EmptyOp::create(builder, loc, sizes, type.getElementType());
  SmallVector<utils::IteratorType> iterators(type.getRank(), utils::IteratorType::parallel);
  auto generic = linalg::GenericOp::create(
      builder, loc, empty.getType(), ValueRange{}, empty, builder.getMultiDimIdentityMap(type.getRank()),
      iterators, [&](OpBuilder &body, Location nested, ValueRange) {
        SmallVector<Value> indices;
        for (int64_t dimension = 0; dimension < type.getRank(); ++dimension) {
          indices.push_back(linalg::IndexOp::create(body, nested, dimension));
        }
        linalg::YieldOp::create(body, nested, element(body, nested, indices));
      });
  Value result = generic.getResult(0);
  return result.getType() == type ? result : tensor::CastOp::create(builder, loc, type, result).getResult();
}

/// index * stride + offset
Value advance(OpBuilder &builder, Location loc, Value index, OpFoldResult offset, OpFoldResult stride) {
  AffineExpr d, o, s;
  bindDims(builder.getContext(), d);
  bindSymbols(builder.getContext(), o, s);
  OpFoldResult result = affine::makeComposedFoldedAffineApply(
      builder, loc, AffineMap::get(1, 2, d * s + o, builder.getContext()), {index, offset, stride});
  return getValueOrCreateConstantIndexOp(builder, loc, result);
}

struct GeneralizeNamed : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;
  LogicalResult matchAndRewrite(linalg::LinalgOp op, PatternRewriter &rewriter) const override {
    if (isa<linalg::FillOp, linalg::GenericOp>(op)) {
      return failure();
    }
    return linalg::generalizeNamedOp(rewriter, op);
  }
};

/// Accumulates nothing: what it starts with is left.
struct EraseEmptyReduction : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;
  LogicalResult matchAndRewrite(linalg::LinalgOp op, PatternRewriter &rewriter) const override {
    SmallVector<int64_t> extents = op.getStaticLoopRanges();
    SmallVector<unsigned> reductions;
    op.getReductionDims(reductions);
    if (llvm::none_of(reductions, [&](unsigned loop) { return extents[loop] == 0; })) {
      return rewriter.notifyMatchFailure(op, "no reduction is known to be empty");
    }
    rewriter.replaceOp(op, op.getDpsInits());
    return success();
  }
};

struct GeneralizeExtractSlice : OpRewritePattern<tensor::ExtractSliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tensor::ExtractSliceOp op, PatternRewriter &rewriter) const override {
    llvm::SmallBitVector dropped = op.getDroppedDims();
    SmallVector<OpFoldResult> sizes;
    for (auto [dimension, size] : llvm::enumerate(op.getMixedSizes())) {
      if (!dropped.test(dimension)) {
        sizes.push_back(size);
      }
    }
    Value result = createByIndex(
        rewriter, op.getLoc(), op.getType(), sizes, [&](OpBuilder &body, Location loc, ValueRange indices) {
          SmallVector<Value> source;
          size_t next = 0;
          for (auto [dimension, offset, stride] :
               llvm::enumerate(op.getMixedOffsets(), op.getMixedStrides())) {
            source.push_back(dropped.test(dimension) ? getValueOrCreateConstantIndexOp(body, loc, offset)
                                                     : advance(body, loc, indices[next++], offset, stride));
          }
          return tensor::ExtractOp::create(body, loc, op.getSource(), source).getResult();
        });
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// The element at `indices` of `inner`, placed at `offset` with `sizes`, or else what `outside` builds.
Value selectInside(OpBuilder &builder, Location loc, ValueRange indices, ArrayRef<OpFoldResult> offsets,
                   ArrayRef<OpFoldResult> sizes, Type type, ElementAt inside, ElementAt outside) {
  Value isInside;
  SmallVector<Value> shifted;
  for (auto [index, offset, size] : llvm::zip(indices, offsets, sizes)) {
    Value start = getValueOrCreateConstantIndexOp(builder, loc, offset);
    Value extent = getValueOrCreateConstantIndexOp(builder, loc, size);
    shifted.push_back(arith::SubIOp::create(builder, loc, index, start));
    // One unsigned comparison covers both ends.
    Value fits = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ult, shifted.back(), extent);
    isInside = isInside ? arith::AndIOp::create(builder, loc, isInside, fits).getResult() : fits;
  }
  auto branch = scf::IfOp::create(builder, loc, type, isInside, /*withElseRegion=*/true);
  OpBuilder then = branch.getThenBodyBuilder();
  scf::YieldOp::create(then, loc, inside(then, loc, shifted));
  OpBuilder otherwise = branch.getElseBodyBuilder();
  scf::YieldOp::create(otherwise, loc, outside(otherwise, loc, indices));
  return branch.getResult(0);
}

/// The element at `indices` of what a chain of insertions makes, read from the first that covers it.
Value elementOfInsertions(OpBuilder &builder, Location loc, Value tensor, ValueRange indices) {
  auto insertion = tensor.getDefiningOp<tensor::InsertSliceOp>();
  if (insertion && insertion.hasUnitStride()) {
    llvm::SmallBitVector dropped = insertion.getDroppedDims();
    auto inside = [&](OpBuilder &nested, Location at, ValueRange shifted) {
      SmallVector<Value> source;
      for (auto [dimension, index] : llvm::enumerate(shifted)) {
        if (!dropped.test(dimension)) {
          source.push_back(index);
        }
      }
      return tensor::ExtractOp::create(nested, at, insertion.getSource(), source).getResult();
    };
    auto outside = [&](OpBuilder &nested, Location at, ValueRange same) {
      return elementOfInsertions(nested, at, insertion.getDest(), same);
    };
    return selectInside(builder, loc, indices, insertion.getMixedOffsets(), insertion.getMixedSizes(),
                        insertion.getType().getElementType(), inside, outside);
  }
  if (tensor.getDefiningOp<tensor::EmptyOp>()) {
    // Nobody wrote it: any value will do.
    return arith::ConstantOp::create(builder, loc, builder.getZeroAttr(getElementTypeOrSelf(tensor)));
  }
  return tensor::ExtractOp::create(builder, loc, tensor, indices);
}

/// A chain of insertions, as concatenations are written, becomes one operation.
struct GeneralizeInsertSlice : OpRewritePattern<tensor::InsertSliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tensor::InsertSliceOp op, PatternRewriter &rewriter) const override {
    if (!op.hasUnitStride()) {
      return rewriter.notifyMatchFailure(op, "a strided insertion would need a division for each element");
    }
    if (writesInPlace(op)) {
      return rewriter.notifyMatchFailure(op, "the plan writes the rows where they are");
    }
    if (op->hasOneUse()) {
      auto next = dyn_cast<tensor::InsertSliceOp>(*op->user_begin());
      if (next && next.getDest() == op.getResult() && next.hasUnitStride()) {
        return rewriter.notifyMatchFailure(op, "the next insertion of the chain reads through it");
      }
    }
    SmallVector<OpFoldResult> shape = tensor::getMixedSizes(rewriter, op.getLoc(), op.getDest());
    Value result = createByIndex(rewriter, op.getLoc(), op.getType(), shape,
                                 [&](OpBuilder &body, Location loc, ValueRange indices) {
                                   return elementOfInsertions(body, loc, op.getResult(), indices);
                                 });
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// The inputs begin one after another along the axis: the last that begins at or before an index has it.
struct GeneralizeConcat : OpRewritePattern<tensor::ConcatOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tensor::ConcatOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    RankedTensorType type = op.getResultType();
    int64_t axis = op.getDim();
    SmallVector<OpFoldResult> shape = tensor::getMixedSizes(rewriter, loc, op.getInputs().front());
    SmallVector<Value> starts; // where each input begins along the axis
    Value total = arith::ConstantIndexOp::create(rewriter, loc, 0);
    for (Value input : op.getInputs()) {
      starts.push_back(total);
      Value size =
          getValueOrCreateConstantIndexOp(rewriter, loc, tensor::getMixedSize(rewriter, loc, input, axis));
      total = rewriter.createOrFold<arith::AddIOp>(loc, total, size);
    }
    shape[axis] = type.isDynamicDim(axis) ? OpFoldResult(total)
                                          : OpFoldResult(rewriter.getIndexAttr(type.getDimSize(axis)));
    std::function<Value(OpBuilder &, Location, ValueRange, size_t)> pick =
        [&](OpBuilder &body, Location at, ValueRange indices, size_t last) -> Value {
      SmallVector<Value> source(indices);
      source[axis] = arith::SubIOp::create(body, at, indices[axis], starts[last]);
      auto read = [&](OpBuilder &nested) {
        return tensor::ExtractOp::create(nested, at, op.getInputs()[last], source).getResult();
      };
      if (last == 0) {
        return read(body);
      }
      Value isLater = arith::CmpIOp::create(body, at, arith::CmpIPredicate::uge, indices[axis], starts[last]);
      auto branch = scf::IfOp::create(body, at, type.getElementType(), isLater, /*withElseRegion=*/true);
      OpBuilder then = branch.getThenBodyBuilder();
      scf::YieldOp::create(then, at, read(then));
      OpBuilder otherwise = branch.getElseBodyBuilder();
      scf::YieldOp::create(otherwise, at, pick(otherwise, at, indices, last - 1));
      return branch.getResult(0);
    };
    Value result =
        createByIndex(rewriter, loc, type, shape, [&](OpBuilder &body, Location at, ValueRange indices) {
          return pick(body, at, indices, op.getInputs().size() - 1);
        });
    rewriter.replaceOp(op, result);
    return success();
  }
};

struct GeneralizeGenerate : OpRewritePattern<tensor::GenerateOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tensor::GenerateOp op, PatternRewriter &rewriter) const override {
    SmallVector<OpFoldResult> sizes;
    auto dynamic = op.getDynamicExtents().begin();
    auto type = cast<RankedTensorType>(op.getType());
    for (int64_t size : type.getShape()) {
      sizes.push_back(ShapedType::isDynamic(size) ? OpFoldResult(*dynamic++)
                                                  : OpFoldResult(rewriter.getIndexAttr(size)));
    }
    Block &source = op.getBody().front();
    Value result =
        createByIndex(rewriter, op.getLoc(), type, sizes, [&](OpBuilder &body, Location, ValueRange indices) {
          IRMapping mapping;
          mapping.map(source.getArguments(), indices);
          for (Operation &nested : source.without_terminator()) {
            body.clone(nested, mapping);
          }
          return mapping.lookupOrDefault(source.getTerminator()->getOperand(0));
        });
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// A scalar on its way into a kernel, which takes integers from the host as indices and repeats constants.
/// Null for others.
OpFoldResult passToKernel(OpBuilder &builder, Location loc, Value scalar) {
  Attribute constant;
  if (matchPattern(scalar, m_Constant(&constant))) {
    return constant;
  }
  if (scalar.getType().isIndex()) {
    return scalar;
  }
  if (!isa<IntegerType>(scalar.getType())) {
    return {};
  }
  Type index = builder.getIndexType();
  return scalar.getType().isInteger(1) ? builder.createOrFold<arith::IndexCastUIOp>(loc, index, scalar)
                                       : builder.createOrFold<arith::IndexCastOp>(loc, index, scalar);
}

/// The scalar of `type` that passToKernel made `passed` of.
Value receive(OpBuilder &body, Location loc, OpFoldResult passed, Type type) {
  if (auto constant = dyn_cast<Attribute>(passed)) {
    return arith::ConstantOp::create(body, loc, cast<TypedAttr>(constant));
  }
  auto value = cast<Value>(passed);
  if (type.isIndex()) {
    return value;
  }
  return type.isInteger(1) ? arith::IndexCastUIOp::create(body, loc, type, value).getResult()
                           : arith::IndexCastOp::create(body, loc, type, value).getResult();
}

/// The number of the element at `indices` in row-major order.
Value linearize(OpBuilder &builder, Location loc, ValueRange indices, ArrayRef<int64_t> shape) {
  Value linear = arith::ConstantIndexOp::create(builder, loc, 0);
  for (auto [index, size] : llvm::zip_equal(indices, shape)) {
    Value extent = arith::ConstantIndexOp::create(builder, loc, size);
    Value before = builder.createOrFold<arith::MulIOp>(loc, linear, extent);
    linear = builder.createOrFold<arith::AddIOp>(loc, before, index);
  }
  return linear;
}

/// Scalars that the host knows, sizes above all, become a tensor on the device.
struct GeneralizeFromElements : OpRewritePattern<tensor::FromElementsOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tensor::FromElementsOp op, PatternRewriter &rewriter) const override {
    Location loc = op.getLoc();
    auto type = cast<RankedTensorType>(op.getType());
    SmallVector<OpFoldResult> elements, sizes;
    for (Value element : op.getElements()) {
      elements.push_back(passToKernel(rewriter, loc, element));
      if (!elements.back()) {
        return rewriter.notifyMatchFailure(op, "the host has integers only");
      }
    }
    for (int64_t size : type.getShape()) {
      sizes.push_back(rewriter.getIndexAttr(size));
    }
    auto choose = [&](OpBuilder &body, Location at, ValueRange indices) {
      Value linear = linearize(body, at, indices, type.getShape());
      Value chosen = receive(body, at, elements.back(), type.getElementType());
      for (size_t place = elements.size() - 1; place-- > 0;) {
        Value isHere = arith::CmpIOp::create(body, at, arith::CmpIPredicate::eq, linear,
                                             arith::ConstantIndexOp::create(body, at, place));
        Value element = receive(body, at, elements[place], type.getElementType());
        chosen = arith::SelectOp::create(body, at, isHere, element, chosen);
      }
      return chosen;
    };
    if (elements.empty()) {
      rewriter.replaceOpWithNewOp<tensor::EmptyOp>(op, type.getShape(), type.getElementType());
      return success();
    }
    rewriter.replaceOp(op, createByIndex(rewriter, loc, type, sizes, choose));
    return success();
  }
};

struct GeneralizeSplat : OpRewritePattern<tensor::SplatOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tensor::SplatOp op, PatternRewriter &rewriter) const override {
    OpFoldResult passed = passToKernel(rewriter, op.getLoc(), op.getInput());
    if (!passed) {
      return rewriter.notifyMatchFailure(op, "the host has integers only");
    }
    auto type = cast<RankedTensorType>(op.getType());
    SmallVector<OpFoldResult> sizes = getMixedValues(type.getShape(), op.getDynamicSizes(), rewriter);
    auto repeat = [&](OpBuilder &body, Location at, ValueRange) {
      return receive(body, at, passed, type.getElementType());
    };
    rewriter.replaceOp(op, createByIndex(rewriter, op.getLoc(), type, sizes, repeat));
    return success();
  }
};

/// Of nothing a slice cannot be taken, as the tiled form does: MLIR knows no place where it could begin.
struct GeneralizeEmptyPad : OpRewritePattern<tensor::PadOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(tensor::PadOp op, PatternRewriter &rewriter) const override {
    if (!llvm::is_contained(op.getSourceType().getShape(), 0)) {
      return rewriter.notifyMatchFailure(op, "the source is not known to be empty");
    }
    rewriter.replaceOp(op, padByIndex(rewriter, op));
    return success();
  }
};

struct GeneralizeOperations : impl::GeneralizeOperationsBase<GeneralizeOperations> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<EraseEmptyReduction, GeneralizeNamed, GeneralizeExtractSlice, GeneralizeInsertSlice,
                 GeneralizeConcat, GeneralizeGenerate, GeneralizeFromElements, GeneralizeSplat,
                 GeneralizeEmptyPad>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns)))) {
      getOperation().emitError() << "generalization did not reach an end";
      signalPassFailure();
    }
  }
};

} // namespace

Value padByIndex(OpBuilder &builder, tensor::PadOp pad) {
  Location loc = pad.getLoc();
  SmallVector<OpFoldResult> source = tensor::getMixedSizes(builder, loc, pad.getSource()), sizes;
  AffineExpr a, b, c;
  bindSymbols(builder.getContext(), a, b, c);
  for (auto [low, size, high] : llvm::zip(pad.getMixedLowPad(), source, pad.getMixedHighPad())) {
    sizes.push_back(affine::makeComposedFoldedAffineApply(builder, loc, a + b + c, {low, size, high}));
  }
  return createByIndex(
      builder, loc, pad.getResultType(), sizes, [&](OpBuilder &body, Location at, ValueRange indices) {
        auto inside = [&](OpBuilder &nested, Location here, ValueRange shifted) {
          return tensor::ExtractOp::create(nested, here, pad.getSource(), shifted).getResult();
        };
        auto outside = [&](OpBuilder &nested, Location, ValueRange same) {
          Block &region = pad.getRegion().front();
          IRMapping mapping;
          mapping.map(region.getArguments(), same);
          for (Operation &op : region.without_terminator()) {
            nested.clone(op, mapping);
          }
          return mapping.lookupOrDefault(region.getTerminator()->getOperand(0));
        };
        return selectInside(body, at, indices, pad.getMixedLowPad(), source,
                            pad.getResultType().getElementType(), inside, outside);
      });
}

} // namespace winnow
