// GroupQueryAttention and RotaryEmbedding of ONNX Runtime's domain com.microsoft.
#include "lib/Import/ONNX/Operators/ContributedAttention.h"
#include "lib/Import/ONNX/Scalars.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/STLExtras.h"

namespace winnow::frontend {
namespace {

using mlir::Value;
using mlir::ValueRange;

enum Input {
  kQuery,
  kKey,
  kValue,
  kPastKey,
  kPastValue,
  kLastKeys,
  kTotal,
  kCosines,
  kSines,
  kPositions,
  kScoreBias
};

/// GroupQueryAttention's operands: heads are dimension 1.
struct Decoding {
  GraphValue query, key, value; // of the new tokens
  GraphValue past;              // int64 [batch]: how many tokens each text has before
  Extent batch, length;         // of the new tokens
  Extent pastCapacity = 0;      // of the caches that come in
  Extent total;                 // of the longest text
  Extent capacity;              // of the caches that go out
};

/// For each text, the number of tokens before the new ones: seqlens_k + 1 - length, or 0 for a first prompt,
/// which is one whose new tokens are all of the longest text.
GraphValue countPast(Node &node, const Decoding &d, const GraphValue &lastKeys) {
  Value length = node.emit.index(d.length), total = node.emit.index(d.total);
  mlir::Type i64 = node.builder.getI64Type();
  return node.emit.elementwise(
      i64, {d.batch}, {&lastKeys}, [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
        Scalars s{builder, location};
        Value zero = s.constant(length.getType(), 0), last = s.toIndex(v[0]);
        Value count = s.subtract(s.add(last, s.constant(length.getType(), 1)), length);
        Value known = s.select(s.equal(length, total), zero, s.maximum(count, zero));
        return mlir::arith::IndexCastOp::create(builder, location, i64, known);
      });
}

mlir::LogicalResult readLengths(Node &node, Decoding &d) {
  if (node.has(kPastKey) != node.has(kPastValue))
    return node.error("has one of past_key and past_value, but expected both or none");
  if (node.has(kPastKey)) {
    if (failed(node.requireRank(kPastKey, 4, 4)) || failed(node.requireRank(kPastValue, 4, 4)) ||
        failed(node.requireEqual(node.input(kPastKey).shape[2], node.input(kPastValue).shape[2],
                                 "lengths of the caches")))
      return mlir::failure();
    d.pastCapacity = node.input(kPastKey).shape[2];
  }
  mlir::FailureOr<llvm::SmallVector<Extent>> total = node.requireIntegers(kTotal, "total_sequence_length");
  if (failed(total))
    return mlir::failure();
  if (total->size() != 1)
    return node.error("total_sequence_length has " + llvm::Twine(total->size()) +
                      " elements, but expected one");
  d.total = total->front();
  mlir::FailureOr<Extent> capacity = node.require(node.extents.maximum(d.pastCapacity, d.total));
  if (failed(capacity))
    return mlir::failure();
  d.capacity = *capacity;
  // seqlens_k may be [batch, 1].
  return node.requireEqual(elementCount(node.input(kLastKeys).shape).value_or(-1), d.batch,
                           "batches of the query and seqlens_k");
}

mlir::FailureOr<Decoding> readDecoding(Node &node, Composition &c) {
  Decoding d;
  int64_t heads = node.integer("num_heads", 0), keyHeads = node.integer("kv_num_heads", 0);
  if (failed(node.requireRank(kQuery, 3, 3)))
    return mlir::failure();
  if (heads < 1 || keyHeads < 1 || heads % keyHeads != 0)
    return node.error("num_heads and kv_num_heads are " + llvm::Twine(heads) + " and " +
                      llvm::Twine(keyHeads) + ", but expected a multiple of at least 1");
  GraphValue query = node.input(kQuery), key = c.input(kKey), value = c.input(kValue);
  if (!node.has(kKey)) {
    std::optional<Extent> width = divideExactly(query.shape[2], heads + 2 * keyHeads);
    if (!width)
      return node.error("the packed query has width " + node.extents.text(query.shape[2]) +
                        ", but expected a multiple of the number of all heads");
    Extent own = *multiply(*width, heads), other = *multiply(*width, keyHeads);
    llvm::SmallVector<GraphValue> parts = splitLast(c, query, {own, other, other});
    query = parts[0], key = parts[1], value = parts[2];
  } else if (!node.has(kValue) || failed(node.requireRank(kKey, 3, 3)) ||
             failed(node.requireRank(kValue, 3, 3))) {
    return node.error("has a key, but no value of rank 3 to it");
  }
  if (c.hasFailed())
    return mlir::failure();
  d.batch = query.shape[0];
  d.length = query.shape[1];
  d.query = splitHeads(c, query, heads);
  d.key = splitHeads(c, key, keyHeads);
  d.value = splitHeads(c, value, keyHeads);
  if (c.hasFailed() || failed(readLengths(node, d)))
    return mlir::failure();
  GraphValue lastKeys = c.reshape(node.input(kLastKeys), {d.batch});
  if (c.hasFailed())
    return mlir::failure();
  d.past = countPast(node, d, lastKeys);
  return d;
}

/// Positions of the new tokens, int64 [batch, length].
GraphValue newPositions(Node &node, Composition &c, const Decoding &d) {
  if (node.has(kPositions))
    return node.input(kPositions);
  GraphValue column = c.reshape(d.past, {d.batch, 1});
  return node.emit.elementwise(column.elementType, {d.batch, d.length}, {&column},
                               [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
                                 Scalars s{builder, location};
                                 Value step = mlir::arith::IndexCastOp::create(builder, location,
                                                                               v[0].getType(), s.loop(1));
                                 return s.add(v[0], step);
                               });
}

mlir::LogicalResult rotateNew(Node &node, Composition &c, Decoding &d) {
  bool isRotated = node.integer("do_rotary", 0) != 0;
  Rotation rotation;
  rotation.isInterleaved = node.integer("rotary_interleaved", 0) != 0;
  if (!isRotated)
    return mlir::success();
  if (!node.has(kCosines) || !node.has(kSines))
    return node.error("do_rotary is 1, but there are no caches of cosines and sines");
  if (failed(node.requireRank(kCosines, 2, 2)) || failed(node.requireRank(kSines, 2, 2)))
    return mlir::failure();
  rotation.cosines = node.input(kCosines);
  rotation.sines = node.input(kSines);
  rotation.isHeadFirst = true;
  std::optional<int64_t> half = rotation.cosines.shape[1].constant(), width = d.query.shape[3].constant();
  if (!half || !width || *half < 1 || 2 * *half > *width)
    return node.error("the caches of cosines and sines are not half as wide as a head or less");
  rotation.width = 2 * *half;
  rotation.positions = newPositions(node, c, d);
  d.query = rotate(node, d.query, rotation);
  d.key = rotate(node, d.key, rotation);
  return mlir::success();
}

/// The cache with the new tokens behind the old ones of each text: [batch, heads, capacity, width].
GraphValue extendCache(Node &node, const Decoding &d, int64_t input, const GraphValue &added) {
  Shape shape = added.shape;
  shape[2] = d.capacity;
  bool hasPast = node.has(input) && !d.pastCapacity.is(0);
  if (!hasPast && shape == added.shape)
    return added;
  // With a row more, a position behind the end is inside.
  GraphValue old;
  if (hasPast) {
    llvm::SmallVector<Extent> low(4, 0), high(4, 0);
    high[2] = 1;
    old = node.emit.pad(node.input(input), low, high,
                        mlir::cast<mlir::TypedAttr>(node.builder.getZeroAttr(added.elementType)));
  }
  Value before = hasPast ? node.emit.tensor(old) : Value(), after = node.emit.tensor(added);
  Value end = node.emit.index(d.pastCapacity), length = node.emit.index(d.length);
  GraphValue past = node.emit.reshape(d.past, {d.batch, 1, 1, 1});
  auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) -> Value {
    Scalars s{builder, location};
    Value place = s.loop(2), zero = s.constant(place.getType(), 0), one = s.constant(place.getType(), 1);
    Value count = s.toIndex(v[0]), moved = s.subtract(place, count);
    Value inside = s.maximum(s.minimum(moved, s.subtract(length, one)), zero);
    auto read = [&](Value tensor, Value row) -> Value {
      return mlir::tensor::ExtractOp::create(builder, location, tensor,
                                             ValueRange{s.loop(0), s.loop(1), row, s.loop(3)});
    };
    Value result = read(after, inside);
    Value filler = s.constant(result.getType(), 0);
    if (before)
      filler = s.select(s.less(place, count), read(before, s.minimum(place, end)), filler);
    Value isNew = s.minimum(s.lessOrEqual(count, place), s.less(moved, length));
    return s.select(isNew, result, filler);
  };
  return node.emit.elementwise(added.elementType, shape, {&past}, body);
}

/// Which keys each new token sees.
mlir::LogicalResult readPositions(Node &node, const Decoding &d, AttentionTask &task) {
  Positions positions;
  positions.isCausal = node.integer("causal", 1) != 0;
  // The window counts the query's own key.
  int64_t window = node.integer("local_window_size", -1);
  positions.left = window > 0 ? window - 1 : -1;
  // The end of the new tokens.
  Value length = node.emit.index(d.length);
  positions.lengths = node.emit.elementwise(
      d.past.elementType, d.past.shape, {&d.past},
      [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
        Scalars s{builder, location};
        return s.add(v[0], mlir::arith::IndexCastOp::create(builder, location, v[0].getType(), length));
      });
  task.masks.push_back(positionMask(node, positions, d.length, d.capacity));
  if (!node.has(kScoreBias))
    return mlir::success();
  if (failed(node.requireRank(kScoreBias, 4, 4)))
    return mlir::failure();
  task.masks.push_back(node.input(kScoreBias));
  return mlir::success();
}

} // namespace

