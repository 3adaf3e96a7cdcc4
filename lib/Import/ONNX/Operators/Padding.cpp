// Pad in all its modes, with pads that may be negative.
#include "lib/Import/ONNX/Elementwise.h"
#include "lib/Import/ONNX/Operators/Movement.h"
#include "lib/Import/ONNX/Scalars.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/STLExtras.h"

namespace winnow::frontend {
namespace {

using mlir::Value;
using mlir::ValueRange;

bool mayExceed(Node &node, const Extent &pad, const Extent &size) {
  return !pad.is(0) && node.extents.less(pad, size) != true;
}

/// Pads by index arithmetic: which element of the source a position shows.
GraphValue emitMirrored(Node &node, const GraphValue &value, llvm::ArrayRef<Extent> low,
                        llvm::ArrayRef<Extent> high, const Shape &shape, llvm::StringRef mode) {
  Value source = node.emit.tensor(value);
  llvm::SmallVector<Value> offsets, sizes;
  for (auto [before, size] : llvm::zip_equal(low, value.shape)) {
    offsets.push_back(node.emit.index(before));
    sizes.push_back(node.emit.index(size));
  }
  auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange) {
    Scalars s{builder, location};
    llvm::SmallVector<Value> indices;
    for (auto [axis, size] : llvm::enumerate(sizes)) {
      Value zero = s.constant(size.getType(), 0), last = s.subtract(size, s.constant(size.getType(), 1));
      Value index = s.subtract(s.loop(axis), offsets[axis]);
      if (mode == "reflect") {
        index = s.maximum(index, s.negate(index));
        // Pads beyond the other end are reflected there again.
        if (mayExceed(node, low[axis], value.shape[axis]) || mayExceed(node, high[axis], value.shape[axis]))
          index = s.remainder(index, s.add(last, last));
        Value fromEnd = s.subtract(last, index);
        index = s.subtract(last, s.maximum(fromEnd, s.negate(fromEnd)));
      } else if (mode == "wrap") {
        Value rest = s.remainder(index, size);
        index = s.select(s.less(rest, zero), s.add(rest, size), rest);
      }
      indices.push_back(s.maximum(s.minimum(index, last), zero));
    }
    return mlir::tensor::ExtractOp::create(builder, location, source, indices);
  };
  return node.emit.elementwise(value.elementType, shape, {}, body);
}

/// Sizes that depend on data as sizes of their own, where the number of elements is too complex for extents.
void simplifySizes(Node &node, Shape &shape) {
  if (elementCount(shape))
    return;
  for (Extent &size : shape)
    if (!size.constant() && node.extents.dependsOnData(size))
      size = node.emit.dataExtent(node.emit.index(size), "padded", 0);
}

/// Makes a call fail that would show elements of a dimension without any.
void requireElements(Node &node, const Shape &before, const Shape &after, llvm::StringRef mode) {
  for (auto [size, padded] : llvm::zip_equal(before, after)) {
    if (size == padded || node.extents.isAtLeast(size, 1))
      continue;
    std::optional<Extent> some = node.extents.minimum(size, 1), wanted = node.extents.minimum(padded, 1);
    if (some && wanted)
      node.emit.require(*some, *wanted, "pads an empty dimension with mode " + mode);
  }
}

/// Splits pads into what is cut off (negative) and what is added; both lists are changed in place.
mlir::FailureOr<GraphValue> crop(Node &node, const GraphValue &value, Extents &low, Extents &high) {
  Cut cut = wholeCut(value);
  for (int64_t i = 0; i < value.rank(); ++i)
    for (Extent *pad : {&low[i], &high[i]}) {
      if (node.extents.isAtLeast(*pad, 0))
        continue;
      if (!pad->constant())
        return node.error("a pad is " + node.extents.text(*pad) + ", but expected one of known sign");
      if (*pad->constant() < -kMaximumElements)
        return node.error("a pad is " + node.extents.text(*pad) + ", which is too large");
      std::optional<Extent> left = add(cut.shape[i], *pad);
      mlir::FailureOr<Extent> size = node.require(left ? node.extents.maximum(*left, 0) : std::nullopt);
      if (failed(size))
        return mlir::failure();
      cut.shape[i] = *size;
      if (pad == &low[i])
        cut.offsets[i] = -*pad->constant();
      *pad = 0;
    }
  return take(node, value, cut);
}

/// The value that constant padding shows: an attribute up to opset 10, an input since.
mlir::FailureOr<GraphValue> padValue(Node &node) {
  mlir::Type type = node.input(0).elementType;
  GraphValue value = frontend::isReal(type) ? realScalar(type, node.real("value", 0)) : GraphValue();
  if (!frontend::isReal(type)) {
    value.elementType = type;
    value.constant = Constant::uniformInteger(type, 0);
  }
  if (!node.has(2))
    return value;
  if (!elementCount(node.input(2).shape) || !elementCount(node.input(2).shape)->is(1))
    return node.error("the pad value has shape " + node.extents.text(node.input(2).shape) +
                      ", but expected a scalar");
  return node.input(2);
}

/// Pads with a value that is known only at run time.
GraphValue emitFilled(Node &node, const GraphValue &value, llvm::ArrayRef<Extent> low, const Shape &shape,
                      const GraphValue &fill) {
  GraphValue scalar = node.emit.reshape(fill, {});
  Value outside = node.emit.tensor(scalar), source = node.emit.tensor(value);
  llvm::SmallVector<Value> offsets, sizes;
  for (auto [before, size] : llvm::zip_equal(low, value.shape)) {
    offsets.push_back(node.emit.index(before));
    sizes.push_back(node.emit.index(size));
  }
  auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange) {
    Scalars s{builder, location};
    Value isInside = s.integer(builder.getI1Type(), 1);
    llvm::SmallVector<Value> indices;
    for (auto [axis, size] : llvm::enumerate(sizes)) {
      Value index = s.subtract(s.loop(axis), offsets[axis]);
      Value isThere = s.minimum(s.lessOrEqual(s.constant(index.getType(), 0), index), s.less(index, size));
      isInside = s.minimum(isInside, isThere);
      indices.push_back(index);
    }
    auto choice = mlir::scf::IfOp::create(builder, location, storageType(value.elementType), isInside, true);
    mlir::OpBuilder inner = choice.getThenBodyBuilder(), outer = choice.getElseBodyBuilder();
    Value element = mlir::tensor::ExtractOp::create(inner, location, source, indices);
    mlir::scf::YieldOp::create(inner, location, element);
    Value shown = mlir::tensor::ExtractOp::create(outer, location, outside);
    mlir::scf::YieldOp::create(outer, location, shown);
    return choice.getResult(0);
  };
  return node.emit.elementwise(value.elementType, shape, {}, body);
}

