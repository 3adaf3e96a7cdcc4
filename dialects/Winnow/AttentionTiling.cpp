// How attention is split into tiles: a loop over key blocks that keeps, for each query, the largest score so
// far, the sum of the weights relative to it, and the values summed by these weights ("Online normalizer
// calculation for softmax", Milakov and Gimelshein 2018; "FlashAttention", Dao et al. 2022).
#include "dialects/Winnow/AttentionTiling.h"

#include "dialects/Winnow/Definition.h"
#include "dialects/Winnow/GenericInto.h"
#include "dialects/Winnow/ResultTiling.h"
#include "dialects/Winnow/WinnowOps.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

#include <limits>

using namespace mlir;
using namespace winnow;

namespace {

/// What is known of the softmax after some key blocks. All are f32.
struct SoftmaxState {
  Value largest;  // [queries]: the largest score, minus infinity at first
  Value total;    // [queries]: sum of exp(score - largest)
  Value weighted; // [queries, columns]: sum of exp(score - largest) * value

  SmallVector<Value> values() const { return {largest, total, weighted}; }
  static SoftmaxState of(ValueRange values) { return {values[0], values[1], values[2]}; }
};

/// A window of keys. Its number is a constant in full blocks.
struct KeyBlock {
  OpFoldResult start, size;
};

Value f32Constant(OpBuilder &builder, Location loc, float value) {
  return arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(value));
}

/// What is subtracted from scores before the exponential: the largest one, or 0 while all are masked.
Value shiftOf(OpBuilder &builder, Location loc, Value largest) {
  Value masked = f32Constant(builder, loc, -std::numeric_limits<float>::infinity());
  Value isMasked = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OEQ, largest, masked);
  return arith::SelectOp::create(builder, loc, isMasked, f32Constant(builder, loc, 0.0f), largest);
}

/// exp(score - shift)
Value weightOf(OpBuilder &builder, Location loc, Value score, Value largest) {
  Value distance = arith::SubFOp::create(builder, loc, score, shiftOf(builder, loc, largest));
  return math::ExpOp::create(builder, loc, distance);
}

/// Builds one tile.
class AttentionTile {
public:
  AttentionTile(AttentionOp op, OpBuilder &builder, ArrayRef<OpFoldResult> offsets,
                ArrayRef<OpFoldResult> sizes)
      : op(op), builder(builder), loc(op.getLoc()), batch(offsets[0]), head(offsets[1]),
        firstQuery(offsets[2]), firstColumn(offsets[3]), queries(sizes[2]), columns(sizes[3]),
        group(findGroup()), keys(tensor::getMixedSize(builder, loc, op.getKey(), 2)),
        query(extractRows(op.getQuery(), head, firstQuery, queries, builder.getIndexAttr(0),
                          tensor::getMixedSize(builder, loc, op.getQuery(), 3))) {}

  TilingResult build() {
    SoftmaxState state = start();
    state = op.getActive() ? overActiveBlocks(state) : overAllBlocks(state);
    Value result = finish(state);
    return {{result.getDefiningOp()}, {result}, {query.getDefiningOp()}};
  }

private:
  OpFoldResult findGroup();
  Value extractRows(Value tensor, OpFoldResult matrix, OpFoldResult firstRow, OpFoldResult rows,
                    OpFoldResult firstColumn, OpFoldResult columns);
  Value extractCapture(Value capture, AffineMap map, const KeyBlock &block, AffineMap &tileMap);
  Value generic(Value init, ValueRange inputs, ArrayRef<AffineMap> maps, unsigned reductions,
                GenericBody body) {
    return createGenericInto(builder, loc, init, inputs, maps, reductions, body);
  }
  Value filled(ArrayRef<OpFoldResult> sizes, float value);
  AffineMap map(unsigned loops, ArrayRef<unsigned> dimensions) { return mapOf(builder, loops, dimensions); }
  Value index(OpFoldResult value) { return getValueOrCreateConstantIndexOp(builder, loc, value); }

  SoftmaxState start();
  SoftmaxState overAllBlocks(SoftmaxState state);
  SoftmaxState overActiveBlocks(SoftmaxState state);
  SoftmaxState createLoop(Value lower, Value upper, int64_t step, SoftmaxState state,
                          llvm::function_ref<KeyBlock(Value)> block);
  Value scoreBlock(const KeyBlock &block);
  Value addProduct(Value sum, Value rows, Value columns, AffineMap columnMap);
  Value applyScore(Value products, const KeyBlock &block);
  SoftmaxState addBlock(SoftmaxState state, const KeyBlock &block);
  Value rescale(Value sums, Value factors);
  Value finish(const SoftmaxState &state);

