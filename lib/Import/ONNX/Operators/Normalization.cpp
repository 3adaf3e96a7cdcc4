// Normalizations and softmax, as reductions and element-wise operations.
#include "lib/Import/ONNX/Composition.h"
#include "lib/Import/ONNX/Operators.h"
#include "lib/Import/ONNX/Operators/Reduction.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>

namespace winnow::frontend {
namespace {

using mlir::Value;
using mlir::ValueRange;
using Result = mlir::FailureOr<GraphValue>;

Result apply(Node &node, llvm::ArrayRef<const GraphValue *> operands,
             std::function<Value(const Scalars &, ValueRange)> emit,
             std::function<std::optional<double>(llvm::ArrayRef<double>)> fold = nullptr) {
  ElementFunction function;
  function.emit = std::move(emit);
  function.foldReal = std::move(fold);
  return applyElementwise(node, operands[0]->elementType, operands, function);
}

/// 1 / sqrt(x + epsilon)
Result inverseRoot(Node &node, const GraphValue &x, double epsilon) {
  return apply(
      node, {&x},
      [epsilon](const Scalars &s, ValueRange v) {
        mlir::Type type = v[0].getType();
        return s.divide(s.constant(type, 1), s.squareRoot(s.add(v[0], s.constant(type, epsilon))));
      },
      [epsilon](llvm::ArrayRef<double> v) { return 1 / std::sqrt(v[0] + epsilon); });
}

struct Moments {
  GraphValue mean, inverseDeviation, normalized;
};

/// (x - mean) / sqrt(variance + epsilon) over the axes; the moments have ones there.
mlir::FailureOr<Moments> normalize(Node &node, const GraphValue &x, llvm::ArrayRef<int64_t> axes,
                                   double epsilon, bool center) {
  Moments moments;
  GraphValue centered = x;
  if (center) {
    Result mean = meanOver(node, x, axes);
    if (failed(mean))
      return mlir::failure();
    moments.mean = keepDimensions(node, *mean, x.shape, axes);
    Result difference = applyBinary(node, "Sub", x, moments.mean);
    if (failed(difference))
      return mlir::failure();
    centered = *difference;
  }
  Result squares = applyBinary(node, "Mul", centered, centered);
  if (failed(squares))
    return mlir::failure();
  Result variance = meanOver(node, *squares, axes);
  if (failed(variance))
    return mlir::failure();
  Result inverse = inverseRoot(node, *variance, epsilon);
  if (failed(inverse))
    return mlir::failure();
  moments.inverseDeviation = keepDimensions(node, *inverse, x.shape, axes);
  Result normalized = applyBinary(node, "Mul", centered, moments.inverseDeviation);
  if (failed(normalized))
    return mlir::failure();
  moments.normalized = *normalized;
  return moments;
}

/// x * scale + shift; either may be absent.
Result scaleAndShift(Node &node, const GraphValue &x, const GraphValue *scale, const GraphValue *shift) {
  Result result = x;
  if (scale)
    result = applyBinary(node, "Mul", *result, *scale);
  if (shift && succeeded(result))
    result = applyBinary(node, "Add", *result, *shift);
  return result;
}

/// A [C] parameter as [C, 1, ...], to go with a tensor of that rank.
GraphValue perChannel(Node &node, const GraphValue &parameter, int64_t rank) {
  Shape shape(rank - 1, 1);
  shape[0] = parameter.shape[0];
  return node.emit.reshape(parameter, shape);
}

mlir::LogicalResult checkParameters(Node &node, int64_t first, int64_t last, const Extent &channels) {
  for (int64_t i = first; i <= last; ++i)
    if (failed(node.requireRank(i, 1, 1)) ||
        failed(node.requireEqual(node.input(i).shape[0], channels, "numbers of channels and parameters")))
      return mlir::failure();
  return mlir::success();
}

mlir::LogicalResult finish(Node &node, Result result) {
  if (failed(result))
    return mlir::failure();
  node.set(0, *result);
  return mlir::success();
}

} // namespace

/// (x - mean) / sqrt(variance + epsilon) * scale + shift, where the parameters have one element per channel.
static Result normalizeChannels(Node &node, const GraphValue &x, const GraphValue &gain,
                                const GraphValue &bias, const GraphValue &mean, const GraphValue &variance,
                                double epsilon) {
  Result inverse = inverseRoot(node, variance, epsilon);
  Result scale = applyBinary(node, "Mul", *inverse, castTo(node, gain, inverse->elementType));
  Result moved =
      failed(scale) ? scale : applyBinary(node, "Mul", castTo(node, mean, scale->elementType), *scale);
  Result shift =
      failed(moved) ? moved : applyBinary(node, "Sub", castTo(node, bias, moved->elementType), *moved);
  if (failed(shift))
    return mlir::failure();
  GraphValue factors = perChannel(node, *scale, x.rank()), offsets = perChannel(node, *shift, x.rank());
  factors = castTo(node, factors, x.elementType);
  offsets = castTo(node, offsets, x.elementType);
  return apply(node, {&x, &factors, &offsets},
               [](const Scalars &s, ValueRange v) { return s.add(s.multiply(v[0], v[1]), v[2]); });
}

/// Normalizes by the moments of the batch, and moves the running ones toward them.
static mlir::LogicalResult normalizeBatch(Node &node, double epsilon, double momentum) {
  const GraphValue &x = node.input(0);
  Composition c(node);
  llvm::SmallVector<int64_t> others = {0};
  for (int64_t i = 2; i < x.rank(); ++i)
    others.push_back(i);
  GraphValue axes = c.integers(others);
  GraphValue mean = c.op("ReduceMean", {x, axes}, {{"keepdims", int64_t{0}}});
  GraphValue centered = c.subtract(x, c.op("ReduceMean", {x, axes}));
  GraphValue variance =
      c.op("ReduceMean", {c.multiply(centered, centered), axes}, {{"keepdims", int64_t{0}}});
  auto move = [&](const GraphValue &running, const GraphValue &current) {
    mlir::Type type = running.elementType;
    return c.add(c.multiply(running, c.real(type, momentum)),
                 c.multiply(c.cast(current, type), c.real(type, 1 - momentum)));
  };
  GraphValue runningMean = move(node.input(3), mean), runningVariance = move(node.input(4), variance);
  if (c.hasFailed())
    return mlir::failure();
  Result result = normalizeChannels(node, x, node.input(1), node.input(2), mean, variance, epsilon);
  return failed(result) ? mlir::failure() : c.finish({*result, runningMean, runningVariance});
}

static mlir::LogicalResult importBatchNormalization(Node &node) {
  const GraphValue &x = node.input(0);
  double epsilon = node.real("epsilon", 1e-5), momentum = node.real("momentum", 0.9);
  bool isTraining = node.integer("training_mode", 0) != 0;
  if (node.opset() < 7) {
    node.integers("consumed_inputs");
    if (node.integer("is_test", 0) == 0 && node.outputCount() > 1)
      return node.error("is_test is 0, but expected 1: export the model for inference");
  }
  // Up to opset 8, every place of a channel could have parameters of its own.
  bool isPerPlace = node.opset() < 9 && node.integer("spatial", 1) == 0;
  if (node.takeFolded()) {
    node.set(0, x);
    return mlir::success();
  }
  if (x.rank() < 2)
    return node.error("the input has rank " + llvm::Twine(x.rank()) + ", but expected at least 2");
  if (isPerPlace && x.rank() > 2)
    return node.error("spatial is 0, but expected 1: one mean and variance for each channel");
  if (failed(checkParameters(node, 1, 4, x.shape[1])))
    return mlir::failure();
  if (isTraining)
    return normalizeBatch(node, epsilon, momentum);
  return finish(
      node, normalizeChannels(node, x, node.input(1), node.input(2), node.input(3), node.input(4), epsilon));
}

static mlir::LogicalResult importLayerNormalization(Node &node) {
  const GraphValue &x = node.input(0);
  bool isRMS = node.operatorName() == "RMSNormalization";
  mlir::FailureOr<int64_t> axis = node.axis(node.integer("axis", -1), x.rank());
  double epsilon = node.real("epsilon", 1e-5);
  node.integer("stash_type", 1);
  if (failed(axis))
    return mlir::failure();
  llvm::SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(*axis, x.rank()));
  mlir::FailureOr<Moments> moments = normalize(node, x, axes, epsilon, /*center=*/!isRMS);
  if (failed(moments))
    return mlir::failure();
  const GraphValue *shift = !isRMS && node.has(2) ? &node.input(2) : nullptr;
  Result result = scaleAndShift(node, moments->normalized, &node.input(1), shift);
  if (failed(result))
    return mlir::failure();
  if (result->shape.size() != x.shape.size())
    return node.error("scale or bias has a higher rank than the input");
  node.set(0, *result);
  if (!isRMS) {
    node.set(1, moments->mean);
    node.set(2, moments->inverseDeviation);
  }
  return mlir::success();
}

