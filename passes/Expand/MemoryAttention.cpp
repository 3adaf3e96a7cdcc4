// Attention to the tokens of a memory is winnow.attention. What it adds to their mass is computed from scores
// of its own: attention never has its weights in memory, and few queries at a time attend to many tokens.
#include "passes/Expand/MemoryAttention.h"

#include "dialects/Winnow/Definition.h"

#include <cmath>

using namespace mlir;
using namespace winnow;

namespace {

/// The loops of what has a value for each query of each head: the heads of the memory, the query heads that
/// share one, the queries. Then come the places or pages.
enum Loop : unsigned { kHead, kShare, kQuery, kPlace, kWidth };

/// One query head after another in groups that share a head of the memory: heads x shares x queries x width.
Value groupHeads(OpBuilder &builder, Location loc, Value query, int64_t heads) {
  auto type = cast<RankedTensorType>(query.getType());
  int64_t shares = type.getDimSize(0) / heads;
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, query);
  SmallVector<OpFoldResult> grouped{builder.getIndexAttr(heads), builder.getIndexAttr(shares), sizes[1],
                                    sizes[2]};
  auto groupedType =
      RankedTensorType::get({heads, shares, type.getDimSize(1), type.getDimSize(2)}, type.getElementType());
  SmallVector<ReassociationIndices> reassociation{{0, 1}, {2}, {3}};
  return tensor::ExpandShapeOp::create(builder, loc, groupedType, query, reassociation, grouped);
}

/// With a batch of one before it, or without.
Value addBatch(OpBuilder &builder, Location loc, Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<int64_t> shape{1};
  llvm::append_range(shape, type.getShape());
  SmallVector<OpFoldResult> sizes{builder.getIndexAttr(1)};
  llvm::append_range(sizes, tensor::getMixedSizes(builder, loc, tensor));
  return tensor::ExpandShapeOp::create(builder, loc, RankedTensorType::get(shape, type.getElementType()),
                                       tensor, SmallVector<ReassociationIndices>{{0, 1}, {2}, {3}}, sizes);
}

Value dropBatch(OpBuilder &builder, Location loc, Value tensor) {
  return tensor::CollapseShapeOp::create(builder, loc, tensor,
                                         SmallVector<ReassociationIndices>{{0, 1}, {2}, {3}});
}

Value constantF32(OpBuilder &builder, Location loc, float value) {
  return arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(value));
}

Value createNegativeInfinity(OpBuilder &builder, Location loc) {
  return constantF32(builder, loc, -std::numeric_limits<float>::infinity());
}

Value isHeld(OpBuilder &builder, Location loc, Value position) {
  return compare(builder, loc, arith::CmpIPredicate::sge, position, constant64(builder, loc, 0));
}

/// The products of grouped queries with a vector for each place or page of their head, in f32.
Value multiplyQueries(OpBuilder &builder, Location loc, Value queries, Value vectors) {
  SmallVector<OpFoldResult> sizes = tensor::getMixedSizes(builder, loc, queries);
  sizes[kPlace] = tensor::getMixedSize(builder, loc, vectors, 1);
  return createGeneric(
      builder, loc, sizes, builder.getF32Type(), ValueRange{queries, vectors},
      {mapOf(builder, 5, {kHead, kShare, kQuery, kWidth}), mapOf(builder, 5, {kHead, kPlace, kWidth})}, 1,
      builder.getF32FloatAttr(0.0f), [](OpBuilder &b, Location at, ValueRange arguments) -> Value {
        Formula formula(b, at);
        Value product =
            arith::MulFOp::create(b, at, formula.toF32(arguments[0]), formula.toF32(arguments[1]));
        return arith::AddFOp::create(b, at, arguments[2], product);
      });
}

float scaleOf(MemoryAttendOp op, MemoryType memory) {
  return op.getScale() ? op.getScale()->convertToFloat()
                       : 1.0f / std::sqrt(static_cast<float>(memory.getWidth()));
}

