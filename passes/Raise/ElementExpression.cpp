// Scalar expressions of tensors' elements, seen through the element-wise operations that compute them bit by
// bit.
#include "passes/Raise/ElementExpression.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;
using namespace winnow;

namespace {

// Expressions that share parts are graphs, which could be walked on very many ways: what is recognized is
// small.
constexpr unsigned kMostComparisons = 256;
constexpr size_t kMostFactors = 16;

/// What an argument of a linalg.generic is an element of, or null.
OpOperand *operandOf(Value scalar) {
  auto argument = dyn_cast<BlockArgument>(scalar);
  auto op = argument ? dyn_cast<linalg::GenericOp>(argument.getOwner()->getParentOp()) : nullptr;
  if (!op || !op.hasPureTensorSemantics())
    return nullptr;
  OpOperand *operand = &op->getOpOperand(argument.getArgNumber());
  return op.isDpsInput(operand) ? operand : nullptr;
}

AffineMap mapOf(OpOperand *operand) {
  return cast<linalg::GenericOp>(operand->getOwner()).getMatchingIndexingMap(operand);
}

/// Whether an operand is read at the first coordinates of the loops.
bool isReadInPlace(OpOperand *operand) {
  return llvm::all_of(llvm::enumerate(mapOf(operand).getResults()), [](auto result) {
    auto dimension = dyn_cast<AffineDimExpr>(result.value());
    return dimension && dimension.getPosition() == result.index();
  });
}

/// The body's result that lands where `scalar` is read; null if it comes from somewhere else.
Value yieldedFor(Value scalar) {
  OpOperand *operand = operandOf(scalar);
  auto producer = operand ? operand->get().getDefiningOp<linalg::GenericOp>() : nullptr;
  if (!producer || !isElementwise(producer) || !isReadInPlace(operand))
    return {};
  return producer.getBlock()->getTerminator()->getOperand(0);
}

bool isLoopDependent(Operation *op) { return isa<linalg::IndexOp>(op) || op->getNumRegions() != 0; }

/// `comparisons` are those that may still be made.
bool areSame(Value a, Value b, unsigned &comparisons) {
  a = resolveElement(a);
  b = resolveElement(b);
  if (a == b)
    return true;
  if (a.getType() != b.getType() || comparisons == 0)
    return false;
  --comparisons;
  OpOperand *left = operandOf(a), *right = operandOf(b);
  if (left || right)
    return left && right && left->get() == right->get() &&
           mapOf(left).getResults() == mapOf(right).getResults();
  Operation *first = a.getDefiningOp(), *second = b.getDefiningOp();
  return first && second && first->getName() == second->getName() &&
         first->getAttrDictionary() == second->getAttrDictionary() && !isLoopDependent(first) &&
         first->getNumResults() == 1 && first->getNumOperands() == second->getNumOperands() &&
         llvm::all_of(llvm::zip(first->getOperands(), second->getOperands()),
                      [&](auto pair) { return areSame(std::get<0>(pair), std::get<1>(pair), comparisons); });
}

void collectFactors(Value scalar, bool isDivided, ElementProduct &product) {
  scalar = resolveElement(scalar);
  if (std::optional<double> number = findNumber(scalar)) {
    product.number = isDivided ? product.number / *number : product.number * *number;
  } else if (product.factors.size() >= kMostFactors) {
    product.factors.push_back(scalar);
  } else if (auto times = scalar.getDefiningOp<arith::MulFOp>(); times && !isDivided) {
    collectFactors(times.getLhs(), false, product);
    collectFactors(times.getRhs(), false, product);
  } else if (auto quotient = scalar.getDefiningOp<arith::DivFOp>();
             quotient && !isDivided && findNumber(quotient.getRhs())) {
    collectFactors(quotient.getLhs(), false, product);
    collectFactors(quotient.getRhs(), true, product);
  } else if (auto negation = scalar.getDefiningOp<arith::NegFOp>(); negation && !isDivided) {
    product.number = -product.number;
    collectFactors(negation.getOperand(), false, product);
  } else {
    product.factors.push_back(scalar);
  }
}

} // namespace

