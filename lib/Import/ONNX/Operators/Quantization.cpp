// Quantization: between floats and integers that have a scale and a zero point, and products and convolutions
// of such integers, which are summed exactly in int32.
#include "lib/Import/ONNX/Composition.h"
#include "lib/Import/ONNX/Elementwise.h"
#include "lib/Import/ONNX/ModelFile.h"
#include "lib/Import/ONNX/Operators.h"
#include "lib/Import/ONNX/Operators/Convolution.h"
#include "lib/Import/ONNX/Operators/Interpolation.h"
#include "lib/Import/ONNX/Reading.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <cmath>

namespace winnow::frontend {
namespace {

using mlir::Value;
using mlir::ValueRange;
using Result = mlir::FailureOr<GraphValue>;

bool isSingle(const GraphValue &value) {
  return llvm::all_of(value.shape, [](const Extent &size) { return size.is(1); });
}

/// A parameter of each block of the tensor along the axis, as one of each element.
Result spreadBlocks(Node &node, const GraphValue &parameter, const Shape &shape, int64_t axis,
                    int64_t block) {
  if (parameter.rank() != static_cast<int64_t>(shape.size()))
    return node.error("block_size is " + llvm::Twine(block) + ", but scale or zero point has rank " +
                      llvm::Twine(parameter.rank()) + " and the tensor " + llvm::Twine(shape.size()));
  for (auto [i, size] : llvm::enumerate(shape)) {
    mlir::FailureOr<Extent> count =
        static_cast<int64_t>(i) == axis ? node.require(node.extents.ceilDivide(size, block)) : size;
    if (failed(count) || failed(node.requireEqual(parameter.shape[i], *count,
                                                  "numbers of blocks and of scales or zero points")))
      return mlir::failure();
  }
  Source source = sourceOf(node.emit, parameter);
  return computeByIndex(node.emit, parameter.elementType, shape, [&](const Scalars &s) {
    llvm::SmallVector<Value> indices;
    for (int64_t i = 0; i < static_cast<int64_t>(shape.size()); ++i)
      indices.push_back(i == axis ? s.divide(s.loop(i), s.integer(s.loop(i).getType(), block)) : s.loop(i));
    return readAt(s, source, indices);
  });
}

/// A scale or zero point as it broadcasts with the tensor: one for all, per index of the axis, or per block.
Result spread(Node &node, const GraphValue &parameter, const Shape &shape) {
  int64_t axis = node.integer("axis", 1), block = node.integer("block_size", 0);
  if (block < 0)
    return node.error("block_size is " + llvm::Twine(block) + ", but expected at least 0");
  if (isSingle(parameter) && (block == 0 || parameter.rank() == 0))
    return node.emit.reshape(parameter, {});
  mlir::FailureOr<int64_t> normalized = node.axis(axis, shape.size());
  if (failed(normalized))
    return mlir::failure();
  if (block > 0)
    return spreadBlocks(node, parameter, shape, *normalized, block);
  if (parameter.rank() != 1)
    return node.error("scale or zero point has rank " + llvm::Twine(parameter.rank()) +
                      ", but expected 0 or 1");
  if (failed(node.requireEqual(parameter.shape[0], shape[*normalized], "sizes of the axis and its scales")))
    return mlir::failure();
  Shape spreadShape(shape.size() - *normalized, 1);
  spreadShape[0] = parameter.shape[0];
  return node.emit.reshape(parameter, spreadShape);
}

/// A float, rounded to the nearest integer and moved by the zero point, as an integer of the type.
Value saturate(const Scalars &s, Value real, Value zeroPoint, mlir::Type type) {
  Value rounded = mlir::math::RoundEvenOp::create(s.builder, s.location, real);
  if (zeroPoint)
    rounded = s.add(rounded, castScalar(Scalars{s.builder, s.location, isUnsigned(type)}, zeroPoint, type,
                                        real.getType()));
  return roundScalar(s, rounded, type);
}

double saturateNow(double real, double zeroPoint, mlir::Type type) {
  auto [least, most] = integerRange(type);
  double moved = std::nearbyint(real) + zeroPoint;
  return std::isnan(moved) ? least : std::clamp(moved, least, most);
}

/// saturate(x / scale, zero point), divided in the type of the scale.
Result quantize(Node &node, const GraphValue &x, const GraphValue &scale, const GraphValue *zeroPoint,
                mlir::Type type) {
  mlir::Type single = node.builder.getF32Type();
  ElementFunction function;
  function.emit = [&](const Scalars &given, ValueRange v) {
    Scalars s{given.builder, given.location}; // only the zero point may be unsigned
    Value quotient = s.divide(v[0], v[1]);
    if (!quotient.getType().isF64())
      quotient = s.cast(quotient, single);
    return saturate(s, quotient, zeroPoint ? v[2] : Value(), type);
  };
  if (scale.elementType == single)
    function.foldReal = [&](llvm::ArrayRef<double> v) {
      float quotient = static_cast<float>(v[0]) / static_cast<float>(v[1]);
      return saturateNow(quotient, zeroPoint ? v[2] : 0, type);
    };
  llvm::SmallVector<const GraphValue *> operands = {&x, &scale};
  if (zeroPoint)
    operands.push_back(zeroPoint);
  return applyElementwise(node, type, operands, function);
}

/// (value - zero point) in int32; the zero point must have a shape that broadcasts.
Result centered(Node &node, const GraphValue &value, const GraphValue *zeroPoint) {
  mlir::Type wide = node.builder.getI32Type();
  GraphValue widened = castTo(node, value, wide);
  if (!zeroPoint)
    return widened;
  if (zeroPoint->elementType != value.elementType)
    return node.error("a zero point has element type " + typeName(zeroPoint->elementType) +
                      ", but expected " + typeName(value.elementType) + " as what it belongs to");
  return applyBinary(node, "Sub", widened, castTo(node, *zeroPoint, wide));
}

/// saturate(sum * factor, zero point)
Result requantize(Node &node, const GraphValue &sum, const GraphValue &factor, const GraphValue &zeroPoint) {
  mlir::Type type = zeroPoint.elementType;
  ElementFunction function;
  function.emit = [&](const Scalars &given, ValueRange v) {
    Scalars s{given.builder, given.location};
    return saturate(s, s.multiply(s.cast(v[0], v[1].getType()), v[1]), v[2], type);
  };
  return applyElementwise(node, type, {&sum, &factor, &zeroPoint}, function);
}

/// The parameter of a matrix: one for all, or one per row (a column then) or per column.
GraphValue matrixParameter(Node &node, const GraphValue &parameter, bool isPerRow) {
  if (isSingle(parameter))
    return node.emit.reshape(parameter, {});
  return parameter.rank() == 1 && isPerRow ? node.emit.reshape(parameter, {parameter.shape[0], 1})
                                           : parameter;
}

/// The parameter of a convolution's channels, dimension `axis` of a tensor of that rank; or one for all.
Result channelParameter(Node &node, const GraphValue &parameter, const Extent &channels, int64_t rank,
                        int64_t axis) {
  if (isSingle(parameter))
    return node.emit.reshape(parameter, {});
  if (parameter.rank() != 1)
    return node.error("a scale or zero point has rank " + llvm::Twine(parameter.rank()) +
                      ", but expected 0 or 1");
  if (failed(node.requireEqual(parameter.shape[0], channels, "numbers of channels and their scales")))
    return mlir::failure();
  Shape shape(rank - axis, 1);
  shape[0] = channels;
  return node.emit.reshape(parameter, shape);
}

/// first scale * second scale / result scale, in float32.
GraphValue rescaling(Composition &c, Node &node, const GraphValue &first, const GraphValue &second,
                     const GraphValue &result) {
  mlir::Type single = node.builder.getF32Type();
  return c.divide(c.multiply(c.cast(first, single), c.cast(second, single)), c.cast(result, single));
}

/// The convolution of centered integers, in int32.
Result convolveIntegers(Node &node, const GraphValue &x, const GraphValue &weight,
                        const GraphValue *inputZero, const GraphValue *weightZero,
                        std::optional<GraphValue> bias) {
  GraphValue moved, perOutput;
  if (inputZero) {
    if (!isSingle(*inputZero))
      return node.error("the zero point of the input has shape " + node.extents.text(inputZero->shape) +
                        ", but expected one element");
    moved = node.emit.reshape(*inputZero, {});
  }
  if (weightZero) {
    if (weight.rank() == 0)
      return node.error("the weight is a scalar");
    Result spreadZero = channelParameter(node, *weightZero, weight.shape[0], weight.rank(), 0);
    if (failed(spreadZero))
      return mlir::failure();
    perOutput = *spreadZero;
  }
  Result left = centered(node, x, inputZero ? &moved : nullptr);
  Result right = centered(node, weight, weightZero ? &perOutput : nullptr);
  if (failed(left) || failed(right))
    return mlir::failure();
  mlir::FailureOr<Convolution> convolution = readConvolution(node, *left, *right, std::move(bias));
  return failed(convolution) ? Result(mlir::failure()) : convolve(node, std::move(*convolution));
}

mlir::LogicalResult finish(Node &node, Result result) {
  if (failed(result))
    return mlir::failure();
  node.set(0, std::move(*result));
  return mlir::success();
}

const GraphValue *optionalInput(Node &node, int64_t index) {
  return node.has(index) ? &node.input(index) : nullptr;
}

} // namespace

static mlir::LogicalResult importQuantizeLinear(Node &node) {
  const GraphValue *zeroPoint = optionalInput(node, 2);
  mlir::Type byte = node.builder.getIntegerType(8, /*isSigned=*/false);
  mlir::FailureOr<mlir::Type> type =
      node.elementType("output_dtype", zeroPoint ? zeroPoint->elementType : byte);
  mlir::FailureOr<mlir::Type> precision = node.elementType("precision", node.input(1).elementType);
  bool saturates = node.integer("saturate", 1) != 0; // concerns floats of 8 bits only
  if (failed(type) || failed(precision))
    return mlir::failure();
  if (zeroPoint && *type != zeroPoint->elementType)
    return node.error("output_dtype is " + typeName(*type) + ", but the zero point has element type " +
                      typeName(zeroPoint->elementType));
  const Shape &shape = node.input(0).shape;
  Result scale = spread(node, node.input(1), shape);
  Result zero = zeroPoint ? spread(node, *zeroPoint, shape) : Result(GraphValue());
  if (failed(scale) || failed(zero))
    return mlir::failure();
  GraphValue x = castTo(node, node.input(0), *precision);
  *scale = castTo(node, *scale, *precision);
  if (isInClass('b', *type))
    return node.error("output_dtype is bool, but expected an integer or a float");
  if (!isReal(*type) && !isNarrowFloat(*type))
    return finish(node, quantize(node, x, *scale, zeroPoint ? &*zero : nullptr, *type));
  Composition c(node);
  GraphValue quotient = c.divide(x, *scale);
  // The zero point of floats is zero. Floats of 8 bits leave it out; where it is added, it makes -0 0.
  bool isAdded = zeroPoint && isPacked(*type);
  if (isAdded)
    quotient = c.add(quotient, castTo(node, *zero, *precision));
  GraphValue like;
  like.elementType = *type;
  like.constant = isReal(*type) ? Constant::uniformReal(*type, 0) : Constant::uniformInteger(*type, 0);
  return c.finish(c.op("CastLike", {quotient, like}, {{"saturate", int64_t{saturates}}}));
}

static mlir::LogicalResult importDequantizeLinear(Node &node) {
  const GraphValue &x = node.input(0), *zeroPoint = optionalInput(node, 2);
  mlir::FailureOr<mlir::Type> type = node.elementType("output_dtype", node.input(1).elementType);
  if (failed(type))
    return mlir::failure();
  if (!isReal(*type))
    return node.error("output_dtype is " + typeName(*type) + ", but expected a float");
  if (zeroPoint && zeroPoint->elementType != x.elementType)
    return node.error("the zero point has element type " + typeName(zeroPoint->elementType) +
                      ", but expected " + typeName(x.elementType) + " as the input");
  Result scale = spread(node, node.input(1), x.shape);
  bool hasZero = zeroPoint && !x.isReal() && !isNarrowFloat(x.elementType);
  Result zero = hasZero ? spread(node, *zeroPoint, x.shape) : Result(GraphValue());
  if (failed(scale) || failed(zero))
    return mlir::failure();
  mlir::Type single = node.builder.getF32Type();
  ElementFunction function;
  // Not folded: the weights of a quantized model stay small.
  function.emit = [&](const Scalars &given, ValueRange v) {
    Scalars s{given.builder, given.location}, input{given.builder, given.location, isUnsigned(x.elementType)};
    Value real = castScalar(input, v[0], x.elementType, single);
    if (hasZero)
      real = s.subtract(real, castScalar(input, v[2], x.elementType, single));
    return s.cast(s.multiply(real, s.cast(v[1], single)), *type);
  };
  llvm::SmallVector<const GraphValue *> operands = {&x, &*scale};
  if (hasZero)
    operands.push_back(&*zero);
  return finish(node, applyElementwise(node, *type, operands, function));
}

static mlir::LogicalResult importDynamicQuantizeLinear(Node &node) {
  Composition c(node);
  GraphValue x = c.input(0), none;
  mlir::Type type = x.elementType, byte = node.builder.getIntegerType(8, /*isSigned=*/false);
  GraphValue zero = c.real(type, 0), most = c.real(type, 255);
  GraphValue high = c.op("Max", {c.op("ReduceMax", {x}, {{"keepdims", int64_t{0}}}), zero});
  GraphValue low = c.op("Min", {c.op("ReduceMin", {x}, {{"keepdims", int64_t{0}}}), zero});
  // Nothing but zeros: any scale will do, and ONNX Runtime takes 1.
  GraphValue scale =
      c.where(c.op("Equal", {high, low}), c.real(type, 1), c.divide(c.subtract(high, low), most));
  GraphValue start = c.op("Clip", {c.subtract(zero, c.divide(low, scale)), zero, most});
  GraphValue zeroPoint = c.cast(c.op("Round", {start}), byte);
  return c.finish({c.op("QuantizeLinear", {x, scale, zeroPoint}), scale, zeroPoint});
}

static mlir::LogicalResult importMatMulInteger(Node &node) {
  GraphValue zeros[2];
  for (int64_t i : {0, 1})
    if (node.has(2 + i))
      zeros[i] = matrixParameter(node, node.input(2 + i), /*isPerRow=*/i == 0);
  Result a = centered(node, node.input(0), node.has(2) ? &zeros[0] : nullptr);
  Result b = centered(node, node.input(1), node.has(3) ? &zeros[1] : nullptr);
  if (failed(a) || failed(b))
    return mlir::failure();
  Composition c(node);
  return c.finish(c.op("MatMul", {*a, *b}));
}

static mlir::LogicalResult importQLinearMatMul(Node &node) {
  Composition c(node);
  auto parameter = [&](int64_t index, bool isPerRow) {
    return matrixParameter(node, node.input(index), isPerRow);
  };
  GraphValue zeroA = parameter(2, true), zeroB = parameter(5, false), zeroY = parameter(7, true);
  Result a = centered(node, node.input(0), &zeroA), b = centered(node, node.input(3), &zeroB);
  if (failed(a) || failed(b))
    return mlir::failure();
  GraphValue sum = c.op("MatMul", {*a, *b});
  GraphValue factor = rescaling(c, node, parameter(1, true), parameter(4, false), parameter(6, true));
  if (c.hasFailed())
    return mlir::failure();
  return finish(node, requantize(node, sum, factor, zeroY));
}

static mlir::LogicalResult importConvInteger(Node &node) {
  return finish(node, convolveIntegers(node, node.input(0), node.input(1), optionalInput(node, 2),
                                       optionalInput(node, 3), std::nullopt));
}

static mlir::LogicalResult importQLinearConv(Node &node) {
  const GraphValue &x = node.input(0), &weight = node.input(3);
  std::optional<GraphValue> bias = node.has(8) ? std::optional(node.input(8)) : std::nullopt;
  if (bias && !bias->elementType.isInteger(32))
    return node.error("the bias has element type " + typeName(bias->elementType) + ", but expected int32");
  for (int64_t index : {1, 6, 7})
    if (!isSingle(node.input(index)))
      return node.error("input " + llvm::Twine(index) + " has shape " +
                        node.extents.text(node.input(index).shape) + ", but expected one element");
  Result sum = convolveIntegers(node, x, weight, &node.input(2), &node.input(5), std::move(bias));
  if (failed(sum))
    return mlir::failure();
  Result scale = channelParameter(node, node.input(4), weight.shape[0], x.rank(), 1);
  if (failed(scale))
    return mlir::failure();
  auto single = [&](int64_t index) { return node.emit.reshape(node.input(index), {}); };
  Composition c(node);
  GraphValue factor = rescaling(c, node, single(1), *scale, single(6));
  if (c.hasFailed())
    return mlir::failure();
  return finish(node, requantize(node, *sum, factor, single(7)));
}

Family quantizationOperators() {
  static constexpr Operator kOperators[] = {
      {"ConvInteger", 10, "nnn?n?", importConvInteger},
      {"DequantizeLinear", 10, "afa?", importDequantizeLinear},
      {"DynamicQuantizeLinear", 11, "f", importDynamicQuantizeLinear},
      {"MatMulInteger", 10, "nnn?n?", importMatMulInteger},
      {"QLinearConv", 10, "nfnnfnfnn?", importQLinearConv},
      {"QLinearMatMul", 10, "nfnnfnfn", importQLinearMatMul},
      {"QuantizeLinear", 10, "nfa?", importQuantizeLinear},
  };
  return kOperators;
}

} // namespace winnow::frontend
