// Conversions between element types: by value and by bits.
#include "lib/Import/ONNX/Elementwise.h"
#include "lib/Import/ONNX/ModelFile.h"
#include "lib/Import/ONNX/NarrowTypes.h"
#include "lib/Import/ONNX/Operators.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>

namespace winnow::frontend {

using mlir::Value;
using mlir::ValueRange;
using OptionalExtent = std::optional<Extent>;

Value castScalar(const Scalars &s, Value value, mlir::Type from, mlir::Type to, NarrowRounding rounding) {
  if (isNarrowFloat(from)) {
    value = decodeFloat(s, value, from);
    from = value.getType();
  }
  mlir::Type number = isNarrowFloat(to) ? s.builder.getF32Type() : storageType(to);
  bool toUnsigned = isUnsigned(to);
  value = s.cast(value, number, toUnsigned);
  if (isNarrowFloat(to))
    return encodeFloat(s, value, to, rounding);
  return isNarrowInteger(to) ? wrapInteger(s, value, to) : value;
}

std::pair<double, double> integerRange(mlir::Type type) {
  int width = static_cast<int>(type.getIntOrFloatBitWidth());
  if (isUnsigned(type))
    return {0, std::ldexp(1.0, width) - 1};
  return {-std::ldexp(1.0, width - 1), std::ldexp(1.0, width - 1) - 1};
}

Value roundScalar(const Scalars &s, Value real, mlir::Type type) {
  mlir::Type given = real.getType();
  auto [least, most] = integerRange(type);
  // The greatest number of the float type that is no more than the integer: rounding up would leave the
  // range.
  double bits = given.isF64() ? 53 : 24, width = type.getIntOrFloatBitWidth() - (isUnsigned(type) ? 0 : 1);
  if (width > bits)
    most = std::exp2(width) - std::exp2(width - bits);
  Value rounded = mlir::math::RoundEvenOp::create(s.builder, s.location, real);
  Value low = s.constant(given, least), high = s.constant(given, most);
  // NaN is not greater than anything.
  Value raised = s.select(s.less(low, rounded), rounded, low);
  Value inRange = s.select(s.less(raised, high), raised, high);
  return castScalar(s, inRange, given, type);
}

namespace {

/// The type that the node's attribute `to` names, or a reported error.
mlir::FailureOr<mlir::Type> targetType(Node &node) {
  if (!node.hasAttribute("to"))
    return node.error("lacks the attribute 'to', but expected an element type");
  return node.elementType("to", node.builder.getF32Type());
}

mlir::FailureOr<NarrowRounding> narrowRounding(Node &node) {
  NarrowRounding rounding;
  rounding.saturate = node.integer("saturate", 1) != 0;
  std::string mode = node.string("round_mode", "up");
  if (mode == "down")
    rounding.mode = NarrowRounding::Mode::Down;
  else if (mode == "nearest")
    rounding.mode = NarrowRounding::Mode::Nearest;
  else if (mode != "up")
    return node.error("round_mode is '" + mode + "', but expected 'up', 'down' or 'nearest'");
  return rounding;
}

/// A constant's elements by value as reals: exact for narrow floats and for integers of up to 53 bits.
GraphValue castToReal(const GraphValue &value, mlir::Type type) {
  GraphValue result;
  result.elementType = type;
  result.shape = value.shape;
  llvm::SmallVector<double> reals;
  for (int64_t i = 0; i < value.constant->size(); ++i)
    reals.push_back(value.constant->real(i));
  result.constant = Constant::reals(type, reals);
  return result;
}

} // namespace

GraphValue castTo(Node &node, const GraphValue &value, mlir::Type type, NarrowRounding rounding) {
  if (value.elementType == type)
    return value;
  if (value.constant && !value.isReal() && isReal(type))
    return castToReal(value, type);
  ElementFunction function;
  function.emit = [from = value.elementType, type, rounding](const Scalars &s, ValueRange v) {
    return castScalar(s, v[0], from, type, rounding);
  };
  // Rounding from double is exact enough only where the result has no more bits than it.
  if (isReal(type) || type.isInteger(1))
    function.foldReal = [type](llvm::ArrayRef<double> v) { return isReal(type) ? v[0] : v[0] != 0; };
  else if (!isNarrowFloat(type))
    function.foldReal = [](llvm::ArrayRef<double> v) {
      return std::fabs(v[0]) < 2e9 ? std::optional(std::trunc(v[0])) : std::nullopt;
    };
  function.foldInteger = [type](ExtentTable &table, llvm::ArrayRef<Extent> v) -> OptionalExtent {
    if (type.isInteger(1)) {
      std::optional<bool> isZero = table.equal(v[0], 0);
      return isZero ? OptionalExtent(!*isZero) : std::nullopt;
    }
    // A size may not fit.
    bool isWide = type.isSignlessInteger(32) || type.isSignlessInteger(64);
    return isWide || v[0].constant() ? OptionalExtent(v[0]) : std::nullopt;
  };
  return *applyElementwise(node, type, {&value}, function);
}

static mlir::LogicalResult importCast(Node &node) {
  mlir::FailureOr<mlir::Type> type =
      node.operatorName() == "CastLike" ? node.input(1).elementType : targetType(node);
  mlir::FailureOr<NarrowRounding> rounding = narrowRounding(node);
  if (failed(type) || failed(rounding))
    return mlir::failure();
  node.set(0, castTo(node, node.input(0), *type, *rounding));
  return mlir::success();
}

static mlir::LogicalResult importBitCast(Node &node) {
  const GraphValue &value = node.input(0);
  mlir::FailureOr<mlir::Type> found = targetType(node);
  if (failed(found))
    return mlir::failure();
  mlir::Type from = value.elementType, to = *found;
  auto bits = [](mlir::Type type) { return type.isInteger(1) ? 8 : type.getIntOrFloatBitWidth(); };
  if (bits(from) != bits(to))
    return node.error("to is " + typeName(to) + ", but expected a type of " + llvm::Twine(bits(from)) +
                      " bits, as " + typeName(from) + " has");
  ElementFunction function;
  function.emit = [to](const Scalars &s, ValueRange v) -> Value {
    mlir::Type source = v[0].getType(), storage = storageType(to);
    // A bool's byte is 0 or 1, and what becomes a bool is true unless it is 0.
    if (source.isInteger(1) || storage.isInteger(1))
      return s.cast(v[0], storage, true);
    if (isNarrowInteger(to))
      return wrapInteger(s, v[0], to);
    return source == storage ? v[0] : mlir::arith::BitcastOp::create(s.builder, s.location, storage, v[0]);
  };
  return setElementwise(node, to, {&value}, function);
}

Family castsOperators() {
  static constexpr Operator kOperators[] = {
      {"BitCast", 26, "a", importBitCast},
      {"Cast", 1, "a", importCast},
      {"CastLike", 15, "aa", importCast},
  };
  return kOperators;
}

} // namespace winnow::frontend
