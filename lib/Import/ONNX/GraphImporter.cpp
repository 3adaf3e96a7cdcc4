// Walks the nodes of an ONNX model and makes its function.
#include "lib/Import/ONNX/GraphImporter.h"
#include "lib/Import/ONNX/NarrowTypes.h"
#include "lib/Import/ONNX/Node.h"
#include "lib/Import/ONNX/Operators.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Path.h"

namespace winnow::frontend {
namespace {

// More nodes than any model has; calls of functions that call functions multiply quickly.
constexpr int64_t kMaximumNodes = 1 << 20;
constexpr unsigned kMaximumDepth = 32;

bool isDefaultDomain(llvm::StringRef domain) { return domain.empty() || domain == "ai.onnx"; }
bool isKnownOpset(int64_t opset) { return opset >= kFirstOpset && opset <= kLastOpset; }

int64_t findOpset(const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto> &imports) {
  for (const onnx::OperatorSetIdProto &entry : imports)
    if (isDefaultDomain(entry.domain()))
      return entry.version();
  return 0;
}

void countReads(const google::protobuf::RepeatedPtrField<onnx::NodeProto> &nodes,
                const onnx::NodeProto *outer, Scope &scope) {
  for (const onnx::NodeProto &node : nodes) {
    for (const std::string &name : node.input()) {
      ++scope.uses[name];
      scope.reader[name] = outer ? nullptr : &node;
    }
    for (const onnx::AttributeProto &attribute : node.attribute())
      if (attribute.has_g()) {
        countReads(attribute.g().node(), &node, scope);
        for (const onnx::ValueInfoProto &output : attribute.g().output())
          ++scope.uses[output.name()];
      }
  }
}

/// A value that is returned has a reader that is no node.
void noteReturned(llvm::StringRef name, Scope &scope) {
  ++scope.uses[name];
  scope.reader[name] = nullptr;
}

void eraseDeadOperations(mlir::Block &block) {
  for (mlir::Operation &operation : llvm::make_early_inc_range(llvm::reverse(block)))
    if (mlir::isOpTriviallyDead(&operation))
      operation.erase();
}

} // namespace

const GraphValue *Scope::find(llvm::StringRef name) const {
  for (const Scope *scope = this; scope; scope = scope->parent)
    if (auto found = scope->values.find(name); found != scope->values.end())
      return &found->second;
  return nullptr;
}

mlir::Location nodeLocation(mlir::MLIRContext *context, const onnx::NodeProto &proto) {
  llvm::StringRef name = proto.name();
  if (name.empty() && proto.output_size() > 0)
    name = proto.output(0);
  return mlir::NameLoc::get(mlir::StringAttr::get(context, proto.op_type() + ":" + name));
}

bool isReasonable(llvm::ArrayRef<Extent> shape) {
  // Zeros are left out: a tensor without elements may have large dimensions besides, but not arbitrary ones.
  int64_t count = 1;
  for (const Extent &extent : shape) {
    int64_t size = extent.constant().value_or(1);
    if (size < 0 || size > kMaximumElements || (size > 0 && llvm::MulOverflow(count, size, count)) ||
        count > kMaximumElements)
      return false;
  }
  return elementCount(shape).has_value() && shape.size() <= 32;
}

GraphImporter::GraphImporter(const onnx::ModelProto &model, llvm::StringRef path, mlir::MLIRContext &context,
                             const ONNXImportOptions &options, Bindings &bindings)
    : model(model), path(path.str()), folder(llvm::sys::path::parent_path(path).str()), options(options),
      bindings(bindings), emitter(&context, extents) {
  context.loadDialect<mlir::func::FuncDialect, mlir::linalg::LinalgDialect, mlir::tensor::TensorDialect,
                      mlir::arith::ArithDialect, mlir::math::MathDialect, mlir::scf::SCFDialect>();
}

void GraphImporter::report(mlir::Location location, std::string message) {
  problems.push_back({location, std::move(message)});
}

bool GraphImporter::requireEqual(const Extent &a, const Extent &b) {
  std::optional<bool> known = unify(a, b);
  if (!known)
    known = extents.equal(a, b);
  if (!known)
    emitter.require(a, b, "sizes that must agree differ");
  return known.value_or(true);
}

std::optional<bool> GraphImporter::unify(const Extent &a, const Extent &b) {
  std::optional<Extent> difference = subtract(a, b);
  if (!difference)
    return std::nullopt;
  if (difference->constant())
    return difference->is(0);
  // Sizes that every term has as a factor may be taken for positive: with zero elements all shapes agree.
  llvm::ArrayRef<Extent::Term> terms = difference->terms();
  std::vector<unsigned> shared = terms.front().symbols;
  for (const Extent::Term &term : terms)
    llvm::erase_if(shared, [&](unsigned number) { return !llvm::is_contained(term.symbols, number); });
  if (!shared.empty() && terms.size() > 1)
    if (std::optional<Extent> reduced = divideExactly(*difference, Extent::symbol(shared.front())))
      return unify(*reduced, 0);
  auto isInput = [&](const Extent::Term &term) {
    return term.coefficient != INT64_MIN && term.symbols.size() == 1 &&
           extents.symbol(term.symbols[0]).kind == ExtentSymbol::Kind::Input;
  };
  if (terms.size() != 2 || !isInput(terms[1]))
    return std::nullopt;
  const std::string &name = extents.symbol(terms[1].symbols[0]).name;
  if (terms[0].symbols.empty()) // coefficient * size + constant = 0
    return bindSize(name, terms[0].coefficient, terms[1].coefficient);
  if (!isInput(terms[0]) || terms[0].coefficient != -terms[1].coefficient)
    return std::nullopt;
  const ExtentSymbol &other = extents.symbol(terms[0].symbols[0]);
  bind(name, {std::nullopt, other.name, other.hasName});
  return true;
}

/// Makes coefficient * size + constant = 0 hold, where a size can.
bool GraphImporter::bindSize(llvm::StringRef name, int64_t constant, int64_t coefficient) {
  if (constant == INT64_MIN || constant % coefficient != 0 || constant / coefficient > 0)
    return false;
  bind(name, {-(constant / coefficient), "", false});
  return true;
}

void GraphImporter::bind(llvm::StringRef name, Binding binding) {
  hasNewBinding = true;
  bindings.try_emplace(name, std::move(binding));
}

Extent GraphImporter::inputExtent(const onnx::TensorShapeProto::Dimension &dimension, llvm::StringRef input,
                                  int64_t axis) {
  if (dimension.has_dim_value() && dimension.dim_value() != -1)
    return dimension.dim_value();
  std::string name = dimension.dim_param();
  bool hasName = !name.empty() && name != "?" && name != "-1";
  if (!hasName)
    name = (input + "." + llvm::Twine(axis)).str();
  if (auto given = options.dimensions.find(name); given != options.dimensions.end())
    return given->second;
  for (auto binding = bindings.find(name); binding != bindings.end(); binding = bindings.find(name)) {
    if (binding->second.size)
      return *binding->second.size;
    name = binding->second.dimension;
    // Two dimensions that must agree need a name that says so.
    hasName = true;
  }
  for (const auto &binding : bindings)
    hasName |= binding.second.dimension == name;
  return extents.input(name, hasName);
}

bool GraphImporter::declareInput(const onnx::ValueInfoProto &input, Scope &scope) {
  auto fail = [&](const llvm::Twine &message) {
    report(mlir::FileLineColLoc::get(context(), path, 0, 0),
           ("input '" + llvm::Twine(input.name()) + "' " + message).str());
    return false;
  };
  if (!input.type().has_tensor_type())
    return fail("is not a tensor, but expected one");
  const onnx::TypeProto::Tensor &tensor = input.type().tensor_type();
  GraphValue value;
  value.elementType = elementType(context(), tensor.elem_type());
  if (!value.elementType)
    return fail("has element type " + dataTypeName(tensor.elem_type()) +
                ", but expected a float, an integer or bool");
  if (!tensor.has_shape())
    return fail("has no shape, but expected one (its dimensions may be dynamic)");
  for (auto [axis, dimension] : llvm::enumerate(tensor.shape().dim()))
    value.shape.push_back(inputExtent(dimension, input.name(), axis));
  if (!isReasonable(value.shape))
    return fail("has shape " + extents.text(value.shape) + ", which is negative or too large");
  if (isPacked(value.elementType) && !constantShape(value.shape))
    return fail("has element type " + typeName(value.elementType) + " and shape " +
                extents.text(value.shape) +
                ", but expected static dimensions, since its elements are packed into bytes");
  arguments.push_back(isPacked(value.elementType) ? *packedValue(extents, value) : value);
  argumentNames.push_back(input.name());
  if (!scope.values.try_emplace(input.name(), std::move(value)).second)
    return fail("is declared twice");
  return true;
}

bool GraphImporter::importInputs(const onnx::GraphProto &graph, Scope &scope) {
  bool isValid = true;
  for (const onnx::ValueInfoProto &input : graph.input())
    if (!scope.values.contains(input.name())) // an initializer of that name is its default
      isValid &= declareInput(input, scope);
  if (!isValid)
    return false;
  llvm::SmallVector<mlir::Type> types;
  for (const GraphValue &argument : arguments)
    types.push_back(emitter.type(argument.elementType, argument.shape));
  function = mlir::func::FuncOp::create(emitter.builder, emitter.location, options.functionName,
                                        emitter.builder.getFunctionType(types, {}));
  mlir::Block *entry = function.addEntryBlock();
  emitter.builder.setInsertionPointToStart(entry);
  for (auto [index, name] : llvm::enumerate(argumentNames)) {
    GraphValue &value = scope.values[name];
    mlir::Value argument = entry->getArgument(index);
    if (isPacked(value.elementType))
      value = unpack(emitter, argument, value.elementType, value.shape);
    else
      value.tensor = argument;
    mlir::NamedAttrList attributes;
    describeTensor(arguments[index], name, true, attributes);
    function.setArgAttrs(index, attributes.getDictionary(context()));
  }
  defineInputSizes();
  return true;
}

void GraphImporter::defineInputSizes() {
  llvm::SmallVector<bool> isDefined(extents.size(), false);
  mlir::Block &entry = function.getBody().front();
  for (auto [index, argument] : llvm::enumerate(arguments))
    for (auto [axis, extent] : llvm::enumerate(argument.shape)) {
      std::optional<unsigned> symbol = extent.asSymbol();
      if (!symbol || isDefined[*symbol])
        continue;
      isDefined[*symbol] = true;
      emitter.defineSymbol(*symbol, mlir::tensor::DimOp::create(emitter.builder, emitter.location,
                                                                entry.getArgument(index), axis));
    }
}

mlir::ArrayAttr GraphImporter::dimensionNames(llvm::ArrayRef<Extent> shape, bool isInput) {
  llvm::SmallVector<mlir::Attribute> names;
  for (const Extent &extent : shape) {
    std::optional<unsigned> symbol = extent.asSymbol();
    bool hasName = symbol && extents.symbol(*symbol).kind == ExtentSymbol::Kind::Input &&
                   extents.symbol(*symbol).hasName;
    names.push_back(emitter.builder.getStringAttr(hasName ? extents.symbol(*symbol).name : ""));
  }
  return emitter.builder.getArrayAttr(names);
}

void GraphImporter::describeTensor(const GraphValue &value, llvm::StringRef name, bool isInput,
                                   mlir::NamedAttrList &attributes) {
  attributes.set("winnow.name", emitter.builder.getStringAttr(name));
  attributes.set("winnow.dims", dimensionNames(value.shape, isInput));
  if (storageType(value.elementType) != value.elementType)
    attributes.set("winnow.type", emitter.builder.getStringAttr(typeName(value.elementType)));
}

void GraphImporter::importInitializers(const onnx::GraphProto &graph, Scope &scope) {
  mlir::Location fileLocation = mlir::FileLineColLoc::get(context(), path, 0, 0);
  for (const onnx::TensorProto &tensor : graph.initializer()) {
    std::string error;
    std::optional<GraphValue> value = readTensor(context(), tensor, folder, error, options.weights);
    if (value && !isReasonable(value->shape)) {
      error = "its shape is too large";
      value.reset();
    }
    if (!value) {
      report(fileLocation, "initializer '" + tensor.name() + "': " + error);
      value.emplace().isFaulty = true;
    }
    defineOutput(scope, tensor.name(), std::move(*value), fileLocation);
  }
  if (graph.sparse_initializer_size() > 0)
    report(fileLocation, "sparse initializers are not supported, but expected dense ones");
}

std::optional<GraphValue> GraphImporter::outputValue(const onnx::ValueInfoProto &output, const Scope &scope) {
  auto fail = [&](const llvm::Twine &message) {
    report(emitter.location, ("output '" + llvm::Twine(output.name()) + "' " + message).str());
    return std::nullopt;
  };
  const GraphValue *value = scope.find(output.name());
  if (!value)
    return fail("is made by no node");
  if (value->isFaulty)
    return std::nullopt;
  const onnx::TypeProto::Tensor &declared = output.type().tensor_type();
  if (output.type().has_tensor_type() && declared.elem_type() != 0 &&
      elementType(context(), declared.elem_type()) != value->elementType)
    return fail("is declared as " + dataTypeName(declared.elem_type()) + ", but is " +
                typeName(value->elementType));
  if (declared.has_shape() && declared.shape().dim_size() != value->rank())
    return fail("is declared with rank " + llvm::Twine(declared.shape().dim_size()) + ", but has rank " +
                llvm::Twine(value->rank()));
  return *value;
}

void GraphImporter::addResult(const GraphValue &value, llvm::StringRef name, Results &results) {
  std::optional<GraphValue> result = isPacked(value.elementType) ? pack(emitter, value) : value;
  if (!result) {
    report(emitter.location, ("output '" + name + "' has a size that is too complex to pack").str());
    return;
  }
  results.values.push_back(emitter.tensor(*result));
  describeTensor(*result, name, false, results.attributes.emplace_back());
}

void GraphImporter::setResults(mlir::func::FuncOp of, const Results &results) {
  of.setFunctionType(
      emitter.builder.getFunctionType(of.getArgumentTypes(), mlir::ValueRange(results.values).getTypes()));
  for (auto [index, list] : llvm::enumerate(results.attributes))
    of.setResultAttrs(index, list.getDictionary(context()));
}

void GraphImporter::importOutputs(const onnx::GraphProto &graph, Scope &scope) {
  Results results;
  emitter.location = function.getLoc();
  if (graph.output_size() == 0)
    report(emitter.location, "the graph has no outputs, but expected at least one");
  for (const onnx::ValueInfoProto &output : graph.output())
    if (std::optional<GraphValue> value = outputValue(output, scope))
      addResult(*value, output.name(), results);
  if (!options.intermediates.empty())
    returnIntermediates(scope, results);
  mlir::func::ReturnOp::create(emitter.builder, emitter.location, results.values);
  setResults(function, results);
}

void GraphImporter::chooseIntermediates() {
  if (options.intermediates.empty())
    return;
  bool isAll = llvm::is_contained(options.intermediates, "all");
  llvm::StringSet<> made;
  for (const onnx::NodeProto &node : model.graph().node())
    for (llvm::StringRef name : node.output())
      if (made.insert(name).second && !name.empty() &&
          (isAll || llvm::is_contained(options.intermediates, name)))
        intermediates.push_back(name);
  for (const onnx::ValueInfoProto &output : model.graph().output())
    llvm::erase(intermediates, output.name());
  for (const std::string &name : options.intermediates)
    if (!isAll && !made.contains(name))
      report(emitter.location, "no node of the graph makes the value '" + name + "' of --intermediates");
}

void GraphImporter::returnIntermediates(const Scope &scope, Results results) {
  for (llvm::StringRef name : intermediates)
    if (const GraphValue *value = scope.find(name); value && !value->isFaulty)
      addResult(*value, name, results);
  mlir::OpBuilder::InsertionGuard guard(emitter.builder);
  emitter.builder.setInsertionPointAfter(function);
  mlir::IRMapping copies;
  auto second = mlir::cast<mlir::func::FuncOp>(emitter.builder.clone(*function, copies));
  second.setName(options.functionName + "_intermediates");
  setResults(second, results);
  for (mlir::Value &value : results.values)
    value = copies.lookup(value);
  emitter.builder.setInsertionPointToEnd(&second.getBody().front());
  mlir::func::ReturnOp::create(emitter.builder, emitter.location, results.values);
}

bool GraphImporter::checkModel() {
  int64_t opset = findOpset(model.opset_import());
  // A model of other domains alone needs no operator set of ONNX's own.
  bool isUsed = llvm::any_of(model.graph().node(),
                             [](const onnx::NodeProto &node) { return isDefaultDomain(node.domain()); });
  if (isKnownOpset(opset) || (opset == 0 && !isUsed))
    return true;
  report(emitter.location, "the model uses operator set " + std::to_string(opset) + ", but expected " +
                               std::to_string(kFirstOpset) + " to " + std::to_string(kLastOpset));
  return false;
}

mlir::OwningOpRef<mlir::ModuleOp> GraphImporter::import() {
  emitter.location = mlir::FileLineColLoc::get(context(), path, 0, 0);
  if (!checkModel())
    return nullptr;
  module = mlir::ModuleOp::create(emitter.location);
  emitter.builder.setInsertionPointToStart(module->getBody());
  Scope scope;
  scope.opset = findOpset(model.opset_import());
  countUses(model.graph(), scope);
  chooseIntermediates();
  for (llvm::StringRef name : intermediates)
    noteReturned(name, scope);
  importInitializers(model.graph(), scope);
  if (!importInputs(model.graph(), scope))
    return nullptr;
  importNodes(model.graph().node(), scope);
  importOutputs(model.graph(), scope);
  if (!problems.empty() || hasNewBinding)
    return nullptr;
  for (auto made : module->getOps<mlir::func::FuncOp>())
    eraseDeadOperations(made.getBody().front());
  return std::move(module);
}

void GraphImporter::countUses(const onnx::GraphProto &graph, Scope &scope) {
  countReads(graph.node(), nullptr, scope);
  for (const onnx::ValueInfoProto &output : graph.output())
    noteReturned(output.name(), scope);
}

void GraphImporter::defineOutput(Scope &scope, llvm::StringRef name, GraphValue value,
                                 mlir::Location location) {
  if (name.empty())
    return;
  if (!scope.values.try_emplace(name, std::move(value)).second)
    report(location, ("the name '" + name + "' is defined twice").str());
}

void GraphImporter::markFaulty(const onnx::NodeProto &proto, Scope &scope) {
  GraphValue faulty;
  faulty.isFaulty = true;
  for (const std::string &name : proto.output())
    scope.values.try_emplace(name, faulty);
}

void GraphImporter::importNodes(const google::protobuf::RepeatedPtrField<onnx::NodeProto> &nodes,
                                Scope &scope) {
  for (const onnx::NodeProto &proto : nodes) {
    if (++nodeCount > kMaximumNodes) {
      report(function.getLoc(), "the model has more than " + std::to_string(kMaximumNodes) + " nodes");
      return;
    }
    importNode(proto, scope);
  }
}

void GraphImporter::importNode(const onnx::NodeProto &proto, Scope &scope) {
  mlir::Location location = nodeLocation(context(), proto);
  emitter.location = location;
  Node node(*this, scope, proto, location);
  bool isReady = true;
  for (const std::string &name : proto.input()) {
    const GraphValue *value = scope.find(name);
    if (!name.empty() && !value)
      (void)node.error("reads '" + name +
                       "', which no node before it makes; expected a graph without cycles, in order");
    isReady &= name.empty() || (value && !value->isFaulty);
  }
  std::vector<GraphValue> results;
  if (isReady && importFunctionCall(proto, scope, location))
    return;
  if (!isReady || failed(importOperator(node, results)))
    return markFaulty(proto, scope);
  for (auto [index, value] : llvm::enumerate(results))
    defineOutput(scope, proto.output(index), std::move(value), location);
}

bool GraphImporter::importFunctionCall(const onnx::NodeProto &proto, Scope &scope, mlir::Location location) {
  auto found = llvm::find_if(model.functions(), [&](const onnx::FunctionProto &candidate) {
    return candidate.domain() == proto.domain() && candidate.name() == proto.op_type();
  });
  if (found == model.functions().end() || scope.depth >= kMaximumDepth)
    return false;
  const onnx::FunctionProto &callee = *found;
  Scope inner;
  inner.function = &callee;
  inner.depth = scope.depth + 1;
  inner.opset = findOpset(callee.opset_import());
  if (!isKnownOpset(inner.opset))
    inner.opset = scope.opset;
  for (auto [index, name] : llvm::enumerate(callee.input()))
    if (static_cast<int>(index) < proto.input_size() && !proto.input(index).empty())
      inner.values.try_emplace(name, *scope.find(proto.input(index)));
  for (const onnx::AttributeProto &attribute : callee.attribute_proto())
    inner.callAttributes[attribute.name()] = &attribute;
  for (const onnx::AttributeProto &attribute : proto.attribute())
    inner.callAttributes[attribute.name()] = attribute.ref_attr_name().empty()
                                                 ? &attribute
                                                 : scope.callAttributes.lookup(attribute.ref_attr_name());
  countReads(callee.node(), nullptr, inner);
  for (const std::string &name : callee.output())
    noteReturned(name, inner);
  importNodes(callee.node(), inner);
  for (auto [index, name] : llvm::enumerate(proto.output())) {
    const GraphValue *value =
        static_cast<int>(index) < callee.output_size() ? inner.find(callee.output(index)) : nullptr;
    GraphValue faulty;
    faulty.isFaulty = true;
    if (!value)
      report(location, "function '" + callee.name() + "' does not make its output " + std::to_string(index));
    defineOutput(scope, name, value ? *value : faulty, location);
  }
  return true;
}

} // namespace winnow::frontend