  AttentionOp op;
  OpBuilder &builder;
  Location loc;
  OpFoldResult batch, head, firstQuery, firstColumn, queries, columns;
  OpFoldResult group, keys;
  Value query; // [queries, D]
};

/// The head of keys and values that the tile reads: head * G / H, which is below G whatever the sizes are.
OpFoldResult AttentionTile::findGroup() {
  OpFoldResult heads = tensor::getMixedSize(builder, loc, op.getQuery(), 1);
  OpFoldResult groups = tensor::getMixedSize(builder, loc, op.getKey(), 1);
  std::optional<int64_t> h = getConstantIntValue(heads), g = getConstantIntValue(groups);
  if (h && g && *g > 0) {
    AffineExpr position = builder.getAffineSymbolExpr(0);
    return affine::makeComposedFoldedAffineApply(builder, loc, position.floorDiv(*h / *g), {head});
  }
  Value scaled = arith::MulIOp::create(builder, loc, index(head), index(groups));
  return arith::DivUIOp::create(builder, loc, scaled, index(heads)).getResult();
}

/// A block of the matrix [batch, matrix] of a tensor of rank 4.
Value AttentionTile::extractRows(Value tensor, OpFoldResult matrix, OpFoldResult firstRow, OpFoldResult rows,
                                 OpFoldResult firstColumn, OpFoldResult columns) {
  auto source = cast<RankedTensorType>(tensor.getType());
  // In a tensor that is known to be empty, no offset is in bounds.
  if (llvm::is_contained(source.getShape(), 0))
    return tensor::EmptyOp::create(builder, loc, {rows, columns}, source.getElementType());
  OpFoldResult one = builder.getIndexAttr(1);
  SmallVector<OpFoldResult> offsets{batch, matrix, firstRow, firstColumn}, sizes{one, one, rows, columns},
      strides(4, one);
  SmallVector<int64_t> shape = decomposeMixedValues({rows, columns}).first;
  auto type = RankedTensorType::get(shape, source.getElementType());
  return tensor::ExtractSliceOp::create(builder, loc, type, tensor, offsets, sizes, strides);
}

/// The part of a captured tensor that the tile needs for a key block; `tileMap` reads it by (query, key).
Value AttentionTile::extractCapture(Value capture, AffineMap map, const KeyBlock &block, AffineMap &tileMap) {
  OpFoldResult one = builder.getIndexAttr(1);
  OpFoldResult starts[] = {batch, head, firstQuery, block.start}, extents[] = {one, one, queries, block.size};
  SmallVector<OpFoldResult> offsets, sizes, kept, strides(map.getNumResults(), one);
  SmallVector<unsigned> loops;
  for (AffineExpr result : map.getResults()) {
    unsigned coordinate = cast<AffineDimExpr>(result).getPosition();
    offsets.push_back(starts[coordinate]);
    sizes.push_back(extents[coordinate]);
    if (coordinate >= 2) {
      kept.push_back(extents[coordinate]);
      loops.push_back(coordinate - 2);
    }
  }
  tileMap = this->map(2, loops);
  auto type =
      RankedTensorType::get(decomposeMixedValues(kept).first, getElementTypeOrSelf(capture.getType()));
  return tensor::ExtractSliceOp::create(builder, loc, type, capture, offsets, sizes, strides);
}

Value AttentionTile::filled(ArrayRef<OpFoldResult> sizes, float value) {
  Value empty = tensor::EmptyOp::create(builder, loc, sizes, builder.getF32Type());
  return linalg::FillOp::create(builder, loc, f32Constant(builder, loc, value), empty).getResult(0);
}

SoftmaxState AttentionTile::start() {
  return {filled({queries}, -std::numeric_limits<float>::infinity()), filled({queries}, 0.0f),
          filled({queries, columns}, 0.0f)};
}

SoftmaxState AttentionTile::createLoop(Value lower, Value upper, int64_t step, SoftmaxState state,
                                       llvm::function_ref<KeyBlock(Value)> block) {
  Value increment = arith::ConstantIndexOp::create(builder, loc, step);
  auto loop = scf::ForOp::create(builder, loc, lower, upper, increment, state.values());
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(loop.getBody());
  SoftmaxState next = addBlock(SoftmaxState::of(loop.getRegionIterArgs()), block(loop.getInductionVar()));
  scf::YieldOp::create(builder, loc, next.values());
  return SoftmaxState::of(loop.getResults());
}

