// Reduction operators, ArgMax and ArgMin, global pools.
#include "lib/Import/ONNX/Operators/Reduction.h"
#include "lib/Import/ONNX/Operators.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"

#include <cmath>

namespace winnow::frontend {
namespace {

using mlir::Value;
using mlir::ValueRange;

/// Shape arithmetic reduces lists: the product of a shape is its size.
std::optional<GraphValue> foldReduction(Node &node, Reduce kind, llvm::ArrayRef<int64_t> axes) {
  std::optional<llvm::SmallVector<Extent>> elements = node.knownIntegers(0);
  if (!elements || elements->empty() || node.input(0).rank() != 1 || axes.size() != 1)
    return std::nullopt;
  std::optional<Extent> result = elements->front();
  for (const Extent &element : llvm::ArrayRef<Extent>(*elements).drop_front()) {
    if (kind == Reduce::Sum)
      result = add(*result, element);
    else if (kind == Reduce::Product)
      result = multiply(*result, element);
    else if (kind == Reduce::Maximum)
      result = node.extents.maximum(*result, element);
    else if (kind == Reduce::Minimum)
      result = node.extents.minimum(*result, element);
    else
      return std::nullopt;
    if (!result)
      return std::nullopt;
  }
  if (kind == Reduce::SumOfSquares || kind == Reduce::SumOfAbsolutes)
    return std::nullopt;
  GraphValue folded;
  folded.elementType = node.input(0).elementType;
  if (std::optional<int64_t> number = result->constant())
    folded.constant = Constant::uniformInteger(folded.elementType, *number);
  else
    folded.integers = llvm::SmallVector<Extent>{*result};
  return folded;
}

Reduce kindOf(llvm::StringRef name) {
  return llvm::StringSwitch<Reduce>(name)
      .Case("ReduceProd", Reduce::Product)
      .Case("ReduceMax", Reduce::Maximum)
      .Case("ReduceMin", Reduce::Minimum)
      .Cases({"ReduceSumSquare", "ReduceL2"}, Reduce::SumOfSquares)
      .Case("ReduceL1", Reduce::SumOfAbsolutes)
      .Default(Reduce::Sum);
}

mlir::FailureOr<GraphValue> applyUnary(Node &node, const GraphValue &value,
                                       Value (Scalars::*function)(Value) const) {
  ElementFunction element;
  element.emit = [function](const Scalars &s, ValueRange v) { return (s.*function)(v[0]); };
  return applyElementwise(node, value.elementType, {&value}, element);
}

/// log(sum(exp(x))), shifted by the maximum so that nothing overflows.
mlir::FailureOr<GraphValue> logSumExp(Node &node, const GraphValue &value, llvm::ArrayRef<int64_t> axes) {
  GraphValue maximum = reduceOver(node, Reduce::Maximum, value, axes);
  GraphValue shift = keepDimensions(node, maximum, value.shape, axes);
  ElementFunction shifted;
  shifted.emit = [](const Scalars &s, ValueRange v) {
    // An infinite maximum would give NaN.
    Value isFinite = s.less(s.absolute(v[1]), s.constant(v[1].getType(), INFINITY));
    return s.exponential(s.subtract(v[0], s.select(isFinite, v[1], s.constant(v[1].getType(), 0))));
  };
  mlir::FailureOr<GraphValue> powers = applyElementwise(node, value.elementType, {&value, &shift}, shifted);
  if (failed(powers))
    return mlir::failure();
  GraphValue sum = reduceOver(node, Reduce::Sum, *powers, axes);
  ElementFunction rest;
  rest.emit = [](const Scalars &s, ValueRange v) {
    Value isFinite = s.less(s.absolute(v[1]), s.constant(v[1].getType(), INFINITY));
    return s.add(s.logarithm(v[0]), s.select(isFinite, v[1], s.constant(v[1].getType(), 0)));
  };
  return applyElementwise(node, value.elementType, {&sum, &maximum}, rest);
}

mlir::FailureOr<GraphValue> reduceNamed(Node &node, const GraphValue &value, llvm::ArrayRef<int64_t> axes) {
  llvm::StringRef name = node.operatorName();
  if (name == "ReduceMean")
    return meanOver(node, value, axes);
  if (name == "ReduceLogSumExp")
    return logSumExp(node, value, axes);
  if (std::optional<GraphValue> folded = foldReduction(node, kindOf(name), axes))
    return *folded;
  GraphValue result = reduceOver(node, kindOf(name), value, axes);
  if (name == "ReduceL2") {
    // The root of an integer is computed in double precision and truncated.
    mlir::Type type = value.isReal() ? value.elementType : node.builder.getF64Type();
    mlir::FailureOr<GraphValue> root = applyUnary(node, castTo(node, result, type), &Scalars::squareRoot);
    return failed(root) ? root : castTo(node, *root, value.elementType);
  }
  if (name == "ReduceLogSum")
    return applyUnary(node, result, &Scalars::logarithm);
  return result;
}

} // namespace

mlir::TypedAttr identityOf(Reduce kind, mlir::Type type) {
  mlir::Builder builder(type.getContext());
  mlir::Type storage = storageType(type);
  if (kind == Reduce::Maximum)
    return lowest(storage, isUnsigned(type));
  if (kind == Reduce::Minimum)
    return highest(storage, isUnsigned(type));
  return mlir::cast<mlir::TypedAttr>(kind == Reduce::Product ? builder.getOneAttr(storage)
                                                             : builder.getZeroAttr(storage));
}

Value accumulate(const Scalars &s, Reduce kind, Value element, Value sum) {
  switch (kind) {
  case Reduce::Sum:
    return s.add(sum, element);
  case Reduce::Product:
    return s.multiply(sum, element);
  case Reduce::Maximum:
    return s.maximum(sum, element);
  case Reduce::Minimum:
    return s.minimum(sum, element);
  case Reduce::SumOfSquares:
    return s.add(sum, s.multiply(element, element));
  case Reduce::SumOfAbsolutes:
    return s.add(sum, s.absolute(element));
  }
  llvm_unreachable("all kinds are handled");
}

GraphValue reduceOver(Node &node, Reduce kind, const GraphValue &value, llvm::ArrayRef<int64_t> axes) {
  bool hasUnsigned = isUnsigned(value.elementType);
  return node.emit.reduce(value, axes, identityOf(kind, value.elementType),
                          [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
                            return accumulate(Scalars{builder, location, hasUnsigned}, kind, v[0], v[1]);
                          });
}

mlir::FailureOr<GraphValue> meanOver(Node &node, const GraphValue &value, llvm::ArrayRef<int64_t> axes) {
  Shape reduced;
  for (int64_t axis : axes)
    reduced.push_back(value.shape[axis]);
  mlir::FailureOr<Extent> count = node.require(elementCount(reduced));
  if (failed(count))
    return mlir::failure();
  GraphValue divisor;
  divisor.elementType = node.builder.getI64Type();
  if (std::optional<int64_t> number = count->constant())
    divisor.constant = Constant::uniformInteger(divisor.elementType, *number);
  else
    divisor.integers = llvm::SmallVector<Extent>{*count};
  return applyBinary(node, "Div", reduceOver(node, Reduce::Sum, value, axes),
                     castTo(node, divisor, value.elementType));
}

Shape keptShape(llvm::ArrayRef<Extent> shape, llvm::ArrayRef<int64_t> axes) {
  Shape result(shape.begin(), shape.end());
  for (int64_t axis : axes)
    result[axis] = 1;
  return result;
}

GraphValue keepDimensions(Node &node, const GraphValue &reduced, llvm::ArrayRef<Extent> shape,
                          llvm::ArrayRef<int64_t> axes) {
  return node.emit.reshape(reduced, keptShape(shape, axes));
}

static mlir::LogicalResult importReduction(Node &node) {
  const GraphValue &value = node.input(0);
  auto given = node.axes("axes", 1, value.rank());
  bool keep = node.integer("keepdims", 1) != 0, isNoop = node.integer("noop_with_empty_axes", 0) != 0;
  if (failed(given))
    return mlir::failure();
  llvm::SmallVector<int64_t> axes = given->value_or(llvm::SmallVector<int64_t>());
  if (axes.empty() && !isNoop)
    axes = llvm::to_vector(llvm::seq<int64_t>(0, value.rank()));
  mlir::FailureOr<GraphValue> result = reduceNamed(node, value, axes);
  if (failed(result))
    return mlir::failure();
  node.set(0, keep ? keepDimensions(node, *result, value.shape, axes) : *result);
  return mlir::success();
}

static mlir::LogicalResult importGlobalPool(Node &node) {
  const GraphValue &value = node.input(0);
  if (value.rank() < 3)
    return node.error("the input has rank " + llvm::Twine(value.rank()) + ", but expected at least 3");
  llvm::SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(2, value.rank()));
  mlir::FailureOr<GraphValue> result = node.operatorName() == "GlobalMaxPool"
                                           ? reduceOver(node, Reduce::Maximum, value, axes)
                                           : meanOver(node, value, axes);
  if (failed(result))
    return mlir::failure();
  node.set(0, keepDimensions(node, *result, value.shape, axes));
  return mlir::success();
}

