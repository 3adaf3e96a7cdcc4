// Finds softmaxes, and what is done to scores, in linalg.
#include "passes/Raise/SoftmaxForm.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;
using namespace winnow;

namespace {

/// The element-wise operation that defines `value`, with the result indexed by all loops in order.
linalg::GenericOp findElementwise(Value value) {
  auto op = value.getDefiningOp<linalg::GenericOp>();
  if (!op || op->getNumResults() != 1 || op.getNumReductionLoops() != 0 || !op.hasPureTensorSemantics() ||
      !op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity() ||
      !op.getMatchingBlockArgument(op.getDpsInitOperand(0)).use_empty())
    return {};
  return op;
}

/// The only operation of the body beside constants, whose result is yielded.
Operation *findOnly(linalg::GenericOp op) {
  Block &body = *op.getBlock();
  auto computes = [](Operation &inner) { return !inner.hasTrait<OpTrait::ConstantLike>(); };
  if (llvm::count_if(body.without_terminator(), computes) != 1)
    return nullptr;
  Operation *yielded = body.getTerminator()->getOperand(0).getDefiningOp();
  return yielded && yielded->getBlock() == &body ? yielded : nullptr;
}

template <typename Op> Op findOnly(linalg::GenericOp op) { return dyn_cast_if_present<Op>(findOnly(op)); }

/// Whether `operand` is read by all dimensions but the last.
bool isRowwise(linalg::GenericOp op, OpOperand *operand) {
  unsigned loops = op.getNumLoops();
  return op.getMatchingIndexingMap(operand) ==
         AffineMap::getMultiDimIdentityMap(loops, op.getContext()).getMajorSubMap(loops - 1);
}

/// An element-wise `Op` of a whole tensor and a value for each row of it.
template <typename Op> linalg::GenericOp findRowOperation(Value value) {
  linalg::GenericOp op = findElementwise(value);
  if (!op || op.getNumDpsInputs() != 2)
    return {};
  Op only = findOnly<Op>(op);
  OpOperand *whole = op.getDpsInputOperand(0), *row = op.getDpsInputOperand(1);
  bool matches = only && only.getLhs() == op.getMatchingBlockArgument(whole) &&
                 only.getRhs() == op.getMatchingBlockArgument(row) &&
                 op.getMatchingIndexingMap(whole).isIdentity() && isRowwise(op, row);
  return matches ? op : linalg::GenericOp();
}

/// The number that an accumulation starts from, if it is filled with a constant.
std::optional<float> findStart(linalg::GenericOp op) {
  auto fill = op.getDpsInits()[0].getDefiningOp<linalg::FillOp>();
  APFloat value(0.0f);
  if (!fill || !matchPattern(fill.getInputs()[0], m_ConstantFloat(&value)))
    return std::nullopt;
  bool isExact;
  value.convert(APFloat::IEEEsingle(), APFloat::rmNearestTiesToEven, &isExact);
  return value.convertToFloat();
}

/// A reduction of the last dimension by `Op`.
template <typename... Ops> linalg::GenericOp findRowReduction(Value value) {
  auto op = value.getDefiningOp<linalg::GenericOp>();
  if (!op || op->getNumResults() != 1 || op.getNumDpsInputs() != 1 || op.getNumReductionLoops() != 1 ||
      !op.hasPureTensorSemantics() || !op.getMatchingIndexingMap(op.getDpsInputOperand(0)).isIdentity() ||
      !isRowwise(op, op.getDpsInitOperand(0)))
    return {};
  Block &body = *op.getBlock();
  Operation *only = findOnly(op);
  bool matches = isa_and_nonnull<Ops...>(only) &&
                 llvm::is_contained(only->getOperands(), body.getArgument(0)) &&
                 llvm::is_contained(only->getOperands(), body.getArgument(1));
  return matches ? op : linalg::GenericOp();
}

/// A tensor of weights and the operations that put zeros in place of some: of its NaNs, or of the rows
/// without a score above minus infinity.
struct WeightGuard {
  Value input;
  linalg::GenericOp largestScores; // whose rows are taken, or null for the NaNs
  SmallVector<Operation *> operations;
};

/// Whether `mask` says where `value` is NaN.
bool isNaNMask(Value mask, Value value) {
  linalg::GenericOp op = findElementwise(mask);
  if (!op || op.getNumDpsInputs() != 1 || op.getInputs()[0] != value ||
      !op.getMatchingIndexingMap(op.getDpsInputOperand(0)).isIdentity())
    return false;
  Value element = op.getBlock()->getArgument(0);
  auto compare = findOnly<arith::CmpFOp>(op);
  return compare && compare.getLhs() == element && compare.getRhs() == element &&
         llvm::is_contained({arith::CmpFPredicate::UNE, arith::CmpFPredicate::UNO}, compare.getPredicate());
}

/// The largest scores, if `mask` says which of them are minus infinity.
linalg::GenericOp findMaskedRows(Value mask) {
  linalg::GenericOp op = findElementwise(mask);
  if (!op || op.getNumDpsInputs() != 1 || !op.getMatchingIndexingMap(op.getDpsInputOperand(0)).isIdentity())
    return {};
  auto compare = findOnly<arith::CmpFOp>(op);
  APFloat bound(0.0f);
  bool matches = compare && compare.getPredicate() == arith::CmpFPredicate::OEQ &&
                 compare.getLhs() == op.getBlock()->getArgument(0) &&
                 matchPattern(compare.getRhs(), m_ConstantFloat(&bound)) && bound.isInfinity() &&
                 bound.isNegative();
  return matches ? findRowReduction<arith::MaximumFOp, arith::MaxNumFOp>(op.getInputs()[0])
                 : linalg::GenericOp();
}

/// The guard that makes `value`: Where(mask, 0, input), where the mask is IsNaN(input) or one of rows.
std::optional<WeightGuard> findWeightGuard(Value value) {
  linalg::GenericOp op = findElementwise(value);
  if (!op || op.getNumDpsInputs() != 2)
    return std::nullopt;
  auto select = findOnly<arith::SelectOp>(op);
  OpOperand *mask = op.getDpsInputOperand(0), *input = op.getDpsInputOperand(1);
  bool matches = select && select.getCondition() == op.getMatchingBlockArgument(mask) &&
                 matchPattern(select.getTrueValue(), m_AnyZeroFloat()) &&
                 select.getFalseValue() == op.getMatchingBlockArgument(input) &&
                 op.getMatchingIndexingMap(input).isIdentity();
  if (!matches)
    return std::nullopt;
  WeightGuard guard{input->get(), {}, {op, mask->get().getDefiningOp()}};
  if (op.getMatchingIndexingMap(mask).isIdentity() && isNaNMask(mask->get(), input->get()))
    return guard;
  guard.largestScores = isRowwise(op, mask) ? findMaskedRows(mask->get()) : linalg::GenericOp();
  if (!guard.largestScores)
    return std::nullopt;
  guard.operations.push_back(guard.largestScores);
  return guard;
}

/// Whether `op` finds the largest of each row's scores, starting from what no score is below.
bool isLargestOf(linalg::GenericOp op, Value scores) {
  std::optional<float> start = findStart(op);
  return op.getInputs()[0] == scores && start && *start <= std::numeric_limits<float>::lowest();
}

bool hasIndices(linalg::GenericOp op) { return !op.getBody()->getOps<linalg::IndexOp>().empty(); }

/// `op` as a step that reads the score through `score`, if its other inputs can be captures.
std::optional<ScoreStep> asStep(linalg::GenericOp op, OpOperand *score) {
  ScoreStep step{op, score, {}};
  for (OpOperand *input : op.getDpsInputOperands()) {
    if (input == score)
      continue;
    if (!isa<RankedTensorType>(input->get().getType()) ||
        !op.getMatchingIndexingMap(input).isProjectedPermutation())
      return std::nullopt;
    step.captures.push_back(input);
  }
  return step;
}

/// As findScoreChain; `rejected` holds the values at which no chain ends, so that each is looked at once.
std::optional<ScoreChain> findChain(Value scores, function_ref<bool(Value)> isProducts,
                                    DenseSet<Value> &rejected) {
  if (isProducts(scores))
    return ScoreChain{scores, {}};
  linalg::GenericOp op = findElementwise(scores);
  if (!op || hasIndices(op) || rejected.contains(scores))
    return std::nullopt;
  for (OpOperand *input : op.getDpsInputOperands()) {
    if (!op.getMatchingIndexingMap(input).isIdentity() ||
        !getElementTypeOrSelf(input->get().getType()).isF32())
      continue;
    std::optional<ScoreChain> chain = findChain(input->get(), isProducts, rejected);
    std::optional<ScoreStep> step = chain ? asStep(op, input) : std::nullopt;
    if (step) {
      chain->steps.push_back(std::move(*step));
      return chain;
    }
  }
  rejected.insert(scores);
  return std::nullopt;
}

} // namespace