/// Masks the places without a token; an element of `positions` is the last argument of the score region.
void maskEmptyPlaces(OpBuilder &builder, AttentionOp attention, Value positions) {
  OpBuilder::InsertionGuard guard(builder);
  Location loc = attention.getLoc();
  attention.getCapturesMutable().assign(positions);
  attention.setCaptureMapsAttr(builder.getAffineMapArrayAttr(mapOf(builder, 4, {3})));
  Type index = builder.getIndexType();
  SmallVector<Type> types{builder.getF32Type(), index, index, index, index, builder.getI64Type()};
  Block *score =
      builder.createBlock(&attention.getScore(), {}, types, SmallVector<Location>(types.size(), loc));
  Value isToken = isHeld(builder, loc, score->getArguments().back());
  Value masked = arith::SelectOp::create(builder, loc, isToken, score->getArgument(0),
                                         createNegativeInfinity(builder, loc));
  YieldOp::create(builder, loc, masked);
}

Value createAttention(OpBuilder &builder, MemoryAttendOp op, MemoryType memory, Value keys, Value values,
                      Value positions) {
  Location loc = op.getLoc();
  auto attention =
      AttentionOp::create(builder, loc, addBatch(builder, loc, op.getQuery()), addBatch(builder, loc, keys),
                          addBatch(builder, loc, values), scaleOf(op, memory));
  maskEmptyPlaces(builder, attention, positions);
  if (op.getActive()) {
    attention.getActiveMutable().assign(op.getActive());
    attention.setKeyBlock(memory.getPage());
    attention.setQueryBlock(1);
  }
  return dropBatch(builder, loc, attention.getResult());
}

/// Builds what each token gains by attention: the sum of its weights.
class WeightSums {
public:
  WeightSums(OpBuilder &builder, MemoryAttendOp op, MemoryType memory)
      : builder(builder), loc(op.getLoc()), op(op), memory(memory) {}

  Value build(Value keys, Value positions);

private:
  Value maskScores(Value products, Value positions);
  Value isActive(OpBuilder &b, Location at, Value mask);
  Value reduceRows(ArrayRef<Value> inputs, ArrayRef<AffineMap> maps, TypedAttr start, GenericBody body);

  OpBuilder &builder;
  Location loc;
  MemoryAttendOp op;
  MemoryType memory;
  SmallVector<OpFoldResult> sizes; // of the scores: heads, shares, queries, places
};

/// Whether the page of the place that the body of a kernel is at is selected for its query.
Value WeightSums::isActive(OpBuilder &b, Location at, Value mask) {
  auto loop = [&](Loop which) -> Value { return linalg::IndexOp::create(b, at, which); };
  auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(b, at, value); };
  Value queries = getValueOrCreateConstantIndexOp(b, at, sizes[kQuery]);
  int64_t shares = cast<RankedTensorType>(op.getQuery().getType()).getDimSize(0) / memory.getHeads();
  Value head =
      arith::AddIOp::create(b, at, arith::MulIOp::create(b, at, loop(kHead), constant(shares)), loop(kShare));
  Value row = arith::AddIOp::create(b, at, arith::MulIOp::create(b, at, head, queries), loop(kQuery));
  Value page = arith::DivUIOp::create(b, at, loop(kPlace), constant(memory.getPage()));
  return tensor::ExtractOp::create(b, at, mask, {row, page});
}

Value WeightSums::maskScores(Value products, Value positions) {
  Value mask = op.getActive() ? SelectionToMaskOp::create(builder, loc, op.getActive()).getResult() : Value();
  return createGeneric(
      builder, loc, sizes, builder.getF32Type(), ValueRange{products, positions},
      {mapOf(builder, 4, {kHead, kShare, kQuery, kPlace}), mapOf(builder, 4, {kPlace})}, 0, {},
      [&](OpBuilder &b, Location at, ValueRange arguments) -> Value {
        Value takesPart = isHeld(b, at, arguments[1]);
        if (mask) {
          takesPart = arith::AndIOp::create(b, at, takesPart, isActive(b, at, mask));
        }
        Value score = arith::MulFOp::create(b, at, arguments[0], constantF32(b, at, scaleOf(op, memory)));
        return arith::SelectOp::create(b, at, takesPart, score, createNegativeInfinity(b, at));
      });
}

