// Of the domain ai.onnx.ml: the operators that prepare features, as far as they take tensors of numbers.
#include "lib/Import/ONNX/Composition.h"
#include "lib/Import/ONNX/Operators.h"

namespace winnow::frontend {

/// Columns by their numbers. A list is a matrix of one row here.
static mlir::LogicalResult importArrayFeatureExtractor(Node &node) {
  Composition c(node);
  GraphValue x = c.input(0);
  if (x.rank() == 0)
    return node.error("the input is a scalar, but expected a tensor of rank 1 or more");
  if (x.rank() == 1)
    x = c.op("Unsqueeze", {x, c.integers({0})});
  GraphValue columns = c.reshape(c.input(1), {Extent(-1)});
  return c.finish({c.op("Gather", {x, columns}, {{"axis", int64_t{-1}}})});
}

/// 1 for what is greater than the threshold, 0 for the rest.
static mlir::LogicalResult importBinarizer(Node &node) {
  Composition c(node);
  GraphValue x = c.input(0);
  GraphValue number = x.isReal() ? x : c.cast(x, node.builder.getF64Type());
  GraphValue threshold = c.real(number.elementType, node.real("threshold", 0));
  return c.finish({c.cast(c.op("Greater", {number, threshold}), x.elementType)});
}

Family featuresOperators() {
  static constexpr Operator kOperators[] = {
      {"ArrayFeatureExtractor", 1, "cl", importArrayFeatureExtractor, "ai.onnx.ml"},
      {"Binarizer", 1, "n", importBinarizer, "ai.onnx.ml"},
  };
  return kOperators;
}

} // namespace winnow::frontend