std::optional<SoftmaxForm> winnow::findSoftmax(Value weights) {
  std::optional<WeightGuard> guard = findWeightGuard(weights);
  linalg::GenericOp quotient = findRowOperation<arith::DivFOp>(guard ? guard->input : weights);
  if (!quotient)
    return std::nullopt;
  Value exponentials = quotient.getInputs()[0];
  linalg::GenericOp sum = findRowReduction<arith::AddFOp>(quotient.getInputs()[1]);
  linalg::GenericOp exponential = findElementwise(exponentials);
  if (!sum || sum.getInputs()[0] != exponentials || findStart(sum) != 0.0f || !exponential ||
      exponential.getNumDpsInputs() != 1 || !findOnly<math::ExpOp>(exponential))
    return std::nullopt;
  linalg::GenericOp difference = findRowOperation<arith::SubFOp>(exponential.getInputs()[0]);
  if (!difference)
    return std::nullopt;
  linalg::GenericOp largest =
      findRowReduction<arith::MaximumFOp, arith::MaxNumFOp>(difference.getInputs()[1]);
  Value scores = difference.getInputs()[0];
  if (!largest || !isLargestOf(largest, scores))
    return std::nullopt;
  if (guard && guard->largestScores &&
      (!isLargestOf(guard->largestScores, scores) || findStart(guard->largestScores) != -INFINITY))
    return std::nullopt;
  SoftmaxForm form{scores, {quotient, sum, exponential, difference, largest}};
  if (guard)
    llvm::append_range(form.operations, guard->operations);
  return form;
}