/// Full blocks, whose size is a constant, and then the rest.
SoftmaxState AttentionTile::overAllBlocks(SoftmaxState state) {
  int64_t size = op.getKeyBlock();
  AffineExpr extent = builder.getAffineSymbolExpr(0);
  OpFoldResult rest = affine::makeComposedFoldedAffineApply(builder, loc, extent % size, {keys});
  OpFoldResult full = affine::makeComposedFoldedAffineApply(builder, loc, extent - extent % size, {keys});
  if (getConstantIntValue(full) != 0)
    state = createLoop(index(builder.getIndexAttr(0)), index(full), size, state,
                       [&](Value start) { return KeyBlock{start, builder.getIndexAttr(size)}; });
  if (getConstantIntValue(rest) == 0)
    return state;
  // A loop that runs once at most.
  return createLoop(index(full), index(keys), size, state,
                    [&](Value start) { return KeyBlock{start, rest}; });
}

SoftmaxState AttentionTile::overActiveBlocks(SoftmaxState state) {
  int64_t size = op.getKeyBlock();
  auto multiplyAdd = [&](Value outer, Value extent, Value inner) -> Value {
    return arith::AddIOp::create(builder, loc, arith::MulIOp::create(builder, loc, outer, extent), inner);
  };
  auto toIndex = [&](Value number) -> Value {
    return arith::IndexCastOp::create(builder, loc, builder.getIndexType(), number);
  };
  AffineExpr extent = builder.getAffineSymbolExpr(0);
  auto blocks = [&](AffineExpr expression, OpFoldResult value) {
    return index(affine::makeComposedFoldedAffineApply(builder, loc, expression, {value}));
  };
  int64_t queryBlock = op.getQueryBlock();
  Value heads = index(tensor::getMixedSize(builder, loc, op.getQuery(), 1));
  Value queryBlocks =
      blocks(extent.ceilDiv(queryBlock), tensor::getMixedSize(builder, loc, op.getQuery(), 2));
  Value row = multiplyAdd(multiplyAdd(index(batch), heads, index(head)), queryBlocks,
                          blocks(extent.floorDiv(queryBlock), firstQuery));
  Value indices = builder.createOrFold<SelectionIndicesOp>(loc, op.getActive());
  Value counts = builder.createOrFold<SelectionCountsOp>(loc, op.getActive());
  Value count = toIndex(tensor::ExtractOp::create(builder, loc, counts, row));
  return createLoop(index(builder.getIndexAttr(0)), count, 1, state, [&](Value place) {
    Value block = toIndex(tensor::ExtractOp::create(builder, loc, indices, ValueRange{row, place}));
    Value first = arith::MulIOp::create(builder, loc, block, index(builder.getIndexAttr(size)));
    AffineExpr begin = builder.getAffineSymbolExpr(1);
    AffineMap rest =
        AffineMap::get(0, 2, {builder.getAffineConstantExpr(size), extent - begin}, builder.getContext());
    return KeyBlock{first,
                    affine::makeComposedFoldedAffineMin(builder, loc, rest, {keys, OpFoldResult(first)})};
  });
}

/// sum[i, j] += over n of rows[i, n] * columns at (j, n)
Value AttentionTile::addProduct(Value sum, Value rows, Value columns, AffineMap columnMap) {
  return generic(sum, {rows, columns}, {map(3, {0, 2}), columnMap}, 1,
                 [](OpBuilder &b, Location at, ValueRange arguments) -> Value {
                   Formula formula(b, at);
                   Value product =
                       arith::MulFOp::create(b, at, formula.toF32(arguments[0]), formula.toF32(arguments[1]));
                   return arith::AddFOp::create(b, at, arguments[2], product);
                 });
}

/// The scaled products through the score region.
Value AttentionTile::applyScore(Value products, const KeyBlock &block) {
  SmallVector<Value> captures;
  SmallVector<AffineMap> maps;
  for (auto [capture, captureMap] : llvm::zip_equal(op.getCaptures(), op.getMapsOfCaptures()))
    captures.push_back(extractCapture(capture, captureMap, block, maps.emplace_back()));
  float scale = op.getScale().convertToFloat();
  SmallVector<Value> first{index(batch), index(head), index(firstQuery), index(block.start)};
  return generic(products, captures, maps, 0, [&](OpBuilder &b, Location at, ValueRange arguments) {
    Value score = arguments.back();
    if (scale != 1.0f)
      score = arith::MulFOp::create(b, at, score, f32Constant(b, at, scale));
    SmallVector<Value> coordinates(first);
    if (!op.getScore().empty())
      for (unsigned loop : {0, 1})
        coordinates[2 + loop] =
            arith::AddIOp::create(b, at, linalg::IndexOp::create(b, at, loop), first[2 + loop]);
    return op.cloneScore(b, score, coordinates, arguments.drop_back());
  });
}

