// If, Loop and Scan. A condition or a number of rounds that is known at import leaves no trace.
#include "lib/Import/ONNX/Branches.h"
#include "lib/Import/ONNX/Composition.h"
#include "lib/Import/ONNX/Loops.h"
#include "lib/Import/ONNX/Operators.h"
#include "lib/Import/ONNX/Operators/Steps.h"

#include "llvm/ADT/STLExtras.h"

namespace winnow::frontend {
namespace {

using Values = std::vector<GraphValue>;

/// The truth of a bool that is known at import.
std::optional<bool> knownTruth(const GraphValue &value) {
  std::optional<Extent> known;
  if (value.integers && value.integers->size() == 1)
    known = value.integers->front();
  else if (value.constant && value.constant->size() == 1)
    known = value.constant->integer(0);
  return known && known->constant() ? std::optional(!known->is(0)) : std::nullopt;
}

mlir::LogicalResult requireScalar(Node &node, int64_t input, const char *what) {
  std::optional<Extent> count = elementCount(node.input(input).shape);
  if (count && count->is(1))
    return mlir::success();
  return node.error(llvm::Twine(what) + " has shape " + node.extents.text(node.input(input).shape) +
                    ", but expected a scalar");
}

void setAll(Node &node, Values values) {
  for (auto [index, value] : llvm::enumerate(values))
    node.set(static_cast<int64_t>(index), std::move(value));
}

/// What the values of a round that are collected along an axis become.
GraphValue moveRows(Node &node, const GraphValue &collected, int64_t axis) {
  llvm::SmallVector<int64_t> permutation = llvm::to_vector(llvm::seq<int64_t>(1, collected.rank()));
  permutation.insert(permutation.begin() + axis, 0);
  return node.emit.transpose(collected, permutation);
}

} // namespace

static mlir::LogicalResult importIf(Node &node) {
  const onnx::GraphProto *taken = node.graph("then_branch"), *other = node.graph("else_branch");
  if (!taken || !other)
    return node.error("lacks a branch, but expected then_branch and else_branch");
  if (failed(requireScalar(node, 0, "the condition")))
    return mlir::failure();
  if (std::optional<bool> known = knownTruth(node.input(0)))
    return node.importBranch(*known ? *taken : *other);
  mlir::FailureOr<Values> results = emitBranches(node, node.input(0), *taken, *other);
  if (failed(results))
    return mlir::failure();
  setAll(node, std::move(*results));
  return mlir::success();
}

static mlir::LogicalResult importLoop(Node &node) {
  const onnx::GraphProto *body = node.graph("body");
  int64_t states = node.inputCount() - 2;
  if (!body || body->input_size() != states + 2 || body->output_size() < states + 1)
    return node.error("lacks a body that takes " + llvm::Twine(states + 2) + " values and makes at least " +
                      llvm::Twine(states + 1));
  std::optional<Extent> count;
  if (node.has(0)) {
    mlir::FailureOr<llvm::SmallVector<Extent>> given = node.hostIntegers(0, "the trip count");
    if (failed(given) || failed(requireScalar(node, 0, "the trip count")))
      return mlir::failure();
    mlir::FailureOr<Extent> rounds = node.require(node.extents.maximum(given->front(), 0));
    if (failed(rounds))
      return mlir::failure();
    count = *rounds;
  }
  std::optional<bool> begins = true;
  if (node.has(1)) {
    if (failed(requireScalar(node, 1, "the condition")))
      return mlir::failure();
    begins = knownTruth(node.input(1));
  }
  if (begins == false)
    count = 0;
  Values initial;
  for (int64_t i = 0; i < states; ++i) {
    if (!node.has(i + 2))
      return node.error("carried value " + llvm::Twine(i) + " is absent, but expected a tensor");
    initial.push_back(node.input(i + 2));
  }
  auto importRound = [&](Round &round) -> mlir::LogicalResult {
    Composition c(node);
    Values arguments = {c.extent(round.number), c.integer(node.builder.getI1Type(), 1)};
    llvm::append_range(arguments, round.carried);
    mlir::FailureOr<Values> made = node.importBody(*body, arguments);
    if (failed(made))
      return mlir::failure();
    if (!begins || knownTruth(made->front()) != true)
      round.goesOn = made->front();
    round.next.assign(made->begin() + 1, made->begin() + 1 + states);
    round.rows.assign(made->begin() + 1 + states, made->end());
    return mlir::success();
  };
  const GraphValue *condition = begins ? nullptr : &node.input(1);
  mlir::FailureOr<LoopResults> results = emitLoop(node, count, condition, initial, importRound);
  if (failed(results))
    return mlir::failure();
  llvm::append_range(results->carried, results->collected);
  setAll(node, std::move(results->carried));
  return mlir::success();
}

namespace {

/// How a Scan goes through its inputs and outputs.
struct ScanForm {
  int64_t states = 0, inputs = 0;
  llvm::SmallVector<int64_t> inputAxes, outputAxes, inputDirections, outputDirections;
  Extent steps;
};

/// A list with one entry for each of `count`, or zeros.
mlir::FailureOr<llvm::SmallVector<int64_t>> listOf(Node &node, const char *name, int64_t count) {
  llvm::SmallVector<int64_t> list = node.integers(name).value_or(llvm::SmallVector<int64_t>(count, 0));
  if (static_cast<int64_t>(list.size()) != count)
    return node.error(llvm::Twine(name) + " has " + llvm::Twine(list.size()) + " entries, but expected " +
                      llvm::Twine(count));
  return list;
}

mlir::LogicalResult readScan(Node &node, const onnx::GraphProto &body, ScanForm &scan) {
  scan.inputs = node.integer("num_scan_inputs", 0);
  scan.states = node.inputCount() - scan.inputs;
  int64_t outputs = body.output_size() - scan.states;
  if (scan.inputs < 1 || scan.states < 0 || outputs < 0)
    return node.error("num_scan_inputs is " + llvm::Twine(scan.inputs) + ", but the node has " +
                      llvm::Twine(node.inputCount()) + " inputs and the body " +
                      llvm::Twine(body.output_size()) + " outputs");
  auto inputAxes = listOf(node, "scan_input_axes", scan.inputs);
  auto inputDirections = listOf(node, "scan_input_directions", scan.inputs);
  auto outputAxes = listOf(node, "scan_output_axes", outputs);
  auto outputDirections = listOf(node, "scan_output_directions", outputs);
  if (failed(inputAxes) || failed(inputDirections) || failed(outputAxes) || failed(outputDirections))
    return mlir::failure();
  scan.inputAxes = *inputAxes;
  scan.inputDirections = *inputDirections;
  scan.outputAxes = *outputAxes;
  scan.outputDirections = *outputDirections;
  for (int64_t i = 0; i < scan.inputs; ++i) {
    const GraphValue &input = node.input(scan.states + i);
    mlir::FailureOr<int64_t> axis = node.axis(scan.inputAxes[i], input.rank());
    if (failed(axis))
      return mlir::failure();
    scan.inputAxes[i] = *axis;
    scan.steps = i == 0 ? input.shape[*axis] : scan.steps;
    if (failed(node.requireEqual(input.shape[*axis], scan.steps, "numbers of steps of its inputs")))
      return mlir::failure();
  }
  return mlir::success();
}

GraphValue reversed(Node &node, const GraphValue &value, int64_t axis) {
  Composition c(node);
  return c.op("Slice",
              {value, c.integers({-1}), c.integers({INT64_MIN}), c.integers({axis}), c.integers({-1})});
}

} // namespace

static mlir::LogicalResult importScan(Node &node) {
  const onnx::GraphProto *body = node.graph("body");
  if (!body)
    return node.error("lacks its body");
  if (node.opset() < 9)
    return node.error("expected opset 9 or later: before, Scan has a batch dimension of its own");
  ScanForm scan;
  if (failed(readScan(node, *body, scan)))
    return mlir::failure();
  Values initial;
  for (int64_t i = 0; i < scan.states; ++i)
    initial.push_back(node.input(i));
  Values inputs;
  for (int64_t i = 0; i < scan.inputs; ++i) {
    const GraphValue &input = node.input(scan.states + i);
    inputs.push_back(scan.inputDirections[i] ? reversed(node, input, scan.inputAxes[i]) : input);
    node.emit.tensor(inputs.back()); // before the loop, which slices it
  }
  auto importRound = [&](Round &round) -> mlir::LogicalResult {
    Values arguments = round.carried;
    for (auto [input, axis] : llvm::zip_equal(inputs, scan.inputAxes))
      arguments.push_back(takeStep(node.emit, input, axis, round.number));
    mlir::FailureOr<Values> made = node.importBody(*body, arguments);
    if (failed(made))
      return mlir::failure();
    round.next.assign(made->begin(), made->begin() + scan.states);
    round.rows.assign(made->begin() + scan.states, made->end());
    return mlir::success();
  };
  mlir::FailureOr<LoopResults> results = emitLoop(node, scan.steps, nullptr, initial, importRound);
  if (failed(results))
    return mlir::failure();
  Values outputs = std::move(results->carried);
  for (auto [index, collected] : llvm::enumerate(results->collected)) {
    mlir::FailureOr<int64_t> axis = node.axis(scan.outputAxes[index], collected.rank());
    if (failed(axis))
      return mlir::failure();
    GraphValue rows = scan.outputDirections[index] ? reversed(node, collected, 0) : collected;
    outputs.push_back(moveRows(node, rows, *axis));
  }
  setAll(node, std::move(outputs));
  return mlir::success();
}

Family controlFlowOperators() {
  static constexpr Operator kOperators[] = {
      {"If", 1, "b", importIf},
      {"Loop", 1, "l?b?a?*", importLoop},
      {"Scan", 8, "a*", importScan},
  };
  return kOperators;
}

} // namespace winnow::frontend