static mlir::LogicalResult importGroupNormalization(Node &node) {
  const GraphValue &x = node.input(0);
  if (x.rank() < 3)
    return node.error("the input has rank " + llvm::Twine(x.rank()) + ", but expected at least 3");
  bool isInstance = node.operatorName() == "InstanceNormalization";
  double epsilon = node.real("epsilon", 1e-5);
  node.integer("stash_type", 1);
  std::optional<int64_t> channels = x.shape[1].constant();
  int64_t groups = isInstance ? channels.value_or(0) : node.integer("num_groups", 0);
  if (!channels || groups < 1 || *channels % groups != 0)
    return node.error("expected a static number of channels that num_groups divides, but found " +
                      node.extents.text(x.shape[1]) + " and " + llvm::Twine(groups));
  // Up to opset 20, a group's channels share their parameters.
  bool isPerGroup = !isInstance && node.opset() < 21;
  if (failed(checkParameters(node, 1, 2, isPerGroup ? groups : *channels)))
    return mlir::failure();
  Shape split = {x.shape[0], groups, *channels / groups};
  split.append(x.shape.begin() + 2, x.shape.end());
  GraphValue grouped = node.emit.reshape(x, split);
  llvm::SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(2, grouped.rank()));
  mlir::FailureOr<Moments> moments = normalize(node, grouped, axes, epsilon, true);
  if (failed(moments))
    return mlir::failure();
  GraphValue normalized = isPerGroup ? moments->normalized : node.emit.reshape(moments->normalized, x.shape);
  GraphValue scale = perChannel(node, node.input(1), normalized.rank());
  GraphValue shift = perChannel(node, node.input(2), normalized.rank());
  Result result = scaleAndShift(node, normalized, &scale, &shift);
  return failed(result) ? mlir::failure() : finish(node, node.emit.reshape(*result, x.shape));
}

