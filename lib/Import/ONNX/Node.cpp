// Access to a node's inputs and attributes; every mistake in them is reported here.
#include "lib/Import/ONNX/Node.h"
#include "lib/Import/ONNX/Operators.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"

#include <cmath>

namespace winnow::frontend {

using onnx::AttributeProto;

Node::Node(GraphImporter &graph, Scope &scope, const onnx::NodeProto &proto, mlir::Location location,
           Node *whole)
    : importer(graph), emit(graph.emit()), extents(graph.extentTable()), builder(emit.builder),
      location(location), scope(scope), proto(proto), whole(whole) {
  for (const std::string &name : proto.input())
    inputs.push_back(name.empty() ? nullptr : scope.find(name));
  results.resize(proto.output_size());
}

bool Node::wants(int64_t output) const {
  return output < proto.output_size() && !proto.output(output).empty() &&
         scope.uses.lookup(proto.output(output)) > 0;
}

mlir::LogicalResult Node::error(const llvm::Twine &message) {
  hasProblem = true;
  if (whole)
    return whole->error(operatorName() + " in it: " + message);
  importer.report(location,
                  (llvm::Twine("node '") +
                   (proto.name().empty() && proto.output_size() ? proto.output(0) : proto.name()) + "' (" +
                   proto.op_type() + ", opset " + llvm::Twine(scope.opset) + "): " + message)
                      .str());
  return mlir::failure();
}

const AttributeProto *Node::attribute(llvm::StringRef name) {
  for (const AttributeProto &candidate : proto.attribute()) {
    if (candidate.name() != name)
      continue;
    read.push_back(name.str());
    return candidate.ref_attr_name().empty() ? &candidate
                                             : scope.callAttributes.lookup(candidate.ref_attr_name());
  }
  return nullptr;
}

const AttributeProto *Node::attribute(llvm::StringRef name, AttributeProto::AttributeType type) {
  const AttributeProto *found = attribute(name);
  if (!found || found->type() == type)
    return found;
  (void)error(llvm::Twine("attribute '") + name + "' is of type " +
              onnx::AttributeProto_AttributeType_Name(found->type()) + ", but expected " +
              onnx::AttributeProto_AttributeType_Name(type));
  return nullptr;
}

bool Node::hasAttribute(llvm::StringRef name) { return attribute(name) != nullptr; }

int64_t Node::integer(llvm::StringRef name, int64_t otherwise) {
  const AttributeProto *found = attribute(name, AttributeProto::INT);
  return found ? found->i() : otherwise;
}

double Node::real(llvm::StringRef name, double otherwise) {
  const AttributeProto *found = attribute(name, AttributeProto::FLOAT);
  return found ? found->f() : otherwise;
}

std::string Node::string(llvm::StringRef name, llvm::StringRef otherwise) {
  const AttributeProto *found = attribute(name, AttributeProto::STRING);
  return found ? found->s() : otherwise.str();
}

std::optional<llvm::SmallVector<int64_t>> Node::integers(llvm::StringRef name) {
  const AttributeProto *found = attribute(name, AttributeProto::INTS);
  return found ? std::optional(llvm::SmallVector<int64_t>(found->ints().begin(), found->ints().end()))
               : std::nullopt;
}

std::optional<llvm::SmallVector<double>> Node::reals(llvm::StringRef name) {
  const AttributeProto *found = attribute(name, AttributeProto::FLOATS);
  return found ? std::optional(llvm::SmallVector<double>(found->floats().begin(), found->floats().end()))
               : std::nullopt;
}

std::optional<llvm::SmallVector<std::string>> Node::strings(llvm::StringRef name) {
  const AttributeProto *found = attribute(name, AttributeProto::STRINGS);
  return found
             ? std::optional(llvm::SmallVector<std::string>(found->strings().begin(), found->strings().end()))
             : std::nullopt;
}

mlir::FailureOr<mlir::Type> Node::elementType(llvm::StringRef name, mlir::Type otherwise, char letter) {
  int64_t number = integer(name, 0);
  mlir::Type type = otherwise;
  if (number != 0) {
    bool isNumber = number > 0 && number <= INT32_MAX;
    type = isNumber ? frontend::elementType(builder.getContext(), static_cast<int32_t>(number)) : nullptr;
    if (!type)
      return error(name + " is " +
                   (isNumber ? dataTypeName(static_cast<int32_t>(number)) : std::to_string(number)) +
                   ", but expected " + className(letter));
  }
  if (!isInClass(letter, type))
    return error("its result has element type " + typeName(type) + ", but expected " + className(letter));
  return type;
}

const onnx::TensorProto *Node::tensor(llvm::StringRef name) {
  const AttributeProto *found = attribute(name, AttributeProto::TENSOR);
  return found ? &found->t() : nullptr;
}

const onnx::GraphProto *Node::graph(llvm::StringRef name) {
  const AttributeProto *found = attribute(name, AttributeProto::GRAPH);
  return found ? &found->g() : nullptr;
}

void Node::set(int64_t output, GraphValue value) {
  if (output < static_cast<int64_t>(results.size()))
    results[output] = std::move(value);
}

std::optional<llvm::SmallVector<Extent>> Node::knownIntegers(int64_t index) const {
  // Longer lists are data, not shapes.
  constexpr int64_t kMaximumLength = 4096;
  const GraphValue &value = input(index);
  if (value.integers)
    return value.integers;
  std::optional<Extent> count = elementCount(value.shape);
  if (!value.constant || value.isReal() || isNarrowFloat(value.elementType) || !count || !count->constant() ||
      *count->constant() > kMaximumLength)
    return std::nullopt;
  llvm::SmallVector<Extent> elements;
  for (int64_t i = 0; i < *count->constant(); ++i)
    elements.push_back(value.constant->integer(i));
  return elements;
}

mlir::FailureOr<llvm::SmallVector<Extent>> Node::requireIntegers(int64_t index, llvm::StringRef what) {
  std::optional<llvm::SmallVector<Extent>> elements = knownIntegers(index);
  if (!elements)
    return error(llvm::Twine(what) + " depends on the model's data, but expected a constant or the sizes of "
                                     "the model's inputs");
  if (input(index).rank() > 1)
    return error(llvm::Twine(what) + " has rank " + llvm::Twine(input(index).rank()) +
                 ", but expected rank 1");
  return *elements;
}

mlir::FailureOr<llvm::SmallVector<Extent>> Node::hostIntegers(int64_t index, llvm::StringRef what) {
  // Each is read on its own; no list of sizes is longer.
  constexpr int64_t kMaximumReads = 64;
  const GraphValue &value = input(index);
  std::optional<Extent> count = elementCount(value.shape);
  bool isShort = count && count->constant() && *count->constant() <= kMaximumReads;
  if (knownIntegers(index) || value.rank() > 1 || value.isReal() || !isShort)
    return requireIntegers(index, what);
  return emit.readElements(value, what);
}

mlir::FailureOr<llvm::SmallVector<Extent>> Node::hostSizes(int64_t index, llvm::StringRef what) {
  mlir::FailureOr<llvm::SmallVector<Extent>> elements = hostIntegers(index, what);
  if (succeeded(elements))
    for (Extent &element : *elements) {
      if (element.constant().value_or(0) < 0)
        return error(llvm::Twine(what) + " has the negative element " + extents.text(element));
      element = extents.dependsOnData(element) ? asSize(element, what) : element;
    }
  return elements;
}

Extent Node::asSize(const Extent &extent, llvm::StringRef what) {
  if (extents.isAtLeast(extent, 0) || extent.constant())
    return extent;
  mlir::Value value = emit.index(extent);
  mlir::Value zero = emit.indexConstant(0);
  Extent size = emit.dataExtent(mlir::arith::MaxSIOp::create(builder, location, value, zero), what, 0);
  emit.require(size, extent, what + " is negative");
  return size;
}

mlir::FailureOr<llvm::SmallVector<int64_t>> Node::requireNumbers(int64_t index, llvm::StringRef what) {
  mlir::FailureOr<llvm::SmallVector<Extent>> elements = requireIntegers(index, what);
  if (failed(elements))
    return mlir::failure();
  std::optional<llvm::SmallVector<int64_t>> numbers = constantShape(*elements);
  if (!numbers)
    return error(llvm::Twine(what) + " is " + extents.text(*elements) + ", but expected constants");
  return *numbers;
}

mlir::FailureOr<int64_t> Node::axis(int64_t value, int64_t rank) {
  if (value < -rank || value >= rank)
    return error(llvm::Twine("axis is ") + llvm::Twine(value) + ", but the tensor has rank " +
                 llvm::Twine(rank));
  return value < 0 ? value + rank : value;
}

mlir::FailureOr<std::optional<llvm::SmallVector<int64_t>>> Node::axes(llvm::StringRef name, int64_t index,
                                                                      int64_t rank) {
  std::optional<llvm::SmallVector<int64_t>> given = integers(name);
  if (has(index)) {
    mlir::FailureOr<llvm::SmallVector<int64_t>> numbers = requireNumbers(index, name);
    if (failed(numbers))
      return mlir::failure();
    given = *numbers;
  }
  if (!given)
    return given;
  for (int64_t &value : *given) {
    mlir::FailureOr<int64_t> normalized = axis(value, rank);
    if (failed(normalized))
      return mlir::failure();
    value = *normalized;
  }
  llvm::SmallVector<int64_t> sorted(*given);
  llvm::sort(sorted);
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end())
    return error(llvm::Twine(name) + " name a dimension twice");
  return given;
}

