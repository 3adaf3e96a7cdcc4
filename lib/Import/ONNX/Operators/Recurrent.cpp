// Recurrent operators: RNN, GRU, LSTM. The products of the input with W are one product for all steps; what
// is left goes step by step.
#include "lib/Import/ONNX/Operators.h"
#include "lib/Import/ONNX/Operators/RecurrentCells.h"
#include "lib/Import/ONNX/Operators/Steps.h"

#include "llvm/ADT/STLExtras.h"

namespace winnow::frontend {
namespace {

/// What the directions of a node share.
struct Recurrence {
  CellFunction step = nullptr;
  int64_t gates = 0, states = 0, directions = 1;
  llvm::SmallVector<Activation> activations; // of all directions
  GraphValue sequence;                       // [steps, batch, width]
  Extent batch, hidden;
  GraphValue lengths; // [batch, 1], or absent
  bool isBatchFirst = false, startsReversed = false, isLinearBeforeReset = false, couplesForget = false;
};

enum Input { kSequence, kWeight, kRecurrence, kBias, kLengths, kHidden, kMemory, kPeepholes };

mlir::LogicalResult readForm(Node &node, Recurrence &r) {
  llvm::StringRef name = node.operatorName();
  llvm::SmallVector<const char *> defaults;
  if (name == "LSTM") {
    r.step = stepLSTM, r.gates = 4, r.states = 2;
    defaults = {"Sigmoid", "Tanh", "Tanh"};
    r.couplesForget = node.integer("input_forget", 0) != 0;
  } else if (name == "GRU") {
    r.step = stepGRU, r.gates = 3, r.states = 1;
    defaults = {"Sigmoid", "Tanh"};
    r.isLinearBeforeReset = node.integer("linear_before_reset", 0) != 0;
  } else {
    r.step = stepRNN, r.gates = 1, r.states = 1;
    defaults = {"Tanh"};
  }
  std::string direction = node.string("direction", "forward");
  if (direction != "forward" && direction != "reverse" && direction != "bidirectional")
    return node.error("direction is '" + direction + "', but expected forward, reverse or bidirectional");
  r.startsReversed = direction == "reverse";
  r.directions = direction == "bidirectional" ? 2 : 1;
  r.isBatchFirst = node.opset() >= 14 && node.integer("layout", 0) != 0;
  mlir::FailureOr<llvm::SmallVector<Activation>> activations = readActivations(node, defaults, r.directions);
  if (failed(activations))
    return mlir::failure();
  r.activations = std::move(*activations);
  return mlir::success();
}

/// Checks an input's shape, if it is there.
mlir::LogicalResult requireShape(Node &node, int64_t input, llvm::ArrayRef<Extent> shape, const char *what) {
  if (!node.has(input))
    return mlir::success();
  int64_t rank = static_cast<int64_t>(shape.size());
  if (failed(node.requireRank(input, rank, rank)))
    return mlir::failure();
  for (auto [found, expected] : llvm::zip_equal(node.input(input).shape, shape))
    if (failed(node.requireEqual(found, expected,
                                 (llvm::Twine("sizes of ") + what + " as its other inputs have them").str())))
      return mlir::failure();
  return mlir::success();
}

mlir::LogicalResult readInputs(Node &node, Composition &c, Recurrence &r) {
  for (int64_t i : {kSequence, kWeight, kRecurrence})
    if (failed(node.requireRank(i, 3, 3)))
      return mlir::failure();
  r.sequence = r.isBatchFirst ? c.transpose(node.input(kSequence), {1, 0, 2}) : node.input(kSequence);
  r.batch = r.sequence.shape[1];
  r.hidden = node.input(kRecurrence).shape[2];
  int64_t declared = node.integer("hidden_size", r.hidden.constant().value_or(0));
  mlir::FailureOr<Extent> gates = node.require(multiply(r.hidden, r.gates));
  mlir::FailureOr<Extent> biases = node.require(multiply(r.hidden, 2 * r.gates));
  mlir::FailureOr<Extent> peepholes = node.require(multiply(r.hidden, 3));
  if (failed(gates) || failed(biases) || failed(peepholes) ||
      failed(node.requireEqual(r.hidden, declared, "widths of R and hidden_size")))
    return mlir::failure();
  Shape state = {r.directions, r.batch, r.hidden};
  if (r.isBatchFirst)
    state = {r.batch, r.directions, r.hidden};
  if (failed(requireShape(node, kWeight, {r.directions, *gates, r.sequence.shape[2]}, "W")) ||
      failed(requireShape(node, kRecurrence, {r.directions, *gates, r.hidden}, "R")) ||
      failed(requireShape(node, kBias, {r.directions, *biases}, "B")) ||
      failed(requireShape(node, kLengths, {r.batch}, "sequence_lens")) ||
      failed(requireShape(node, kHidden, state, "initial_h")) ||
      failed(requireShape(node, kMemory, state, "initial_c")) ||
      failed(requireShape(node, kPeepholes, {r.directions, *peepholes}, "P")))
    return mlir::failure();
  if (node.has(kLengths))
    r.lengths = c.reshape(node.input(kLengths), {r.batch, 1});
  return mlir::success(!c.hasFailed());
}

/// What an input has for one direction, without that dimension.
GraphValue takeDirection(Composition &c, const GraphValue &value, int64_t axis, int64_t direction) {
  Shape shape = value.shape;
  shape.erase(shape.begin() + axis);
  GraphValue part =
      c.op("Slice", {value, c.integers(direction), c.integers(direction + 1), c.integers(axis)});
  return c.reshape(part, shape);
}

/// Elements [begin, end) * hidden of a vector.
GraphValue takeBlocks(Composition &c, const GraphValue &vector, const Extent &hidden, int64_t begin,
                      int64_t end) {
  return c.op("Slice", {vector, c.extents(*multiply(hidden, begin)), c.extents(*multiply(hidden, end))});
}

/// Adds W's and R's biases to the products, but not R's of GRU's hidden gate if it comes before the reset.
void addBiases(Composition &c, const Recurrence &r, const GraphValue &biases, Cell &cell) {
  GraphValue own = takeBlocks(c, biases, r.hidden, 0, r.gates);
  GraphValue recurrent = takeBlocks(c, biases, r.hidden, r.gates, 2 * r.gates);
  if (r.isLinearBeforeReset) {
    cell.hiddenBias = c.reshape(takeBlocks(c, recurrent, r.hidden, 2, 3), {1, r.hidden});
    GraphValue zeros = c.op("Expand", {c.real(biases.elementType, 0), c.extents(r.hidden)});
    recurrent = c.op("Concat", {takeBlocks(c, recurrent, r.hidden, 0, 2), zeros}, {{"axis", int64_t{0}}});
  }
  cell.inputs = c.add(cell.inputs, c.add(own, recurrent));
}

mlir::LogicalResult makeCell(Node &node, Composition &c, const Recurrence &r, int64_t direction, Cell &cell) {
  size_t functions = r.activations.size() / r.directions;
  cell.activations = llvm::ArrayRef<Activation>(r.activations).slice(direction * functions, functions);
  cell.hidden = r.hidden;
  cell.lengths = r.lengths;
  cell.isLinearBeforeReset = r.isLinearBeforeReset;
  cell.couplesForget = r.couplesForget;
  GraphValue weight = c.transpose(takeDirection(c, node.input(kWeight), 0, direction), {1, 0});
  cell.inputs = c.op("MatMul", {r.sequence, weight});
  cell.recurrence = c.transpose(takeDirection(c, node.input(kRecurrence), 0, direction), {1, 0});
  if (r.step == stepGRU && !r.isLinearBeforeReset) {
    GraphValue two = c.extents(*multiply(r.hidden, 2)), all = cell.recurrence, columns = c.integers(1);
    cell.recurrence = c.op("Slice", {all, c.integers(0), two, columns});
    cell.lastRecurrence = c.op("Slice", {all, two, c.integers(INT64_MAX), columns});
  }
  if (node.has(kBias))
    addBiases(c, r, takeDirection(c, node.input(kBias), 0, direction), cell);
  if (node.has(kPeepholes)) {
    GraphValue all = takeDirection(c, node.input(kPeepholes), 0, direction);
    for (int64_t i = 0; i < 3; ++i)
      cell.peepholes[i] = c.reshape(takeBlocks(c, all, r.hidden, i, i + 1), {1, r.hidden});
  }
  if (c.hasFailed())
    return mlir::failure();
  // A loop reads what is in the IR before it.
  for (const GraphValue *value : {&cell.inputs, &cell.recurrence, &cell.lastRecurrence, &cell.hiddenBias,
                                  &cell.peepholes[0], &cell.peepholes[1], &cell.peepholes[2], &cell.lengths})
    if (value->elementType)
      (void)node.emit.tensor(*value);
  return mlir::success();
}

GraphValue initialState(Node &node, Composition &c, const Recurrence &r, int64_t input, int64_t direction) {
  if (node.has(input))
    return takeDirection(c, node.input(input), r.isBatchFirst ? 1 : 0, direction);
  GraphValue zero;
  zero.elementType = r.sequence.elementType;
  zero.shape = {r.batch, r.hidden};
  zero.constant = Constant::uniformReal(zero.elementType, 0);
  return zero;
}

/// The last states of one direction, and then all hidden ones [steps, batch, hidden].
mlir::FailureOr<std::vector<GraphValue>> run(Node &node, Composition &c, const Recurrence &r,
                                             int64_t direction) {
  Cell cell;
  if (failed(makeCell(node, c, r, direction, cell)))
    return mlir::failure();
  const Extent steps = r.sequence.shape[0];
  std::vector<GraphValue> carried;
  for (int64_t i = 0; i < r.states; ++i)
    carried.push_back(initialState(node, c, r, kHidden + i, direction));
  if (c.hasFailed())
    return mlir::failure();
  mlir::Type type = r.sequence.elementType;
  Shape all = {steps, r.batch, r.hidden};
  carried.push_back(node.emit.wrap(node.emit.empty(type, all), type, all));
  bool isReversed = r.startsReversed || direction == 1;
  mlir::FailureOr<Extent> last = node.require(subtract(steps, 1));
  if (failed(last))
    return mlir::failure();
  auto body = [&](const Extent &step, llvm::ArrayRef<GraphValue> before) {
    mlir::FailureOr<Extent> mirrored = node.require(subtract(*last, step));
    Extent position = isReversed && succeeded(mirrored) ? *mirrored : step;
    std::vector<GraphValue> after = r.step(c, node, cell, position, before.drop_back());
    GraphValue shown = whereLive(node, cell, position, after[0], {});
    after.push_back(putStep(node.emit, before.back(), 0, position, shown));
    return after;
  };
  mlir::FailureOr<std::vector<GraphValue>> result = repeatSteps(node, steps, std::move(carried), body);
  return c.hasFailed() ? mlir::FailureOr<std::vector<GraphValue>>() : result;
}

/// Puts the directions' values side by side in a new dimension.
GraphValue join(Composition &c, std::vector<GraphValue> values, int64_t axis) {
  for (GraphValue &value : values) {
    Shape shape = value.shape;
    shape.insert(shape.begin() + axis, 1);
    value = c.reshape(value, shape);
  }
  return values.size() == 1 ? values.front() : c.op("Concat", values, {{"axis", axis}});
}

} // namespace

static mlir::LogicalResult importRecurrent(Node &node) {
  Composition c(node);
  Recurrence r;
  if (failed(readForm(node, r)) || failed(readInputs(node, c, r)))
    return mlir::failure();
  std::vector<std::vector<GraphValue>> outputs(r.states + 1); // by output, then by direction
  for (int64_t direction = 0; direction < r.directions; ++direction) {
    mlir::FailureOr<std::vector<GraphValue>> result = run(node, c, r, direction);
    if (failed(result))
      return mlir::failure();
    outputs[0].push_back(result->back());
    for (int64_t i = 0; i < r.states; ++i)
      outputs[1 + i].push_back((*result)[i]);
  }
  std::vector<GraphValue> joined;
  for (auto [number, values] : llvm::enumerate(outputs)) {
    GraphValue output = join(c, values, number == 0 ? 1 : 0);
    if (r.isBatchFirst)
      output = number == 0 ? c.transpose(output, {2, 0, 1, 3}) : c.transpose(output, {1, 0, 2});
    joined.push_back(output);
  }
  return c.finish(joined);
}

Family recurrentOperators() {
  static constexpr Operator kOperators[] = {
      {"GRU", 7, "FFFF?i?F?", importRecurrent},
      {"LSTM", 7, "FFFF?i?F?F?F?", importRecurrent},
      {"RNN", 7, "FFFF?i?F?", importRecurrent},
  };
  return kOperators;
}

} // namespace winnow::frontend
