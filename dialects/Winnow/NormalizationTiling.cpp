// How normalizations are split into tiles: the moments of the tile's rows, and then the tile, from rows that
// stay in a cache meanwhile.
#include "dialects/Winnow/NormalizationTiling.h"

#include "dialects/Winnow/Definition.h"
#include "dialects/Winnow/GenericInto.h"
#include "dialects/Winnow/ResultTiling.h"
#include "dialects/Winnow/WinnowOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace winnow;

namespace {

/// Builds one tile. Moments are f32, one for each row.
class NormalizationTile {
public:
  NormalizationTile(NormalizeOp op, OpBuilder &builder, ArrayRef<OpFoldResult> offsets,
                    ArrayRef<OpFoldResult> sizes)
      : op(op), builder(builder), loc(op.getLoc()), rank(offsets.size()), sizes(sizes),
        isShared(op->hasAttr(kSharedRowsAttribute)), tile(extract(op.getX(), offsets, sizes)) {
    SmallVector<OpFoldResult> rowOffsets(offsets), rowSizes(sizes);
    rowOffsets.back() = builder.getIndexAttr(0);
    rowSizes.back() = builder.getIndexAttr(op.getWidth());
    summed = isShared ? tile : extract(op.getX(), rowOffsets, rowSizes);
    if (op.getScale())
      scale = extract(op.getScale(), offsets.back(), sizes.back());
    if (op.getBias())
      bias = extract(op.getBias(), offsets.back(), sizes.back());
  }

  TilingResult build() {
    if (op.getCentered())
      mean = buildMean();
    Value inverse = buildInverseDeviation();
    Value result = buildResult(inverse);
    return {{result.getDefiningOp()}, {result}, {tile.getDefiningOp()}};
  }

private:
  Value extract(Value tensor, ArrayRef<OpFoldResult> offsets, ArrayRef<OpFoldResult> sizes) {
    SmallVector<OpFoldResult> strides(offsets.size(), builder.getIndexAttr(1));
    return tensor::ExtractSliceOp::create(builder, loc, tensor, offsets, sizes, strides);
  }
  Value constant(OpBuilder &b, Location at, float value) {
    return arith::ConstantOp::create(b, at, b.getF32FloatAttr(value));
  }
  AffineMap elementMap() { return builder.getMultiDimIdentityMap(rank); }
  AffineMap rowMap() { return mapOf(builder, rank, llvm::to_vector(llvm::seq(rank - 1))); }
  AffineMap columnMap() { return mapOf(builder, rank, rank - 1); }
  Value empty(ArrayRef<OpFoldResult> extents, Type type) {
    return tensor::EmptyOp::create(builder, loc, extents, type);
  }

  Value sumRows(bool ofSquares);
  Value addLanes(Value sums);
  Value forRows(Value sums, GenericBody body);
  Value buildMean();
  Value buildInverseDeviation();
  Value buildResult(Value inverse);

