// Tiling of grouped products: a tile has one row, and multiplies it by the weights of the row's group.
#include "dialects/Winnow/Tiling.h"

#include "dialects/Winnow/Extents.h"
#include "dialects/Winnow/WinnowOps.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/TilingInterface.h"

using namespace mlir;
using namespace winnow;

namespace {

Value entryAsIndex(OpBuilder &builder, Location loc, Value tensor, Value place) {
  Value entry = tensor::ExtractOp::create(builder, loc, tensor, place);
  return arith::IndexCastOp::create(builder, loc, builder.getIndexType(), entry);
}

/// How many of the groups before `end` end at or before `place`: the group that `place` is in. A binary
/// search, since offsets do not descend.
Value findGroup(OpBuilder &builder, Location loc, Value offsets, Value place, Value end) {
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  Value first = arith::ConstantIndexOp::create(builder, loc, 0);
  auto search = scf::WhileOp::create(
      builder, loc, TypeRange{builder.getIndexType(), builder.getIndexType()}, ValueRange{first, end},
      [](OpBuilder &before, Location at, ValueRange bounds) {
        Value isOpen = arith::CmpIOp::create(before, at, arith::CmpIPredicate::slt, bounds[0], bounds[1]);
        scf::ConditionOp::create(before, at, isOpen, bounds);
      },
      [&](OpBuilder &after, Location at, ValueRange bounds) {
        Value sum = arith::AddIOp::create(after, at, bounds[0], bounds[1]);
        Value middle = arith::ShRUIOp::create(after, at, sum, one);
        Value next = arith::AddIOp::create(after, at, middle, one);
        Value groupEnd = entryAsIndex(after, at, offsets, next);
        Value isBehind = arith::CmpIOp::create(after, at, arith::CmpIPredicate::sle, groupEnd, place);
        Value low = arith::SelectOp::create(after, at, isBehind, next, bounds[0]);
        Value high = arith::SelectOp::create(after, at, isBehind, bounds[1], middle);
        scf::YieldOp::create(after, at, ValueRange{low, high});
      });
  return search.getResult(0);
}

/// What a row of the result is made from. A row beyond the members reads nothing: its depth is 0.
struct GroupedRow {
  Value source, group, depth;
};

GroupedRow locateRow(OpBuilder &builder, GroupedMatmulOp op, OpFoldResult row) {
  Location loc = op.getLoc();
  Value offsets = builder.createOrFold<SelectionOffsetsOp>(loc, op.getGroups());
  Value place = getValueOrCreateConstantIndexOp(builder, loc, row);
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  Value groups = getValueOrCreateConstantIndexOp(
      builder, loc, addToExtent(builder, loc, getDimension(builder, loc, offsets, 0), -1));
  Value total = entryAsIndex(builder, loc, offsets, groups);
  Value isMember = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, place, total);
  auto orZero = [&](Value value) -> Value {
    return arith::SelectOp::create(builder, loc, isMember, value, zero);
  };
  Value depth = getValueOrCreateConstantIndexOp(builder, loc, getDimension(builder, loc, op.getWeights(), 1));
  Value source = place;
  if (!op.getGrouped())
    source = entryAsIndex(builder, loc, builder.createOrFold<SelectionMembersOp>(loc, op.getGroups()), place);
  return {orZero(source), orZero(findGroup(builder, loc, offsets, place, groups)), orZero(depth)};
}

/// The row's part of x, [1, depth], and the tile's columns of its group's weights, [depth, columns].
std::pair<Value, Value> sliceOperands(OpBuilder &builder, GroupedMatmulOp op, const GroupedRow &row,
                                      OpFoldResult firstColumn, OpFoldResult columns) {
  Location loc = op.getLoc();
  OpFoldResult zero = builder.getIndexAttr(0), one = builder.getIndexAttr(1);
  Value x = tensor::ExtractSliceOp::create(builder, loc, op.getX(), {row.source, zero}, {one, row.depth},
                                           {one, one});
  auto type = RankedTensorType::get(
      {ShapedType::kDynamic, getConstantIntValue(columns).value_or(ShapedType::kDynamic)},
      getElementTypeOrSelf(op.getWeights().getType()));
  Value weights =
      tensor::ExtractSliceOp::create(builder, loc, type, op.getWeights(), {row.group, zero, firstColumn},
                                     {one, row.depth, columns}, {one, one, one});
  return {x, weights};
}

