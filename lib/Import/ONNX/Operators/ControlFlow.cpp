// If with a condition that is known at import: the branch that is taken becomes part of the graph.
#include "lib/Import/ONNX/Operators.h"

namespace winnow::frontend {

static mlir::LogicalResult importIf(Node &node) {
  const onnx::GraphProto *taken = node.graph("then_branch"), *other = node.graph("else_branch");
  std::optional<llvm::SmallVector<Extent>> condition = node.knownIntegers(0);
  if (!taken || !other)
    return node.error("lacks a branch, but expected then_branch and else_branch");
  if (!condition || condition->size() != 1 || !condition->front().constant())
    return node.error("the condition depends on the model's data or sizes, but expected a constant");
  return node.importBranch(condition->front().is(0) ? *other : *taken);
}

Family controlFlowOperators() {
  static constexpr Operator kOperators[] = {
      {"If", 1, "b", importIf},
  };
  return kOperators;
}

} // namespace winnow::frontend