/// A reduction over the places, for each query of each head.
Value WeightSums::reduceRows(ArrayRef<Value> inputs, ArrayRef<AffineMap> maps, TypedAttr start,
                             GenericBody body) {
  return createGeneric(builder, loc, ArrayRef(sizes).drop_back(), builder.getF32Type(), inputs, maps, 1,
                       start, body);
}

Value WeightSums::build(Value keys, Value positions) {
  Value queries = groupHeads(builder, loc, op.getQuery(), memory.getHeads());
  Value products = multiplyQueries(builder, loc, queries, keys);
  sizes = tensor::getMixedSizes(builder, loc, products);
  Value scores = maskScores(products, positions);
  AffineMap all = mapOf(builder, 4, {kHead, kShare, kQuery, kPlace});
  AffineMap row = mapOf(builder, 4, {kHead, kShare, kQuery});
  float lowest = -std::numeric_limits<float>::infinity();
  Value highest = reduceRows(scores, all, builder.getF32FloatAttr(lowest),
                             [](OpBuilder &b, Location at, ValueRange arguments) -> Value {
                               return arith::MaximumFOp::create(b, at, arguments[1], arguments[0]);
                             });
  auto exponential = [](OpBuilder &b, Location at, Value score, Value maximum) -> Value {
    return math::ExpOp::create(b, at, arith::SubFOp::create(b, at, score, maximum));
  };
  Value sums = reduceRows({scores, highest}, {all, row}, builder.getF32FloatAttr(0.0f),
                          [&](OpBuilder &b, Location at, ValueRange arguments) -> Value {
                            Value term = exponential(b, at, arguments[0], arguments[1]);
                            return arith::AddFOp::create(b, at, arguments[2], term);
                          });
  // The place is the first loop here, and what is summed up over are the others.
  AffineMap byPlace = mapOf(builder, 4, {1, 2, 3, 0}), rowByPlace = mapOf(builder, 4, {1, 2, 3});
  return createGeneric(builder, loc, sizes[kPlace], builder.getF32Type(), ValueRange{scores, highest, sums},
                       {byPlace, rowByPlace, rowByPlace}, 3, builder.getF32FloatAttr(0.0f),
                       [&](OpBuilder &b, Location at, ValueRange arguments) -> Value {
                         Value weight = arith::DivFOp::create(
                             b, at, exponential(b, at, arguments[0], arguments[1]), arguments[2]);
                         Value isNumber = compare(b, at, arith::CmpFPredicate::ORD, weight, weight);
                         Value gain =
                             arith::SelectOp::create(b, at, isNumber, weight, constantF32(b, at, 0.0f));
                         return arith::AddFOp::create(b, at, arguments[3], gain);
                       });
}

/// Adds to the mass of each tier's tokens what they have gained.
void addMass(OpBuilder &builder, Location loc, MemoryStates &states, Value gained) {
  Value working = states.capacity(Tier::Working);
  for (Tier tier : kTiers) {
    OpFoldResult places = states.capacity(tier);
    Value mass = createGeneric(
        builder, loc, places, builder.getF32Type(), states.read(tier, TokenField::Mass),
        mapOf(builder, 1, {0}), 0, {}, [&](OpBuilder &b, Location at, ValueRange arguments) -> Value {
          Value place = linalg::IndexOp::create(b, at, 0);
          if (tier == Tier::Instant) {
            place = arith::AddIOp::create(b, at, place, working);
          }
          return arith::AddFOp::create(b, at, arguments[0], tensor::ExtractOp::create(b, at, gained, place));
        });
    states.write(tier, TokenField::Mass, mass);
  }
}