/// x * weights, accumulated in f32.
Value multiply(OpBuilder &builder, Location loc, Value x, Value weights, ArrayRef<OpFoldResult> sizes) {
  Value empty = tensor::EmptyOp::create(builder, loc, sizes, builder.getF32Type());
  Value zero = arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(0.0f));
  Value init = linalg::FillOp::create(builder, loc, zero, empty).getResult(0);
  auto map = [&](ArrayRef<unsigned> loops) {
    return AffineMap::getMultiDimMapWithTargets(3, loops, builder.getContext());
  };
  SmallVector<utils::IteratorType> iterators(2, utils::IteratorType::parallel);
  iterators.push_back(utils::IteratorType::reduction);
  return linalg::GenericOp::create(builder, loc, init.getType(), ValueRange{x, weights}, init,
                                   ArrayRef<AffineMap>{map({0, 2}), map({2, 1}), map({0, 1})}, iterators,
                                   [&](OpBuilder &b, Location at, ValueRange arguments) {
                                     Value a = arguments[0], w = arguments[1];
                                     if (!a.getType().isF32()) {
                                       a = arith::ExtFOp::create(b, at, b.getF32Type(), a);
                                       w = arith::ExtFOp::create(b, at, b.getF32Type(), w);
                                     }
                                     Value product = arith::MulFOp::create(b, at, a, w);
                                     linalg::YieldOp::create(
                                         b, at,
                                         arith::AddFOp::create(b, at, arguments[2], product).getResult());
                                   })
      .getResult(0);
}

Value roundTo(OpBuilder &builder, Location loc, Type type, Value sum, ArrayRef<OpFoldResult> sizes) {
  if (type.isF32())
    return sum;
  Value empty = tensor::EmptyOp::create(builder, loc, sizes, type);
  SmallVector<AffineMap> maps(2, builder.getMultiDimIdentityMap(2));
  SmallVector<utils::IteratorType> iterators(2, utils::IteratorType::parallel);
  return linalg::GenericOp::create(builder, loc, empty.getType(), sum, empty, maps, iterators,
                                   [&](OpBuilder &b, Location at, ValueRange arguments) {
                                     Value rounded = arith::TruncFOp::create(b, at, type, arguments[0]);
                                     linalg::YieldOp::create(b, at, rounded);
                                   })
      .getResult(0);
}

struct GroupedTiling : TilingInterface::ExternalModel<GroupedTiling, GroupedMatmulOp> {
  SmallVector<utils::IteratorType> getLoopIteratorTypes(Operation *) const {
    return {utils::IteratorType::parallel, utils::IteratorType::parallel};
  }

  SmallVector<Range> getIterationDomain(Operation *op, OpBuilder &builder) const {
    ReifiedRankedShapedTypeDims shapes;
    (void)cast<ReifyRankedShapedTypeOpInterface>(op).reifyResultShapes(builder, shapes);
    SmallVector<Range> domain;
    for (OpFoldResult size : shapes.front())
      domain.push_back({builder.getIndexAttr(0), size, builder.getIndexAttr(1)});
    return domain;
  }

  FailureOr<TilingResult> getTiledImplementation(Operation *operation, OpBuilder &builder,
                                                 ArrayRef<OpFoldResult> offsets,
                                                 ArrayRef<OpFoldResult> sizes) const {
    auto op = cast<GroupedMatmulOp>(operation);
    if (getConstantIntValue(sizes[0]) != 1)
      return op.emitOpError("has rows of different groups, so a tile must have one row");
    GroupedRow row = locateRow(builder, op, offsets[0]);
    auto [x, weights] = sliceOperands(builder, op, row, offsets[1], sizes[1]);
    Value sum = multiply(builder, op.getLoc(), x, weights, sizes);
    Type element = getElementTypeOrSelf(op.getType());
    Value result = roundTo(builder, op.getLoc(), element, sum, sizes);
    return TilingResult{{result.getDefiningOp()}, {result}, {x.getDefiningOp(), weights.getDefiningOp()}};
  }

  LogicalResult getResultTilePosition(Operation *, OpBuilder &, unsigned, ArrayRef<OpFoldResult> offsets,
                                      ArrayRef<OpFoldResult> sizes, SmallVector<OpFoldResult> &resultOffsets,
                                      SmallVector<OpFoldResult> &resultSizes) const {
    resultOffsets.assign(offsets.begin(), offsets.end());
    resultSizes.assign(sizes.begin(), sizes.end());
    return success();
  }

  FailureOr<TilingResult> generateResultTileValue(Operation *op, OpBuilder &builder, unsigned,
                                                  ArrayRef<OpFoldResult> offsets,
                                                  ArrayRef<OpFoldResult> sizes) const {
    return getTiledImplementation(op, builder, offsets, sizes);
  }
};

} // namespace

void winnow::registerGroupedTilingModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, WinnowDialect *) {
    GroupedMatmulOp::attachInterface<GroupedTiling>(*context);
    context->loadDialect<affine::AffineDialect, arith::ArithDialect, linalg::LinalgDialect, scf::SCFDialect,
                         tensor::TensorDialect>();
  });
}
