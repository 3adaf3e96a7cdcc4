// Convolutions: padding as tensor.pad, a zero-filled linalg convolution, the bias as an element-wise add.
#include "lib/Import/ONNX/Operators/Convolution.h"
#include "lib/Import/ONNX/Elementwise.h"
#include "lib/Import/ONNX/Operators.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>

namespace winnow::frontend {
namespace {

/// The weight scaled per output channel, and the bias that goes with it: what a batch normalization behind
/// the convolution does. Everything is constant.
void foldNormalization(Node &node, Convolution &convolution, const onnx::NodeProto &normalization) {
  auto constant = [&](int index) { return node.find(normalization.input(index))->constant; };
  ConstantPointer scale = constant(1), shift = constant(2), mean = constant(3), variance = constant(4);
  double epsilon = 1e-5;
  for (const onnx::AttributeProto &attribute : normalization.attribute())
    if (attribute.name() == "epsilon")
      epsilon = attribute.f();
  mlir::Type type = convolution.weight.elementType;
  llvm::SmallVector<double> factors, biases;
  for (int64_t i = 0; i < convolution.outputs; ++i) {
    factors.push_back(scale->real(i) / std::sqrt(variance->real(i) + epsilon));
    double bias = convolution.bias ? convolution.bias->constant->real(i) : 0;
    biases.push_back((bias - mean->real(i)) * factors.back() + shift->real(i));
  }
  int64_t count = *elementCount(convolution.weight.shape)->constant();
  int64_t perOutput = count / convolution.outputs;
  llvm::SmallVector<double> weights(count);
  for (int64_t i = 0; i < count; ++i)
    weights[i] = convolution.weight.constant->real(i) * factors[i / perOutput];
  convolution.weight.constant = Constant::reals(type, weights);
  convolution.weight.tensor = nullptr;
  GraphValue bias;
  bias.elementType = type;
  bias.shape = {convolution.outputs};
  bias.constant = Constant::reals(type, biases);
  convolution.bias = std::move(bias);
  node.fold(&normalization);
}

/// Folds the batch normalization that alone reads the convolution, if all parameters are constants.
void tryFoldNormalization(Node &node, Convolution &convolution) {
  const onnx::NodeProto *reader = node.onlyReader();
  if (!reader || !reader->domain().empty() || reader->op_type() != "BatchNormalization" ||
      reader->input_size() != 5 || reader->output_size() != 1 || !convolution.weight.constant ||
      convolution.outputs == 0 || (convolution.bias && !convolution.bias->constant))
    return;
  for (const onnx::AttributeProto &attribute : reader->attribute())
    if ((attribute.name() == "training_mode" && attribute.i() != 0) || !attribute.ref_attr_name().empty() ||
        (attribute.name() == "epsilon" && attribute.type() != onnx::AttributeProto::FLOAT))
      return;
  for (int i = 1; i < 5; ++i) {
    const GraphValue *parameter = node.find(reader->input(i));
    if (!parameter || !parameter->constant || !parameter->isReal() || parameter->rank() != 1 ||
        !parameter->shape[0].is(convolution.outputs))
      return;
  }
  foldNormalization(node, convolution, *reader);
}

template <typename Operation>
GraphValue emitConvolution(Node &node, const Convolution &convolution, const GraphValue &input,
                           const GraphValue &weight, const Shape &shape) {
  Emitter &emit = node.emit;
  mlir::Value source = emit.tensor(input), filter = emit.tensor(weight);
  mlir::Value init = emit.zeros(input.elementType, shape);
  auto operation =
      Operation::create(emit.builder, emit.location, init.getType(), mlir::ValueRange{source, filter},
                        mlir::ValueRange{init}, emit.builder.getI64TensorAttr(convolution.window.strides),
                        emit.builder.getI64TensorAttr(convolution.window.dilations));
  return emit.wrap(operation.getResult(0), input.elementType, shape);
}

/// [N, G*C, H, W] * [G*F, C, KH, KW] as [N, G, C, H, W] * [G, F, C, KH, KW].
GraphValue emitGrouped(Node &node, const Convolution &convolution, const GraphValue &input) {
  const Shape &x = input.shape, &w = convolution.weight.shape;
  int64_t groups = convolution.groups, each = convolution.outputs / groups;
  GraphValue split = node.emit.reshape(input, {x[0], groups, w[1], x[2], x[3]});
  GraphValue weight = node.emit.reshape(convolution.weight, {groups, each, w[1], w[2], w[3]});
  const Shape &sizes = convolution.window.sizes;
  GraphValue result = emitConvolution<mlir::linalg::Conv2DNgchwGfchwOp>(
      node, convolution, split, weight, {x[0], groups, each, sizes[0], sizes[1]});
  return node.emit.reshape(result, {x[0], convolution.outputs, sizes[0], sizes[1]});
}

GraphValue emit2D(Node &node, const Convolution &convolution) {
  const Window &window = convolution.window;
  mlir::Type type = convolution.input.elementType;
  auto zero = mlir::cast<mlir::TypedAttr>(node.builder.getZeroAttr(type));
  GraphValue input = padSpatial(node, convolution.input, window.low, window.high, zero);
  const Shape &w = convolution.weight.shape;
  Shape shape = {input.shape[0], convolution.outputs, window.sizes[0], window.sizes[1]};
  if (convolution.groups == 1)
    return emitConvolution<mlir::linalg::Conv2DNchwFchwOp>(node, convolution, input, convolution.weight,
                                                           shape);
  if (w[1].is(1) && convolution.groups == convolution.outputs)
    return emitConvolution<mlir::linalg::DepthwiseConv2DNchwChwOp>(
        node, convolution, input, node.emit.reshape(convolution.weight, {w[0], w[2], w[3]}), shape);
  return emitGrouped(node, convolution, input);
}

/// [N, G*C, spatial...] * [G*F, C, kernel...] of any rank, as [N, G, C, spatial...] * [G, F, C, kernel...].
GraphValue emitAnyRank(Node &node, const Convolution &convolution) {
  const Window &window = convolution.window;
  mlir::Type type = convolution.input.elementType;
  auto zero = mlir::cast<mlir::TypedAttr>(node.builder.getZeroAttr(type));
  GraphValue padded = padSpatial(node, convolution.input, window.low, window.high, zero);
  int64_t groups = convolution.groups, each = convolution.outputs / groups, rank = window.kernel.size();
  Shape split = {padded.shape[0], groups, convolution.weight.shape[1]}, filter = {groups, each};
  split.append(padded.shape.begin() + 2, padded.shape.end());
  filter.append(convolution.weight.shape.begin() + 1, convolution.weight.shape.end());
  Shape shape = {padded.shape[0], groups, each};
  shape.append(window.sizes);
  // Loops: N, G, F, the result's dimensions; C, the kernel's dimensions.
  int64_t channel = 3 + rank, loops = 4 + 2 * rank;
  auto loop = [&](int64_t number) { return node.builder.getAffineDimExpr(number); };
  llvm::SmallVector<mlir::AffineExpr> indices = {loop(0), loop(1), loop(channel)};
  for (int64_t i = 0; i < rank; ++i)
    indices.push_back(loop(3 + i) * window.strides[i] + loop(channel + 1 + i) * window.dilations[i]);
  llvm::SmallVector<int64_t> inner = llvm::to_vector(llvm::seq<int64_t>(channel, loops));
  llvm::SmallVector<int64_t> weightLoops = {1, 2};
  weightLoops.append(inner);
  Access source{node.emit.tensor(node.emit.reshape(padded, split)),
                {},
                mlir::AffineMap::get(loops, 0, indices, node.builder.getContext())};
  Access weight{node.emit.tensor(node.emit.reshape(convolution.weight, filter)), weightLoops};
  Access output{node.emit.zeros(type, shape), llvm::to_vector(llvm::seq<int64_t>(0, channel))};
  auto body = [](mlir::OpBuilder &builder, mlir::Location location, mlir::ValueRange v) {
    Scalars s{builder, location};
    return llvm::SmallVector<mlir::Value>{s.add(v[2], s.multiply(v[0], v[1]))};
  };
  mlir::Value result = node.emit.generic(loops, inner, {source, weight}, output, body)[0];
  Shape joined = {padded.shape[0], convolution.outputs};
  joined.append(window.sizes);
  return node.emit.reshape(node.emit.wrap(result, type, shape), joined);
}

/// One dimension is computed as two.
GraphValue emit1D(Node &node, Convolution convolution) {
  convolution.input = addHeight(node, convolution.input);
  convolution.weight = addHeight(node, convolution.weight);
  addHeight(convolution.window);
  GraphValue result = emit2D(node, convolution);
  return node.emit.reshape(result, {result.shape[0], result.shape[1], result.shape[3]});
}

} // namespace

mlir::FailureOr<Convolution> readConvolution(Node &node, const GraphValue &input, const GraphValue &weight,
                                             std::optional<GraphValue> bias) {
  if (input.rank() < 3 || input.rank() > 5)
    return node.error("input 0 has rank " + llvm::Twine(input.rank()) + ", but expected rank 3 to 5");
  Convolution convolution{input, weight, std::move(bias), {}, node.integer("group", 1), 0};
  std::optional<llvm::SmallVector<int64_t>> shape = constantShape(weight.shape);
  if (weight.rank() != input.rank() || !shape)
    return node.error("the weight has shape " + node.extents.text(weight.shape) +
                      ", but expected a static shape of rank " + llvm::Twine(input.rank()));
  convolution.outputs = (*shape)[0];
  if (convolution.groups < 1 || convolution.groups > kMaximumElements ||
      convolution.outputs % convolution.groups != 0)
    return node.error("group is " + llvm::Twine(convolution.groups) + ", but expected a divisor of the " +
                      llvm::Twine(convolution.outputs) + " output channels");
  mlir::FailureOr<Extent> channels = node.require(multiply(weight.shape[1], convolution.groups));
  if (failed(channels) ||
      failed(node.requireEqual(input.shape[1], *channels, "channels of the input and the weight")))
    return mlir::failure();
  convolution.input.shape[1] = *channels;
  if (convolution.bias) {
    if (convolution.bias->rank() != 1)
      return node.error("the bias has rank " + llvm::Twine(convolution.bias->rank()) +
                        ", but expected rank 1");
    if (failed(
            node.requireEqual(convolution.bias->shape[0], convolution.outputs, "sizes of bias and output")))
      return mlir::failure();
  }
  mlir::FailureOr<Window> window =
      readWindow(node, llvm::ArrayRef<Extent>(input.shape).drop_front(2),
                 llvm::SmallVector<int64_t>(shape->begin() + 2, shape->end()), /*hasCeilMode=*/false);
  if (failed(window))
    return mlir::failure();
  convolution.window = std::move(*window);
  return convolution;
}

mlir::FailureOr<GraphValue> convolve(Node &node, Convolution convolution) {
  int64_t rank = convolution.input.rank();
  GraphValue result = rank == 3   ? emit1D(node, convolution)
                      : rank == 4 ? emit2D(node, convolution)
                                  : emitAnyRank(node, convolution);
  if (!convolution.bias)
    return result;
  Shape perChannel(rank - 1, 1);
  perChannel[0] = convolution.outputs;
  return applyBinary(node, "Add", result, node.emit.reshape(*convolution.bias, perChannel));
}

static mlir::LogicalResult importConv(Node &node) {
  mlir::FailureOr<Convolution> convolution = readConvolution(
      node, node.input(0), node.input(1), node.has(2) ? std::optional(node.input(2)) : std::nullopt);
  if (failed(convolution))
    return mlir::failure();
  tryFoldNormalization(node, *convolution);
  mlir::FailureOr<GraphValue> result = convolve(node, *convolution);
  if (failed(result))
    return mlir::failure();
  node.set(0, std::move(*result));
  return mlir::success();
}

Family convolutionOperators() {
  static constexpr Operator kOperators[] = {
      {"Conv", 1, "FFF?", importConv},
  };
  return kOperators;
}

} // namespace winnow::frontend