static mlir::LogicalResult importArgument(Node &node) {
  const GraphValue &value = node.input(0);
  mlir::FailureOr<int64_t> axis = node.axis(node.integer("axis", 0), value.rank());
  bool keep = node.integer("keepdims", 1) != 0, last = node.integer("select_last_index", 0) != 0;
  bool isMaximum = node.operatorName() == "ArgMax";
  if (failed(axis))
    return mlir::failure();
  Access input{node.emit.tensor(value), llvm::to_vector(llvm::seq<int64_t>(0, value.rank()))};
  Shape shape = value.shape;
  shape.erase(shape.begin() + *axis);
  llvm::SmallVector<int64_t> loops = input.loops;
  loops.erase(loops.begin() + *axis);
  bool hasUnsigned = isUnsigned(value.elementType);
  mlir::Type indexType = node.builder.getI64Type(), storage = storageType(value.elementType);
  mlir::TypedAttr identity = isMaximum ? lowest(storage, hasUnsigned) : highest(storage, hasUnsigned);
  Access best{node.emit.filled(identity, shape), loops}, place{node.emit.zeros(indexType, shape), loops};
  auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
    Scalars s{builder, location, hasUnsigned};
    Value a = isMaximum ? v[1] : v[0], b = isMaximum ? v[0] : v[1]; // a < b: better than the best so far
    // The first is taken whatever it is: when it is NaN, ONNX Runtime finds nothing better.
    Value isFirst = s.equal(s.loop(*axis), s.integer(builder.getIndexType(), 0));
    Value isBetter =
        mlir::arith::OrIOp::create(builder, location, isFirst, last ? s.lessOrEqual(a, b) : s.less(a, b));
    Value index = mlir::arith::IndexCastOp::create(builder, location, indexType, s.loop(*axis));
    return llvm::SmallVector<Value>{s.select(isBetter, v[0], v[1]), s.select(isBetter, index, v[2])};
  };
  Value indices = node.emit.generic(value.rank(), *axis, input, {best, place}, body)[1];
  GraphValue result = node.emit.wrap(indices, indexType, shape);
  node.set(0, keep ? keepDimensions(node, result, value.shape, *axis) : result);
  return mlir::success();
}

