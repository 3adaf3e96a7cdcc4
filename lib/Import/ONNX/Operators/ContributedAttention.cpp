// Attention operators of ONNX Runtime's domain com.microsoft: Attention, QAttention, MultiHeadAttention. What
// their masks hide is not cut off: its score is lowered by mask_filter_value.
#include "lib/Import/ONNX/Operators/ContributedAttention.h"
#include "lib/Import/ONNX/Operators.h"

#include "llvm/ADT/STLExtras.h"

namespace winnow::frontend {
namespace {

/// The positions of the keys [1, keys], int64.
GraphValue keyPositions(Node &node, Composition &c, const Extent &keys) {
  mlir::Type i64 = node.builder.getI64Type();
  GraphValue end = c.extent(keys);
  return c.reshape(c.op("Range", {c.integer(i64, 0), end, c.integer(i64, 1)}), {1, keys});
}

/// [batch] numbers as a column, int64.
GraphValue asColumn(Node &node, Composition &c, const GraphValue &numbers, const Extent &begin,
                    const Extent &batch) {
  mlir::FailureOr<Extent> end = node.require(add(begin, batch));
  if (failed(end))
    return {};
  GraphValue part =
      c.op("Slice", {c.cast(numbers, node.builder.getI64Type()), c.extents({begin}), c.extents({*end})});
  return c.reshape(part, {batch, 1});
}

/// The mask in any of its forms as bools that broadcast to the scores, true where a key is seen: lengths
/// [batch], ends and starts [2 * batch], or ones and zeros [batch, keys] or [batch, queries, keys].
GraphValue readSeenKeys(Node &node, Composition &c, const GraphValue &mask, const AttentionTask &task) {
  const Extent batch = task.query.shape[0], queries = task.query.shape[2], keys = task.key.shape[2];
  if (mask.rank() == 1) {
    std::optional<Extent> both = multiply(batch, 2);
    bool hasStarts = both && mask.shape[0] == *both && !(mask.shape[0] == batch);
    if (!hasStarts && failed(node.requireEqual(mask.shape[0], batch, "lengths and batches of the mask")))
      return {};
    GraphValue positions = keyPositions(node, c, keys);
    GraphValue isSeen = c.op("Less", {positions, asColumn(node, c, mask, 0, batch)});
    if (hasStarts)
      isSeen =
          c.op("And", {isSeen, c.op("GreaterOrEqual", {positions, asColumn(node, c, mask, batch, batch)})});
    return c.reshape(isSeen, {batch, 1, 1, keys});
  }
  if (mask.rank() != 2 && mask.rank() != 3) {
    (void)c.error("the mask has rank " + llvm::Twine(mask.rank()) + ", but expected rank 1 to 3");
    return {};
  }
  bool isPerQuery = mask.rank() == 3;
  if (failed(node.requireEqual(mask.shape[0], batch, "batches of the mask and the query")) ||
      (isPerQuery &&
       failed(node.requireEqual(mask.shape[1], queries, "lengths of the mask and the query"))) ||
      failed(node.requireEqual(mask.shape.back(), keys, "lengths of the mask and the keys")))
    return {};
  GraphValue isSeen = c.op("Greater", {mask, c.integer(mask.elementType, 0)});
  return c.reshape(isSeen, {batch, 1, isPerQuery ? queries : Extent(1), keys});
}

/// Adds the masks that the operators have in common: of padding, of the future, and a bias of the scores.
mlir::LogicalResult readMasks(Node &node, Composition &c, AttentionTask &task, int64_t maskInput,
                              int64_t biasInput, const Extent &past) {
  double filter = node.real("mask_filter_value", -10000);
  if (node.has(maskInput)) {
    GraphValue isSeen = readSeenKeys(node, c, node.input(maskInput), task);
    if (c.hasFailed() || !isSeen.elementType)
      return mlir::failure();
    mlir::Type f32 = node.builder.getF32Type();
    task.masks.push_back(c.where(isSeen, c.real(f32, 0), c.real(f32, filter)));
  }
  if (biasInput >= 0 && node.has(biasInput)) {
    if (failed(node.requireRank(biasInput, 4, 4)))
      return mlir::failure();
    task.masks.push_back(node.input(biasInput));
  }
  Positions positions;
  positions.offset = past;
  positions.isCausal = node.integer("unidirectional", 0) != 0;
  if (positions.isCausal)
    task.masks.push_back(positionMask(node, positions, task.query.shape[2], task.key.shape[2]));
  return mlir::success(!c.hasFailed());
}

mlir::LogicalResult refuseAttributes(Node &node, llvm::ArrayRef<const char *> names) {
  for (const char *name : names)
    if (node.integer(name, 0) != 0)
      return node.error(llvm::Twine(name) + " is not 0, but expected 0");
  return mlir::success();
}

mlir::LogicalResult refuseInputs(Node &node, llvm::ArrayRef<int64_t> inputs) {
  for (int64_t input : inputs)
    if (node.has(input))
      return node.error("has input " + llvm::Twine(input) + ", which is not supported");
  return mlir::success();
}

/// Keys and values of both: [2, batch, heads, length, width].
GraphValue half(Composition &c, const GraphValue &both, int64_t number) {
  GraphValue part = c.op("Slice", {both, c.integers({number}), c.integers({number + 1}), c.integers({0})});
  return c.reshape(part, llvm::ArrayRef<Extent>(both.shape).drop_front());
}

/// What follows the projection, which is the same for Attention and QAttention: `projected` [batch, length,
/// sum of sizes] is split into query, key and value.
mlir::LogicalResult attendProjected(Node &node, Composition &c, const GraphValue &projected,
                                    llvm::ArrayRef<Extent> sizes, int64_t maskInput, int64_t pastInput,
                                    int64_t biasInput) {
  int64_t heads = node.integer("num_heads", 0);
  if (failed(refuseAttributes(node, {"do_rotary", "past_present_share_buffer"})))
    return mlir::failure();
  if (node.hasAttribute("rotary_embedding_dim"))
    node.integer("rotary_embedding_dim", 0); // of no meaning without do_rotary
  llvm::SmallVector<GraphValue> parts = splitLast(c, projected, sizes);
  AttentionTask task;
  task.query = splitHeads(c, parts[0], heads);
  task.key = splitHeads(c, parts[1], heads);
  task.value = splitHeads(c, parts[2], heads);
  Extent past = 0;
  if (c.hasFailed())
    return mlir::failure();
  if (node.has(pastInput)) {
    if (failed(node.requireRank(pastInput, 5, 5)))
      return mlir::failure();
    const GraphValue &both = node.input(pastInput);
    past = both.shape[3];
    task.key = c.op("Concat", {half(c, both, 0), task.key}, {{"axis", int64_t{2}}});
    task.value = c.op("Concat", {half(c, both, 1), task.value}, {{"axis", int64_t{2}}});
    if (c.hasFailed())
      return mlir::failure();
  }
  if (failed(readMasks(node, c, task, maskInput, biasInput, past)))
    return mlir::failure();
  task.scale = readContributedScale(node, c, task.query);
  GraphValue result = mergeHeads(c, attend(node, c, task).result), present;
  if (node.wants(1)) {
    GraphValue axis = c.integers({0});
    present = c.op("Concat", {c.op("Unsqueeze", {task.key, axis}), c.op("Unsqueeze", {task.value, axis})},
                   {{"axis", int64_t{0}}});
  }
  return c.finish({result, present});
}

/// The three equal parts of a dimension, or those that the node names.
mlir::FailureOr<llvm::SmallVector<Extent>> projectionSizes(Node &node, const Extent &width) {
  if (std::optional<llvm::SmallVector<int64_t>> given = node.integers("qkv_hidden_sizes")) {
    Extent sum = 0;
    for (int64_t size : *given)
      sum = add(sum, size).value_or(sum);
    if (given->size() != 3 || (*given)[0] != (*given)[1] || !(sum == width))
      return node.error("qkv_hidden_sizes do not add up to the width " + node.extents.text(width) +
                        " or differ for query and key");
    return llvm::SmallVector<Extent>(given->begin(), given->end());
  }
  std::optional<Extent> third = divideExactly(width, 3);
  if (!third)
    return node.error("the width of the weight is " + node.extents.text(width) +
                      ", but expected a multiple of 3");
  return llvm::SmallVector<Extent>(3, *third);
}

/// Query, key or value of a packed tensor [batch, length, heads, parts, width], heads first.
GraphValue unpackPart(Composition &c, const GraphValue &packed, int64_t part) {
  const Shape &shape = packed.shape;
  GraphValue one = c.op("Slice", {packed, c.integers({part}), c.integers({part + 1}), c.integers({3})});
  return c.transpose(c.reshape(one, {shape[0], shape[1], shape[2], shape[4]}), {0, 2, 1, 3});
}

/// MultiHeadAttention's operands in their several forms.
mlir::LogicalResult readHeads(Node &node, Composition &c, AttentionTask &task) {
  int64_t heads = node.integer("num_heads", 0), rank = node.input(0).rank();
  bool hasBias = node.has(3);
  if (rank == 5) {
    if (hasBias || node.has(1) || node.has(2))
      return node.error("has a packed query and key, value or bias, but expected the query alone");
    task.query = unpackPart(c, node.input(0), 0);
    task.key = unpackPart(c, node.input(0), 1);
    task.value = unpackPart(c, node.input(0), 2);
    return mlir::success(!c.hasFailed());
  }
  if (failed(node.requireRank(0, 3, 3)))
    return mlir::failure();
  if (!node.has(1))
    return node.error("has no key, but expected one beside a query of rank 3");
  int64_t keyRank = node.input(1).rank();
  bool isPacked = keyRank == 5;
  if (node.has(2) == isPacked || (keyRank != 3 && keyRank != 4 && keyRank != 5) ||
      (!isPacked && node.input(2).rank() != keyRank))
    return node.error(
        "key and value have ranks that do not go together: expected 3 or 4 for both, or 5 and no value");
  if (keyRank != 3 && hasBias)
    return node.error("has a bias, but expected none beside a key of rank " + llvm::Twine(keyRank));
  GraphValue query = node.input(0), key = node.input(1), value = isPacked ? GraphValue() : node.input(2);
  if (hasBias) {
    llvm::SmallVector<GraphValue> biases =
        splitLast(c, node.input(3), {query.shape[2], key.shape[2], value.shape[2]});
    query = c.add(query, biases[0]);
    key = c.add(key, biases[1]);
    value = c.add(value, biases[2]);
  }
  task.query = splitHeads(c, query, heads);
  task.key = isPacked ? unpackPart(c, key, 0) : keyRank == 3 ? splitHeads(c, key, heads) : key;
  task.value = isPacked ? unpackPart(c, key, 1) : keyRank == 3 ? splitHeads(c, value, heads) : value;
  return mlir::success(!c.hasFailed());
}

} // namespace

double readContributedScale(Node &node, Composition &c, const GraphValue &query) {
  double scale = node.real("scale", 0);
  return scale == 0 ? defaultScale(c, query) : scale;
}

llvm::SmallVector<GraphValue> splitLast(Composition &c, const GraphValue &value,
                                        llvm::ArrayRef<Extent> sizes) {
  std::vector<GraphValue> parts =
      c.ops("Split", {value, c.extents(sizes)}, static_cast<int64_t>(sizes.size()), {{"axis", int64_t{-1}}});
  return {parts.begin(), parts.end()};
}

static mlir::LogicalResult importProjectedAttention(Node &node) {
  enum { kInput, kWeight, kBias, kMask, kPast, kScoreBias, kPastLength };
  Composition c(node);
  if (failed(node.requireRank(kInput, 3, 3)) || failed(node.requireRank(kWeight, 2, 2)) ||
      failed(refuseInputs(node, kPastLength)))
    return mlir::failure();
  mlir::FailureOr<llvm::SmallVector<Extent>> sizes = projectionSizes(node, node.input(kWeight).shape[1]);
  if (failed(sizes))
    return mlir::failure();
  GraphValue projected = c.op("MatMul", {node.input(kInput), node.input(kWeight)});
  if (node.has(kBias))
    projected = c.add(projected, node.input(kBias));
  return attendProjected(node, c, projected, *sizes, kMask, kPast, kScoreBias);
}

static mlir::LogicalResult importQAttention(Node &node) {
  enum { kInput, kWeight, kBias, kInputScale, kWeightScale, kMask, kInputZero, kWeightZero, kPast };
  Composition c(node);
  if (failed(node.requireRank(kInput, 3, 3)) || failed(node.requireRank(kWeight, 2, 2)))
    return mlir::failure();
  mlir::FailureOr<llvm::SmallVector<Extent>> sizes = projectionSizes(node, node.input(kWeight).shape[1]);
  if (failed(sizes))
    return mlir::failure();
  mlir::Type type = node.input(kBias).elementType;
  auto centered = [&](int64_t value, int64_t zero) {
    GraphValue real = c.cast(node.input(value), type);
    return node.has(zero) ? c.subtract(real, c.cast(node.input(zero), type)) : real;
  };
  // Products of 8-bit integers are exact in f32, and so are their sums while they stay below 2^24.
  GraphValue products = c.op("MatMul", {centered(kInput, kInputZero), centered(kWeight, kWeightZero)});
  GraphValue scale = c.multiply(node.input(kInputScale), node.input(kWeightScale));
  GraphValue projected = c.add(c.multiply(products, scale), node.input(kBias));
  return attendProjected(node, c, projected, *sizes, kMask, kPast, -1);
}

static mlir::LogicalResult importMultiHeadAttention(Node &node) {
  enum { kMask = 4, kScoreBias, kPastKey, kPastValue, kPastLength, kIndirection };
  Composition c(node);
  AttentionTask task;
  if (failed(refuseInputs(node, {kPastLength, kIndirection})) || failed(readHeads(node, c, task)))
    return mlir::failure();
  if (node.has(kPastKey) != node.has(kPastValue))
    return node.error("has one of past_key and past_value, but expected both or none");
  Extent past = 0;
  if (node.has(kPastKey)) {
    if (failed(node.requireRank(kPastKey, 4, 4)) || failed(node.requireRank(kPastValue, 4, 4)))
      return mlir::failure();
    past = node.input(kPastKey).shape[2];
    task.key = c.op("Concat", {node.input(kPastKey), task.key}, {{"axis", int64_t{2}}});
    task.value = c.op("Concat", {node.input(kPastValue), task.value}, {{"axis", int64_t{2}}});
  }
  if (c.hasFailed() || failed(readMasks(node, c, task, kMask, kScoreBias, past)))
    return mlir::failure();
  task.scale = readContributedScale(node, c, task.query);
  return c.finish({mergeHeads(c, attend(node, c, task).result), task.key, task.value});
}

Family contributedAttentionOperators() {
  static constexpr const char *kDomain = "com.microsoft";
  static constexpr Operator kOperators[] = {
      {"Attention", 1, "FFF?i?F?F?i?", importProjectedAttention, kDomain},
      {"GroupQueryAttention", 1, "FF?F?F?F?iiF?F?l?F?", importGroupQueryAttention, kDomain},
      {"MultiHeadAttention", 1, "FF?F?F?i?F?F?F?i?i?", importMultiHeadAttention, kDomain},
      {"QAttention", 1, "nnFFFi?n?n?F?", importQAttention, kDomain},
      {"RotaryEmbedding", 1, "FlFF", importContributedRotaryEmbedding, kDomain},
  };
  return kOperators;
}

} // namespace winnow::frontend