/// Adds up the key elements at `coordinates` of the tokens on a page, and counts the tokens.
std::pair<Value, Value> sumPage(OpBuilder &builder, Location loc, Value keys, Value positions, Value head,
                                Value page, Value element, int64_t pageSize) {
  auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(builder, loc, value); };
  Value first = arith::MulIOp::create(builder, loc, page, constant(pageSize));
  Value end = arith::AddIOp::create(builder, loc, first, constant(pageSize));
  Value places = tensor::DimOp::create(builder, loc, positions, 0);
  Value last = arith::MinSIOp::create(builder, loc, end, places);
  Value zero = constantF32(builder, loc, 0.0f), one = constantF32(builder, loc, 1.0f);
  auto loop = scf::ForOp::create(
      builder, loc, first, last, constant(1), ValueRange{zero, zero},
      [&](OpBuilder &b, Location at, Value place, ValueRange carried) {
        Value takesPart = isHeld(b, at, tensor::ExtractOp::create(b, at, positions, place));
        Value key = Formula(b, at).toF32(tensor::ExtractOp::create(b, at, keys, {head, place, element}));
        auto addIf = [&](Value sum, Value term) -> Value {
          Value counted = arith::SelectOp::create(b, at, takesPart, term, zero);
          return arith::AddFOp::create(b, at, sum, counted);
        };
        scf::YieldOp::create(b, at, ValueRange{addIf(carried[0], key), addIf(carried[1], one)});
      });
  return {loop.getResult(0), loop.getResult(1)};
}

/// The mean of the keys on each page, heads x pages x width; NaN where there is no token, which comes last.
Value summarizePages(OpBuilder &builder, Location loc, MemoryStates &states) {
  MemoryType memory = states.type();
  Value keys = states.readAll(TokenField::Keys), positions = states.readAll(TokenField::Position);
  Value pages = arith::CeilDivUIOp::create(builder, loc, states.allPlaces(),
                                           arith::ConstantIndexOp::create(builder, loc, memory.getPage()));
  SmallVector<OpFoldResult> sizes{builder.getIndexAttr(memory.getHeads()), pages,
                                  builder.getIndexAttr(memory.getWidth())};
  return createGeneric(builder, loc, sizes, builder.getF32Type(), {}, {}, 0, {},
                       [&](OpBuilder &b, Location at, ValueRange) -> Value {
                         SmallVector<Value> indices = allIndices(b, at, 3);
                         auto [sum, count] = sumPage(b, at, keys, positions, indices[0], indices[1],
                                                     indices[2], memory.getPage());
                         return arith::DivFOp::create(b, at, sum, count);
                       });
}

} // namespace

Value winnow::attendToTokens(OpBuilder &builder, MemoryStates &states, MemoryAttendOp op) {
  Value keys = states.readAll(TokenField::Keys), values = states.readAll(TokenField::Values);
  Value positions = states.readAll(TokenField::Position);
  Value result = createAttention(builder, op, states.type(), keys, values, positions);
  addMass(builder, op.getLoc(), states, WeightSums(builder, op, states.type()).build(keys, positions));
  return castTo(builder, op.getLoc(), op.getType(), result);
}

Value winnow::selectPages(OpBuilder &builder, MemoryStates &states, MemorySelectOp op) {
  Location loc = op.getLoc();
  Value summaries = summarizePages(builder, loc, states);
  Value queries = groupHeads(builder, loc, op.getQuery(), states.type().getHeads());
  Value products = multiplyQueries(builder, loc, queries, summaries);
  Value scores = tensor::CollapseShapeOp::create(builder, loc, products,
                                                 SmallVector<ReassociationIndices>{{0, 1, 2}, {3}});
  return SelectTopKOp::create(builder, loc, op.getType(), scores, op.getK());
}