/// The pads: an attribute up to opset 10, an input since.
mlir::FailureOr<Extents> readPads(Node &node) {
  // Known ones may be negative, which crops.
  if (node.has(1))
    return node.knownIntegers(1) ? node.requireIntegers(1, "pads") : node.hostSizes(1, "pads");
  std::optional<llvm::SmallVector<int64_t>> given = node.integers("pads");
  if (!given)
    return node.error("has no attribute 'pads', but expected one");
  return Extents(given->begin(), given->end());
}

} // namespace

mlir::LogicalResult importPad(Node &node) {
  std::string mode = node.string("mode", "constant");
  int64_t rank = node.input(0).rank();
  mlir::FailureOr<Extents> pads = readPads(node);
  auto axes = node.axes("", 3, rank);
  mlir::FailureOr<GraphValue> fill = padValue(node);
  if (failed(pads) || failed(axes) || failed(fill))
    return mlir::failure();
  llvm::SmallVector<int64_t> where = axes->value_or(llvm::to_vector(llvm::seq<int64_t>(0, rank)));
  if (pads->size() != 2 * where.size())
    return node.error("pads has " + llvm::Twine(pads->size()) + " elements, but expected " +
                      llvm::Twine(2 * where.size()));
  bool hasWrap = node.opset() >= 19;
  if (mode != "constant" && mode != "reflect" && mode != "edge" && !(mode == "wrap" && hasWrap))
    return node.error("mode is '" + mode + "', but expected constant, reflect" +
                      (hasWrap ? ", edge or wrap" : " or edge"));
  Extents low(rank, 0), high(rank, 0);
  for (size_t i = 0; i < where.size(); ++i) {
    low[where[i]] = (*pads)[i];
    high[where[i]] = (*pads)[where.size() + i];
  }
  mlir::FailureOr<GraphValue> inner = crop(node, node.input(0), low, high);
  if (failed(inner))
    return mlir::failure();
  Shape shape;
  for (int64_t i = 0; i < rank; ++i) {
    std::optional<Extent> sum = add(low[i], high[i]);
    mlir::FailureOr<Extent> size = node.require(sum ? add(inner->shape[i], *sum) : std::nullopt);
    if (failed(size))
      return mlir::failure();
    shape.push_back(*size);
  }
  Shape sums = shape;
  simplifySizes(node, shape);
  if (!isReasonable(shape))
    return node.error("the shape " + node.extents.text(shape) + " is negative or too large");
  if (mode == "constant") {
    node.set(0, fill->constant && shape == sums
                    ? node.emit.pad(*inner, low, high, fill->constant->attribute(0))
                    : emitFilled(node, *inner, low, shape, *fill));
    return mlir::success();
  }
  for (int64_t i = 0; i < rank; ++i)
    if (inner->shape[i].is(0) && !shape[i].is(0))
      return node.error("pads an empty dimension with mode " + mode);
  requireElements(node, inner->shape, shape, mode);
  node.set(0, inner->shape == shape ? *inner : emitMirrored(node, *inner, low, high, shape, mode));
  return mlir::success();
}

} // namespace winnow::frontend
