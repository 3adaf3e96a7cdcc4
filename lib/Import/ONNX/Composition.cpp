// Parts of a node are nodes of their own, in a scope that has nothing but their inputs.
#include "lib/Import/ONNX/Composition.h"
#include "lib/Import/ONNX/Elementwise.h"
#include "lib/Import/ONNX/Operators.h"

#include "llvm/ADT/STLExtras.h"

namespace winnow::frontend {
namespace {

void setAttribute(onnx::NodeProto &part, const char *name, const Composition::Attribute &value) {
  onnx::AttributeProto &attribute = *part.add_attribute();
  attribute.set_name(name);
  if (const auto *integer = std::get_if<int64_t>(&value)) {
    attribute.set_type(onnx::AttributeProto::INT);
    attribute.set_i(*integer);
  } else if (const auto *real = std::get_if<double>(&value)) {
    attribute.set_type(onnx::AttributeProto::FLOAT);
    attribute.set_f(static_cast<float>(*real));
  } else if (const auto *text = std::get_if<std::string>(&value)) {
    attribute.set_type(onnx::AttributeProto::STRING);
    attribute.set_s(*text);
  } else {
    attribute.set_type(onnx::AttributeProto::INTS);
    for (int64_t element : std::get<llvm::SmallVector<int64_t>>(value))
      attribute.add_ints(element);
  }
}

GraphValue faultyValue() {
  GraphValue value;
  value.isFaulty = true;
  return value;
}

} // namespace

Composition::Composition(Node &node) : node(node) {}

GraphValue Composition::op(llvm::StringRef name, llvm::ArrayRef<GraphValue> inputs, Attributes attributes) {
  return ops(name, inputs, 1, attributes).front();
}

std::vector<GraphValue> Composition::ops(llvm::StringRef name, llvm::ArrayRef<GraphValue> inputs,
                                         int64_t count, Attributes attributes) {
  std::vector<GraphValue> results(count, faultyValue());
  if (failed || llvm::any_of(inputs, [](const GraphValue &input) { return input.isFaulty; })) {
    failed = true;
    return results;
  }
  onnx::NodeProto part;
  part.set_op_type(name.str());
  Scope scope = node.partScope(kLastOpset);
  for (auto [index, input] : llvm::enumerate(inputs)) {
    std::string inputName = input.elementType ? "input" + std::to_string(index) : "";
    part.add_input(inputName);
    if (!inputName.empty())
      scope.values.try_emplace(inputName, input);
  }
  for (int64_t index = 0; index < count; ++index) {
    part.add_output("output" + std::to_string(index));
    scope.uses[part.output(static_cast<int>(index))] = 1;
  }
  for (const auto &[attribute, value] : attributes)
    setAttribute(part, attribute, value);
  Node partNode(node.importer, scope, part, node.location, &node);
  failed = mlir::failed(importOperator(partNode, results));
  if (failed)
    results.assign(count, faultyValue());
  return results;
}

GraphValue Composition::input(int64_t index) const {
  return node.has(index) ? node.input(index) : GraphValue();
}

GraphValue Composition::real(mlir::Type type, double value) const { return realScalar(type, value); }

GraphValue Composition::integer(mlir::Type type, int64_t value) const {
  GraphValue result;
  result.elementType = type;
  result.constant = Constant::uniformInteger(type, value);
  return result;
}

GraphValue Composition::number(mlir::Type type, double value) const {
  return frontend::isReal(type) ? real(type, value) : integer(type, static_cast<int64_t>(value));
}

GraphValue Composition::integers(llvm::ArrayRef<int64_t> values) const {
  return extents(llvm::to_vector(llvm::map_range(values, [](int64_t value) { return Extent(value); })));
}

GraphValue Composition::extent(const Extent &value) const {
  GraphValue result = extents(value);
  result.shape.clear();
  return result;
}

GraphValue Composition::extents(llvm::ArrayRef<Extent> values) const {
  GraphValue result;
  result.elementType = node.builder.getI64Type();
  result.shape = {static_cast<int64_t>(values.size())};
  if (std::optional<llvm::SmallVector<int64_t>> numbers = constantShape(values))
    result.constant = Constant::integers(result.elementType, *numbers);
  else
    result.integers = llvm::SmallVector<Extent>(values);
  return result;
}

GraphValue Composition::cast(const GraphValue &value, mlir::Type type) {
  if (value.isFaulty || value.elementType == type)
    return value;
  return castTo(node, value, type);
}

GraphValue Composition::reshape(const GraphValue &value, llvm::ArrayRef<Extent> shape) {
  return op("Reshape", {value, extents(shape)}, {{"allowzero", int64_t{1}}});
}

GraphValue Composition::transpose(const GraphValue &value, llvm::ArrayRef<int64_t> permutation) {
  return op("Transpose", {value}, {{"perm", llvm::SmallVector<int64_t>(permutation)}});
}

mlir::LogicalResult Composition::error(const llvm::Twine &message) {
  failed = true;
  return node.error(message);
}

mlir::LogicalResult Composition::finish(llvm::ArrayRef<GraphValue> outputs) {
  if (failed || llvm::any_of(outputs, [](const GraphValue &output) { return output.isFaulty; }))
    return mlir::failure();
  for (auto [index, output] : llvm::enumerate(outputs))
    if (output.elementType)
      node.set(static_cast<int64_t>(index), output);
  return mlir::success();
}

} // namespace winnow::frontend
