// Recognizes hard gates and squeeze-excite gates.
#include "lib/Analysis/Gates.h"

#include "dialects/Winnow/WinnowOps.h"
#include "lib/Analysis/ScalarEvaluation.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace winnow;

namespace {

/// The generic that computes `value`, if it is one with parallel loops only and a single result.
linalg::GenericOp findElementwise(Value value) {
  auto generic = value.getDefiningOp<linalg::GenericOp>();
  if (!generic || generic.getNumReductionLoops() != 0 || generic->getNumResults() != 1 ||
      !generic.getMatchingIndexingMap(generic.getDpsInitOperand(0)).isIdentity())
    return {};
  return generic;
}

/// What the body yields if this operand has the value and nothing else is known.
Attribute evaluateFor(linalg::GenericOp op, OpOperand *operand, double value) {
  SmallVector<Attribute> arguments(op.getBlock()->getNumArguments());
  BlockArgument argument = op.getMatchingBlockArgument(operand);
  Builder builder(op.getContext());
  Type type = argument.getType();
  arguments[argument.getArgNumber()] = isa<FloatType>(type)
                                           ? Attribute(builder.getFloatAttr(type, value))
                                           : Attribute(builder.getIntegerAttr(type, value != 0));
  return evaluateBody(op, arguments).front();
}

bool isOne(Attribute value) {
  if (auto real = dyn_cast_if_present<FloatAttr>(value))
    return real.getValue().isExactlyValue(1.0);
  auto integer = dyn_cast_if_present<IntegerAttr>(value);
  return integer && integer.getValue().isOne();
}

/// The mask of an operand that has the gate's shape.
std::optional<GateMask> findOperandMask(OpOperand *operand) {
  Type type = operand->get().getType();
  if (getElementTypeOrSelf(type).isInteger(1))
    return GateMask{operand->get(), true};
  return isa<FloatType>(getElementTypeOrSelf(type)) ? findGateMask(operand->get()) : std::nullopt;
}

/// Whether what is computed ends at bounds on both sides, as a sigmoid and a hard sigmoid do but no relu.
bool saturates(linalg::GenericOp generic) {
  return llvm::any_of(*generic.getBlock(), llvm::IsaPred<math::ExpOp, arith::MinimumFOp, arith::MinNumFOp>);
}

/// The first operand that is the result of something, skipping biases: what a chain of layers goes through.
Value skipElementwise(Value value, bool &hasBounds) {
  while (linalg::GenericOp generic = findElementwise(value)) {
    auto type = cast<RankedTensorType>(value.getType());
    Value next;
    for (OpOperand *input : generic.getDpsInputOperands())
      if (auto operand = dyn_cast<RankedTensorType>(input->get().getType());
          operand && operand.getRank() == type.getRank() && !next)
        next = input->get();
    hasBounds |= saturates(generic);
    if (!next)
      break;
    value = next;
  }
  return value;
}

} // namespace

std::optional<GateMask> winnow::findGateMask(Value gate) {
  linalg::GenericOp generic = findElementwise(gate);
  if (!generic || cast<RankedTensorType>(gate.getType()).getRank() != 2)
    return std::nullopt;
  for (OpOperand *input : generic.getDpsInputOperands()) {
    if (!generic.getMatchingIndexingMap(input).isIdentity() || !isZero(evaluateFor(generic, input, 0)))
      continue;
    std::optional<GateMask> found = findOperandMask(input);
    if (!found)
      continue;
    found->isBinary &= isOne(evaluateFor(generic, input, 1));
    return found;
  }
  return std::nullopt;
}

Value winnow::findSelection(Value mask) {
  auto toMask = mask.getDefiningOp<SelectionToMaskOp>();
  return toMask ? Value(toMask.getSelection()) : Value();
}

Value winnow::findSqueezed(Value gate) {
  bool hasBounds = false, isIgnored = false;
  auto excite = skipElementwise(gate, hasBounds).getDefiningOp<linalg::MatmulOp>();
  if (!excite || !hasBounds)
    return {};
  auto squeeze = skipElementwise(excite.getInputs()[0], isIgnored).getDefiningOp<linalg::MatmulOp>();
  if (!squeeze)
    return {};
  auto pool = skipElementwise(squeeze.getInputs()[0], isIgnored).getDefiningOp<linalg::GenericOp>();
  if (!pool || pool.getNumReductionLoops() == 0 || pool.getNumDpsInputs() != 1)
    return {};
  auto type = cast<RankedTensorType>(pool.getInputs()[0].getType());
  return type.getRank() > 2 ? Value(pool.getInputs()[0]) : Value();
}
