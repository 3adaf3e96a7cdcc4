// Executable definition of attention: all scores, their softmax, and the product with the values.
#include "dialects/Winnow/Definition.h"
#include "dialects/Winnow/Extents.h"
#include "dialects/Winnow/WinnowOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <limits>

using namespace mlir;
using namespace winnow;

namespace {

using Results = SmallVector<SmallVector<Value>>;

Value multiply(Formula &formula, Value a, Value b) {
  return arith::MulFOp::create(formula.builder, formula.location, a, b);
}

Value add(Formula &formula, Value a, Value b) {
  return arith::AddFOp::create(formula.builder, formula.location, a, b);
}

Value compare(Formula &formula, arith::CmpFPredicate predicate, Value a, Value b) {
  return arith::CmpFOp::create(formula.builder, formula.location, predicate, a, b);
}

Value negativeInfinity(Formula &formula) {
  return formula.constant(formula.builder.getF32FloatAttr(-std::numeric_limits<float>::infinity()));
}

/// The definition while it is being built, in steps that are tensors.
class AttentionDefinition {
public:
  AttentionDefinition(AttentionOp op, OpBuilder &builder, ArrayRef<ValueRange> operands)
      : op(op), builder(builder), location(op.getLoc()), query(operands[0].front()), key(operands[1].front()),
        value(operands[2].front()) {
    for (ValueRange capture : operands.slice(3, op.getCaptures().size()))
      captures.push_back(capture.front());
    if (op.getActive()) {
      blocks = partsOf(op.getActive().getType(), operands.back());
      blockPositions = buildPositions(builder, location, blocks);
    }
    for (int64_t dimension = 0; dimension < 3; ++dimension)
      rows.push_back(getDimension(builder, location, query, dimension));
    keys = getDimension(builder, location, key, 2);
  }

  Value build() {
    Value scores = buildScores(), largest = buildLargest(scores);
    Value weights =
        buildTensor(builder, location, withLast(keys), f32(), [&](Formula &formula, ValueRange at) {
          Value entry = formula.entry(largest, at.take_front(3));
          // The largest of nothing but masked keys is no number to subtract.
          Value isMasked = compare(formula, arith::CmpFPredicate::OEQ, entry, negativeInfinity(formula));
          Value shift = formula.select(isMasked, formula.zero(f32()), entry);
          Value distance =
              arith::SubFOp::create(formula.builder, formula.location, formula.entry(scores, at), shift);
          return math::ExpOp::create(formula.builder, formula.location, distance).getResult();
        });
    Value total = buildReduction(builder, location, withLast(keys), 3, builder.getF32FloatAttr(0.0f),
                                 [&](Formula &formula, ValueRange at, Value sum) {
                                   return add(formula, sum, formula.entry(weights, at));
                                 });
    return buildResult(buildWeighted(weights), total);
  }

private:
  Type f32() { return builder.getF32Type(); }

  SmallVector<OpFoldResult> withLast(OpFoldResult extent) {
    SmallVector<OpFoldResult> extents(rows);
    extents.push_back(extent);
    return extents;
  }

  /// The head of keys and values that query head `head` reads: head * G / H.
  Value groupOf(Formula &formula, Value head) {
    Value heads = tensor::DimOp::create(formula.builder, formula.location, query, 1);
    Value groups = tensor::DimOp::create(formula.builder, formula.location, key, 1);
    Value scaled = arith::MulIOp::create(formula.builder, formula.location, head, groups);
    return arith::DivUIOp::create(formula.builder, formula.location, scaled, heads);
  }

  /// Whether a key takes part for a query, as far as `active` says.
  Value isActive(Formula &formula, ValueRange at) {
    auto blockOf = [&](Value position, int64_t block) -> Value {
      return arith::DivUIOp::create(formula.builder, formula.location, position, formula.index(block));
    };
    int64_t block = op.getQueryBlock();
    Value heads = tensor::DimOp::create(formula.builder, formula.location, query, 1);
    Value queries = tensor::DimOp::create(formula.builder, formula.location, query, 2);
    Value queryBlocks =
        arith::CeilDivUIOp::create(formula.builder, formula.location, queries, formula.index(block));
    auto combine = [&](Value outer, Value extent, Value inner) -> Value {
      Value scaled = arith::MulIOp::create(formula.builder, formula.location, outer, extent);
      return arith::AddIOp::create(formula.builder, formula.location, scaled, inner);
    };
    Value row = combine(combine(at[0], heads, at[1]), queryBlocks, blockOf(at[2], block));
    Value place = formula.entry(blockPositions, {row, blockOf(at[3], op.getKeyBlock())});
    return formula.isLess(formula.index(-1), formula.toIndex(place));
  }

