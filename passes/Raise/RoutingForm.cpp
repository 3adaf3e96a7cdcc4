// Finds out which gates are zero, by what they are computed from.
#include "passes/Raise/RoutingForm.h"

#include "dialects/Winnow/WinnowOps.h"
#include "lib/Analysis/Gates.h"
#include "lib/Analysis/ScalarEvaluation.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "passes/Raise/SoftmaxForm.h"
#include "passes/Raise/TopKForm.h"

using namespace mlir;
using namespace winnow;

namespace {

linalg::GenericOp findElementwise(Value value) {
  auto op = value.getDefiningOp<linalg::GenericOp>();
  if (!op || op->getNumResults() != 1 || op.getNumReductionLoops() != 0 || op.getNumLoops() != 2 ||
      !op.hasPureTensorSemantics() || !op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity())
    return {};
  return op;
}

/// What the body yields where `operand` is zero, or false, and nothing else is known.
Attribute evaluateAtZero(linalg::GenericOp op, OpOperand *operand) {
  BlockArgument argument = op.getMatchingBlockArgument(operand);
  SmallVector<Attribute> arguments(op.getBlock()->getNumArguments());
  arguments[argument.getArgNumber()] = Builder(op.getContext()).getZeroAttr(argument.getType());
  return evaluateBody(op, arguments).front();
}

/// Whether the body divides `operand` by something.
bool isNumerator(linalg::GenericOp op, OpOperand *operand) {
  Block &body = *op.getBlock();
  auto quotient = body.getTerminator()->getOperand(0).getDefiningOp<arith::DivFOp>();
  return quotient && quotient.getLhs() == op.getMatchingBlockArgument(operand) &&
         llvm::hasSingleElement(body.without_terminator());
}

bool isMinusInfinity(Attribute value) {
  auto number = dyn_cast_if_present<FloatAttr>(value);
  return number && number.getValue().isInfinity() && number.getValue().isNegative();
}

Routing routeByTopK(const TopKScatter &scatter) { return {{}, scatter.scores, scatter.k}; }

/// The entries of a mask [rows, entries] of i1.
std::optional<Routing> findMasked(Value mask) {
  Value selection = getElementTypeOrSelf(mask.getType()).isInteger(1) ? findSelection(mask) : Value();
  return selection ? std::optional<Routing>({selection, {}, 0}) : std::nullopt;
}

/// The entries of scores that may be above minus infinity.
std::optional<Routing> findUnmaskedScores(Value scores) {
  auto op = scores.getDefiningOp<linalg::GenericOp>();
  std::optional<TopKScatter> scatter = findTopKScatter(op);
  if (scatter)
    return isMinusInfinity(scatter->elsewhere) ? std::optional(routeByTopK(*scatter)) : std::nullopt;
  op = findElementwise(scores);
  if (!op)
    return std::nullopt;
  for (OpOperand *input : op.getDpsInputOperands())
    if (op.getMatchingIndexingMap(input).isIdentity() &&
        getElementTypeOrSelf(input->get().getType()).isInteger(1) &&
        isMinusInfinity(evaluateAtZero(op, input)))
      if (std::optional<Routing> found = findMasked(input->get()))
        return found;
  return std::nullopt;
}

} // namespace

std::optional<Routing> winnow::findRouting(Value gates) {
  if (std::optional<Routing> masked = findMasked(gates))
    return masked;
  if (std::optional<TopKScatter> scatter = findTopKScatter(gates.getDefiningOp<linalg::GenericOp>()))
    return isZero(scatter->elsewhere) ? std::optional(routeByTopK(*scatter)) : std::nullopt;
  if (std::optional<SoftmaxForm> softmax = findSoftmax(gates))
    if (std::optional<Routing> found = findUnmaskedScores(softmax->scores))
      return found;
  linalg::GenericOp op = findElementwise(gates);
  if (!op)
    return std::nullopt;
  for (OpOperand *input : op.getDpsInputOperands())
    if (op.getMatchingIndexingMap(input).isIdentity() &&
        (isNumerator(op, input) || isZero(evaluateAtZero(op, input))))
      if (std::optional<Routing> found = findRouting(input->get()))
        return found;
  return std::nullopt;
}

Value winnow::createSelection(OpBuilder &builder, Location location, const Routing &routing) {
  if (routing.selection)
    return routing.selection;
  return SelectTopKOp::create(builder, location, routing.scores, routing.k);
}
