// Recognizes layer norms and root-mean-square norms in the reductions and the arithmetic that exporters
// write.
#include "dialects/Winnow/WinnowOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Remarks.h"
#include "passes/Raise/ElementExpression.h"
#include "passes/Raise/Passes.h"
#include "llvm/ADT/SetVector.h"

#include <cmath>

namespace winnow {
#define GEN_PASS_DEF_RAISENORMALIZATION
#include "passes/Raise/Passes.h.inc"
} // namespace winnow

using namespace mlir;
using namespace winnow;

namespace {

// A row is one item of a kernel. Rows longer than this, which do not stay in a cache, are better split.
constexpr int64_t kLongestRow = 1 << 16;

/// What a normalization is computed from. `last` computes its result.
struct NormalizationForm {
  linalg::GenericOp last;
  Value x, scale, bias;
  float epsilon;
  bool isCentered;
};

/// The term of which `scalar` is the mean over rows of this width.
std::optional<Value> findMeanTerm(Value scalar, int64_t width) {
  ElementProduct product = findFactors(scalar);
  if (product.factors.size() != 1 || std::abs(product.number * width - 1.0) > 1e-5)
    return std::nullopt;
  std::optional<RowSum> sum = findRowSum(product.factors[0]);
  if (!sum || sum->width != width)
    return std::nullopt;
  return sum->term;
}

/// Whether `scalar` is the difference of an element and the mean of its row; then the element.
Value findCentered(Value scalar, int64_t width) {
  auto difference = findScalar<arith::SubFOp>(scalar);
  if (!difference)
    return {};
  std::optional<Value> term = findMeanTerm(difference.getRhs(), width);
  return term && areSameElement(*term, difference.getLhs()) ? difference.getLhs() : Value();
}

/// A mean of squares and what is added to it.
struct Variance {
  Value deviation; // what is squared
  float epsilon;
};

/// The variance of which `scalar` is the square root.
std::optional<Variance> findVariance(Value scalar, int64_t width) {
  auto sum = findScalar<arith::AddFOp>(scalar);
  if (!sum)
    return std::nullopt;
  Value mean = sum.getLhs(), added = sum.getRhs();
  if (findNumber(mean))
    std::swap(mean, added);
  std::optional<double> epsilon = findNumber(added);
  std::optional<Value> term = findMeanTerm(mean, width);
  if (!epsilon || !std::isfinite(*epsilon) || *epsilon < 0 || !term)
    return std::nullopt;
  std::optional<ConstantPower> square = findPower(*term);
  if (!square || square->exponent != 2.0)
    return std::nullopt;
  return Variance{square->base, static_cast<float>(*epsilon)};
}

/// What `scalar` is -1/2 to the power of; with `isDivisor`, 1/2.
Value findRooted(Value scalar, bool isDivisor) {
  double exponent = isDivisor ? -1.0 : 1.0;
  for (std::optional<ConstantPower> power = findPower(scalar); power; power = findPower(scalar)) {
    exponent *= power->exponent;
    scalar = power->base;
    if (exponent == -0.5)
      return scalar;
  }
  return {};
}

/// The normalization, without parameters, that ends with a product or a quotient of `deviation` and `root`.
std::optional<NormalizationForm> findForm(linalg::GenericOp op, Value deviation, Value root, bool isDivisor) {
  auto shape = cast<RankedTensorType>(op->getResult(0).getType()).getShape();
  Value rooted = findRooted(root, isDivisor);
  if (!rooted)
    return std::nullopt;
  std::optional<Variance> variance = findVariance(rooted, shape.back());
  if (!variance || !areSameElement(variance->deviation, deviation))
    return std::nullopt;
  NormalizationForm form{op, {}, {}, {}, variance->epsilon, false};
  if (Value element = findCentered(deviation, shape.back())) {
    form.isCentered = true;
    form.x = findTensor(element);
  } else {
    form.x = findTensor(deviation);
  }
  if (!form.x || form.x.getType() != op->getResult(0).getType())
    return std::nullopt;
  return form;
}

/// The operations between `form.x` and the result have no other users, which would need them all the same.
bool isUsedElsewhere(const NormalizationForm &form) {
  SetVector<Operation *> members;
  members.insert(form.last);
  for (size_t next = 0; next < members.size(); ++next)
    for (Value operand : members[next]->getOperands())
      if (operand != form.x && operand.getDefiningOp<linalg::GenericOp>())
        members.insert(operand.getDefiningOp());
  return llvm::any_of(members.getArrayRef().drop_front(), [&](Operation *member) {
    return llvm::any_of(member->getUsers(), [&](Operation *user) { return !members.contains(user); });
  });
}

/// Whether an operand is a vector that is read along the last dimension.
bool isParameter(linalg::GenericOp op, OpOperand *operand) {
  AffineMap map = op.getMatchingIndexingMap(operand);
  auto type = cast<RankedTensorType>(operand->get().getType());
  return map.getNumResults() == 1 &&
         map.getResult(0) == getAffineDimExpr(op.getNumLoops() - 1, op.getContext()) &&
         type.hasStaticShape() && type.getElementType().isF32();
}

/// Takes the one user of the result in, if it is an `Op` with a parameter.
template <typename Op> Value takeParameter(NormalizationForm &form) {
  Value result = form.last->getResult(0);
  auto user = result.hasOneUse() ? dyn_cast<linalg::GenericOp>(*result.user_begin()) : nullptr;
  if (!user || !isElementwise(user) || user.getNumDpsInputs() != 2 ||
      user->getResult(0).getType() != result.getType())
    return {};
  Block &body = *user.getBlock();
  auto only = body.getTerminator()->getOperand(0).template getDefiningOp<Op>();
  if (!only || !llvm::hasSingleElement(body.without_terminator()))
    return {};
  OpOperand *in = user.getDpsInputOperand(0), *parameter = user.getDpsInputOperand(1);
  if (in->get() != result)
    std::swap(in, parameter);
  auto takes = [&](OpOperand *operand) {
    return llvm::is_contained(only->getOperands(), user.getMatchingBlockArgument(operand));
  };
  if (!user.getMatchingIndexingMap(in).isIdentity() || !isParameter(user, parameter) || !takes(in) ||
      !takes(parameter))
    return {};
  form.last = user;
  return parameter->get();
}

/// The normalization whose result, before scale and bias, is that of `op`.
std::optional<NormalizationForm> findNormalization(linalg::GenericOp op) {
  if (!isElementwise(op) || op.getNumLoops() == 0)
    return std::nullopt;
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  int64_t width = type.getShape().back();
  if (!type.getElementType().isF32() || ShapedType::isDynamic(width) || width < 1 || width > kLongestRow)
    return std::nullopt;
  Value result = op.getBlock()->getTerminator()->getOperand(0);
  std::optional<NormalizationForm> form;
  if (auto quotient = result.getDefiningOp<arith::DivFOp>()) {
    form = findForm(op, quotient.getLhs(), quotient.getRhs(), /*isDivisor=*/true);
  } else if (auto product = result.getDefiningOp<arith::MulFOp>()) {
    form = findForm(op, product.getLhs(), product.getRhs(), /*isDivisor=*/false);
    if (!form)
      form = findForm(op, product.getRhs(), product.getLhs(), /*isDivisor=*/false);
  }
  if (!form || isUsedElsewhere(*form))
    return std::nullopt;
  form->scale = takeParameter<arith::MulFOp>(*form);
  form->bias = takeParameter<arith::AddFOp>(*form);
  return form;
}

void remarkOn(NormalizeOp op) {
  remark::analysis(op.getLoc(), remark::RemarkOpts::name("RaiseNormalization").category("raise"))
      << remark::add("recognized {0} of width {1}", op.getCentered() ? "layer norm" : "root-mean-square norm",
                     op.getWidth());
}

struct RaiseNormalization : winnow::impl::RaiseNormalizationBase<RaiseNormalization> {
  void runOnOperation() override {
    SmallVector<linalg::GenericOp> candidates;
    getOperation().walk([&](linalg::GenericOp op) { candidates.push_back(op); });
    IRRewriter rewriter(&getContext());
    for (linalg::GenericOp op : candidates) {
      std::optional<NormalizationForm> form = findNormalization(op);
      if (!form)
        continue;
      // What is replaced keeps its own operands until dead code is removed: later candidates are still there.
      rewriter.setInsertionPoint(form->last);
      auto raised = NormalizeOp::create(rewriter, form->last.getLoc(), form->x.getType(), form->x,
                                        form->scale, form->bias, rewriter.getF32FloatAttr(form->epsilon),
                                        form->isCentered ? rewriter.getUnitAttr() : UnitAttr());
      rewriter.replaceAllUsesWith(form->last->getResult(0), raised.getResult());
      remarkOn(raised);
    }
  }
};

} // namespace