  NormalizeOp op;
  OpBuilder &builder;
  Location loc;
  unsigned rank;
  ArrayRef<OpFoldResult> sizes;
  bool isShared;
  Value tile, summed; // of x: what the tile needs, and what is summed here of its rows
  Value scale, bias, mean;
};

/// The sum of each row, or of the squares of its distances from the mean.
Value NormalizationTile::sumRows(bool ofSquares) {
  Value zero = constant(builder, loc, 0.0f);
  Value init =
      linalg::FillOp::create(builder, loc, zero, empty(sizes.drop_back(), builder.getF32Type())).getResult(0);
  SmallVector<Value> inputs{summed};
  SmallVector<AffineMap> maps{elementMap()};
  if (ofSquares && mean) {
    inputs.push_back(mean);
    maps.push_back(rowMap());
  }
  Value sums = createGenericInto(builder, loc, init, inputs, maps, 1,
                                 [&](OpBuilder &b, Location at, ValueRange arguments) -> Value {
                                   Value term = Formula(b, at).toF32(arguments[0]);
                                   if (inputs.size() == 2)
                                     term = arith::SubFOp::create(b, at, term, arguments[1]);
                                   if (ofSquares)
                                     term = arith::MulFOp::create(b, at, term, term);
                                   return arith::AddFOp::create(b, at, arguments.back(), term);
                                 });
  return isShared ? addLanes(sums) : sums;
}

/// The sums of whole rows, where each lane has that of its part of the one row of its tile.
Value NormalizationTile::addLanes(Value sums) {
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  Value sum = tensor::ExtractOp::create(builder, loc, sums, SmallVector<Value>(rank - 1, zero));
  sum = gpu::SubgroupReduceOp::create(builder, loc, sum, gpu::AllReduceOperation::ADD, /*uniform=*/true);
  return linalg::FillOp::create(builder, loc, sum, empty(sizes.drop_back(), builder.getF32Type()))
      .getResult(0);
}

/// What `body` makes of each row's sum.
Value NormalizationTile::forRows(Value sums, GenericBody body) {
  return createGenericInto(builder, loc, empty(sizes.drop_back(), builder.getF32Type()), sums,
                           builder.getMultiDimIdentityMap(rank - 1), 0, body);
}

Value NormalizationTile::buildMean() {
  return forRows(sumRows(/*ofSquares=*/false), [&](OpBuilder &b, Location at, ValueRange arguments) -> Value {
    return arith::DivFOp::create(b, at, arguments[0], constant(b, at, op.getWidth()));
  });
}

/// 1 / sqrt(sum of squares / width + epsilon)
Value NormalizationTile::buildInverseDeviation() {
  return forRows(sumRows(/*ofSquares=*/true), [&](OpBuilder &b, Location at, ValueRange arguments) -> Value {
    Value variance = arith::DivFOp::create(b, at, arguments[0], constant(b, at, op.getWidth()));
    variance = arith::AddFOp::create(b, at, variance, constant(b, at, op.getEpsilon().convertToFloat()));
    return arith::DivFOp::create(b, at, constant(b, at, 1.0f), math::SqrtOp::create(b, at, variance));
  });
}

Value NormalizationTile::buildResult(Value inverse) {
  SmallVector<Value> inputs{tile, inverse};
  SmallVector<AffineMap> maps{elementMap(), rowMap()};
  auto add = [&](Value input, AffineMap map) -> size_t {
    if (!input)
      return 0;
    inputs.push_back(input);
    maps.push_back(map);
    return inputs.size() - 1;
  };
  size_t meanAt = add(mean, rowMap()), scaleAt = add(scale, columnMap()), biasAt = add(bias, columnMap());
  Type element = op.getX().getType().getElementType();
  return createGenericInto(builder, loc, empty(sizes, element), inputs, maps, 0,
                           [&](OpBuilder &b, Location at, ValueRange arguments) -> Value {
                             Formula formula(b, at);
                             Value value = formula.toF32(arguments[0]);
                             if (meanAt)
                               value = arith::SubFOp::create(b, at, value, arguments[meanAt]);
                             value = arith::MulFOp::create(b, at, value, arguments[1]);
                             if (scaleAt)
                               value = arith::MulFOp::create(b, at, value, formula.toF32(arguments[scaleAt]));
                             if (biasAt)
                               value = arith::AddFOp::create(b, at, value, formula.toF32(arguments[biasAt]));
                             return formula.fromF32(value, element);
                           });
}

struct NormalizationTiling : ResultTiling<NormalizationTiling, NormalizeOp> {
  FailureOr<TilingResult> getTiledImplementation(Operation *op, OpBuilder &builder,
                                                 ArrayRef<OpFoldResult> offsets,
                                                 ArrayRef<OpFoldResult> sizes) const {
    return NormalizationTile(cast<NormalizeOp>(op), builder, offsets, sizes).build();
  }
};

} // namespace

void winnow::registerNormalizationTiling(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, WinnowDialect *) {
    NormalizeOp::attachInterface<NormalizationTiling>(*context);
    context->loadDialect<gpu::GPUDialect, linalg::LinalgDialect, math::MathDialect, tensor::TensorDialect>();
  });
}