Family reductionOperators() {
  static constexpr Operator kOperators[] = {
      {"ArgMax", 1, "n", importArgument},
      {"ArgMin", 1, "n", importArgument},
      {"GlobalAveragePool", 1, "f", importGlobalPool},
      {"GlobalMaxPool", 1, "f", importGlobalPool},
      {"ReduceL1", 1, "n", importReduction},
      {"ReduceL1", 18, "nl?", importReduction},
      {"ReduceL2", 1, "n", importReduction},
      {"ReduceL2", 18, "nl?", importReduction},
      {"ReduceLogSum", 1, "f", importReduction},
      {"ReduceLogSum", 18, "fl?", importReduction},
      {"ReduceLogSumExp", 1, "f", importReduction},
      {"ReduceLogSumExp", 18, "fl?", importReduction},
      {"ReduceMax", 1, "n", importReduction},
      {"ReduceMax", 18, "nl?", importReduction},
      {"ReduceMax", 20, "cl?", importReduction},
      {"ReduceMean", 1, "n", importReduction},
      {"ReduceMean", 18, "nl?", importReduction},
      {"ReduceMin", 1, "n", importReduction},
      {"ReduceMin", 18, "nl?", importReduction},
      {"ReduceMin", 20, "cl?", importReduction},
      {"ReduceProd", 1, "n", importReduction},
      {"ReduceProd", 18, "nl?", importReduction},
      {"ReduceSum", 1, "n", importReduction},
      {"ReduceSum", 13, "nl?", importReduction},
      {"ReduceSumSquare", 1, "n", importReduction},
      {"ReduceSumSquare", 18, "nl?", importReduction},
  };
  return kOperators;
}

} // namespace winnow::frontend