/// The scores of the tile's queries and the block's keys.
Value AttentionTile::scoreBlock(const KeyBlock &block) {
  OpFoldResult width = tensor::getMixedSize(builder, loc, op.getKey(), 3);
  Value key = extractRows(op.getKey(), group, block.start, block.size, builder.getIndexAttr(0), width);
  Value products = addProduct(filled({queries, block.size}, 0.0f), query, key, map(3, {1, 2}));
  return applyScore(products, block);
}

/// sums[i, ...] * factors[i]
Value AttentionTile::rescale(Value sums, Value factors) {
  unsigned rank = cast<RankedTensorType>(sums.getType()).getRank();
  return generic(sums, factors, map(rank, {0}), 0,
                 [](OpBuilder &b, Location at, ValueRange arguments) -> Value {
                   return arith::MulFOp::create(b, at, arguments[1], arguments[0]);
                 });
}

SoftmaxState AttentionTile::addBlock(SoftmaxState state, const KeyBlock &block) {
  Value scores = scoreBlock(block);
  AffineMap row = map(1, {0}), rowOfPair = map(2, {0}), pair = map(2, {0, 1});
  // A NaN is passed over here, and shows in the total.
  Value blockLargest = generic(filled({queries}, -std::numeric_limits<float>::infinity()), scores, pair, 1,
                               [](OpBuilder &b, Location at, ValueRange arguments) -> Value {
                                 return arith::MaxNumFOp::create(b, at, arguments[1], arguments[0]);
                               });
  // Relative to the new largest score, what was summed so far weighs less.
  Value unset = tensor::EmptyOp::create(builder, loc, {queries}, builder.getF32Type());
  Value factors = generic(unset, {state.largest, blockLargest}, {row, row}, 0,
                          [](OpBuilder &b, Location at, ValueRange arguments) -> Value {
                            Value largest = arith::MaxNumFOp::create(b, at, arguments[0], arguments[1]);
                            return weightOf(b, at, arguments[0], largest);
                          });
  Value largest = generic(state.largest, blockLargest, row, 0,
                          [](OpBuilder &b, Location at, ValueRange arguments) -> Value {
                            return arith::MaxNumFOp::create(b, at, arguments[1], arguments[0]);
                          });
  Value weights = generic(scores, largest, rowOfPair, 0, [](OpBuilder &b, Location at, ValueRange arguments) {
    return weightOf(b, at, arguments[1], arguments[0]);
  });
  Value total = generic(rescale(state.total, factors), weights, pair, 1,
                        [](OpBuilder &b, Location at, ValueRange arguments) -> Value {
                          return arith::AddFOp::create(b, at, arguments[1], arguments[0]);
                        });
  Value values = extractRows(op.getValue(), group, block.start, block.size, firstColumn, columns);
  Value weighted = addProduct(rescale(state.weighted, factors), weights, values, map(3, {2, 1}));
  return {largest, total, weighted};
}

/// weighted / total as a tile of the result, or zero where no key takes part.
Value AttentionTile::finish(const SoftmaxState &state) {
  Type element = getElementTypeOrSelf(op.getType());
  OpFoldResult one = builder.getIndexAttr(1);
  Value empty = tensor::EmptyOp::create(builder, loc, {one, one, queries, columns}, element);
  return generic(empty, {state.weighted, state.total}, {map(4, {2, 3}), map(4, {2})}, 0,
                 [&](OpBuilder &b, Location at, ValueRange arguments) -> Value {
                   Value zero = f32Constant(b, at, 0.0f);
                   Value isEmpty =
                       arith::CmpFOp::create(b, at, arith::CmpFPredicate::OEQ, arguments[1], zero);
                   Value quotient = arith::DivFOp::create(b, at, arguments[0], arguments[1]);
                   Value result = arith::SelectOp::create(b, at, isEmpty, zero, quotient);
                   return Formula(b, at).fromF32(result, element);
                 });
}

struct AttentionTiling : ResultTiling<AttentionTiling, AttentionOp> {
  FailureOr<TilingResult> getTiledImplementation(Operation *op, OpBuilder &builder,
                                                 ArrayRef<OpFoldResult> offsets,
                                                 ArrayRef<OpFoldResult> sizes) const {
    if (getConstantIntValue(sizes[0]) != 1 || getConstantIntValue(sizes[1]) != 1)
      return op->emitOpError("is split into tiles of several batches or heads, but one of each is expected");
    return AttentionTile(cast<AttentionOp>(op), builder, offsets, sizes).build();
  }
};

} // namespace

void winnow::registerAttentionTiling(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, WinnowDialect *) {
    AttentionOp::attachInterface<AttentionTiling>(*context);
    context->loadDialect<math::MathDialect, scf::SCFDialect>();
  });
}