  Value buildScores() {
    SmallVector<OpFoldResult> extents = withLast(keys);
    extents.push_back(getDimension(builder, location, query, 3));
    Value products = buildReduction(
        builder, location, extents, 4, builder.getF32FloatAttr(0.0f),
        [&](Formula &formula, ValueRange at, Value sum) {
          Value q = formula.toF32(formula.entry(query, {at[0], at[1], at[2], at[4]}));
          Value k = formula.toF32(formula.entry(key, {at[0], groupOf(formula, at[1]), at[3], at[4]}));
          return add(formula, sum, multiply(formula, q, k));
        });
    return buildTensor(builder, location, withLast(keys), f32(), [&](Formula &formula, ValueRange at) {
      Value scale = formula.constant(builder.getF32FloatAttr(op.getScale().convertToFloat()));
      SmallVector<Value> captured;
      for (auto [capture, map] : llvm::zip_equal(captures, op.getMapsOfCaptures())) {
        SmallVector<Value> indices;
        for (AffineExpr result : map.getResults())
          indices.push_back(at[cast<AffineDimExpr>(result).getPosition()]);
        captured.push_back(formula.entry(capture, indices));
      }
      Value scaled = multiply(formula, formula.entry(products, at), scale);
      Value score = op.cloneScore(formula.builder, scaled, at, captured);
      return op.getActive() ? formula.select(isActive(formula, at), score, negativeInfinity(formula)) : score;
    });
  }

  /// The largest score of each query; NaN is passed over, and shows in the sum of the weights.
  Value buildLargest(Value scores) {
    float least = -std::numeric_limits<float>::infinity();
    return buildReduction(builder, location, withLast(keys), 3, builder.getF32FloatAttr(least),
                          [&](Formula &formula, ValueRange at, Value largest) {
                            Value score = formula.entry(scores, at);
                            Value isLarger = compare(formula, arith::CmpFPredicate::OGT, score, largest);
                            return formula.select(isLarger, score, largest);
                          });
  }

  /// The sum of the values by their weights; what is not active is not read.
  Value buildWeighted(Value weights) {
    SmallVector<OpFoldResult> extents = withLast(getDimension(builder, location, value, 3));
    extents.push_back(keys);
    return buildReduction(builder, location, extents, 4, builder.getF32FloatAttr(0.0f),
                          [&](Formula &formula, ValueRange at, Value sum) {
                            SmallVector<Value> pair{at[0], at[1], at[2], at[4]};
                            auto term = [&](Formula &inside) {
                              Value group = groupOf(inside, at[1]);
                              Value entry = inside.toF32(inside.entry(value, {at[0], group, at[4], at[3]}));
                              return multiply(inside, inside.entry(weights, pair), entry);
                            };
                            if (!op.getActive())
                              return add(formula, sum, term(formula));
                            return add(formula, sum, formula.orZero(isActive(formula, pair), f32(), term));
                          });
  }

  Value buildResult(Value weighted, Value total) {
    Type element = getElementTypeOrSelf(query.getType());
    return buildTensor(builder, location, tensor::getMixedSizes(builder, location, weighted), element,
                       [&](Formula &formula, ValueRange at) -> Value {
                         Value divisor = formula.entry(total, at.take_front(3));
                         Value zero = formula.zero(f32());
                         Value isEmpty = compare(formula, arith::CmpFPredicate::OEQ, divisor, zero);
                         Value quotient = arith::DivFOp::create(formula.builder, formula.location,
                                                                formula.entry(weighted, at), divisor);
                         Value result = formula.select(isEmpty, zero, quotient);
                         return formula.fromF32(result, element);
                       });
  }

  AttentionOp op;
  OpBuilder &builder;
  Location location;
  Value query, key, value, blockPositions;
  SmallVector<Value> captures;
  SelectionParts blocks;
  SmallVector<OpFoldResult> rows; // batches, heads, queries
  OpFoldResult keys;
};

} // namespace

Results AttentionOp::decompose(OpBuilder &builder, ArrayRef<ValueRange> operands) {
  return {{AttentionDefinition(*this, builder, operands).build()}};
}
