// Walks from a gate to the contractions that its selection can reach.
#include "lib/Analysis/SelectionReach.h"

#include "lib/Analysis/Channelwise.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace winnow;

namespace {

/// The operands of a channel-wise operation whose channels are those of its result; none of another.
SmallVector<OpOperand *> channelOperands(Operation *op) {
  SmallVector<OpOperand *> operands;
  TypeSwitch<Operation *>(op)
      .Case([&](linalg::LinalgOp linalgOp) {
        std::optional<ChannelLoops> loops = findChannelLoops(linalgOp);
        for (OpOperand *input : linalgOp.getDpsInputOperands())
          if (loops && accessOf(linalgOp.getMatchingIndexingMap(input), *loops) == ChannelAccess::Rowwise)
            operands.push_back(input);
      })
      .Case<tensor::ExpandShapeOp, tensor::CollapseShapeOp>([&](auto reshape) {
        if (keepsChannels(reshape))
          operands.push_back(&reshape.getSrcMutable());
      })
      .Case([&](tensor::PadOp pad) {
        if (isSpatialPadding(pad))
          operands.push_back(&pad.getSourceMutable());
      })
      .Case([&](ChannelGateOp gate) { operands.push_back(&gate.getXMutable()); });
  return operands;
}

bool isSelectableContraction(Operation *op) {
  return TypeSwitch<Operation *, bool>(op)
      .Case<linalg::MatmulOp, linalg::Conv2DNchwFchwOp>(
          [](auto contraction) { return isSelectable(contraction); })
      .Case<MatmulOp, Conv2DOp>([](auto) { return true; })
      .Default(false);
}

/// True if zeros in the channels of this operand are zeros in those of the result.
bool passesZeros(OpOperand &use) {
  Operation *op = use.getOwner();
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op))
    return preservesZeros(linalgOp, [&](OpOperand &operand) { return &operand == &use; });
  if (auto pad = dyn_cast<tensor::PadOp>(op))
    return isZeroPadding(pad);
  return true;
}

std::string quoted(Operation *op) { return ("'" + op->getName().getStringRef() + "'").str(); }

template <typename OpTy> std::string explainContraction(OpTy op) {
  std::string reason;
  return isSelectable(op, &reason) ? std::string() : quoted(op) + ", which " + reason;
}

} // namespace

bool winnow::reachesProducer(Value tensor) {
  Operation *op = tensor.getDefiningOp();
  if (!op || !tensor.hasOneUse() || op->getBlock() != tensor.use_begin()->getOwner()->getBlock())
    return false;
  if (isSelectableContraction(op))
    return true;
  return llvm::any_of(channelOperands(op),
                      [](OpOperand *operand) { return reachesProducer(operand->get()); });
}

bool winnow::reachesConsumer(Value tensor) {
  return llvm::any_of(tensor.getUses(), [](OpOperand &use) {
    Operation *op = use.getOwner();
    if (isSelectableContraction(op))
      return use.getOperandNumber() == 0;
    return llvm::is_contained(channelOperands(op), &use) && passesZeros(use) && op->getNumResults() == 1 &&
           reachesConsumer(op->getResult(0));
  });
}

std::string winnow::explainGather(Value tensor) {
  Operation *op = tensor.getDefiningOp();
  if (!op)
    return "an argument";
  if (!tensor.hasOneUse())
    return quoted(op) + ", whose result something else uses too";
  if (op->getBlock() != tensor.use_begin()->getOwner()->getBlock())
    return quoted(op) + ", which is not in the same loop or branch";
  if (isa<ScatterOp>(op))
    return "'winnow.scatter' of another selection";
  if (auto matmul = dyn_cast<linalg::MatmulOp>(op))
    return explainContraction(matmul);
  if (auto convolution = dyn_cast<linalg::Conv2DNchwFchwOp>(op))
    return explainContraction(convolution);
  std::string reason = "is not channel-wise";
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op))
    findChannelLoops(linalgOp, &reason);
  return quoted(op) + ", which " + reason;
}

std::string winnow::explainScatter(OpOperand &use) {
  Operation *op = use.getOwner();
  if (op->hasTrait<OpTrait::IsTerminator>())
    return "the end of the function";
  if (auto matmul = dyn_cast<linalg::MatmulOp>(op))
    return explainContraction(matmul);
  if (auto convolution = dyn_cast<linalg::Conv2DNchwFchwOp>(op))
    return explainContraction(convolution);
  std::string reason = "is not channel-wise";
  auto linalgOp = dyn_cast<linalg::LinalgOp>(op);
  if (linalgOp && findChannelLoops(linalgOp, &reason))
    reason = "gives something other than zero for zero";
  return quoted(op) + ", which " + reason;
}
