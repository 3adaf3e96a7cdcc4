// Recognizes channel-wise operations and what they do with zeros.
#include "lib/Analysis/Channelwise.h"

#include "lib/Analysis/ScalarEvaluation.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace winnow;

namespace {

/// False, with a reason.
bool refuse(std::string *reason, const Twine &why) {
  if (reason)
    *reason = why.str();
  return false;
}

bool isPool(Operation *op) { return isa<linalg::PoolingNchwMaxOp, linalg::PoolingNchwSumOp>(op); }

/// A dimension of the kernel at least reaches beyond the padding, so that each window covers an element.
bool coversElements(linalg::PoolingNchwMaxOp pool, tensor::PadOp pad) {
  auto kernel = cast<RankedTensorType>(pool.getInputs()[1].getType());
  for (int64_t axis = 0; axis < 2; ++axis) {
    int64_t size = kernel.getDimSize(axis);
    if (ShapedType::isDynamic(size) || pad.getStaticLow()[axis + 2] >= size ||
        pad.getStaticHigh()[axis + 2] >= size)
      return false;
  }
  return llvm::all_of(pool.getDilations().getValues<int64_t>(),
                      [](int64_t dilation) { return dilation == 1; });
}

/// The step at which an accumulation from `init` over zeros stays; null if it does not.
Attribute accumulateZeros(linalg::LinalgOp op, SmallVector<Attribute> arguments, Attribute init) {
  arguments.back() = init;
  Attribute once = evaluateBody(op, arguments).front();
  if (!once)
    return {};
  arguments.back() = once;
  Attribute twice = evaluateBody(op, arguments).front();
  return once == twice ? once : Attribute();
}

bool reducesSomething(linalg::LinalgOp op) {
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  for (auto [range, iterator] : llvm::zip_equal(ranges, op.getIteratorTypesArray()))
    if (iterator == utils::IteratorType::reduction && (ShapedType::isDynamic(range) || range == 0))
      return false;
  return true;
}

} // namespace

std::optional<ChannelLoops> winnow::findChannelLoops(linalg::LinalgOp op, std::string *reason) {
  if (!isa<linalg::GenericOp>(op.getOperation()) && !isPool(op))
    return refuse(reason, "'" + op->getName().getStringRef() + "' is not channel-wise"), std::nullopt;
  if (!op.hasPureTensorSemantics() || op->getNumResults() != 1)
    return refuse(reason, "has not exactly one tensor as result"), std::nullopt;
  AffineMap result = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  if (result.getNumResults() < 2 || !result.isProjectedPermutation())
    return refuse(reason, "gives no tensor of rows and channels"), std::nullopt;
  ChannelLoops loops{result.getDimPosition(0), result.getDimPosition(1)};
  auto usesChannelIndex = [&](linalg::IndexOp index) { return index.getDim() == loops.channel; };
  if (llvm::any_of(op.getBlock()->getOps<linalg::IndexOp>(), usesChannelIndex))
    return refuse(reason, "computes with the number of the channel"), std::nullopt;
  for (OpOperand *input : op.getDpsInputOperands()) {
    ChannelAccess access = accessOf(op.getMatchingIndexingMap(input), loops);
    // A table that is reduced is a filter: gathering it would copy it for each row.
    if (access == ChannelAccess::Unsupported ||
        (access == ChannelAccess::Shared && op.getNumReductionLoops() != 0))
      return refuse(reason, "mixes channels"), std::nullopt;
  }
  // What a body reads on its own cannot be told apart by channel.
  if (llvm::any_of(op.getBlock()->without_terminator(),
                   [](Operation &inner) { return isa<tensor::ExtractOp>(inner) || inner.getNumRegions(); }))
    return refuse(reason, "reads tensors element by element"), std::nullopt;
  return loops;
}

ChannelAccess winnow::accessOf(AffineMap map, ChannelLoops loops) {
  auto uses = [](AffineExpr expression, unsigned loop) { return expression.isFunctionOfDim(loop); };
  auto isLoop = [&](unsigned position, unsigned loop) {
    return position < map.getNumResults() &&
           map.getResult(position) == getAffineDimExpr(loop, map.getContext());
  };
  auto restUses = [&](unsigned from, unsigned loop) {
    return llvm::any_of(map.getResults().drop_front(from), [&](AffineExpr e) { return uses(e, loop); });
  };
  if (!restUses(0, loops.channel))
    return ChannelAccess::None;
  if (isLoop(0, loops.row) && isLoop(1, loops.channel) && !restUses(2, loops.row) &&
      !restUses(2, loops.channel))
    return ChannelAccess::Rowwise;
  if (isLoop(0, loops.channel) && !restUses(1, loops.channel) && !restUses(0, loops.row))
    return ChannelAccess::Shared;
  return ChannelAccess::Unsupported;
}

