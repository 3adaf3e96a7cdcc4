// Operators that carry a state from call to call: LinearAttention, CausalConvWithState.
#include "lib/Import/ONNX/Operators.h"
#include "lib/Import/ONNX/Operators/Attention.h"
#include "lib/Import/ONNX/Operators/Steps.h"

namespace winnow::frontend {
namespace {

/// LinearAttention's operands in f32 (f64 stays), with heads as dimension 1.
struct LinearTask {
  GraphValue query;      // [batch, key heads, steps, queries for each key head, width]
  GraphValue key, value; // [batch, key heads, steps, width] and [..., value width]
  GraphValue decay,
      beta;         // [batch, key heads, steps, width or 1] and [batch, key heads or 1, steps, 1]; or absent
  GraphValue state; // [batch, key heads, width, value width]
  double scale = 1;
};

enum Input { kQuery, kKey, kValue, kState, kDecay, kBeta };

/// Which of decay and beta the update rule has.
mlir::LogicalResult checkRule(Node &node) {
  std::string rule = node.string("update_rule", "gated_delta");
  if (rule != "linear" && rule != "gated" && rule != "delta" && rule != "gated_delta")
    return node.error("update_rule is '" + rule + "', but expected linear, gated, delta or gated_delta");
  bool hasDecay = llvm::StringRef(rule).starts_with("gated"),
       hasBeta = llvm::StringRef(rule).ends_with("delta");
  if (node.has(kDecay) != hasDecay)
    return node.error("update_rule " + rule + (hasDecay ? " needs" : " takes no") + " input decay");
  if (node.has(kBeta) != hasBeta)
    return node.error("update_rule " + rule + (hasBeta ? " needs" : " takes no") + " input beta");
  return mlir::success();
}

/// Decay or beta [batch, steps, heads * width] as [batch, heads, steps, width]: its heads are those of the
/// keys, or one.
mlir::FailureOr<GraphValue> readGate(Node &node, Composition &c, int64_t input, int64_t heads,
                                     const GraphValue &key, mlir::Type type) {
  if (failed(node.requireRank(input, 3, 3)) ||
      failed(
          node.requireEqual(node.input(input).shape[0], key.shape[0], "batches of decay or beta and key")) ||
      failed(node.requireEqual(node.input(input).shape[1], key.shape[2], "lengths of decay or beta and key")))
    return mlir::failure();
  const Extent &width = node.input(input).shape[2];
  GraphValue split = splitHeads(c, c.cast(node.input(input), type), width.is(1) ? 1 : heads);
  if (c.hasFailed())
    return mlir::failure();
  bool isKnown = split.shape[3].is(1) || (input == kDecay && split.shape[3] == key.shape[3]);
  if (!isKnown)
    return node.error("decay or beta has shape " + node.extents.text(node.input(input).shape) +
                      ", which fits neither the heads nor their widths");
  return split;
}

mlir::FailureOr<LinearTask> readLinearTask(Node &node, Composition &c) {
  int64_t queryHeads = node.integer("q_num_heads", 0), heads = node.integer("kv_num_heads", 0);
  node.integer("chunk_size", 64); // how fast, not what
  if (heads < 1 || queryHeads < 1 || queryHeads % heads != 0)
    return node.error("q_num_heads and kv_num_heads are " + llvm::Twine(queryHeads) + " and " +
                      llvm::Twine(heads) + ", but expected a multiple of at least 1");
  for (int64_t i : {kQuery, kKey, kValue})
    if (failed(node.requireRank(i, 3, 3)) ||
        failed(node.requireEqual(node.input(i).shape[0], node.input(0).shape[0],
                                 "batches of query, key and value")) ||
        failed(node.requireEqual(node.input(i).shape[1], node.input(0).shape[1],
                                 "lengths of query, key and value")))
      return mlir::failure();
  mlir::Type type = node.builder.getF32Type();
  if (node.input(kQuery).elementType.isF64())
    type = node.input(kQuery).elementType;
  LinearTask task;
  GraphValue query = splitHeads(c, c.cast(node.input(kQuery), type), queryHeads);
  task.key = splitHeads(c, c.cast(node.input(kKey), type), heads);
  task.value = splitHeads(c, c.cast(node.input(kValue), type), heads);
  if (c.hasFailed() ||
      failed(node.requireEqual(query.shape[3], task.key.shape[3], "widths of query and key")))
    return mlir::failure();
  const Extent batch = query.shape[0], steps = query.shape[2], width = query.shape[3];
  // Queries that share a key head become rows of one matrix.
  GraphValue apart = c.reshape(query, {batch, heads, queryHeads / heads, steps, width});
  task.query = c.transpose(apart, {0, 1, 3, 2, 4});
  double scale = node.real("scale", 0);
  task.scale = scale == 0 ? defaultScale(c, query) : scale;
  for (auto [input, gate] : {std::pair(kDecay, &task.decay), std::pair(kBeta, &task.beta)}) {
    if (!node.has(input))
      continue;
    mlir::FailureOr<GraphValue> split = readGate(node, c, input, heads, task.key, type);
    if (failed(split))
      return mlir::failure();
    *gate = *split;
  }
  Shape shape = {batch, heads, width, task.value.shape[3]};
  if (!node.has(kState)) {
    task.state = node.emit.wrap(node.emit.zeros(type, shape), type, shape);
    return task;
  }
  if (failed(node.requireRank(kState, 4, 4)))
    return mlir::failure();
  for (int64_t i = 0; i < 4; ++i)
    if (failed(node.requireEqual(node.input(kState).shape[i], shape[i],
                                 "sizes of past_state and of what is added")))
      return mlir::failure();
  task.state = c.reshape(c.cast(node.input(kState), type), shape);
  return task;
}

/// One step: decay, what the state retrieves for the key, what is written, what the query reads. Yields the
/// state and the result [batch, key heads, queries for each, value width].
std::pair<GraphValue, GraphValue> stepLinear(Node &node, Composition &c, const LinearTask &task,
                                             const Extent &step, GraphValue state) {
  auto take = [&](const GraphValue &sequence) { return takeStep(node.emit, sequence, 2, step); };
  auto asColumn = [&](const GraphValue &vector) { // [batch, heads, width, 1]
    return c.reshape(vector, {vector.shape[0], vector.shape[1], vector.shape[2], 1});
  };
  auto asRow = [&](const GraphValue &vector) {
    return c.reshape(vector, {vector.shape[0], vector.shape[1], 1, vector.shape[2]});
  };
  if (task.decay.elementType)
    state = c.multiply(state, c.op("Exp", {asColumn(take(task.decay))}));
  GraphValue key = take(task.key), written = asRow(take(task.value));
  if (task.beta.elementType) {
    GraphValue retrieved = c.op("MatMul", {asRow(key), state});
    written = c.multiply(c.subtract(written, retrieved), asColumn(take(task.beta)));
  }
  state = c.add(state, c.multiply(asColumn(key), written));
  GraphValue result = c.op("MatMul", {take(task.query), state});
  return {state,
          c.multiply(result, c.real(result.elementType ? result.elementType : node.builder.getF32Type(),
                                    task.scale))};
}

} // namespace

static mlir::LogicalResult importLinearAttention(Node &node) {
  Composition c(node);
  if (failed(checkRule(node)))
    return mlir::failure();
  mlir::FailureOr<LinearTask> task = readLinearTask(node, c);
  if (failed(task) || c.hasFailed())
    return mlir::failure();
  for (const GraphValue *value :
       {&task->query, &task->key, &task->value, &task->decay, &task->beta, &task->state})
    if (value->elementType)
      (void)node.emit.tensor(*value);
  const Shape &query = task->query.shape;
  const Extent steps = query[2], width = task->value.shape[3];
  Shape shape = {query[0], query[1], steps, query[3], width};
  mlir::Type type = task->state.elementType;
  std::vector<GraphValue> carried = {task->state, node.emit.wrap(node.emit.empty(type, shape), type, shape)};
  auto body = [&](const Extent &step, llvm::ArrayRef<GraphValue> before) -> std::vector<GraphValue> {
    auto [state, result] = stepLinear(node, c, *task, step, before[0]);
    if (c.hasFailed())
      return before.vec();
    return {state, putStep(node.emit, before[1], 2, step, result)};
  };
  mlir::FailureOr<std::vector<GraphValue>> last = repeatSteps(node, steps, carried, body);
  if (failed(last) || c.hasFailed())
    return mlir::failure();
  // [batch, key heads, steps, queries, width] to [batch, steps, heads * width]
  GraphValue moved = c.transpose((*last)[1], {0, 2, 1, 3, 4});
  mlir::FailureOr<Extent> all = node.require(elementCount({query[1], query[3], width}));
  if (failed(all))
    return mlir::failure();
  GraphValue result = c.reshape(moved, {query[0], steps, *all});
  mlir::Type stateType = node.has(kState) ? node.input(kState).elementType : node.input(kQuery).elementType;
  return c.finish({c.cast(result, node.input(kQuery).elementType), c.cast((*last)[0], stateType)});
}

static mlir::LogicalResult importCausalConvWithState(Node &node) {
  Composition c(node);
  const GraphValue &input = node.input(0), &weight = node.input(1);
  std::string activation = node.string("activation", "none");
  if (activation != "none" && activation != "silu" && activation != "swish")
    return node.error("activation is '" + activation + "', but expected none, silu or swish");
  if (failed(node.requireRank(0, 3, 3)) || failed(node.requireRank(1, 3, 3)))
    return mlir::failure();
  std::optional<int64_t> channels = input.shape[1].constant(), kernel = weight.shape[2].constant();
  if (!channels || !kernel || *kernel < 1)
    return node.error("has " + node.extents.text(input.shape[1]) + " channels and a kernel of " +
                      node.extents.text(weight.shape[2]) + ", but expected known numbers of at least 1");
  Shape pastShape = {input.shape[0], *channels, *kernel - 1};
  GraphValue all = input;
  if (node.has(3)) {
    if (failed(node.requireRank(3, 3, 3)))
      return mlir::failure();
    for (int64_t i = 0; i < 3; ++i)
      if (failed(node.requireEqual(node.input(3).shape[i], pastShape[i],
                                   "sizes of past_state and of what the kernel reads before")))
        return mlir::failure();
    all = c.op("Concat", {node.input(3), input}, {{"axis", int64_t{2}}});
  } else if (*kernel > 1) {
    all = c.op("Pad", {input, c.integers({0, 0, *kernel - 1, 0, 0, 0})});
  }
  GraphValue result = c.op("Conv", {all, weight, c.input(2)}, {{"group", *channels}});
  if (activation != "none")
    result = c.multiply(result, c.op("Sigmoid", {result}));
  // The last kernel - 1 elements, of which there may be none.
  GraphValue last = c.op("Slice", {all, c.extents(input.shape[2]), c.integers(INT64_MAX), c.integers(2)});
  return c.finish({result, last});
}

Family stateSpaceOperators() {
  static constexpr Operator kOperators[] = {
      {"CausalConvWithState", 27, "FFF?F?", importCausalConvWithState},
      {"LinearAttention", 27, "FFFf?F?F?", importLinearAttention},
  };
  return kOperators;
}

} // namespace winnow::frontend
