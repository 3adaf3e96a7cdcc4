// The cells of RNN, GRU and LSTM.
#include "lib/Import/ONNX/Operators/RecurrentCells.h"
#include "lib/Import/ONNX/Operators/Steps.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>

namespace winnow::frontend {
namespace {

using mlir::Value;
using mlir::ValueRange;

/// What an activation has besides its name: whether it takes alpha and beta, and what they are by default.
struct ActivationForm {
  const char *name;
  bool takesAlpha, takesBeta;
  std::optional<double> alpha, beta;
  Value (*emit)(const Scalars &s, Value x, Value alpha, Value beta);
};

Value zeroLike(const Scalars &s, Value x) { return s.constant(x.getType(), 0); }

const ActivationForm kActivations[] = {
    {"Affine", true, true, 1, 0,
     [](const Scalars &s, Value x, Value alpha, Value beta) { return s.add(s.multiply(alpha, x), beta); }},
    {"Elu", true, false, 1, 0,
     [](const Scalars &s, Value x, Value alpha, Value) {
       Value below = s.multiply(alpha, s.subtract(s.exponential(x), s.constant(x.getType(), 1)));
       return s.select(s.less(x, zeroLike(s, x)), below, x);
     }},
    {"HardSigmoid", true, true, 0.2, 0.5,
     [](const Scalars &s, Value x, Value alpha, Value beta) {
       Value line = s.add(s.multiply(alpha, x), beta);
       return s.maximum(s.minimum(line, s.constant(x.getType(), 1)), zeroLike(s, x));
     }},
    {"LeakyRelu", true, false, 0.01, 0,
     [](const Scalars &s, Value x, Value alpha, Value) {
       return s.select(s.less(x, zeroLike(s, x)), s.multiply(alpha, x), x);
     }},
    {"Relu", false, false, 0, 0,
     [](const Scalars &s, Value x, Value, Value) { return s.maximum(x, zeroLike(s, x)); }},
    {"ScaledTanh", true, true, std::nullopt, std::nullopt,
     [](const Scalars &s, Value x, Value alpha, Value beta) {
       return s.multiply(alpha, s.tanh(s.multiply(beta, x)));
     }},
    {"Sigmoid", false, false, 0, 0, [](const Scalars &s, Value x, Value, Value) { return s.sigmoid(x); }},
    {"Softplus", false, false, 0, 0, [](const Scalars &s, Value x, Value, Value) { return s.softplus(x); }},
    {"Softsign", false, false, 0, 0,
     [](const Scalars &s, Value x, Value, Value) {
       return s.divide(x, s.add(s.constant(x.getType(), 1), s.absolute(x)));
     }},
    {"Tanh", false, false, 0, 0, [](const Scalars &s, Value x, Value, Value) { return s.tanh(x); }},
    {"ThresholdedRelu", true, false, 1, 0,
     [](const Scalars &s, Value x, Value alpha, Value) {
       return s.select(s.less(x, alpha), zeroLike(s, x), x);
     }},
};

/// The next of the numbers that the model gives, or the default.
mlir::FailureOr<double> takeParameter(Node &node, llvm::ArrayRef<double> &given,
                                      std::optional<double> otherwise, const ActivationForm &form,
                                      const char *attribute) {
  if (!given.empty()) {
    double value = given.front();
    given = given.drop_front();
    return value;
  }
  if (!otherwise)
    return node.error(llvm::Twine("activation ") + form.name + " has no number in " + attribute +
                      ", but expected one");
  return *otherwise;
}

/// Gate number `gate` of a tensor [batch, gates * hidden].
GraphValue takeGate(Node &node, const Cell &cell, const GraphValue &gates, int64_t gate) {
  Shape shape = {gates.shape[0], cell.hidden};
  if (gates.shape == shape)
    return gates;
  return node.emit.slice(gates, {0, *multiply(cell.hidden, gate)}, shape, {1, 1});
}

/// An element-wise operation of the states' shape; absent operands are left out, and null in the body.
GraphValue apply(Node &node, const GraphValue &state, llvm::ArrayRef<GraphValue> operands,
                 llvm::function_ref<Value(const Scalars &, ValueRange)> body) {
  llvm::SmallVector<const GraphValue *> present;
  for (const GraphValue &operand : operands)
    if (operand.elementType)
      present.push_back(&operand);
  return node.emit.elementwise(state.elementType, state.shape, present,
                               [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange values) {
                                 llvm::SmallVector<Value> all;
                                 for (const GraphValue &operand : operands) {
                                   all.push_back(operand.elementType ? values.front() : Value());
                                   values = values.drop_front(operand.elementType ? 1 : 0);
                                 }
                                 return body(Scalars{builder, location}, all);
                               });
}

/// a + weight * state, if there is a weight.
Value addPeephole(const Scalars &s, Value a, Value weight, Value state) {
  return weight ? s.add(a, s.multiply(weight, state)) : a;
}

/// What the steps before make of the gates: states [batch, hidden] times R.
GraphValue multiplyState(Composition &c, const GraphValue &state, const GraphValue &matrix) {
  return c.op("MatMul", {state, matrix});
}

} // namespace

mlir::FailureOr<llvm::SmallVector<Activation>>
readActivations(Node &node, llvm::ArrayRef<const char *> defaults, int64_t directions) {
  llvm::SmallVector<std::string> names;
  for (int64_t i = 0; i < directions; ++i)
    names.append(defaults.begin(), defaults.end());
  if (std::optional<llvm::SmallVector<std::string>> given = node.strings("activations")) {
    if (given->size() < names.size())
      return node.error("has " + llvm::Twine(given->size()) + " activations, but expected " +
                        llvm::Twine(names.size()));
    names.assign(given->begin(), given->begin() + names.size());
  }
  llvm::SmallVector<double> alphas = node.reals("activation_alpha").value_or(llvm::SmallVector<double>());
  llvm::SmallVector<double> betas = node.reals("activation_beta").value_or(llvm::SmallVector<double>());
  llvm::ArrayRef<double> restOfAlphas = alphas, restOfBetas = betas;
  double bound = node.hasAttribute("clip") ? node.real("clip", 0) : 0;
  llvm::SmallVector<Activation> activations;
  for (const std::string &name : names) {
    const auto *form = llvm::find_if(kActivations, [&](const ActivationForm &candidate) {
      return llvm::StringRef(name).equals_insensitive(candidate.name);
    });
    if (form == std::end(kActivations))
      return node.error("activation '" + name + "' is not known, but expected one that ONNX names");
    mlir::FailureOr<double> alpha = 0.0, beta = 0.0;
    if (form->takesAlpha)
      alpha = takeParameter(node, restOfAlphas, form->alpha, *form, "activation_alpha");
    if (form->takesBeta && succeeded(alpha))
      beta = takeParameter(node, restOfBetas, form->beta, *form, "activation_beta");
    if (failed(alpha) || failed(beta))
      return mlir::failure();
    activations.push_back([form, bound, alpha = *alpha, beta = *beta](const Scalars &s, Value x) {
      mlir::Type type = x.getType();
      if (bound > 0)
        x = s.maximum(s.minimum(x, s.constant(type, bound)), s.constant(type, -bound));
      return form->emit(s, x, s.constant(type, alpha), s.constant(type, beta));
    });
  }
  return activations;
}

GraphValue whereLive(Node &node, const Cell &cell, const Extent &position, const GraphValue &value,
                     const GraphValue &otherwise) {
  if (!cell.lengths.elementType)
    return value;
  Value place = node.emit.index(position);
  return apply(node, value, {value, cell.lengths, otherwise}, [&](const Scalars &s, ValueRange v) {
    Value isLive = s.less(place, s.toIndex(v[1]));
    return s.select(isLive, v[0], v[2] ? v[2] : zeroLike(s, v[0]));
  });
}

std::vector<GraphValue> stepRNN(Composition &c, Node &node, const Cell &cell, const Extent &position,
                                llvm::ArrayRef<GraphValue> states) {
  GraphValue product = multiplyState(c, states[0], cell.recurrence);
  if (c.hasFailed())
    return states.vec();
  GraphValue inputs = takeStep(node.emit, cell.inputs, 0, position);
  GraphValue hidden = apply(node, states[0], {inputs, product}, [&](const Scalars &s, ValueRange v) {
    return cell.activations[0](s, s.add(v[0], v[1]));
  });
  return {whereLive(node, cell, position, hidden, states[0])};
}

std::vector<GraphValue> stepGRU(Composition &c, Node &node, const Cell &cell, const Extent &position,
                                llvm::ArrayRef<GraphValue> states) {
  const GraphValue &state = states[0];
  GraphValue inputs = takeStep(node.emit, cell.inputs, 0, position);
  auto input = [&](int64_t gate) { return takeGate(node, cell, inputs, gate); };
  const Activation &f = cell.activations[0], &g = cell.activations[1];
  // Gates: update, reset, hidden. Without linear_before_reset, the last one's product waits for the reset
  // gate.
  GraphValue product = multiplyState(c, state, cell.recurrence);
  if (c.hasFailed())
    return states.vec();
  auto gate = [&](int64_t number) { return takeGate(node, cell, product, number); };
  GraphValue last;
  if (!cell.isLinearBeforeReset) {
    GraphValue kept = apply(node, state, {input(1), gate(1), state}, [&](const Scalars &s, ValueRange v) {
      return s.multiply(f(s, s.add(v[0], v[1])), v[2]);
    });
    last = multiplyState(c, kept, cell.lastRecurrence);
    if (c.hasFailed())
      return states.vec();
  }
  auto body = [&](const Scalars &s, ValueRange v) {
    Value update = f(s, s.add(v[0], v[1])), candidate;
    if (cell.isLinearBeforeReset) {
      Value reset = f(s, s.add(v[4], v[5]));
      Value recurrent = v[7] ? s.add(v[3], v[7]) : v[3];
      candidate = g(s, s.add(v[2], s.multiply(reset, recurrent)));
    } else {
      candidate = g(s, s.add(v[2], v[3]));
    }
    Value rest = s.subtract(s.constant(update.getType(), 1), update);
    return s.add(s.multiply(rest, candidate), s.multiply(update, v[6]));
  };
  GraphValue absent;
  bool isLinear = cell.isLinearBeforeReset;
  GraphValue hidden =
      apply(node, state,
            {input(0), gate(0), input(2), isLinear ? gate(2) : last, isLinear ? input(1) : absent,
             isLinear ? gate(1) : absent, state, cell.hiddenBias},
            body);
  return {whereLive(node, cell, position, hidden, state)};
}

std::vector<GraphValue> stepLSTM(Composition &c, Node &node, const Cell &cell, const Extent &position,
                                 llvm::ArrayRef<GraphValue> states) {
  const GraphValue &state = states[0], &memory = states[1];
  GraphValue product = multiplyState(c, state, cell.recurrence);
  if (c.hasFailed())
    return states.vec();
  GraphValue inputs = takeStep(node.emit, cell.inputs, 0, position);
  auto input = [&](int64_t gate) { return takeGate(node, cell, inputs, gate); };
  auto gate = [&](int64_t number) { return takeGate(node, cell, product, number); };
  const Activation &f = cell.activations[0], &g = cell.activations[1], &h = cell.activations[2];
  enum { kInput, kOutput, kForget, kCell };
  auto remember = [&](const Scalars &s, ValueRange v) {
    Value in = f(s, addPeephole(s, s.add(v[0], v[1]), v[2], v[8]));
    Value keep = cell.couplesForget ? s.subtract(s.constant(in.getType(), 1), in)
                                    : f(s, addPeephole(s, s.add(v[3], v[4]), v[5], v[8]));
    return s.add(s.multiply(keep, v[8]), s.multiply(in, g(s, s.add(v[6], v[7]))));
  };
  GraphValue next = apply(node, memory,
                          {input(kInput), gate(kInput), cell.peepholes[0], input(kForget), gate(kForget),
                           cell.peepholes[2], input(kCell), gate(kCell), memory},
                          remember);
  auto expose = [&](const Scalars &s, ValueRange v) {
    return s.multiply(f(s, addPeephole(s, s.add(v[0], v[1]), v[2], v[3])), h(s, v[3]));
  };
  GraphValue hidden = apply(node, state, {input(kOutput), gate(kOutput), cell.peepholes[1], next}, expose);
  return {whereLive(node, cell, position, hidden, state), whereLive(node, cell, position, next, memory)};
}

} // namespace winnow::frontend
