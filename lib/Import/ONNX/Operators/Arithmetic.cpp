// Arithmetic, comparison and logic operators, and selection.
#include "lib/Import/ONNX/Elementwise.h"
#include "lib/Import/ONNX/Operators.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/StringSwitch.h"

#include <cmath>

namespace winnow::frontend {
namespace {

using mlir::Value;
using mlir::ValueRange;
using Reals = llvm::ArrayRef<double>;
using Integers = llvm::ArrayRef<Extent>;
using OptionalExtent = std::optional<Extent>;

ElementFunction unaryFunction(llvm::StringRef name, Node &node) {
  if (name == "Neg")
    return {[](const Scalars &s, ValueRange v) { return s.negate(v[0]); }, [](Reals v) { return -v[0]; },
            [](ExtentTable &, Integers v) { return multiply(v[0], -1); }};
  if (name == "Abs")
    return {[](const Scalars &s, ValueRange v) { return s.absolute(v[0]); },
            [](Reals v) { return std::fabs(v[0]); },
            [](ExtentTable &table, Integers v) {
              return table.isAtLeast(v[0], 0) ? OptionalExtent(v[0]) : std::nullopt;
            }};
  if (name == "Reciprocal")
    return {[](const Scalars &s, ValueRange v) { return s.divide(s.constant(v[0].getType(), 1), v[0]); },
            [](Reals v) { return 1 / v[0]; }, nullptr};
  if (name == "Sign")
    return {[](const Scalars &s, ValueRange v) {
              Value zero = s.constant(v[0].getType(), 0), one = s.constant(v[0].getType(), 1);
              Value down = s.isUnsigned ? zero : s.constant(v[0].getType(), -1);
              // A NaN stays what it is.
              Value rest = s.select(s.equal(v[0], zero), zero, s.select(s.less(v[0], zero), down, v[0]));
              return s.select(s.less(zero, v[0]), one, rest);
            },
            nullptr, nullptr};
  if (name == "IsNaN")
    return {[](const Scalars &s, ValueRange v) { return s.notEqual(v[0], v[0]); },
            [](Reals v) { return std::isnan(v[0]); }, nullptr};
  if (name == "IsInf") {
    bool negative = node.integer("detect_negative", 1) != 0,
         positive = node.integer("detect_positive", 1) != 0;
    return {[negative, positive](const Scalars &s, ValueRange v) {
              Value high = s.constant(v[0].getType(), INFINITY), low = s.constant(v[0].getType(), -INFINITY);
              Value none = s.integer(s.builder.getI1Type(), 0);
              return s.maximum(positive ? s.equal(v[0], high) : none, negative ? s.equal(v[0], low) : none);
            },
            nullptr, nullptr};
  }
  return {[](const Scalars &s, ValueRange v) { return s.equal(v[0], s.integer(v[0].getType(), 0)); }, // Not
          nullptr,
          [](ExtentTable &, Integers v) {
            return v[0].constant() ? OptionalExtent(*v[0].constant() == 0) : std::nullopt;
          }};
}

OptionalExtent divideExtents(ExtentTable &table, Integers v) {
  // Rounds toward zero, which is down only for what is not negative.
  if (v[0].constant() && v[1].constant() && *v[1].constant() != 0 && *v[1].constant() != -1)
    return *v[0].constant() / *v[1].constant();
  if (table.isAtLeast(v[0], 0) && table.isAtLeast(v[1], 0) && !v[1].is(0))
    return table.floorDivide(v[0], v[1]);
  return v[1].is(0) ? std::nullopt : divideExactly(v[0], v[1]);
}

OptionalExtent toExtent(std::optional<bool> truth) { return truth ? OptionalExtent(*truth) : std::nullopt; }

/// By squaring, with wrap-around. Of a negative exponent only the powers of 1 and -1 are not 0.
Value integerPower(const Scalars &s, Value base, Value exponent) {
  mlir::Type type = base.getType();
  Value zero = s.integer(type, 0), one = s.integer(type, 1);
  auto index = [&](int64_t value) -> Value {
    return mlir::arith::ConstantIndexOp::create(s.builder, s.location, value);
  };
  auto step = [&](mlir::OpBuilder &builder, mlir::Location location, Value, ValueRange carried) {
    Scalars inner{builder, location, s.isUnsigned};
    Value isOdd = inner.notEqual(mlir::arith::AndIOp::create(builder, location, carried[2], one), zero);
    Value result = inner.select(isOdd, inner.multiply(carried[0], carried[1]), carried[0]);
    Value rest = mlir::arith::ShRUIOp::create(builder, location, carried[2], one);
    mlir::scf::YieldOp::create(builder, location,
                               ValueRange{result, inner.multiply(carried[1], carried[1]), rest});
  };
  auto loop = mlir::scf::ForOp::create(s.builder, s.location, index(0), index(type.getIntOrFloatBitWidth()),
                                       index(1), ValueRange{one, base, exponent}, step);
  Value result = loop.getResult(0);
  if (s.isUnsigned)
    return result;
  Value isOdd = s.notEqual(mlir::arith::AndIOp::create(s.builder, s.location, exponent, one), zero);
  Value minusOne = s.integer(type, -1);
  Value inverse = s.select(s.equal(base, one), one,
                           s.select(s.equal(base, minusOne), s.select(isOdd, minusOne, one), zero));
  return s.select(s.less(exponent, zero), inverse, result);
}

Value power(const Scalars &s, Value base, Value exponent) {
  mlir::FloatAttr known;
  if (!mlir::isa<mlir::FloatType>(base.getType()))
    return integerPower(s, base, exponent);
  if (mlir::matchPattern(exponent, mlir::m_Constant(&known))) {
    double number = known.getValueAsDouble();
    if (number == 2)
      return s.multiply(base, base);
    if (number == 3)
      return s.multiply(s.multiply(base, base), base);
    if (number == 1)
      return base;
    if (number == -1)
      return s.divide(s.constant(base.getType(), 1), base);
  }
  return mlir::math::PowFOp::create(s.builder, s.location, base, exponent);
}

/// Python's remainder, which has the divisor's sign.
Value floorRemainder(const Scalars &s, Value a, Value b) {
  Value rest = s.remainder(a, b);
  if (s.isUnsigned)
    return rest;
  Value zero = s.constant(a.getType(), 0);
  Value signsDiffer = s.notEqual(s.less(rest, zero), s.less(b, zero));
  Value isOff = mlir::arith::AndIOp::create(s.builder, s.location, s.notEqual(rest, zero), signsDiffer);
  Value result = s.select(isOff, s.add(rest, b), rest);
  if (!mlir::isa<mlir::FloatType>(a.getType()))
    return result;
  Value signedZero = mlir::math::CopySignOp::create(s.builder, s.location, zero, b);
  return s.select(s.equal(rest, zero), signedZero, result);
}

ElementFunction arithmeticFunction(llvm::StringRef name, bool isRemainder) {
  if (name == "Add" || name == "Sum")
    return {[](const Scalars &s, ValueRange v) { return s.add(v[0], v[1]); },
            [](Reals v) { return v[0] + v[1]; }, [](ExtentTable &, Integers v) { return add(v[0], v[1]); }};
  if (name == "Sub")
    return {[](const Scalars &s, ValueRange v) { return s.subtract(v[0], v[1]); },
            [](Reals v) { return v[0] - v[1]; },
            [](ExtentTable &, Integers v) { return subtract(v[0], v[1]); }};
  if (name == "Mul")
    return {[](const Scalars &s, ValueRange v) { return s.multiply(v[0], v[1]); },
            [](Reals v) { return v[0] * v[1]; },
            [](ExtentTable &, Integers v) { return multiply(v[0], v[1]); }};
  if (name == "Div")
    return {[](const Scalars &s, ValueRange v) { return s.divide(v[0], v[1]); },
            [](Reals v) { return v[0] / v[1]; }, divideExtents};
  if (name == "Pow")
    return {[](const Scalars &s, ValueRange v) { return power(s, v[0], v[1]); },
            [](Reals v) { return std::pow(v[0], v[1]); }, nullptr};
  if (name == "Min")
    return {[](const Scalars &s, ValueRange v) { return s.minimum(v[0], v[1]); },
            [](Reals v) { return std::isnan(v[0]) || v[0] < v[1] ? v[0] : v[1]; },
            [](ExtentTable &table, Integers v) { return table.minimum(v[0], v[1]); }};
  if (name == "Max")
    return {[](const Scalars &s, ValueRange v) { return s.maximum(v[0], v[1]); },
            [](Reals v) { return std::isnan(v[0]) || v[0] > v[1] ? v[0] : v[1]; },
            [](ExtentTable &table, Integers v) { return table.maximum(v[0], v[1]); }};
  return {[isRemainder](const Scalars &s, ValueRange v) {
            return isRemainder ? s.remainder(v[0], v[1]) : floorRemainder(s, v[0], v[1]);
          },
          nullptr,
          [](ExtentTable &table, Integers v) {
            return table.isAtLeast(v[0], 0) && table.isAtLeast(v[1], 1) ? table.remainder(v[0], v[1])
                                                                        : std::nullopt;
          }};
}

ElementFunction comparisonFunction(llvm::StringRef name) {
  if (name == "Equal")
    return {[](const Scalars &s, ValueRange v) { return s.equal(v[0], v[1]); },
            [](Reals v) { return v[0] == v[1]; },
            [](ExtentTable &table, Integers v) { return toExtent(table.equal(v[0], v[1])); }};
  if (name == "Less")
    return {[](const Scalars &s, ValueRange v) { return s.less(v[0], v[1]); },
            [](Reals v) { return v[0] < v[1]; },
            [](ExtentTable &table, Integers v) { return toExtent(table.less(v[0], v[1])); }};
  if (name == "Greater")
    return {[](const Scalars &s, ValueRange v) { return s.less(v[1], v[0]); },
            [](Reals v) { return v[0] > v[1]; },
            [](ExtentTable &table, Integers v) { return toExtent(table.less(v[1], v[0])); }};
  if (name == "LessOrEqual")
    return {[](const Scalars &s, ValueRange v) { return s.lessOrEqual(v[0], v[1]); },
            [](Reals v) { return v[0] <= v[1]; },
            [](ExtentTable &table, Integers v) {
              std::optional<bool> greater = table.less(v[1], v[0]);
              return greater ? OptionalExtent(!*greater) : std::nullopt;
            }};
  return {[](const Scalars &s, ValueRange v) { return s.lessOrEqual(v[1], v[0]); }, // GreaterOrEqual
          [](Reals v) { return v[0] >= v[1]; },
          [](ExtentTable &table, Integers v) {
            std::optional<bool> less = table.less(v[0], v[1]);
            return less ? OptionalExtent(!*less) : std::nullopt;
          }};
}

ElementFunction logicFunction(llvm::StringRef name) {
  if (name == "Xor")
    return {[](const Scalars &s, ValueRange v) { return s.notEqual(v[0], v[1]); }, nullptr,
            [](ExtentTable &table, Integers v) {
              std::optional<bool> same = table.equal(v[0], v[1]);
              return same ? OptionalExtent(!*same) : std::nullopt;
            }};
  bool isAnd = name == "And";
  return {[isAnd](const Scalars &s, ValueRange v) {
            return isAnd ? s.minimum(v[0], v[1]) : s.maximum(v[0], v[1]);
          },
          nullptr,
          [isAnd](ExtentTable &table, Integers v) {
            return isAnd ? table.minimum(v[0], v[1]) : table.maximum(v[0], v[1]);
          }};
}

bool isComparison(llvm::StringRef name) {
  return llvm::StringSwitch<bool>(name)
      .Cases({"Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual"}, true)
      .Default(false);
}

mlir::LogicalResult finishWith(Node &node, mlir::FailureOr<GraphValue> result) {
  if (failed(result))
    return mlir::failure();
  node.set(0, *result);
  return mlir::success();
}

} // namespace

mlir::FailureOr<GraphValue> applyBinary(Node &node, llvm::StringRef name, const GraphValue &a,
                                        const GraphValue &b) {
  if (isComparison(name))
    return applyElementwise(node, node.builder.getI1Type(), {&a, &b}, comparisonFunction(name));
  if (name == "And" || name == "Or" || name == "Xor")
    return applyElementwise(node, a.elementType, {&a, &b}, logicFunction(name));
  return applyElementwise(node, a.elementType, {&a, &b}, arithmeticFunction(name, false));
}

static mlir::LogicalResult importUnary(Node &node) {
  llvm::StringRef name = node.operatorName();
  mlir::Type type = node.input(0).elementType;
  bool yieldsBool = name == "IsNaN" || name == "IsInf";
  return finishWith(node, applyElementwise(node, yieldsBool ? node.builder.getI1Type() : type,
                                           {&node.input(0)}, unaryFunction(name, node)));
}

/// The result has the base's type. A float exponent of an integer makes a float of its type, which is then
/// cast; integers are multiplied in 64 bits unless they are of one signed type.
static mlir::LogicalResult importPower(Node &node) {
  const GraphValue &base = node.input(0), &exponent = node.input(1);
  mlir::Type type = base.elementType, common = type;
  if (!base.isReal() && exponent.isReal())
    common = exponent.elementType;
  else if (!base.isReal() && (type != exponent.elementType || isUnsigned(type)))
    common = node.builder.getI64Type();
  mlir::FailureOr<GraphValue> result =
      applyBinary(node, "Pow", castTo(node, base, common), castTo(node, exponent, common));
  if (failed(result))
    return mlir::failure();
  node.set(0, castTo(node, *result, type));
  return mlir::success();
}

static mlir::LogicalResult importBinary(Node &node) {
  llvm::StringRef name = node.operatorName();
  GraphValue a = node.input(0), b = node.input(1);
  if (name == "Mod") {
    bool isRemainder = node.integer("fmod", 0) != 0;
    if (a.isReal() && !isRemainder && node.opset() < 28)
      return node.error("fmod is 0 for floats, but expected 1");
    return finishWith(node,
                      applyElementwise(node, a.elementType, {&a, &b}, arithmeticFunction(name, isRemainder)));
  }
  if (name == "Pow")
    return importPower(node);
  return finishWith(node, applyBinary(node, name, a, b));
}

/// Up to opset 6 the second operand is broadcast only where it is said, from a dimension of the first one on.
static mlir::LogicalResult importBinaryAlongAxis(Node &node) {
  const GraphValue &a = node.input(0);
  GraphValue b = node.input(1);
  bool isBroadcast = node.integer("broadcast", 0) != 0;
  int64_t axis = node.integer("axis", a.rank() - b.rank());
  node.integers("consumed_inputs"); // a hint of opset 1
  if (!isBroadcast && a.rank() != b.rank())
    return node.error("the inputs have ranks " + llvm::Twine(a.rank()) + " and " + llvm::Twine(b.rank()) +
                      " without broadcast, but expected equal shapes");
  if (isBroadcast) {
    axis = axis < 0 ? axis + a.rank() : axis;
    if (axis < 0 || axis + b.rank() > a.rank())
      return node.error("axis is " + llvm::Twine(axis) + ", where an operand of rank " +
                        llvm::Twine(b.rank()) + " exceeds one of rank " + llvm::Twine(a.rank()));
    Shape shape = b.shape;
    shape.append(a.rank() - axis - b.rank(), 1);
    b = node.emit.reshape(b, shape);
  }
  if (node.operatorName() == "Pow")
    b = castTo(node, b, a.elementType);
  return finishWith(node, applyBinary(node, node.operatorName(), a, b));
}

static mlir::LogicalResult importVariadic(Node &node) {
  llvm::StringRef name = node.operatorName();
  GraphValue result = node.input(0);
  for (int64_t i = 1; i < node.inputCount(); ++i) {
    mlir::FailureOr<GraphValue> next =
        applyBinary(node, name == "Mean" ? "Sum" : name, result, node.input(i));
    if (failed(next))
      return mlir::failure();
    result = *next;
  }
  if (name != "Mean" || node.inputCount() == 1)
    return finishWith(node, result);
  return finishWith(node,
                    applyBinary(node, "Div", result, realScalar(result.elementType, node.inputCount())));
}

static mlir::LogicalResult importWhere(Node &node) {
  ElementFunction function;
  function.emit = [](const Scalars &s, ValueRange v) { return s.select(v[0], v[1], v[2]); };
  function.foldReal = [](Reals v) { return v[0] != 0 ? v[1] : v[2]; };
  function.foldInteger = [](ExtentTable &, Integers v) -> OptionalExtent {
    if (v[1] == v[2])
      return v[1];
    return v[0].constant() ? OptionalExtent(*v[0].constant() ? v[1] : v[2]) : std::nullopt;
  };
  return finishWith(node, applyElementwise(node, node.input(1).elementType,
                                           {&node.input(0), &node.input(1), &node.input(2)}, function));
}

Family arithmeticOperators() {
  static constexpr Operator kOperators[] = {
      {"Abs", 1, "n", importUnary},
      {"Add", 1, "NN", importBinaryAlongAxis},
      {"Add", 7, "NN", importBinary},
      {"And", 1, "bb", importBinaryAlongAxis},
      {"And", 7, "bb", importBinary},
      {"Div", 1, "NN", importBinaryAlongAxis},
      {"Div", 7, "NN", importBinary},
      {"Equal", 1, "CC", importBinaryAlongAxis},
      {"Equal", 7, "CC", importBinary},
      {"Greater", 1, "NN", importBinaryAlongAxis},
      {"Greater", 7, "NN", importBinary},
      {"GreaterOrEqual", 12, "NN", importBinary},
      {"IsInf", 10, "f", importUnary},
      {"IsNaN", 9, "f", importUnary},
      {"Less", 1, "NN", importBinaryAlongAxis},
      {"Less", 7, "NN", importBinary},
      {"LessOrEqual", 12, "NN", importBinary},
      {"Max", 1, "N*", importVariadic},
      {"Mean", 1, "F*", importVariadic},
      {"Min", 1, "N*", importVariadic},
      {"Mod", 10, "NN", importBinary},
      {"Mul", 1, "NN", importBinaryAlongAxis},
      {"Mul", 7, "NN", importBinary},
      {"Neg", 1, "n", importUnary},
      {"Not", 1, "b", importUnary},
      {"Or", 1, "bb", importBinaryAlongAxis},
      {"Or", 7, "bb", importBinary},
      {"Pow", 1, "nn", importBinaryAlongAxis},
      {"Pow", 7, "nn", importBinary},
      {"Reciprocal", 1, "f", importUnary},
      {"Sign", 9, "n", importUnary},
      {"Sub", 1, "NN", importBinaryAlongAxis},
      {"Sub", 7, "NN", importBinary},
      {"Sum", 1, "N*", importVariadic},
      {"Where", 9, "bAA", importWhere},
      {"Xor", 1, "bb", importBinaryAlongAxis},
      {"Xor", 7, "bb", importBinary},
  };
  return kOperators;
}

} // namespace winnow::frontend
