// Pools: padding as tensor.pad, then linalg.pooling_nchw_max or _sum in one and two dimensions, and a
// linalg.generic of the same form for the others.
#include "lib/Import/ONNX/Elementwise.h"
#include "lib/Import/ONNX/Operators.h"
#include "lib/Import/ONNX/Operators/Window.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/STLExtras.h"

namespace winnow::frontend {
namespace {

using mlir::Value;
using mlir::ValueRange;

struct Pool {
  GraphValue input; // [N, C, spatial...]
  Window window;
  bool is1D = false;
};

mlir::FailureOr<Pool> readPool(Node &node) {
  if (failed(node.requireRank(0, 3, 5)))
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

Shape resultShape(const GraphValue &input, const Window &window) {
  Shape shape = {input.shape[0], input.shape[1]};
  shape.append(window.sizes);
  return shape;
}

template <typename Operation>
GraphValue emitNamed(Node &node, const GraphValue &input, const Window &window, mlir::TypedAttr identity) {
  Emitter &emit = node.emit;
  Shape shape = resultShape(input, window);
  Value source = emit.tensor(input);
  Value kernel = emit.empty(input.elementType, {window.kernel[0], window.kernel[1]});
  Value init = emit.filled(identity, shape);
  auto operation = Operation::create(emit.builder, emit.location, init.getType(), ValueRange{source, kernel},
                                     ValueRange{init}, emit.builder.getI64TensorAttr(window.strides),
                                     emit.builder.getI64TensorAttr(window.dilations));
  return emit.wrap(operation.getResult(0), input.elementType, shape);
}

using Combine = llvm::function_ref<Value(const Scalars &, Value element, Value sum)>;

GraphValue emitGeneric(Node &node, const GraphValue &input, const Window &window, mlir::TypedAttr identity,
                       Combine combine) {
  Shape shape = resultShape(input, window);
  Value init = node.emit.filled(identity, shape);
  bool hasUnsigned = isUnsigned(input.elementType);
  auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
    return llvm::SmallVector<Value>{combine(Scalars{builder, location, hasUnsigned}, v[0], v[1])};
  };
  return node.emit.wrap(slide(node, input, window, init, body)[0], input.elementType, shape);
}

GraphValue sumWindows(Node &node, const GraphValue &input, const Window &window) {
  auto zero = mlir::cast<mlir::TypedAttr>(node.builder.getZeroAttr(input.elementType));
  if (window.kernel.size() == 2)
    return emitNamed<mlir::linalg::PoolingNchwSumOp>(node, input, window, zero);
  return emitGeneric(node, input, window, zero,
                     [](const Scalars &s, Value element, Value sum) { return s.add(sum, element); });
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

/// How many input elements each window covers, as a [1, 1, sizes...] or a scalar: the pool of ones.
GraphValue coveredCounts(Node &node, const Pool &pool, bool includePadding) {
  const Window &window = pool.window;
  mlir::Type type = pool.input.elementType;
  double most = 1;
  for (int64_t size : window.kernel)
    most *= static_cast<double>(size);
  if (!window.hasOverhang() && (includePadding || !window.hasPadding()))
    return realScalar(type, most);
  GraphValue ones;
  ones.elementType = type;
  ones.shape = pool.input.shape;
  ones.shape[0] = ones.shape[1] = 1;
  ones.constant = Constant::uniformReal(type, 1);
  auto one = node.builder.getFloatAttr(type, 1), zero = node.builder.getFloatAttr(type, 0);
  GraphValue padded = padSpatial(node, ones, window.low, window.high, includePadding ? one : zero);
  Shape none(window.kernel.size(), 0);
  padded = padSpatial(node, padded, none, window.overhang, zero);
  // A window that covers nothing has the sum 0; 0 / 1 is what it should be.
  return *applyBinary(node, "Max", sumWindows(node, padded, window), realScalar(type, 1));
}

/// a is greater, or the first NaN.
Value exceeds(const Scalars &s, Value a, Value best) {
  if (!mlir::isa<mlir::FloatType>(a.getType()))
    return s.less(best, a);
  Value isNumber = s.equal(best, best);
  Value isGreater =
      mlir::arith::CmpFOp::create(s.builder, s.location, mlir::arith::CmpFPredicate::UGT, a, best);
  return mlir::arith::AndIOp::create(s.builder, s.location, isGreater, isNumber);
}

/// The place of an element in the flat input; by columns, the spatial indices run the other way round.
Value flatPlace(const Scalars &s, llvm::ArrayRef<Value> position, llvm::ArrayRef<Value> sizes,
                bool byColumns) {
  Value place = s.add(s.multiply(s.loop(0), sizes[1]), s.loop(1));
  size_t rank = position.size();
  for (size_t i = 0; i < rank; ++i)
    place = s.multiply(place, sizes[2 + i]);
  Value inside = position[byColumns ? rank - 1 : 0];
  for (size_t i = 1; i < rank; ++i) {
    size_t axis = byColumns ? rank - 1 - i : i;
    inside = s.add(s.multiply(inside, sizes[2 + axis]), position[axis]);
  }
  return s.add(place, inside);
}

/// The maxima and where they are. Padding is never a maximum: an index of -1 means none was seen yet.
void emitWithIndices(Node &node, const Pool &pool, const GraphValue &padded, mlir::TypedAttr identity) {
  const Window &window = pool.window;
  mlir::Type type = pool.input.elementType, indexType = node.builder.getI64Type();
  bool hasUnsigned = isUnsigned(type), byColumns = node.integer("storage_order", 0) != 0;
  llvm::SmallVector<Value> sizes, lows;
  for (const Extent &size : pool.input.shape)
    sizes.push_back(node.emit.index(size));
  for (const Extent &low : window.low)
    lows.push_back(node.emit.index(low));
  Shape shape = resultShape(pool.input, window);
  Value maxima = node.emit.filled(identity, shape);
  Value places = node.emit.filled(node.builder.getI64IntegerAttr(-1), shape);
  auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
    Scalars s{builder, location};
    llvm::SmallVector<Value> position;
    Value isInside = s.integer(builder.getI1Type(), 1);
    for (size_t i = 0; i < lows.size(); ++i) {
      position.push_back(windowPosition(s, window, i, lows[i]));
      Value fits = mlir::arith::CmpIOp::create(builder, location, mlir::arith::CmpIPredicate::ult,
                                               position.back(), sizes[2 + i]);
      isInside = mlir::arith::AndIOp::create(builder, location, isInside, fits);
    }
    Value isFirst = s.less(v[2], s.integer(indexType, 0));
    Value isBetter = exceeds(Scalars{builder, location, hasUnsigned}, v[0], v[1]);
    Value takes = mlir::arith::AndIOp::create(
        builder, location, isInside, mlir::arith::OrIOp::create(builder, location, isFirst, isBetter));
    Value place = mlir::arith::IndexCastOp::create(builder, location, indexType,
                                                   flatPlace(s, position, sizes, byColumns));
    return llvm::SmallVector<Value>{s.select(takes, v[0], v[1]), s.select(takes, place, v[2])};
  };
  llvm::SmallVector<Value> results = slide(node, padded, window, {maxima, places}, body);
  node.set(0, dropHeight(node, pool, node.emit.wrap(results[0], type, shape)));
  GraphValue indices = node.emit.wrap(results[1], indexType, shape);
  indices.isNatural = true;
  node.set(1, dropHeight(node, pool, indices));
}

/// The p-th power of an absolute value.
Value powerOfAbsolute(const Scalars &s, Value element, int64_t p) {
  if (p == 2)
    return s.multiply(element, element);
  Value absolute = s.absolute(element);
  if (p == 1)
    return absolute;
  return mlir::math::PowFOp::create(s.builder, s.location, absolute,
                                    s.constant(element.getType(), static_cast<double>(p)));
}

GraphValue takeRoot(Node &node, const GraphValue &value, int64_t p) {
  if (p == 1)
    return value;
  return node.emit.elementwise(
      value.elementType, value.shape, {&value},
      [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
        Scalars s{builder, location};
        if (p == 2)
          return s.squareRoot(v[0]);
        Value exponent = s.constant(v[0].getType(), 1 / static_cast<double>(p));
        return mlir::math::PowFOp::create(builder, location, v[0], exponent).getResult();
      });
}

mlir::FailureOr<int64_t> readExponent(Node &node) {
  int64_t p = node.integer("p", 2);
  if (p < 1)
    return node.error("p is " + llvm::Twine(p) + ", but expected at least 1");
  return p;
}

} // namespace

static mlir::LogicalResult importMaxPool(Node &node) {
  mlir::FailureOr<Pool> pool = readPool(node);
  node.integer("storage_order", 0); // concerns the indices
  if (failed(pool))
    return mlir::failure();
  mlir::Type type = pool->input.elementType;
  mlir::TypedAttr identity = lowest(storageType(type), isUnsigned(type));
  const Window &window = pool->window;
  GraphValue padded = padSpatial(node, pool->input, window.low, paddedEnd(window), identity);
  if (node.wants(1)) {
    emitWithIndices(node, *pool, padded, identity);
    return mlir::success();
  }
  GraphValue result;
  if (window.kernel.size() == 2 && !isUnsigned(type))
    result = emitNamed<mlir::linalg::PoolingNchwMaxOp>(node, padded, window, identity);
  else
    result = emitGeneric(node, padded, window, identity, [](const Scalars &s, Value element, Value best) {
      return s.maximum(best, element);
    });
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
  mlir::FailureOr<GraphValue> mean =
      applyBinary(node, "Div", sumWindows(node, padded, window), coveredCounts(node, *pool, includePadding));
  if (failed(mean))
    return mlir::failure();
  node.set(0, dropHeight(node, *pool, *mean));
  return mlir::success();
}

static mlir::LogicalResult importLpPool(Node &node) {
  mlir::FailureOr<Pool> pool = readPool(node);
  mlir::FailureOr<int64_t> p = readExponent(node);
  if (failed(pool) || failed(p))
    return mlir::failure();
  const Window &window = pool->window;
  auto zero = mlir::cast<mlir::TypedAttr>(node.builder.getZeroAttr(pool->input.elementType));
  GraphValue padded = padSpatial(node, pool->input, window.low, paddedEnd(window), zero);
  GraphValue sum = emitGeneric(node, padded, window, zero, [&](const Scalars &s, Value element, Value sum) {
    return s.add(sum, powerOfAbsolute(s, element, *p));
  });
  node.set(0, dropHeight(node, *pool, takeRoot(node, sum, *p)));
  return mlir::success();
}

static mlir::LogicalResult importGlobalLpPool(Node &node) {
  const GraphValue &value = node.input(0);
  mlir::FailureOr<int64_t> p = readExponent(node);
  if (failed(p) || failed(node.requireRank(0, 3, 32)))
    return mlir::failure();
  llvm::SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(2, value.rank()));
  auto zero = mlir::cast<mlir::TypedAttr>(node.builder.getZeroAttr(value.elementType));
  GraphValue sum = node.emit.reduce(value, axes, zero,
                                    [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
                                      Scalars s{builder, location};
                                      return s.add(v[1], powerOfAbsolute(s, v[0], *p));
                                    });
  Shape shape(value.rank(), 1);
  shape[0] = value.shape[0];
  shape[1] = value.shape[1];
  node.set(0, node.emit.reshape(takeRoot(node, sum, *p), shape));
  return mlir::success();
}

Family poolingOperators() {
  static constexpr Operator kOperators[] = {
      {"AveragePool", 1, "f", importAveragePool},
      {"GlobalLpPool", 2, "f", importGlobalLpPool},
      {"LpPool", 2, "f", importLpPool},
      {"MaxPool", 1, "n", importMaxPool},
  };
  return kOperators;
}

} // namespace winnow::frontend
