// Products and convolutions that ONNX Runtime's optimizer has joined with what follows them.
#include "lib/Import/ONNX/Composition.h"
#include "lib/Import/ONNX/Operators.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"

#include <algorithm>

namespace winnow::frontend {
namespace {

/// The activation of that name with its parameters; those that are not given are the operator's own.
GraphValue activate(Node &node, Composition &c, llvm::StringRef name, const GraphValue &x,
                    llvm::ArrayRef<double> parameters) {
  auto parameter = [&](size_t index, double otherwise) {
    return index < parameters.size() ? parameters[index] : otherwise;
  };
  if (name.empty() || x.isFaulty)
    return x;
  if (name == "Clip")
    return c.op("Clip", {x, c.real(x.elementType, parameter(0, -INFINITY)),
                         c.real(x.elementType, parameter(1, INFINITY))});
  if (name == "LeakyRelu")
    return c.op(name, {x}, {{"alpha", parameter(0, 0.01)}});
  if (name == "HardSigmoid")
    return c.op(name, {x}, {{"alpha", parameter(0, 0.2)}, {"beta", parameter(1, 0.5)}});
  if (llvm::is_contained({"Relu", "Tanh", "Sigmoid"}, name))
    return c.op(name, {x});
  (void)c.error("activation is '" + name +
                "', but expected Relu, Tanh, Sigmoid, LeakyRelu, Clip or HardSigmoid");
  return x;
}

} // namespace

static mlir::LogicalResult importFusedGemm(Node &node) {
  Composition c(node);
  llvm::SmallVector<double> parameters;
  for (const char *name : {"activation_alpha", "activation_beta", "activation_gamma"})
    if (node.hasAttribute(name))
      parameters.push_back(node.real(name, 0));
  GraphValue product = c.op("Gemm", {node.input(0), node.input(1), c.input(2)},
                            {{"alpha", node.real("alpha", 1)},
                             {"beta", node.real("beta", 1)},
                             {"transA", node.integer("transA", 0)},
                             {"transB", node.integer("transB", 0)}});
  return c.finish(activate(node, c, node.string("activation", ""), product, parameters));
}

/// Of the sum of the convolution and input 3, if there is one.
static mlir::LogicalResult importFusedConv(Node &node) {
  Composition c(node);
  llvm::SmallVector<std::pair<const char *, Composition::Attribute>> attributes = {
      {"auto_pad", node.string("auto_pad", "NOTSET")}, {"group", node.integer("group", 1)}};
  for (const char *name : {"dilations", "kernel_shape", "pads", "strides"})
    if (std::optional<llvm::SmallVector<int64_t>> given = node.integers(name))
      attributes.emplace_back(name, *given);
  GraphValue sum = c.op("Conv", {node.input(0), node.input(1), c.input(2)}, attributes);
  if (node.has(3))
    sum = c.add(sum, node.input(3));
  llvm::SmallVector<double> parameters =
      node.reals("activation_params").value_or(llvm::SmallVector<double>());
  return c.finish(activate(node, c, node.string("activation", ""), sum, parameters));
}

static mlir::LogicalResult importFusedMatMul(Node &node) {
  Composition c(node);
  auto operand = [&](int64_t index, const char *transposes, const char *movesBatch) {
    GraphValue value = node.input(index);
    llvm::SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, value.rank()));
    if (node.integer(movesBatch, 0) != 0 && value.rank() > 2) // the first dimension becomes the rows
      std::rotate(order.begin(), order.begin() + 1, order.end() - 1);
    if (node.integer(transposes, 0) != 0 && value.rank() > 1)
      std::swap(order[value.rank() - 1], order[value.rank() - 2]);
    return c.transpose(value, order);
  };
  GraphValue a = operand(0, "transA", "transBatchA"), b = operand(1, "transB", "transBatchB");
  GraphValue product = c.op("MatMul", {a, b});
  double alpha = node.real("alpha", 1);
  return c.finish(alpha == 1 ? product : c.multiply(product, c.real(node.input(0).elementType, alpha)));
}

Family contributedFusedOperators() {
  static constexpr const char *kDomain = "com.microsoft";
  static constexpr Operator kOperators[] = {
      {"FusedConv", 1, "FFF?F?", importFusedConv, kDomain},
      {"FusedGemm", 1, "FFF?", importFusedGemm, kDomain},
      {"FusedMatMul", 1, "FF", importFusedMatMul, kDomain},
  };
  return kOperators;
}

} // namespace winnow::frontend
