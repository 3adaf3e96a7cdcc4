// Pools: padding as tensor.pad, then linalg.pooling_nchw_max or _sum.
#include "lib/Import/ONNX/Elementwise.h"
#include "lib/Import/ONNX/Operators.h"
#include "lib/Import/ONNX/Operators/Window.h"

#include "llvm/ADT/STLExtras.h"

namespace winnow::frontend {
namespace {

struct Pool {
  GraphValue input; // [N, C, H, W]
  Window window;
  bool is1D = false;
};

mlir::FailureOr<Pool> readPool(Node &node) {
  if (failed(node.requireRank(0, 3, 4)))
    return mlir::failure();
  Pool pool{node.input(0), {}, node.input(0).rank() == 3};
  mlir::FailureOr<Window> window =
      readWindow(node, llvm::ArrayRef<Extent>(pool.input.shape).drop_front(2), std::nullopt, true);
  if (failed(window))
    return mlir::failure();
  pool.window = std::move(*window);
  if (pool.is1D) {
    pool.input = addHeight(node, pool.input);
    addHeight(pool.window);
  }
  return pool;
}

template <typename Operation>
GraphValue emitPool(Node &node, const GraphValue &input, const Window &window, mlir::TypedAttr identity) {
  Emitter &emit = node.emit;
  Shape shape = {input.shape[0], input.shape[1], window.sizes[0], window.sizes[1]};
  mlir::Value source = emit.tensor(input);
  mlir::Value kernel = emit.empty(input.elementType, {window.kernel[0], window.kernel[1]});
  mlir::Value init = emit.filled(identity, shape);
  auto operation = Operation::create(
      emit.builder, emit.location, init.getType(), mlir::ValueRange{source, kernel}, mlir::ValueRange{init},
      emit.builder.getI64TensorAttr(window.strides), emit.builder.getI64TensorAttr(window.dilations));
  return emit.wrap(operation.getResult(0), input.elementType, shape);
}

Shape paddedEnd(const Window &window) {
  Shape result;
  for (auto [high, overhang] : llvm::zip_equal(window.high, window.overhang))
    result.push_back(*add(high, overhang));
  return result;
}

GraphValue dropHeight(Node &node, const Pool &pool, const GraphValue &value) {
  if (!pool.is1D)
    return value;
  return node.emit.reshape(value, {value.shape[0], value.shape[1], value.shape[3]});
}

/// How many input elements each window covers, as a [1, 1, OH, OW] or a scalar: the pool of ones.
GraphValue coveredCounts(Node &node, const Pool &pool, bool includePadding) {
  const Window &window = pool.window;
  mlir::Type type = pool.input.elementType;
  if (!window.hasOverhang() && (includePadding || !window.hasPadding()))
    return realScalar(type, static_cast<double>(window.kernel[0] * window.kernel[1]));
  GraphValue ones;
  ones.elementType = type;
  ones.shape = {1, 1, pool.input.shape[2], pool.input.shape[3]};
  ones.constant = Constant::uniformReal(type, 1);
  auto one = node.builder.getFloatAttr(type, 1), zero = node.builder.getFloatAttr(type, 0);
  GraphValue padded = padSpatial(node, ones, window.low, window.high, includePadding ? one : zero);
  Shape none(2, 0);
  padded = padSpatial(node, padded, none, window.overhang, zero);
  GraphValue counts = emitPool<mlir::linalg::PoolingNchwSumOp>(node, padded, window, zero);
  // A window that covers nothing has the sum 0; 0 / 1 is what it should be.
  return *applyBinary(node, "Max", counts, realScalar(type, 1));
}

} // namespace

static mlir::LogicalResult importMaxPool(Node &node) {
  mlir::FailureOr<Pool> pool = readPool(node);
  node.integer("storage_order", 0); // concerns the indices, which are not supported
  if (failed(pool))
    return mlir::failure();
  mlir::Type type = pool->input.elementType;
  if (isUnsigned(type))
    return node.error("the input has element type uint8, but expected a float or a signed integer");
  mlir::TypedAttr identity = lowest(type, false);
  const Window &window = pool->window;
  GraphValue padded = padSpatial(node, pool->input, window.low, paddedEnd(window), identity);
  GraphValue result = emitPool<mlir::linalg::PoolingNchwMaxOp>(node, padded, window, identity);
  node.set(0, dropHeight(node, *pool, result));
  return mlir::success();
}

static mlir::LogicalResult importAveragePool(Node &node) {
  mlir::FailureOr<Pool> pool = readPool(node);
  bool includePadding = node.integer("count_include_pad", 0) != 0;
  if (failed(pool))
    return mlir::failure();
  const Window &window = pool->window;
  auto zero = mlir::cast<mlir::TypedAttr>(node.builder.getZeroAttr(pool->input.elementType));
  GraphValue padded = padSpatial(node, pool->input, window.low, paddedEnd(window), zero);
  GraphValue sum = emitPool<mlir::linalg::PoolingNchwSumOp>(node, padded, window, zero);
  mlir::FailureOr<GraphValue> mean =
      applyBinary(node, "Div", sum, coveredCounts(node, *pool, includePadding));
  if (failed(mean))
    return mlir::failure();
  node.set(0, dropHeight(node, *pool, *mean));
  return mlir::success();
}

Family poolingOperators() {
  static constexpr Operator kOperators[] = {
      {"AveragePool", 1, "f", importAveragePool},
      {"MaxPool", 1, "n", importMaxPool},
  };
  return kOperators;
}

} // namespace winnow::frontend
