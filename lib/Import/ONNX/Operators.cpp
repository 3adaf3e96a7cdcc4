// The table of operators, and the check of inputs against it.
#include "lib/Import/ONNX/Operators.h"

#include "llvm/ADT/STLExtras.h"

#include <map>
#include <set>

namespace winnow::frontend {
bool isInClass(char letter, mlir::Type type) {
  switch (llvm::toLower(letter)) {
  case 'f':
    return isReal(type);
  case 'n':
    return !type.isInteger(1) && !isNarrowFloat(type) && !isNarrowInteger(type);
  case 'c':
    return isInClass('n', type) || isInClass('b', type);
  case 'z':
    return isInClass('n', type) && !isReal(type);
  case 'u':
    return isInClass('z', type) && isUnsigned(type);
  case 'i':
    return type.isInteger(32) || type.isInteger(64);
  case 'l':
    return type.isInteger(64);
  case 'b':
    return type.isInteger(1);
  default:
    return true;
  }
}

const char *className(char letter) {
  switch (llvm::toLower(letter)) {
  case 'f':
    return "a float";
  case 'n':
    return "a number";
  case 'c':
    return "a number or bool";
  case 'z':
    return "an integer";
  case 'u':
    return "an unsigned integer";
  case 'i':
    return "int32 or int64";
  case 'l':
    return "int64";
  case 'b':
    return "bool";
  default:
    return "a float, an integer or bool";
  }
}

namespace {

std::vector<const Operator *> allRows() {
  std::vector<const Operator *> rows;
  for (Family family : {
           activationsOperators(),
           arithmeticOperators(),
           attentionOperators(),
           bitsOperators(),
           castsOperators(),
           channelNormalizationOperators(),
           contractionOperators(),
           contributedAttentionOperators(),
           contributedFusedOperators(),
           contributedOperators(),
           controlFlowOperators(),
           convolutionOperators(),
           cumulativeOperators(),
           dataDependentOperators(),
           determinantOperators(),
           einsumOperators(),
           featuresOperators(),
           functionsOperators(),
           generationOperators(),
           indexingOperators(),
           lossesOperators(),
           movementOperators(),
           nonMaxSuppressionOperators(),
           normalizationOperators(),
           optimizersOperators(),
           poolingOperators(),
           quantizationOperators(),
           randomOperators(),
           recurrentOperators(),
           reductionOperators(),
           regionsOperators(),
           resizeOperators(),
           samplingOperators(),
           scatterOperators(),
           shapingOperators(),
           signalOperators(),
           stateSpaceOperators(),
           textOperators(),
           topKOperators(),
           transposedConvolutionOperators(),
           uniqueOperators(),
       })
    for (const Operator &row : family)
      rows.push_back(&row);
  return rows;
}

/// The last row of that name whose `since` is at most `opset`, or else the first one, or null if there is
/// none.
const Operator *findOperator(llvm::StringRef domain, llvm::StringRef name, int64_t opset) {
  using Rows = llvm::SmallVector<const Operator *, 2>;
  static const std::map<std::pair<std::string, std::string>, Rows> table = [] {
    std::map<std::pair<std::string, std::string>, Rows> map;
    for (const Operator *row : allRows())
      map[{row->domain, row->name}].push_back(row);
    return map;
  }();
  auto found = table.find({domain.str(), name.str()});
  if (found == table.end())
    return nullptr;
  const Operator *best = found->second.front();
  for (const Operator *row : found->second)
    best = row->since <= opset ? row : best;
  return best;
}

/// Checks number and types of a node's inputs against the table.
mlir::LogicalResult checkInputs(Node &node, const Operator &operation) {
  llvm::StringRef rest = operation.inputs;
  mlir::Type common;
  int64_t index = 0;
  char letter = 0;
  bool repeats = false;
  for (; !rest.empty() || (repeats && index < node.inputCount()); ++index) {
    bool isOptional = repeats;
    if (!repeats) {
      letter = rest.front();
      rest = rest.drop_front();
      isOptional = rest.consume_front("?");
      repeats = rest.consume_front("*");
    }
    if (!node.has(index)) {
      if (isOptional && (!repeats || index >= node.inputCount()))
        continue;
      return node.error("lacks input " + llvm::Twine(index) + ", but expected " +
                        (repeats ? "at least one" : "it"));
    }
    mlir::Type type = node.input(index).elementType;
    if (!isInClass(letter, type))
      return node.error("input " + llvm::Twine(index) + " has element type " + typeName(type) +
                        ", but expected " + className(letter));
    if (!llvm::isUpper(letter))
      continue;
    if (common && common != type)
      return node.error("input " + llvm::Twine(index) + " has element type " + typeName(type) +
                        ", but expected " + typeName(common) + " as the inputs before it");
    common = type;
  }
  if (node.inputCount() > index)
    return node.error("has " + llvm::Twine(node.inputCount()) + " inputs, but expected at most " +
                      llvm::Twine(index));
  return mlir::success();
}

} // namespace

std::vector<std::string> operatorNames() {
  std::set<std::string> names;
  for (const Operator *row : allRows())
    names.insert(*row->domain ? std::string(row->domain) + "." + row->name : row->name);
  return {names.begin(), names.end()};
}

mlir::LogicalResult importOperator(Node &node, std::vector<GraphValue> &results) {
  llvm::StringRef domain = node.domain();
  const Operator *operation = findOperator(domain, node.operatorName(), node.opset());
  if (!operation && !domain.empty())
    return node.error("winnow knows no operator of this name in the domain '" + domain +
                      "', and the model has no function of it");
  if (const char *reason = operation ? nullptr : refusalReason(node.operatorName()))
    return node.error(reason);
  if (!operation)
    return node.error("the operator is not supported; expected one of the " +
                      llvm::Twine(operatorNames().size()) + " operators that winnow imports");
  if (domain.empty() && operation->since > node.opset())
    return node.error("expected opset " + llvm::Twine(operation->since) + " or later for this operator");
  if (failed(checkInputs(node, *operation)) || failed(operation->import(node)))
    return mlir::failure();
  return node.finish(results);
}

} // namespace winnow::frontend