ScatterOp winnow::findScatter(linalg::LinalgOp op, Value operand) {
  if (auto scatter = operand.getDefiningOp<ScatterOp>())
    return scatter;
  auto pool = dyn_cast<linalg::PoolingNchwMaxOp>(op.getOperation());
  auto pad = operand.getDefiningOp<tensor::PadOp>();
  if (!pool || !pad || operand != pool.getInputs()[0] || !isSpatialPadding(pad) || !coversElements(pool, pad))
    return {};
  auto value = dyn_cast_if_present<FloatAttr>([&] {
    Attribute constant;
    Value padding = pad.getConstantPaddingValue();
    return padding && matchPattern(padding, m_Constant(&constant)) ? constant : Attribute();
  }());
  if (!value || !value.getValue().isInfinity() || !value.getValue().isNegative())
    return {};
  return pad.getSource().getDefiningOp<ScatterOp>();
}

bool winnow::preservesZeros(linalg::LinalgOp op, function_ref<bool(OpOperand &)> isZeroed) {
  SmallVector<Attribute> arguments(op.getBlock()->getNumArguments());
  for (OpOperand *input : op.getDpsInputOperands())
    if (isZeroed(*input)) {
      BlockArgument argument = op.getMatchingBlockArgument(input);
      arguments[argument.getArgNumber()] = Builder(op.getContext()).getZeroAttr(argument.getType());
    }
  OpOperand *init = op.getDpsInitOperand(0);
  if (!op.payloadUsesValueFromOperand(init))
    return isZero(evaluateBody(op, arguments).front());
  Attribute fill = findFill(init->get());
  if (!fill)
    return false;
  Attribute result = accumulateZeros(op, std::move(arguments), fill);
  // Nothing reduced leaves the fill.
  return isZero(result) && (isZero(fill) || reducesSomething(op));
}

Attribute winnow::findFill(Value tensor) {
  Attribute value;
  if (auto fill = tensor.getDefiningOp<linalg::FillOp>())
    return matchPattern(fill.getInputs()[0], m_Constant(&value)) ? value : Attribute();
  DenseElementsAttr elements;
  if (matchPattern(tensor, m_Constant(&elements)) && elements.isSplat())
    return elements.getSplatValue<Attribute>();
  return {};
}

namespace {

bool keepsChannelsBetween(RankedTensorType expanded, RankedTensorType collapsed,
                          ArrayRef<ReassociationIndices> groups) {
  if (collapsed.getRank() < 2 || groups[0].size() != 1)
    return false;
  return llvm::all_of(ArrayRef<int64_t>(groups[1]).drop_front(),
                      [&](int64_t dimension) { return expanded.getDimSize(dimension) == 1; });
}

} // namespace

bool winnow::keepsChannels(tensor::ExpandShapeOp op) {
  return keepsChannelsBetween(op.getResultType(), op.getSrcType(), op.getReassociationIndices());
}

bool winnow::keepsChannels(tensor::CollapseShapeOp op) {
  return keepsChannelsBetween(op.getSrcType(), op.getResultType(), op.getReassociationIndices());
}

bool winnow::isSpatialPadding(tensor::PadOp op) {
  if (op.getSourceType().getRank() < 2 || !op.getLow().empty() || !op.getHigh().empty() ||
      !op.getConstantPaddingValue())
    return false;
  for (ArrayRef<int64_t> amounts : {op.getStaticLow(), op.getStaticHigh()})
    if (amounts[0] != 0 || amounts[1] != 0 ||
        llvm::any_of(amounts, [](int64_t amount) { return amount < 0; }))
      return false;
  return true;
}

bool winnow::isZeroPadding(tensor::PadOp op) {
  Attribute value;
  Value padding = op.getConstantPaddingValue();
  return padding && matchPattern(padding, m_Constant(&value)) && isZero(value);
}

namespace {

template <typename OpTy> bool checkContraction(OpTy op, std::string *reason) {
  if (!op.hasPureTensorSemantics())
    return refuse(reason, "is not on tensors");
  Type x = getElementTypeOrSelf(op.getInputs()[0].getType());
  Type weights = getElementTypeOrSelf(op.getInputs()[1].getType());
  Type result = getElementTypeOrSelf(op.getResult(0).getType());
  bool isInteger = x.isInteger(8) && weights.isInteger(8) && result.isInteger(32);
  bool isReal =
      isa<Float16Type, BFloat16Type, Float32Type>(x) && x == weights && (result == x || result.isF32());
  if (!isInteger && !isReal)
    return refuse(reason, "has element types that no operation with a selection has");
  if (!isZero(findFill(op.getOutputs()[0])))
    return refuse(reason, "accumulates onto something other than zero");
  return true;
}

} // namespace

bool winnow::isSelectable(linalg::MatmulOp op, std::string *reason) {
  if (op.hasUserDefinedMaps() || op.getCast() != linalg::TypeFn::cast_signed)
    return refuse(reason, "is a matrix product of another layout");
  return checkContraction(op, reason);
}

bool winnow::isSelectable(linalg::Conv2DNchwFchwOp op, std::string *reason) {
  return checkContraction(op, reason);
}