std::optional<ScoreChain> winnow::findScoreChain(Value scores, function_ref<bool(Value)> isProducts) {
  DenseSet<Value> rejected;
  return findChain(scores, isProducts, rejected);
}

std::optional<ConstantScale> winnow::findConstantScale(Value value) {
  linalg::GenericOp op = findElementwise(value);
  if (!op || op.getNumDpsInputs() != 1 || !op.getMatchingIndexingMap(op.getDpsInputOperand(0)).isIdentity())
    return std::nullopt;
  APFloat factor(0.0f);
  Value element = op.getBlock()->getArgument(0);
  auto read = [&](bool isDivided) {
    float number = factor.convertToFloat();
    return ConstantScale{op.getInputs()[0], isDivided ? 1.0f / number : number};
  };
  if (!element.getType().isF32())
    return std::nullopt;
  if (auto product = findOnly<arith::MulFOp>(op))
    if ((product.getLhs() == element && matchPattern(product.getRhs(), m_ConstantFloat(&factor))) ||
        (product.getRhs() == element && matchPattern(product.getLhs(), m_ConstantFloat(&factor))))
      return read(/*isDivided=*/false);
  if (auto quotient = findOnly<arith::DivFOp>(op))
    if (quotient.getLhs() == element && matchPattern(quotient.getRhs(), m_ConstantFloat(&factor)) &&
        !factor.isZero())
      return read(/*isDivided=*/true);
  return std::nullopt;
}
