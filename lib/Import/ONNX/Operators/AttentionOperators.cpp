// ONNX's attention operators: Attention, FlexAttention, RotaryEmbedding, and the gated activation SwiGLU.
#include "lib/Import/ONNX/Operators.h"
#include "lib/Import/ONNX/Operators/Attention.h"

namespace winnow::frontend {
namespace {

constexpr int64_t kMask = 3, kPastKey = 4, kPastValue = 5, kLengths = 6; // Attention's inputs

/// Query, key and value with heads as dimension 1, whatever rank they come in.
mlir::LogicalResult readOperands(Node &node, Composition &c, AttentionTask &task) {
  int64_t rank = node.input(0).rank();
  if (rank != 3 && rank != 4)
    return node.requireRank(0, 3, 4);
  if (failed(node.requireRank(1, rank, rank)) || failed(node.requireRank(2, rank, rank)))
    return mlir::failure();
  int64_t queryHeads = node.integer("q_num_heads", 0), keyHeads = node.integer("kv_num_heads", 0);
  task.query = node.input(0);
  task.key = node.input(1);
  task.value = node.input(2);
  if (rank == 4)
    return mlir::success();
  if (queryHeads < 1 || keyHeads < 1)
    return node.error("q_num_heads and kv_num_heads are " + llvm::Twine(queryHeads) + " and " +
                      llvm::Twine(keyHeads) + ", but expected at least 1 for inputs of rank 3");
  task.query = splitHeads(c, task.query, queryHeads);
  task.key = splitHeads(c, task.key, keyHeads);
  task.value = splitHeads(c, task.value, keyHeads);
  return mlir::success(!c.hasFailed());
}

mlir::LogicalResult checkOperands(Node &node, const AttentionTask &task) {
  const Shape &query = task.query.shape, &key = task.key.shape, &value = task.value.shape;
  return mlir::success(succeeded(node.requireEqual(query[0], key[0], "batches of query and key")) &&
                       succeeded(node.requireEqual(query[0], value[0], "batches of query and value")) &&
                       succeeded(node.requireEqual(key[1], value[1], "heads of key and value")) &&
                       succeeded(node.requireEqual(key[2], value[2], "lengths of key and value")) &&
                       succeeded(node.requireEqual(query[3], key[3], "widths of query and key")));
}

/// Puts what earlier calls left before keys and values; its length is the offset of the queries.
mlir::LogicalResult appendToPast(Node &node, Composition &c, AttentionTask &task, Extent &offset) {
  if (node.has(kPastKey) != node.has(kPastValue))
    return node.error("has one of past_key and past_value, but expected both or none");
  if (!node.has(kPastKey))
    return mlir::success();
  if (failed(node.requireRank(kPastKey, 4, 4)) || failed(node.requireRank(kPastValue, 4, 4)))
    return mlir::failure();
  offset = node.input(kPastKey).shape[2];
  task.key = c.op("Concat", {node.input(kPastKey), task.key}, {{"axis", int64_t{2}}});
  task.value = c.op("Concat", {node.input(kPastValue), task.value}, {{"axis", int64_t{2}}});
  return mlir::success(!c.hasFailed());
}

/// A mask that may end before the keys do, extended by keys that are masked.
GraphValue extendMask(Node &node, Composition &c, const GraphValue &mask, const Extent &keys) {
  const Extent length = mask.shape.back();
  if (length == keys)
    return mask;
  GraphValue filler = c.number(mask.elementType, mask.elementType.isInteger(1) ? 0 : -INFINITY);
  std::optional<Extent> missing = subtract(keys, length);
  if (!missing || node.extents.less(*missing, 0) != false) {
    // Their sizes are unrelated as far as is known, so they have to be equal.
    (void)node.requireEqual(length, keys, "lengths of the mask and the keys");
    return mask;
  }
  llvm::SmallVector<Extent> pads(2 * mask.rank(), 0);
  pads.back() = *missing;
  return c.op("Pad", {mask, c.extents(pads), filler});
}

mlir::LogicalResult readMask(Node &node, Composition &c, AttentionTask &task) {
  if (!node.has(kMask))
    return mlir::success();
  GraphValue mask = node.input(kMask);
  if (!mask.isReal() && !mask.elementType.isInteger(1))
    return node.error("the mask has element type " + typeName(mask.elementType) +
                      ", but expected a float or bool");
  if (failed(node.requireRank(kMask, 1, 4)))
    return mlir::failure();
  task.masks.push_back(extendMask(node, c, mask, task.key.shape[2]));
  return mlir::success(!c.hasFailed());
}

mlir::LogicalResult readPositions(Node &node, AttentionTask &task, const Extent &offset) {
  Positions positions;
  positions.offset = offset;
  positions.isCausal = node.integer("is_causal", 0) != 0;
  positions.left = node.integer("left_window_size", -1);
  positions.right = node.integer("right_window_size", -1);
  if (positions.left < -1 || positions.right < -1)
    return node.error("a window size is " + llvm::Twine(std::min(positions.left, positions.right)) +
                      ", but expected -1 or more");
  if (node.has(kLengths)) {
    if (node.has(kPastKey))
      return node.error("has both nonpad_kv_seqlen and past_key, but expected one of them");
    if (failed(node.requireRank(kLengths, 1, 1)) ||
        failed(node.requireEqual(node.input(kLengths).shape[0], task.query.shape[0],
                                 "batches of the query and nonpad_kv_seqlen")))
      return mlir::failure();
    positions.lengths = node.input(kLengths);
  }
  if (positions.restrictsKeys())
    task.masks.push_back(positionMask(node, positions, task.query.shape[2], task.key.shape[2]));
  return mlir::success();
}

double readScale(Node &node, Composition &c, const GraphValue &query) {
  return node.hasAttribute("scale") ? node.real("scale", 1) : defaultScale(c, query);
}

/// Output 3 shows a stage of the computation.
mlir::LogicalResult setStage(Node &node, Composition &c, const AttentionStages &stages) {
  int64_t mode = node.integer("qk_matmul_output_mode", 0);
  if (mode < 0 || mode > 3)
    return node.error("qk_matmul_output_mode is " + llvm::Twine(mode) + ", but expected 0 to 3");
  const GraphValue *choices[] = {&stages.products, &stages.capped, &stages.masked, &stages.weights};
  if (node.wants(3) && !choices[mode]->isFaulty)
    node.set(3, c.cast(*choices[mode], node.input(0).elementType));
  return mlir::success();
}

} // namespace

static mlir::LogicalResult importAttention(Node &node) {
  Composition c(node);
  AttentionTask task;
  Extent offset = 0;
  mlir::FailureOr<mlir::Type> softmaxType =
      node.elementType("softmax_precision", node.builder.getF32Type(), 'f');
  if (failed(softmaxType) || failed(readOperands(node, c, task)) ||
      failed(appendToPast(node, c, task, offset)) || failed(checkOperands(node, task)) ||
      failed(readMask(node, c, task)) || failed(readPositions(node, task, offset)))
    return mlir::failure();
  task.scale = readScale(node, c, task.query);
  task.softcap = node.real("softcap", 0);
  task.softmaxType = *softmaxType;
  AttentionStages stages = attend(node, c, task);
  GraphValue result = node.input(0).rank() == 3 ? mergeHeads(c, stages.result) : stages.result;
  if (failed(setStage(node, c, stages)))
    return mlir::failure();
  return c.finish({result, task.key, task.value});
}

/// Its modifiers are graphs of the scores and of the weights: as they become element-wise operations, they
/// end up in the score region.
static mlir::LogicalResult importFlexAttention(Node &node) {
  Composition c(node);
  AttentionTask task;
  mlir::FailureOr<mlir::Type> softmaxType =
      node.elementType("softmax_precision", node.builder.getF32Type(), 'f');
  for (int64_t i = 0; i < 3; ++i)
    if (failed(node.requireRank(i, 4, 4)))
      return mlir::failure();
  task.query = node.input(0);
  task.key = node.input(1);
  task.value = node.input(2);
  if (failed(softmaxType) || failed(checkOperands(node, task)))
    return mlir::failure();
  task.scale = readScale(node, c, task.query);
  task.softmaxType = *softmaxType;
  auto modifier = [&](const char *name) -> std::function<GraphValue(const GraphValue &)> {
    const onnx::GraphProto *graph = node.graph(name);
    if (!graph)
      return nullptr;
    return [&node, &c, graph, name](const GraphValue &value) {
      if (value.isFaulty)
        return value;
      mlir::FailureOr<std::vector<GraphValue>> results = node.importBody(*graph, value);
      if (failed(results)) {
        (void)c.error(llvm::Twine("its ") + name + " cannot be imported");
        return value;
      }
      bool isLike = results->size() == 1 && results->front().shape == value.shape &&
                    results->front().elementType == value.elementType;
      if (isLike)
        return results->front();
      (void)c.error(llvm::Twine("its ") + name + " does not make one tensor like the one it takes");
      return value;
    };
  };
  task.modifyScores = modifier("score_mod");
  task.modifyWeights = modifier("prob_mod");
  return c.finish(attend(node, c, task).result);
}

static mlir::LogicalResult importRotaryEmbedding(Node &node) {
  Composition c(node);
  if (failed(node.requireRank(0, 3, 4)))
    return mlir::failure();
  GraphValue value = node.input(0);
  int64_t heads = node.integer("num_heads", 0);
  Rotation rotation;
  rotation.isHeadFirst = value.rank() == 4;
  rotation.isInterleaved = node.integer("interleaved", 0) != 0;
  const Extent batch = value.shape[0], length = value.shape[rotation.isHeadFirst ? 2 : 1];
  if (!rotation.isHeadFirst) {
    std::optional<Extent> width = heads > 0 ? divideExactly(value.shape[2], heads) : std::nullopt;
    if (!width)
      return node.error("num_heads is " + llvm::Twine(heads) + ", but expected a divisor of the width " +
                        node.extents.text(value.shape[2]));
    value = c.reshape(value, {batch, length, heads, *width});
  }
  rotation.cosines = node.input(1);
  rotation.sines = node.input(2);
  bool hasPositions = node.has(3);
  int64_t tableRank = hasPositions ? 2 : 3;
  std::optional<int64_t> width = value.isFaulty ? std::nullopt : value.shape[3].constant();
  rotation.width = node.integer("rotary_embedding_dim", 0);
  if (rotation.width == 0)
    rotation.width = width.value_or(0);
  if (!width || rotation.width < 2 || rotation.width % 2 != 0 || rotation.width > *width)
    return node.error("rotates " + llvm::Twine(rotation.width) +
                      " elements of each head, but expected an even number of a known width");
  for (int64_t i : {1, 2}) {
    if (failed(node.requireRank(i, tableRank, tableRank)) ||
        failed(node.requireEqual(node.input(i).shape.back(), rotation.width / 2,
                                 "widths of a cache and of half a head")))
      return mlir::failure();
    if (!hasPositions &&
        (failed(node.requireEqual(node.input(i).shape[0], batch, "batches of a cache and the input")) ||
         failed(node.requireEqual(node.input(i).shape[1], length, "lengths of a cache and the input"))))
      return mlir::failure();
  }
  if (failed(node.requireEqual(rotation.cosines.shape[0], rotation.sines.shape[0], "lengths of the caches")))
    return mlir::failure();
  if (hasPositions) {
    rotation.positions = node.input(3);
    if (failed(node.requireRank(3, 2, 2)) ||
        failed(node.requireEqual(rotation.positions.shape[0], batch, "batches of positions and input")) ||
        failed(node.requireEqual(rotation.positions.shape[1], length, "lengths of positions and input")))
      return mlir::failure();
  }
  GraphValue rotated = rotate(node, value, rotation);
  return c.finish(rotation.isHeadFirst ? rotated : c.reshape(rotated, node.input(0).shape));
}

static mlir::LogicalResult importSwiGLU(Node &node) {
  Composition c(node);
  const GraphValue &gate = node.input(0), &value = node.input(1);
  if (failed(node.requireRank(1, gate.rank(), gate.rank())))
    return mlir::failure();
  for (int64_t i = 0; i < gate.rank(); ++i)
    if (failed(node.requireEqual(gate.shape[i], value.shape[i], "shapes of the gate and the value")))
      return mlir::failure();
  GraphValue scaled = c.multiply(gate, c.real(gate.elementType, node.real("alpha", 1)));
  return c.finish(c.multiply(c.multiply(gate, c.op("Sigmoid", {scaled})), value));
}

Family attentionOperators() {
  static constexpr Operator kOperators[] = {
      {"Attention", 23, "FFfa?f?f?l?", importAttention},
      {"FlexAttention", 1, "FFF", importFlexAttention, "ai.onnx.preview"},
      {"RotaryEmbedding", 23, "FFFl?", importRotaryEmbedding},
      {"SwiGLU", 28, "FF", importSwiGLU},
  };
  return kOperators;
}

} // namespace winnow::frontend