mlir::LogicalResult Node::requireRank(int64_t index, int64_t least, int64_t most) {
  int64_t rank = input(index).rank();
  if (rank >= least && rank <= most)
    return mlir::success();
  return error(llvm::Twine("input ") + llvm::Twine(index) + " has rank " + llvm::Twine(rank) +
               ", but expected rank " + llvm::Twine(least) +
               (most > least ? (llvm::Twine(" to ") + llvm::Twine(most)).str() : ""));
}

mlir::LogicalResult Node::requireEqual(const Extent &a, const Extent &b, llvm::StringRef what) {
  if (importer.requireEqual(a, b))
    return mlir::success();
  return error(llvm::Twine("expected equal ") + what + ", but found " + extents.text(a) + " and " +
               extents.text(b));
}

mlir::FailureOr<Shape> Node::broadcast(llvm::ArrayRef<const GraphValue *> values) {
  Shape result;
  for (const GraphValue *value : values) {
    size_t rank = std::max(result.size(), value->shape.size());
    Shape merged(rank, 1);
    for (size_t i = 0; i < rank; ++i) {
      // Both shapes are aligned at their ends.
      Extent one = 1;
      const Extent &a = i < result.size() ? result[result.size() - 1 - i] : one;
      const Extent &b = i < value->shape.size() ? value->shape[value->shape.size() - 1 - i] : one;
      if (!a.is(1) && !b.is(1) && failed(requireEqual(a, b, "or broadcastable dimensions")))
        return mlir::failure();
      merged[rank - 1 - i] = a.is(1) || b.constant() ? (b.is(1) ? a : b) : a;
    }
    result = std::move(merged);
  }
  return result;
}

