// Scaled dot-product attention and rotary embedding.
#include "lib/Import/ONNX/Operators/Attention.h"
#include "lib/Import/ONNX/Scalars.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/STLExtras.h"

#include <cmath>

namespace winnow::frontend {
namespace {

using mlir::Value;
using mlir::ValueRange;

/// Keys or values [batch, key heads, ...] with each head repeated until there are `heads`.
GraphValue repeatHeads(Composition &c, const GraphValue &value, const Extent &heads) {
  const Shape &shape = value.shape;
  if (value.isFaulty || shape[1] == heads)
    return value;
  std::optional<int64_t> all = heads.constant(), own = shape[1].constant();
  if (!all || !own || *own < 1 || *all % *own != 0) {
    (void)c.error("the heads of the queries are no known multiple of those of the keys and values");
    return value;
  }
  Extent times = *all / *own;
  GraphValue apart = c.reshape(value, {shape[0], *own, 1, shape[2], shape[3]});
  GraphValue repeated = c.op("Expand", {apart, c.extents({shape[0], *own, times, shape[2], shape[3]})});
  return c.reshape(repeated, {shape[0], heads, shape[2], shape[3]});
}

/// A mask cannot make the scores larger.
bool broadcastsTo(Node &node, const GraphValue &mask, const Shape &scores) {
  if (mask.rank() > static_cast<int64_t>(scores.size()))
    return false;
  auto ends = llvm::zip(llvm::reverse(mask.shape), llvm::reverse(scores));
  return llvm::all_of(ends, [&](const auto &sizes) {
    auto [own, size] = sizes;
    return own.is(1) || node.importer.requireEqual(own, size);
  });
}

GraphValue applyMask(Node &node, Composition &c, const GraphValue &scores, const GraphValue &mask) {
  if (scores.isFaulty || mask.isFaulty)
    return scores;
  if (!broadcastsTo(node, mask, scores.shape)) {
    (void)c.error("the mask has shape " + node.extents.text(mask.shape) +
                  ", but expected one that broadcasts to " + node.extents.text(scores.shape));
    return scores;
  }
  if (mask.elementType.isInteger(1))
    return c.where(mask, scores, c.real(scores.elementType, -INFINITY));
  return c.add(scores, c.cast(mask, scores.elementType));
}

GraphValue softmax(Composition &c, const GraphValue &scores, bool hasMaskedRows) {
  GraphValue weights = c.op("Softmax", {scores}, {{"axis", int64_t{-1}}});
  if (!hasMaskedRows || scores.isFaulty)
    return weights;
  // A query without keys has no largest score, and NaN for weights.
  GraphValue largest = c.op("ReduceMax", {scores, c.integers({-1})}, {{"keepdims", int64_t{0}}});
  GraphValue isMasked = c.op("Equal", {largest, c.real(scores.elementType, -INFINITY)});
  GraphValue column = c.op("Unsqueeze", {isMasked, c.integers({-1})});
  return c.where(column, c.real(scores.elementType, 0), weights);
}

} // namespace

AttentionStages attend(Node &node, Composition &c, const AttentionTask &task) {
  AttentionStages stages;
  mlir::Type type = task.query.elementType, wide = node.builder.getF32Type();
  if (type.isF64())
    wide = type;
  GraphValue query = c.cast(task.query, wide);
  GraphValue key = repeatHeads(c, c.cast(task.key, wide), query.shape[1]);
  GraphValue value = repeatHeads(c, c.cast(task.value, wide), query.shape[1]);
  GraphValue scaled = c.multiply(query, c.real(wide, task.scale));
  stages.products = c.op("MatMul", {scaled, c.transpose(key, {0, 1, 3, 2})});
  stages.capped = stages.products;
  if (task.softcap != 0) {
    GraphValue cap = c.real(wide, task.softcap);
    stages.capped = c.multiply(c.op("Tanh", {c.divide(stages.products, cap)}), cap);
  }
  stages.masked = stages.capped;
  for (const GraphValue &mask : task.masks)
    stages.masked = applyMask(node, c, stages.masked, mask);
  mlir::Type softmaxType = task.softmaxType && task.softmaxType.isF64() ? task.softmaxType : wide;
  GraphValue scores = c.cast(stages.masked, softmaxType);
  if (task.modifyScores)
    scores = task.modifyScores(scores);
  stages.weights = softmax(c, scores, !task.masks.empty() || task.modifyScores);
  if (task.modifyWeights)
    stages.weights = task.modifyWeights(stages.weights);
  stages.weights = c.cast(stages.weights, wide);
  stages.result = c.cast(c.op("MatMul", {stages.weights, value}), type);
  return stages;
}

GraphValue positionMask(Node &node, const Positions &positions, const Extent &queries, const Extent &keys) {
  GraphValue lengths = positions.lengths;
  bool hasLengths = lengths.elementType != nullptr;
  Shape shape = {queries, keys};
  llvm::SmallVector<const GraphValue *> operands;
  if (hasLengths) {
    shape = {lengths.shape[0], 1, queries, keys};
    lengths = node.emit.reshape(lengths, {lengths.shape[0], 1, 1, 1});
    operands.push_back(&lengths);
  }
  Value offset = node.emit.index(positions.offset), count = node.emit.index(queries);
  auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
    Scalars s{builder, location};
    Value key = s.loop(shape.size() - 1), first = offset;
    Value isSeen = s.integer(builder.getI1Type(), 1);
    if (hasLengths) {
      Value length = s.toIndex(v[0]);
      isSeen = s.less(key, length);
      first = s.subtract(length, count);
    }
    Value query = s.add(s.loop(shape.size() - 2), first);
    auto restrict = [&](Value condition) { isSeen = s.minimum(isSeen, condition); };
    if (positions.isCausal)
      restrict(s.lessOrEqual(key, query));
    if (positions.left >= 0)
      restrict(s.lessOrEqual(query, s.add(key, s.constant(key.getType(), positions.left))));
    if (positions.right >= 0)
      restrict(s.lessOrEqual(key, s.add(query, s.constant(key.getType(), positions.right))));
    return isSeen;
  };
  return node.emit.elementwise(node.builder.getI1Type(), shape, operands, body);
}

