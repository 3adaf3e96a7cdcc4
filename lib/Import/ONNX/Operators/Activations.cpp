// Activation functions.
#include "lib/Import/ONNX/Composition.h"
#include "lib/Import/ONNX/Elementwise.h"
#include "lib/Import/ONNX/Operators.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>

namespace winnow::frontend {
namespace {

using mlir::Value;
using mlir::ValueRange;
using Emission = std::function<Value(const Scalars &, ValueRange)>;

/// alpha * (exp(x / scale) - 1) where x is negative, x elsewhere; the result times gamma.
Emission exponentialLinear(double alpha, double scale, double gamma) {
  return [=](const Scalars &s, ValueRange v) {
    mlir::Type type = v[0].getType();
    Value scaled = scale == 1 ? v[0] : s.divide(v[0], s.constant(type, scale));
    Value below = s.multiply(s.constant(type, alpha), s.subtract(s.exponential(scaled), s.constant(type, 1)));
    Value result = s.select(s.less(v[0], s.constant(type, 0)), below, v[0]);
    return gamma == 1 ? result : s.multiply(result, s.constant(type, gamma));
  };
}

Emission hardSigmoid(double alpha, double beta) {
  return [=](const Scalars &s, ValueRange v) {
    mlir::Type type = v[0].getType();
    Value line = s.add(s.multiply(v[0], s.constant(type, alpha)), s.constant(type, beta));
    return s.maximum(s.minimum(line, s.constant(type, 1)), s.constant(type, 0));
  };
}

Value gelu(const Scalars &s, Value x, bool isApproximate) {
  mlir::Type type = x.getType();
  Value inner;
  if (isApproximate) {
    Value cube = s.multiply(s.multiply(x, x), x);
    Value sum = s.add(x, s.multiply(cube, s.constant(type, 0.044715)));
    inner = s.tanh(s.multiply(sum, s.constant(type, std::sqrt(2 / M_PI))));
  } else {
    inner = mlir::math::ErfOp::create(s.builder, s.location, s.multiply(x, s.constant(type, M_SQRT1_2)));
  }
  return s.multiply(s.multiply(x, s.constant(type, 0.5)), s.add(inner, s.constant(type, 1)));
}

Emission leakyRelu(double slope) {
  return [=](const Scalars &s, ValueRange v) {
    Value zero = s.constant(v[0].getType(), 0), factor = s.constant(v[0].getType(), slope);
    return s.select(s.less(v[0], zero), s.multiply(v[0], factor), v[0]);
  };
}

/// Reads the node's attributes; no function if they are wrong.
Emission activation(Node &node) {
  llvm::StringRef name = node.operatorName();
  if (name == "Relu")
    return [](const Scalars &s, ValueRange v) { return s.maximum(v[0], s.constant(v[0].getType(), 0)); };
  if (name == "LeakyRelu")
    return leakyRelu(node.real("alpha", 0.01));
  if (name == "ThresholdedRelu") {
    double alpha = node.real("alpha", 1);
    return [=](const Scalars &s, ValueRange v) {
      Value threshold = s.constant(v[0].getType(), alpha);
      return s.select(s.less(threshold, v[0]), v[0], s.constant(v[0].getType(), 0));
    };
  }
  if (name == "Swish") {
    double alpha = node.real("alpha", 1);
    return [=](const Scalars &s, ValueRange v) {
      Value scaled = alpha == 1 ? v[0] : s.multiply(v[0], s.constant(v[0].getType(), alpha));
      return s.multiply(v[0], s.sigmoid(scaled));
    };
  }
  if (name == "Elu")
    return exponentialLinear(node.real("alpha", 1), 1, 1);
  if (name == "Selu")
    return exponentialLinear(node.real("alpha", 1.67326319217681884765625), 1,
                             node.real("gamma", 1.05070102214813232421875));
  if (name == "Celu") {
    double alpha = node.real("alpha", 1);
    return exponentialLinear(alpha, alpha, 1);
  }
  if (name == "HardSigmoid") {
    double alpha = node.real("alpha", 0.2);
    return hardSigmoid(alpha, node.real("beta", 0.5));
  }
  if (name == "HardSwish")
    return [gate = hardSigmoid(1.0 / 6, 0.5)](const Scalars &s, ValueRange v) {
      return s.multiply(v[0], gate(s, v));
    };
  if (name == "Sigmoid")
    return [](const Scalars &s, ValueRange v) { return s.sigmoid(v[0]); };
  if (name == "Tanh")
    return [](const Scalars &s, ValueRange v) { return s.tanh(v[0]); };
  if (name == "Softplus")
    return [](const Scalars &s, ValueRange v) { return s.softplus(v[0]); };
  if (name == "Softsign")
    return [](const Scalars &s, ValueRange v) {
      return s.divide(v[0], s.add(s.constant(v[0].getType(), 1), s.absolute(v[0])));
    };
  if (name == "Mish")
    return [](const Scalars &s, ValueRange v) { return s.multiply(v[0], s.tanh(s.softplus(v[0]))); };
  std::string approximate = node.string("approximate", "none"); // Gelu
  if (approximate != "none" && approximate != "tanh") {
    (void)node.error("approximate is '" + approximate + "', but expected 'none' or 'tanh'");
    return nullptr;
  }
  return [isApproximate = approximate == "tanh"](const Scalars &s, ValueRange v) {
    return gelu(s, v[0], isApproximate);
  };
}

mlir::LogicalResult apply(Node &node, llvm::ArrayRef<const GraphValue *> operands, Emission emit) {
  ElementFunction function;
  function.emit = std::move(emit);
  mlir::FailureOr<GraphValue> result = applyElementwise(node, node.input(0).elementType, operands, function);
  if (failed(result))
    return mlir::failure();
  node.set(0, *result);
  return mlir::success();
}

} // namespace

static mlir::LogicalResult importActivation(Node &node) {
  Emission emit = activation(node);
  return emit ? apply(node, {&node.input(0)}, std::move(emit)) : mlir::failure();
}

static mlir::LogicalResult importClip(Node &node) {
  llvm::SmallVector<const GraphValue *> operands = {&node.input(0)};
  bool hasMinimum = node.has(1), hasMaximum = node.has(2);
  for (int64_t i = 1; i < 3; ++i) {
    if (!node.has(i))
      continue;
    if (node.input(i).rank() != 0 && !(node.input(i).rank() == 1 && node.input(i).shape[0].is(1)))
      return node.error("a bound has shape " + node.extents.text(node.input(i).shape) +
                        ", but expected a scalar");
    operands.push_back(&node.input(i));
  }
  if (!hasMinimum && !hasMaximum) {
    node.set(0, node.input(0));
    return mlir::success();
  }
  return apply(node, operands, [=](const Scalars &s, ValueRange v) {
    Value result = hasMinimum ? s.maximum(v[0], v[1]) : v[0];
    return hasMaximum ? s.minimum(result, v.back()) : result;
  });
}

/// Up to opset 10 the bounds are attributes.
static mlir::LogicalResult importClipToAttributes(Node &node) {
  const GraphValue &x = node.input(0);
  Composition c(node);
  auto bound = [&](const char *name) {
    return node.hasAttribute(name) ? c.real(x.elementType, node.real(name, 0)) : GraphValue();
  };
  return c.finish({c.op("Clip", {x, bound("min"), bound("max")})});
}

/// Integers are shrunk as reals, since the attributes are.
static mlir::LogicalResult importShrink(Node &node) {
  double bias = node.real("bias", 0), limit = node.real("lambd", 0.5);
  const GraphValue &x = node.input(0);
  bool toUnsigned = isUnsigned(x.elementType);
  return apply(node, {&x}, [=](const Scalars &s, ValueRange v) {
    mlir::Type own = v[0].getType();
    bool isWide = own.getIntOrFloatBitWidth() >= 32;
    mlir::Type type = x.isReal() ? own : isWide ? s.builder.getF64Type() : s.builder.getF32Type();
    Value number = s.cast(v[0], type), shift = s.constant(type, bias);
    Value rest =
        s.select(s.less(s.constant(type, limit), number), s.subtract(number, shift), s.constant(type, 0));
    Value result = s.select(s.less(number, s.constant(type, -limit)), s.add(number, shift), rest);
    return s.cast(result, own, toUnsigned);
  });
}

static mlir::LogicalResult importPRelu(Node &node) {
  const GraphValue &x = node.input(0);
  GraphValue slope = node.input(1);
  // Up to opset 6 a list is one slope for each channel.
  if (node.opset() < 7 && slope.rank() == 1 && x.rank() > 1) {
    Shape shape(x.rank() - 1, 1);
    shape[0] = slope.shape[0];
    slope = node.emit.reshape(slope, shape);
  }
  return apply(node, {&x, &slope}, [](const Scalars &s, ValueRange v) {
    return s.select(s.less(v[0], s.constant(v[0].getType(), 0)), s.multiply(v[0], v[1]), v[0]);
  });
}

Family activationsOperators() {
  static constexpr Operator kOperators[] = {
      {"Celu", 12, "f", importActivation},
      {"Clip", 1, "f", importClipToAttributes},
      {"Clip", 11, "NN?N?", importClip},
      {"Elu", 1, "f", importActivation},
      {"Gelu", 20, "f", importActivation},
      {"HardSigmoid", 1, "f", importActivation},
      {"HardSwish", 14, "f", importActivation},
      {"LeakyRelu", 1, "f", importActivation},
      {"Mish", 18, "f", importActivation},
      {"PRelu", 1, "NN", importPRelu},
      {"Relu", 1, "n", importActivation},
      {"Selu", 1, "f", importActivation},
      {"Shrink", 9, "n", importShrink},
      {"Sigmoid", 1, "f", importActivation},
      {"Softplus", 1, "f", importActivation},
      {"Softsign", 1, "f", importActivation},
      {"Swish", 24, "f", importActivation},
      {"Tanh", 1, "f", importActivation},
      {"ThresholdedRelu", 10, "f", importActivation},
  };
  return kOperators;
}

} // namespace winnow::frontend
