// The forms that activation functions have after import.
#include "passes/Raise/ActivationForm.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "passes/Raise/ElementExpression.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;
using namespace winnow;

namespace {

constexpr double kCubic = 0.044715; // of the tanh that approximates the error function
constexpr double kSigmoidScale = 1.702;

bool isClose(double a, double b) { return std::abs(a - b) <= 1e-5 * std::abs(b); }

/// The factor that `number * factors` is, if it is one and the number is this.
Value findScaled(Value scalar, double number) {
  ElementProduct product = findFactors(scalar);
  return product.factors.size() == 1 && isClose(product.number, number) ? product.factors[0] : Value();
}

/// What is added to `number` in `scalar`.
Value findAddend(Value scalar, double number) {
  auto sum = findScalar<arith::AddFOp>(scalar);
  if (!sum)
    return {};
  if (isNumber(sum.getRhs(), number))
    return sum.getLhs();
  return isNumber(sum.getLhs(), number) ? sum.getRhs() : Value();
}

/// How often `factors` are `x`, by itself or to a power; nothing if another factor is among them.
std::optional<double> degreeIn(Value x, ArrayRef<Value> factors) {
  double degree = 0;
  for (Value factor : factors) {
    std::optional<ConstantPower> power = findPower(factor);
    if (areSameElement(factor, x))
      degree += 1;
    else if (power && areSameElement(power->base, x))
      degree += power->exponent;
    else
      return std::nullopt;
  }
  return degree;
}

/// Whether `scalar` is number * x^degree.
bool isMonomial(Value scalar, Value x, double number, double degree) {
  ElementProduct product = findFactors(scalar);
  return isClose(product.number, number) && degreeIn(x, product.factors) == degree;
}

/// Whether `scalar` is a sum of these two powers of x, each with its factor.
bool isBinomial(Value scalar, Value x, double number, double degree, double otherNumber, double otherDegree) {
  auto sum = findScalar<arith::AddFOp>(scalar);
  if (!sum)
    return false;
  auto matches = [&](Value first, Value second) {
    return isMonomial(first, x, number, degree) && isMonomial(second, x, otherNumber, otherDegree);
  };
  return matches(sum.getLhs(), sum.getRhs()) || matches(sum.getRhs(), sum.getLhs());
}

/// Whether `scalar` is sqrt(2 / pi) * (x + 0.044715 x^3), or the same with x or the factor multiplied out.
bool isTanhArgument(Value scalar, Value x) {
  const double scale = std::sqrt(2.0 / llvm::numbers::pi);
  if (isBinomial(scalar, x, scale, 1, scale * kCubic, 3))
    return true;
  ElementProduct product = findFactors(scalar);
  for (Value factor : product.factors) {
    SmallVector<Value> others;
    llvm::copy_if(product.factors, std::back_inserter(others), [&](Value other) { return other != factor; });
    if (isClose(product.number, scale) && others.empty() && isBinomial(factor, x, 1, 1, kCubic, 3))
      return true;
    if (others.size() == 1 && areSameElement(others[0], x)) {
      if (isClose(product.number, scale) && isBinomial(factor, x, 1, 0, kCubic, 2))
        return true;
      if (isClose(product.number, 1) && isBinomial(factor, x, scale, 0, scale * kCubic, 2))
        return true;
    }
  }
  return false;
}

/// The u of which `scalar` is 1 / (1 + exp(-u)).
Value findSigmoid(Value scalar, double &scale) {
  auto quotient = findScalar<arith::DivFOp>(scalar);
  if (!quotient || !isNumber(quotient.getLhs(), 1))
    return {};
  Value power = findAddend(quotient.getRhs(), 1);
  auto exponential = power ? findScalar<math::ExpOp>(power) : nullptr;
  if (!exponential)
    return {};
  ElementProduct exponent = findFactors(exponential.getOperand());
  if (exponent.factors.size() != 1)
    return {};
  scale = -exponent.number;
  return exponent.factors[0];
}

std::optional<ActivationKind> findSigmoidKind(Value x, Value factor) {
  double scale = 0;
  Value argument = findSigmoid(factor, scale);
  if (!argument || !areSameElement(argument, x))
    return std::nullopt;
  if (isClose(scale, 1))
    return ActivationKind::Silu;
  return isClose(scale, kSigmoidScale) ? std::optional(ActivationKind::GeluSigmoid) : std::nullopt;
}

/// Which GELU `x / 2 * factor` is.
std::optional<ActivationKind> findGeluKind(Value x, Value factor) {
  Value function = findAddend(factor, 1);
  if (!function)
    return std::nullopt;
  if (auto error = findScalar<math::ErfOp>(function)) {
    Value argument = findScaled(error.getOperand(), std::sqrt(0.5));
    return argument && areSameElement(argument, x) ? std::optional(ActivationKind::Gelu) : std::nullopt;
  }
  auto tanh = findScalar<math::TanhOp>(function);
  return tanh && isTanhArgument(tanh.getOperand(), x) ? std::optional(ActivationKind::GeluTanh)
                                                      : std::nullopt;
}

std::optional<ActivationForm> findRelu(Value scalar) {
  auto take = [](auto maximum) -> std::optional<ActivationForm> {
    for (unsigned i : {0, 1})
      if (findNumber(maximum->getOperand(i)) == 0.0)
        return ActivationForm{ActivationKind::Relu, maximum->getOperand(1 - i)};
    return std::nullopt;
  };
  if (auto maximum = findScalar<arith::MaximumFOp>(scalar))
    return take(maximum);
  if (auto maximum = findScalar<arith::MaxNumFOp>(scalar))
    return take(maximum);
  return std::nullopt;
}

} // namespace

StringRef winnow::nameOf(ActivationKind kind) {
  switch (kind) {
  case ActivationKind::Relu:
    return "ReLU";
  case ActivationKind::Gelu:
    return "GELU";
  case ActivationKind::GeluTanh:
    return "GELU (by tanh)";
  case ActivationKind::GeluSigmoid:
    return "GELU (by sigmoid)";
  case ActivationKind::Silu:
    return "SiLU";
  }
  llvm_unreachable("not a kind of activation");
}

std::optional<ActivationForm> winnow::findActivation(Value scalar) {
  if (std::optional<ActivationForm> relu = findRelu(scalar))
    return relu;
  // x / (1 + exp(-x))
  if (auto quotient = findScalar<arith::DivFOp>(scalar))
    if (Value power = findAddend(quotient.getRhs(), 1))
      if (auto exponential = findScalar<math::ExpOp>(power))
        if (isMonomial(exponential.getOperand(), quotient.getLhs(), -1, 1))
          return ActivationForm{ActivationKind::Silu, quotient.getLhs()};
  ElementProduct product = findFactors(scalar);
  if (product.factors.size() != 2)
    return std::nullopt;
  for (unsigned i : {0, 1}) {
    Value x = product.factors[i], factor = product.factors[1 - i];
    std::optional<ActivationKind> kind;
    if (isClose(product.number, 0.5))
      kind = findGeluKind(x, factor);
    else if (isClose(product.number, 1.0))
      kind = findSigmoidKind(x, factor);
    if (kind)
      return ActivationForm{*kind, x};
  }
  return std::nullopt;
}