mlir::FailureOr<Extent> Node::require(const std::optional<Extent> &extent) {
  if (extent)
    return *extent;
  return error("the arithmetic on its sizes overflows or is too complex");
}

const onnx::NodeProto *Node::onlyReader() const {
  if (proto.output_size() == 0) // allowed by the format, and of no use
    return nullptr;
  const std::string &name = proto.output(0);
  return scope.uses.lookup(name) == 1 ? scope.reader.lookup(name) : nullptr;
}

mlir::FailureOr<std::vector<GraphValue>> Node::importBody(const onnx::GraphProto &body,
                                                          llvm::ArrayRef<GraphValue> arguments) {
  if (body.input_size() != static_cast<int>(arguments.size()))
    return error("a graph in it has " + llvm::Twine(body.input_size()) + " inputs, but expected " +
                 llvm::Twine(arguments.size()));
  Scope inner;
  inner.parent = &scope;
  inner.opset = scope.opset;
  inner.depth = scope.depth + 1;
  inner.function = scope.function;
  inner.callAttributes = scope.callAttributes;
  for (auto [input, argument] : llvm::zip_equal(body.input(), arguments))
    inner.values.try_emplace(input.name(), argument);
  importer.countUses(body, inner);
  importer.importInitializers(body, inner);
  importer.importNodes(body.node(), inner);
  emit.location = location;
  std::vector<GraphValue> outputs;
  for (const onnx::ValueInfoProto &output : body.output()) {
    const GraphValue *value = inner.find(output.name());
    if (!value)
      return error("a graph in it does not make the output '" + output.name() + "'");
    if (value->isFaulty)
      return mlir::failure();
    outputs.push_back(*value);
  }
  return outputs;
}

mlir::LogicalResult Node::importBranch(const onnx::GraphProto &branch) {
  mlir::FailureOr<std::vector<GraphValue>> outputs = importBody(branch, {});
  if (failed(outputs))
    return mlir::failure();
  for (auto [index, value] : llvm::enumerate(*outputs))
    set(index, std::move(value));
  return mlir::success();
}

Scope Node::partScope(int64_t opset) const {
  Scope part;
  part.opset = opset;
  part.depth = scope.depth + 1;
  return part;
}

mlir::LogicalResult Node::finish(std::vector<GraphValue> &into) {
  if (hasProblem)
    return mlir::failure();
  for (const AttributeProto &candidate : proto.attribute())
    if (!llvm::is_contained(read, candidate.name()))
      return error(llvm::Twine("attribute '") + candidate.name() + "' is not known at this opset");
  for (auto [index, value] : llvm::enumerate(results)) {
    if (!value.elementType && !proto.output(index).empty()) {
      if (wants(index))
        return error(llvm::Twine("output ") + llvm::Twine(index) + " ('" + proto.output(index) +
                     "') is used, but is not supported");
      value.isFaulty = true; // nobody reads it
    }
    if (!isReasonable(value.shape))
      return error(llvm::Twine("the shape of output ") + llvm::Twine(index) + ", " +
                   extents.text(value.shape) + ", is negative or too large");
  }
  into.assign(results.begin(), results.end());
  return mlir::success();
}

} // namespace winnow::frontend