static mlir::LogicalResult importSoftmax(Node &node) {
  const GraphValue &x = node.input(0);
  mlir::FailureOr<int64_t> axis = node.axis(node.integer("axis", -1), x.rank());
  if (failed(axis))
    return mlir::failure();
  bool isLogarithm = node.operatorName() == "LogSoftmax";
  GraphValue maximum = keepDimensions(node, reduceOver(node, Reduce::Maximum, x, *axis), x.shape, *axis);
  Result shifted = applyBinary(node, "Sub", x, maximum);
  if (failed(shifted))
    return mlir::failure();
  Result powers =
      apply(node, {&*shifted}, [](const Scalars &s, ValueRange v) { return s.exponential(v[0]); });
  if (failed(powers))
    return mlir::failure();
  GraphValue sum = keepDimensions(node, reduceOver(node, Reduce::Sum, *powers, *axis), x.shape, *axis);
  if (!isLogarithm)
    return finish(node, applyBinary(node, "Div", *powers, sum));
  return finish(node, apply(node, {&*shifted, &sum}, [](const Scalars &s, ValueRange v) {
                  return s.subtract(v[0], s.logarithm(v[1]));
                }));
}

/// Up to opset 12 Softmax, LogSoftmax and Hardmax see a matrix: the dimensions from the axis on are its
/// columns.
static mlir::LogicalResult importFlatSoftmax(Node &node) {
  const GraphValue &x = node.input(0);
  mlir::FailureOr<int64_t> axis = node.axis(node.integer("axis", 1), x.rank());
  if (failed(axis))
    return mlir::failure();
  Composition c(node);
  if (*axis == x.rank() - 1)
    return c.finish({c.op(node.operatorName(), {x}, {{"axis", int64_t{-1}}})});
  GraphValue matrix = c.op("Flatten", {x}, {{"axis", *axis}});
  GraphValue result = c.op(node.operatorName(), {matrix}, {{"axis", int64_t{-1}}});
  return c.finish({c.reshape(result, x.shape)});
}

/// One where the first of the largest elements is, zero elsewhere.
static mlir::LogicalResult importHardmax(Node &node) {
  const GraphValue &x = node.input(0);
  mlir::FailureOr<int64_t> axis = node.axis(node.integer("axis", -1), x.rank());
  if (failed(axis))
    return mlir::failure();
  Composition c(node);
  GraphValue place = c.op("ArgMax", {x}, {{"axis", *axis}, {"keepdims", int64_t{0}}});
  GraphValue offAndOn;
  offAndOn.elementType = x.elementType;
  offAndOn.shape = {2};
  offAndOn.constant = Constant::reals(x.elementType, {0.0, 1.0});
  return c.finish({c.op("OneHot", {place, c.extents(x.shape[*axis]), offAndOn}, {{"axis", *axis}})});
}

Family normalizationOperators() {
  static constexpr Operator kOperators[] = {
      {"BatchNormalization", 1, "fffff", importBatchNormalization},
      {"GroupNormalization", 18, "FFF", importGroupNormalization},
      {"Hardmax", 1, "f", importFlatSoftmax},
      {"Hardmax", 13, "f", importHardmax},
      {"InstanceNormalization", 1, "FFF", importGroupNormalization},
      {"LayerNormalization", 17, "FFF?", importLayerNormalization},
      {"LogSoftmax", 1, "f", importFlatSoftmax},
      {"LogSoftmax", 13, "f", importSoftmax},
      {"RMSNormalization", 23, "FF", importLayerNormalization},
      {"Softmax", 1, "f", importFlatSoftmax},
      {"Softmax", 13, "f", importSoftmax},
  };
  return kOperators;
}

} // namespace winnow::frontend
