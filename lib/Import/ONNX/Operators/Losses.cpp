// Losses of a classification: NegativeLogLikelihoodLoss, SoftmaxCrossEntropyLoss.
#include "lib/Import/ONNX/Composition.h"
#include "lib/Import/ONNX/Operators.h"

namespace winnow::frontend {
namespace {

/// What both losses are made of: log probabilities [N, C, d...], classes [N, d...], weights [C].
struct Loss {
  GraphValue logarithms, target, weights;
  std::string reduction;
  std::optional<int64_t> ignored;
};

mlir::FailureOr<Loss> readLoss(Node &node) {
  Loss loss;
  loss.logarithms = node.input(0);
  loss.target = node.input(1);
  loss.reduction = node.string("reduction", "mean");
  if (node.hasAttribute("ignore_index"))
    loss.ignored = node.integer("ignore_index", 0);
  if (loss.reduction != "none" && loss.reduction != "sum" && loss.reduction != "mean")
    return node.error("reduction is '" + loss.reduction + "', but expected none, sum or mean");
  int64_t rank = loss.logarithms.rank();
  if (rank < 2 || loss.target.rank() != rank - 1)
    return node.error("expected scores of rank 2 or more and classes of one rank less, but found " +
                      llvm::Twine(rank) + " and " + llvm::Twine(loss.target.rank()));
  for (int64_t i = 0; i < rank - 1; ++i)
    if (failed(node.requireEqual(loss.logarithms.shape[i == 0 ? 0 : i + 1], loss.target.shape[i],
                                 "dimensions of scores and classes")))
      return mlir::failure();
  if (node.has(2)) {
    loss.weights = node.input(2);
    if (failed(node.requireRank(2, 1, 1)) ||
        failed(node.requireEqual(loss.weights.shape[0], loss.logarithms.shape[1], "classes and weights")))
      return mlir::failure();
  }
  return loss;
}

/// -weights[target] * logarithms[n, target, d...], 0 where the target is ignored; reduced as asked. A mean is
/// that of the weights, not of their number.
GraphValue reducedLoss(Composition &c, const Loss &loss) {
  mlir::Type type = loss.logarithms.elementType, classType = loss.target.elementType;
  GraphValue zero = c.real(type, 0), classes = loss.target, isIgnored;
  if (loss.ignored) {
    isIgnored = c.op("Equal", {classes, c.integer(classType, *loss.ignored)});
    classes = c.where(isIgnored, c.integer(classType, 0), classes);
  }
  GraphValue picked = c.op("GatherElements", {loss.logarithms, c.op("Unsqueeze", {classes, c.integers({1})})},
                           {{"axis", int64_t{1}}});
  GraphValue losses = c.op("Neg", {c.op("Squeeze", {picked, c.integers({1})})});
  bool hasWeights = loss.weights.elementType != nullptr;
  GraphValue weights = hasWeights ? c.op("Gather", {loss.weights, classes}) : c.real(type, 1);
  if (loss.ignored)
    weights = c.where(isIgnored, zero, weights);
  if (hasWeights)
    losses = c.multiply(losses, weights);
  // Whatever stands at an ignored place, NaN too, does not count.
  if (loss.ignored)
    losses = c.where(isIgnored, zero, losses);
  if (loss.reduction == "none")
    return losses;
  Composition::Attribute drop = int64_t{0};
  if (loss.reduction == "mean" && !hasWeights && !loss.ignored)
    return c.op("ReduceMean", {losses}, {{"keepdims", drop}});
  GraphValue sum = c.op("ReduceSum", {losses}, {{"keepdims", drop}});
  return loss.reduction == "sum" ? sum : c.divide(sum, c.op("ReduceSum", {weights}, {{"keepdims", drop}}));
}

} // namespace

static mlir::LogicalResult importNegativeLogLikelihood(Node &node) {
  mlir::FailureOr<Loss> loss = readLoss(node);
  if (failed(loss))
    return mlir::failure();
  Composition c(node);
  return c.finish({reducedLoss(c, *loss)});
}

static mlir::LogicalResult importSoftmaxCrossEntropy(Node &node) {
  mlir::FailureOr<Loss> loss = readLoss(node);
  if (failed(loss))
    return mlir::failure();
  Composition c(node);
  loss->logarithms = c.op("LogSoftmax", {loss->logarithms}, {{"axis", int64_t{1}}});
  if (c.hasFailed())
    return mlir::failure();
  return c.finish({reducedLoss(c, *loss), loss->logarithms});
}

Family lossesOperators() {
  static constexpr Operator kOperators[] = {
      {"NegativeLogLikelihoodLoss", 12, "FiF?", importNegativeLogLikelihood},
      {"SoftmaxCrossEntropyLoss", 12, "FiF?", importSoftmaxCrossEntropy},
  };
  return kOperators;
}

} // namespace winnow::frontend