GraphValue splitHeads(Composition &c, const GraphValue &value, int64_t heads) {
  if (value.isFaulty)
    return value;
  std::optional<Extent> width = heads > 0 ? divideExactly(value.shape[2], heads) : std::nullopt;
  if (!width) {
    (void)c.error("the last dimension of an input is no multiple of the " + llvm::Twine(heads) + " heads");
    return value;
  }
  return c.transpose(c.reshape(value, {value.shape[0], value.shape[1], heads, *width}), {0, 2, 1, 3});
}

GraphValue mergeHeads(Composition &c, const GraphValue &value) {
  GraphValue moved = c.transpose(value, {0, 2, 1, 3});
  std::optional<Extent> width = moved.isFaulty ? std::nullopt : multiply(moved.shape[2], moved.shape[3]);
  return width ? c.reshape(moved, {moved.shape[0], moved.shape[1], *width}) : moved;
}

double defaultScale(Composition &c, const GraphValue &query) {
  std::optional<int64_t> width = query.isFaulty ? 1 : query.shape.back().constant();
  if (!width)
    (void)c.error("the width of a head is unknown, but expected a number or the attribute 'scale'");
  return 1 / std::sqrt(static_cast<double>(std::max<int64_t>(width.value_or(1), 1)));
}

GraphValue rotate(Node &node, const GraphValue &value, const Rotation &rotation) {
  Value cosines = node.emit.tensor(rotation.cosines), sines = node.emit.tensor(rotation.sines);
  Value source = node.emit.tensor(value);
  int64_t lengthAxis = rotation.isHeadFirst ? 2 : 1, half = rotation.width / 2;
  GraphValue positions = rotation.positions;
  bool hasPositions = positions.elementType != nullptr;
  llvm::SmallVector<const GraphValue *> operands = {&value};
  Value last;
  if (hasPositions) {
    Shape shape = {positions.shape[0], 1, 1, 1};
    shape[lengthAxis] = positions.shape[1];
    positions = node.emit.reshape(positions, shape);
    operands.push_back(&positions);
    Value rows = node.emit.index(rotation.cosines.shape[0]), one = node.emit.indexConstant(1);
    last = mlir::arith::SubIOp::create(node.builder, node.location, rows, one);
  }
  auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) -> Value {
    Scalars s{builder, location};
    Value column = s.loop(3), zero = s.constant(column.getType(), 0);
    auto number = [&](int64_t value) { return s.constant(column.getType(), value); };
    // Beyond what is rotated, the pair is read anywhere inside and not used.
    Value inside = s.minimum(column, number(rotation.width - 1));
    Value pair, isFirst, partner;
    if (rotation.isInterleaved) {
      pair = s.divide(inside, number(2));
      isFirst = s.equal(s.remainder(inside, number(2)), zero);
      partner = s.select(isFirst, s.add(inside, number(1)), s.subtract(inside, number(1)));
    } else {
      isFirst = s.less(inside, number(half));
      pair = s.select(isFirst, inside, s.subtract(inside, number(half)));
      partner = s.select(isFirst, s.add(inside, number(half)), pair);
    }
    llvm::SmallVector<Value> place = {s.loop(0), s.loop(lengthAxis), pair};
    if (hasPositions) // one outside of the table is clamped: no data makes a program read elsewhere
      place = {s.maximum(s.minimum(s.toIndex(v[1]), last), zero), pair};
    auto read = [&](Value tensor, ValueRange indices) -> Value {
      return mlir::tensor::ExtractOp::create(builder, location, tensor, indices);
    };
    Value other = read(source, {s.loop(0), s.loop(1), s.loop(2), partner});
    Value along = s.multiply(v[0], read(cosines, place)), across = s.multiply(other, read(sines, place));
    Value rotated = s.select(isFirst, s.subtract(along, across), s.add(along, across));
    return s.select(s.less(column, number(rotation.width)), rotated, v[0]);
  };
  return node.emit.elementwise(value.elementType, value.shape, operands, body);
}

} // namespace winnow::frontend
