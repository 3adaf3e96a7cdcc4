// Tiling of grouped products: the rows of a tile are multiplied group by group.
#include "dialects/Winnow/Tiling.h"

#include "dialects/Winnow/Extents.h"
#include "dialects/Winnow/ResultTiling.h"
#include "dialects/Winnow/WinnowOps.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

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

/// The members of an operation's groups.
struct Members {
  Value offsets;
  Value groups; // their number
  Value total;  // of members; rows beyond it multiply nothing
};

Members describeMembers(OpBuilder &builder, GroupedMatmulOp op) {
  Location loc = op.getLoc();
  Value offsets = builder.createOrFold<SelectionOffsetsOp>(loc, op.getGroups());
  Value groups = getValueOrCreateConstantIndexOp(
      builder, loc, addToExtent(builder, loc, getDimension(builder, loc, offsets, 0), -1));
  return {offsets, groups, entryAsIndex(builder, loc, offsets, groups)};
}

/// `count` rows of x from `row`, as deep as `depth`.
Value sliceRows(OpBuilder &builder, GroupedMatmulOp op, OpFoldResult row, OpFoldResult count,
                OpFoldResult depth) {
  OpFoldResult zero = builder.getIndexAttr(0), one = builder.getIndexAttr(1);
  return tensor::ExtractSliceOp::create(builder, op.getLoc(), op.getX(), {row, zero}, {count, depth},
                                        {one, one});
}

/// A tile's columns of the weights of `group`, as deep as `depth`.
Value sliceWeights(OpBuilder &builder, GroupedMatmulOp op, Value group, OpFoldResult firstColumn,
                   OpFoldResult columns, OpFoldResult depth) {
  OpFoldResult zero = builder.getIndexAttr(0), one = builder.getIndexAttr(1);
  auto extent = [](OpFoldResult size) { return getConstantIntValue(size).value_or(ShapedType::kDynamic); };
  auto type = RankedTensorType::get({extent(depth), extent(columns)},
                                    getElementTypeOrSelf(op.getWeights().getType()));
  return tensor::ExtractSliceOp::create(builder, op.getLoc(), type, op.getWeights(),
                                        {OpFoldResult(group), zero, firstColumn}, {one, depth, columns},
                                        {one, one, one});
}

Value createZeros(OpBuilder &builder, Location loc, ArrayRef<OpFoldResult> sizes) {
  Value empty = tensor::EmptyOp::create(builder, loc, sizes, builder.getF32Type());
  Value zero = arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(0.0f));
  return linalg::FillOp::create(builder, loc, zero, empty).getResult(0);
}

/// init + x * weights, in f32.
Value multiplyAdd(OpBuilder &builder, Location loc, Value x, Value weights, Value init) {
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

/// A tile of one row, which is in one group at most: beyond the members its depth is 0.
Value multiplyRow(OpBuilder &builder, GroupedMatmulOp op, ArrayRef<OpFoldResult> offsets,
                  ArrayRef<OpFoldResult> sizes) {
  Location loc = op.getLoc();
  Members members = describeMembers(builder, op);
  Value row = getValueOrCreateConstantIndexOp(builder, loc, offsets[0]);
  Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
  Value isMember = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, row, members.total);
  auto orZero = [&](Value value) -> Value {
    return arith::SelectOp::create(builder, loc, isMember, value, zero);
  };
  Value group = orZero(findGroup(builder, loc, members.offsets, row, members.groups));
  Value depth =
      orZero(getValueOrCreateConstantIndexOp(builder, loc, getDimension(builder, loc, op.getWeights(), 1)));
  Value x = sliceRows(builder, op, offsets[0], sizes[0], depth);
  Value weights = sliceWeights(builder, op, group, offsets[1], sizes[1], depth);
  return multiplyAdd(builder, loc, x, weights, createZeros(builder, loc, sizes));
}

/// A tile of several rows: a product for each group that it touches, so that the rows of one group read its
/// weights together.
Value multiplyGroups(OpBuilder &builder, GroupedMatmulOp op, ArrayRef<OpFoldResult> offsets,
                     ArrayRef<OpFoldResult> sizes) {
  Location loc = op.getLoc();
  Members members = describeMembers(builder, op);
  Value one = arith::ConstantIndexOp::create(builder, loc, 1);
  Value first = getValueOrCreateConstantIndexOp(builder, loc, offsets[0]);
  Value rows = getValueOrCreateConstantIndexOp(builder, loc, sizes[0]);
  Value end =
      arith::MinSIOp::create(builder, loc, arith::AddIOp::create(builder, loc, first, rows), members.total);
  Value last = arith::SubIOp::create(builder, loc, end, one);
  Value firstGroup = findGroup(builder, loc, members.offsets, first, members.groups);
  Value lastGroup = findGroup(builder, loc, members.offsets, last, members.groups);
  Value isAny = arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, first, end);
  Value endGroup = arith::SelectOp::create(builder, loc, isAny,
                                           arith::AddIOp::create(builder, loc, lastGroup, one), firstGroup);
  OpFoldResult depth = getDimension(builder, loc, op.getWeights(), 1);
  auto loop = scf::ForOp::create(
      builder, loc, firstGroup, endGroup, one, createZeros(builder, loc, sizes),
      [&](OpBuilder &b, Location at, Value group, ValueRange sums) {
        Value next = arith::AddIOp::create(b, at, group, one);
        Value begin = arith::MaxSIOp::create(b, at, entryAsIndex(b, at, members.offsets, group), first);
        Value stop = arith::MinSIOp::create(b, at, entryAsIndex(b, at, members.offsets, next), end);
        OpFoldResult count = arith::SubIOp::create(b, at, stop, begin).getResult();
        OpFoldResult place = arith::SubIOp::create(b, at, begin, first).getResult();
        Value x = sliceRows(b, op, begin, count, depth);
        Value weights = sliceWeights(b, op, group, offsets[1], sizes[1], depth);
        SmallVector<OpFoldResult> offset{place, b.getIndexAttr(0)}, size{count, sizes[1]},
            stride(2, b.getIndexAttr(1));
        Value part = tensor::ExtractSliceOp::create(b, at, sums[0], offset, size, stride);
        Value product = multiplyAdd(b, at, x, weights, part);
        Value stored = tensor::InsertSliceOp::create(b, at, product, sums[0], offset, size, stride);
        scf::YieldOp::create(b, at, stored);
      });
  return loop.getResult(0);
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

struct GroupedTiling : ResultTiling<GroupedTiling, GroupedMatmulOp> {
  FailureOr<TilingResult> getTiledImplementation(Operation *operation, OpBuilder &builder,
                                                 ArrayRef<OpFoldResult> offsets,
                                                 ArrayRef<OpFoldResult> sizes) const {
    auto op = cast<GroupedMatmulOp>(operation);
    if (!op.getGrouped())
      return op.emitOpError("has rows that are not in the order of the members, so they cannot be sliced");
    bool isOneRow = getConstantIntValue(sizes[0]) == 1;
    Value sum =
        isOneRow ? multiplyRow(builder, op, offsets, sizes) : multiplyGroups(builder, op, offsets, sizes);
    Value result = roundTo(builder, op.getLoc(), getElementTypeOrSelf(op.getType()), sum, sizes);
    return TilingResult{{result.getDefiningOp()}, {result}, {}};
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