bool winnow::isElementwise(linalg::GenericOp op) {
  return op.hasPureTensorSemantics() && op.getNumReductionLoops() == 0 && op->getNumResults() == 1 &&
         op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity();
}

Value winnow::resolveElement(Value scalar) {
  while (Value yielded = yieldedFor(scalar))
    scalar = yielded;
  return scalar;
}

Value winnow::findTensor(Value scalar) {
  OpOperand *operand = operandOf(scalar);
  return operand && mapOf(operand).isIdentity() ? operand->get() : Value();
}

std::optional<double> winnow::findNumber(Value scalar) {
  scalar = resolveElement(scalar);
  FloatAttr number;
  if (matchPattern(scalar, m_Constant(&number)))
    return number.getValueAsDouble();
  OpOperand *operand = operandOf(scalar);
  SplatElementsAttr splat;
  if (operand && matchPattern(operand->get(), m_Constant(&splat)) && isa<FloatType>(splat.getElementType()))
    return splat.getSplatValue<FloatAttr>().getValueAsDouble();
  return std::nullopt;
}

bool winnow::isNumber(Value scalar, double number) {
  std::optional<double> found = findNumber(scalar);
  return found && std::abs(*found - number) <= 1e-5 * std::abs(number);
}

bool winnow::areSameElement(Value a, Value b) {
  unsigned comparisons = kMostComparisons;
  return areSame(a, b, comparisons);
}

std::optional<RowSum> winnow::findRowSum(Value scalar) {
  OpOperand *operand = operandOf(resolveElement(scalar));
  auto op = operand && isReadInPlace(operand) ? operand->get().getDefiningOp<linalg::GenericOp>() : nullptr;
  if (!op || !op.hasPureTensorSemantics() || op->getNumResults() != 1)
    return std::nullopt;
  unsigned rank = op.getNumLoops();
  OpOperand *init = op.getDpsInitOperand(0);
  auto zero = init->get().getDefiningOp<linalg::FillOp>();
  // One reduction, the last loop, and a result that has the others in order.
  if (rank == 0 || op.getNumReductionLoops() != 1 ||
      op.getIteratorTypesArray().back() != utils::IteratorType::reduction ||
      mapOf(init).getNumResults() != rank - 1 || !isReadInPlace(init) || !zero ||
      !matchPattern(zero.getInputs()[0], m_AnyZeroFloat()))
    return std::nullopt;
  auto sum = op.getBlock()->getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  Value accumulated = op.getMatchingBlockArgument(init);
  if (!sum || (sum.getLhs() == accumulated) == (sum.getRhs() == accumulated) || !accumulated.hasOneUse())
    return std::nullopt;
  int64_t width = op.getStaticLoopRanges().back();
  if (ShapedType::isDynamic(width))
    return std::nullopt;
  return RowSum{op, sum.getLhs() == accumulated ? sum.getRhs() : sum.getLhs(), width};
}

std::optional<ConstantPower> winnow::findPower(Value scalar) {
  scalar = resolveElement(scalar);
  if (auto power = scalar.getDefiningOp<math::PowFOp>())
    if (std::optional<double> exponent = findNumber(power.getRhs()))
      return ConstantPower{power.getLhs(), *exponent};
  if (auto product = scalar.getDefiningOp<arith::MulFOp>())
    if (areSameElement(product.getLhs(), product.getRhs()))
      return ConstantPower{product.getLhs(), 2.0};
  if (auto root = scalar.getDefiningOp<math::SqrtOp>())
    return ConstantPower{root.getOperand(), 0.5};
  if (auto root = scalar.getDefiningOp<math::RsqrtOp>())
    return ConstantPower{root.getOperand(), -0.5};
  if (auto quotient = scalar.getDefiningOp<arith::DivFOp>())
    if (findNumber(quotient.getLhs()) == 1.0)
      return ConstantPower{quotient.getRhs(), -1.0};
  return std::nullopt;
}

ElementProduct winnow::findFactors(Value scalar) {
  ElementProduct product;
  collectFactors(scalar, false, product);
  return product;
}