mlir::LogicalResult importGroupQueryAttention(Node &node) {
  Composition c(node);
  for (const char *name : {"qk_output", "sliding_window_cache"})
    if (node.integer(name, 0) != 0)
      return node.error(llvm::Twine(name) + " is not 0, but expected 0");
  if (node.integer("smooth_softmax", -1) > 0)
    return node.error("smooth_softmax is 1, but expected none");
  for (const char *name : {"k_quant_type", "v_quant_type"})
    if (node.string(name, "NONE") != "NONE")
      return node.error(llvm::Twine(name) + " is not NONE, but expected caches of floats");
  mlir::FailureOr<Decoding> d = readDecoding(node, c);
  if (failed(d) || failed(rotateNew(node, c, *d)))
    return mlir::failure();
  AttentionTask task;
  task.query = d->query;
  task.key = extendCache(node, *d, kPastKey, d->key);
  task.value = extendCache(node, *d, kPastValue, d->value);
  task.scale = readContributedScale(node, c, task.query);
  task.softcap = node.real("softcap", 0);
  if (failed(readPositions(node, *d, task)))
    return mlir::failure();
  return c.finish({mergeHeads(c, attend(node, c, task).result), task.key, task.value});
}

mlir::LogicalResult importContributedRotaryEmbedding(Node &node) {
  Composition c(node);
  if (failed(node.requireRank(0, 3, 4)) || failed(node.requireRank(2, 2, 2)) ||
      failed(node.requireRank(3, 2, 2)))
    return mlir::failure();
  if (node.integer("is_packed_batching", 0) != 0 || node.real("scale", 1) != 1)
    return node.error("is_packed_batching or scale is set, but expected neither");
  GraphValue value = node.input(0);
  Rotation rotation;
  rotation.cosines = node.input(2);
  rotation.sines = node.input(3);
  rotation.isInterleaved = node.integer("interleaved", 0) != 0;
  rotation.isHeadFirst = value.rank() == 4;
  int64_t heads = node.integer("num_heads", 0), given = node.integer("rotary_embedding_dim", 0);
  std::optional<int64_t> half = rotation.cosines.shape[1].constant();
  if (!half || *half < 1 || (given != 0 && given != 2 * *half))
    return node.error("the caches are " + node.extents.text(rotation.cosines.shape[1]) +
                      " wide, but expected half of what is rotated");
  rotation.width = 2 * *half;
  const Extent batch = value.shape[0], length = value.shape[rotation.isHeadFirst ? 2 : 1];
  if (!rotation.isHeadFirst) {
    std::optional<Extent> count = heads > 0 ? Extent(heads) : divideExactly(value.shape[2], rotation.width);
    std::optional<Extent> width = count ? divideExactly(value.shape[2], *count) : std::nullopt;
    if (!width)
      return node.error("the width " + node.extents.text(value.shape[2]) +
                        " is no multiple of that of a head");
    value = c.reshape(value, {batch, length, *count, *width});
  }
  std::optional<int64_t> width = value.isFaulty ? std::nullopt : value.shape[3].constant();
  if (!width || *width < rotation.width)
    return node.error("rotates " + llvm::Twine(rotation.width) +
                      " elements of each head, but expected no more than it has");
  rotation.positions = node.input(1);
  if (rotation.positions.rank() == 1) { // where the first token is
    mlir::Type i64 = rotation.positions.elementType;
    GraphValue end = c.extent(length);
    GraphValue steps = c.op("Range", {c.integer(i64, 0), end, c.integer(i64, 1)});
    rotation.positions = c.add(c.reshape(rotation.positions, {1, 1}), c.reshape(steps, {1, length}));
    if (c.hasFailed())
      return mlir::failure();
  } else if (failed(node.requireRank(1, 2, 2)) ||
             failed(
                 node.requireEqual(rotation.positions.shape[0], batch, "batches of positions and input")) ||
             failed(
                 node.requireEqual(rotation.positions.shape[1], length, "lengths of positions and input"))) {
    return mlir::failure();
  }
  GraphValue rotated = rotate(node, value, rotation);
  return c.finish(rotation.isHeadFirst ? rotated : c.reshape(rotated, node.input(0).shape));
}

} // namespace winnow::frontend
