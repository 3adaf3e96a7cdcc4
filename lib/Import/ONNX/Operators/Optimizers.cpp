// The optimizers of the domain ai.onnx.preview.training: one step of each, as ONNX's pseudo code has it.
#include "lib/Import/ONNX/Composition.h"
#include "lib/Import/ONNX/Operators.h"

#include "llvm/ADT/STLExtras.h"

namespace winnow::frontend {
namespace {

/// What a step is made of: the learning rate, how many steps were made before, one tensor that is optimized,
/// its gradient, and what the optimizer keeps of it from step to step.
struct Step {
  GraphValue rate, count, x, gradient;
  llvm::SmallVector<GraphValue> states;
};

/// The new tensor and the new states.
using Tensors = llvm::SmallVector<GraphValue>;
using Rule = Tensors (*)(Node &node, Composition &c, const Step &step);

/// An attribute as a constant of the tensor's type.
GraphValue coefficient(Node &node, Composition &c, const Step &step, const char *name, double otherwise) {
  return c.real(step.x.elementType, node.real(name, otherwise));
}

GraphValue oneLess(Composition &c, const GraphValue &value) {
  return c.subtract(c.real(value.elementType, 1), value);
}

/// The gradient with that of 0.5 * norm_coefficient * ||x||^2.
GraphValue regularized(Node &node, Composition &c, const Step &step) {
  return c.add(c.multiply(coefficient(node, c, step, "norm_coefficient", 0), step.x), step.gradient);
}

GraphValue isLater(Composition &c, const Step &step) {
  return c.op("Greater", {step.count, c.real(step.count.elementType, 0)});
}

Tensors adagrad(Node &node, Composition &c, const Step &step) {
  GraphValue one = c.real(step.x.elementType, 1), epsilon = coefficient(node, c, step, "epsilon", 1e-6);
  GraphValue decay = c.multiply(step.count, coefficient(node, c, step, "decay_factor", 0));
  GraphValue rate = c.divide(step.rate, c.add(one, decay));
  GraphValue gradient = regularized(node, c, step);
  GraphValue squares = c.add(step.states[0], c.multiply(gradient, gradient));
  GraphValue root = c.add(c.op("Sqrt", {squares}), epsilon);
  return {c.subtract(step.x, c.divide(c.multiply(rate, gradient), root)), squares};
}

Tensors adam(Node &node, Composition &c, const Step &step) {
  GraphValue alpha = coefficient(node, c, step, "alpha", 0.9),
             beta = coefficient(node, c, step, "beta", 0.999);
  GraphValue gradient = regularized(node, c, step);
  auto average = [&](const GraphValue &factor, const GraphValue &state, const GraphValue &value) {
    return c.add(c.multiply(factor, state), c.multiply(oneLess(c, factor), value));
  };
  GraphValue mean = average(alpha, step.states[0], gradient);
  GraphValue squares = average(beta, step.states[1], c.multiply(gradient, gradient));
  GraphValue root = c.add(c.op("Sqrt", {squares}), coefficient(node, c, step, "epsilon", 1e-6));
  // The averages start at zero: early ones are too small.
  GraphValue correction = c.divide(c.op("Sqrt", {oneLess(c, c.op("Pow", {beta, step.count}))}),
                                   oneLess(c, c.op("Pow", {alpha, step.count})));
  GraphValue rate = c.where(isLater(c, step), c.multiply(step.rate, correction), step.rate);
  GraphValue moved = c.subtract(step.x, c.multiply(rate, c.divide(mean, root)));
  GraphValue shrunk = oneLess(c, coefficient(node, c, step, "norm_coefficient_post", 0));
  return {c.multiply(shrunk, moved), mean, squares};
}

Tensors momentum(Node &node, Composition &c, const Step &step) {
  GraphValue alpha = coefficient(node, c, step, "alpha", 0), beta = coefficient(node, c, step, "beta", 0);
  GraphValue gradient = regularized(node, c, step);
  GraphValue factor = c.where(isLater(c, step), beta, c.real(step.x.elementType, 1));
  GraphValue velocity = c.add(c.multiply(alpha, step.states[0]), c.multiply(factor, gradient));
  bool isNesterov = node.string("mode", "") == "nesterov";
  GraphValue direction = isNesterov ? c.add(gradient, c.multiply(alpha, velocity)) : velocity;
  return {c.subtract(step.x, c.multiply(step.rate, direction)), velocity};
}

GraphValue scalarInput(Node &node, Composition &c, int64_t index, mlir::Type type) {
  return c.cast(node.emit.reshape(node.input(index), {}), type);
}

/// Inputs 0 and 1 are the rate and the count; then come all tensors, all gradients, all of each state. The
/// outputs are all tensors, all of each state.
mlir::LogicalResult importSteps(Node &node, int64_t stateCount, Rule rule) {
  int64_t given = node.inputCount() - 2, each = stateCount + 2;
  if (given % each != 0)
    return node.error("has " + llvm::Twine(given) + " tensors, but expected " + llvm::Twine(each) +
                      " for each that is optimized");
  for (int64_t i : {0, 1})
    if (std::optional<Extent> size = elementCount(node.input(i).shape); !size || !size->is(1))
      return node.error("input " + llvm::Twine(i) + " has shape " + node.extents.text(node.input(i).shape) +
                        ", but expected a scalar");
  Composition c(node);
  int64_t count = given / each;
  std::vector<GraphValue> outputs(count * (stateCount + 1));
  for (int64_t i = 0; i < count; ++i) {
    auto tensor = [&](int64_t role) { return c.input(2 + role * count + i); };
    mlir::Type type = tensor(0).elementType;
    Step step{scalarInput(node, c, 0, type), scalarInput(node, c, 1, type), tensor(0), tensor(1), {}};
    for (int64_t state = 0; state < stateCount; ++state)
      step.states.push_back(tensor(2 + state));
    for (auto [role, result] : llvm::enumerate(rule(node, c, step)))
      outputs[role * count + i] = result;
  }
  return c.finish(outputs);
}

} // namespace

static mlir::LogicalResult importAdagrad(Node &node) { return importSteps(node, 1, adagrad); }

static mlir::LogicalResult importAdam(Node &node) { return importSteps(node, 2, adam); }

static mlir::LogicalResult importMomentum(Node &node) {
  for (const char *name : {"alpha", "beta", "mode", "norm_coefficient"})
    if (!node.hasAttribute(name))
      return node.error(llvm::Twine("has no attribute '") + name + "', but expected one");
  std::string mode = node.string("mode", "");
  if (mode != "standard" && mode != "nesterov")
    return node.error("mode is '" + mode + "', but expected standard or nesterov");
  return importSteps(node, 1, momentum);
}

Family optimizersOperators() {
  static constexpr Operator kOperators[] = {
      {"Adagrad", 1, "flf*", importAdagrad, "ai.onnx.preview.training"},
      {"Adam", 1, "flf*", importAdam, "ai.onnx.preview.training"},
      {"Momentum", 1, "flf*", importMomentum, "ai.onnx.preview.training"},
  };
  return kOperators;
}

} // namespace winnow::frontend
