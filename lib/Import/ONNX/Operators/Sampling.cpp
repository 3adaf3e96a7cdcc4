// Operators that read images at positions that are data: GridSample and DeformConv; and AffineGrid, which
// makes such positions.
#include "lib/Import/ONNX/Composition.h"
#include "lib/Import/ONNX/Elementwise.h"
#include "lib/Import/ONNX/Operators.h"
#include "lib/Import/ONNX/Operators/Convolution.h"
#include "lib/Import/ONNX/Operators/Interpolation.h"
#include "lib/Import/ONNX/Reading.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/STLExtras.h"

namespace winnow::frontend {
namespace {

using mlir::Value;
using mlir::ValueRange;

/// Positions are computed in float32, or in float64 for images of that type.
mlir::Type computedType(Node &node, mlir::Type type) {
  return type.isF64() ? mlir::Type(node.builder.getF64Type()) : node.builder.getF32Type();
}

enum class Outside { Zeros, Border, Reflection };

struct GridForm {
  int64_t taps = 2; // in each dimension: 1 is nearest, 2 linear, 4 cubic
  Outside outside = Outside::Zeros;
  bool alignsCorners = false;
  int64_t rank = 2; // spatial dimensions
};

mlir::FailureOr<GridForm> readGridForm(Node &node) {
  GridForm form;
  std::string mode = node.string("mode", node.opset() < 20 ? "bilinear" : "linear");
  std::string padding = node.string("padding_mode", "zeros");
  form.alignsCorners = node.integer("align_corners", 0) != 0;
  form.rank = node.input(0).rank() - 2;
  if (mode != "nearest" && mode != "linear" && mode != "bilinear" && mode != "cubic" && mode != "bicubic")
    return node.error("mode is '" + mode + "', but expected nearest, linear or cubic");
  if (padding != "zeros" && padding != "border" && padding != "reflection")
    return node.error("padding_mode is '" + padding + "', but expected zeros, border or reflection");
  form.taps = mode == "nearest" ? 1 : mode == "cubic" || mode == "bicubic" ? 4 : 2;
  form.outside = padding == "zeros"    ? Outside::Zeros
                 : padding == "border" ? Outside::Border
                                       : Outside::Reflection;
  return form;
}

/// The coordinate in pixels of one from -1 to 1.
Value denormalize(const Scalars &s, const GridForm &form, Value normalized, Value size) {
  auto number = [&](double value) { return s.constant(normalized.getType(), value); };
  Value moved = s.add(normalized, number(1)), half = number(0.5);
  if (form.alignsCorners)
    return s.multiply(s.multiply(moved, half), s.subtract(size, number(1)));
  return s.multiply(s.subtract(s.multiply(moved, size), number(1)), half);
}

/// Brings a coordinate that is far outside near the image, without changing what is read there.
Value approach(const Scalars &s, const GridForm &form, Value x, Value size) {
  auto number = [&](double value) { return s.constant(x.getType(), value); };
  double margin = form.alignsCorners ? 0 : 0.5;
  Value last = s.subtract(size, number(1));
  Value low = number(-margin), high = s.add(last, number(margin));
  if (form.outside == Outside::Zeros)
    return bounded(s, x, number(-8), s.add(size, number(8)));
  if (form.outside == Outside::Border) {
    Value within = both(s, s.lessOrEqual(low, x), s.lessOrEqual(x, high));
    return s.select(within, x, bounded(s, x, number(0), last));
  }
  Value range = s.subtract(high, low), period = s.multiply(range, number(2));
  Value distance = s.absolute(s.subtract(x, low));
  Value rest = s.subtract(distance, s.multiply(floorOf(s, s.divide(distance, period)), period));
  Value mirrored = s.select(s.less(range, rest), s.subtract(period, rest), rest);
  return bounded(s, s.add(mirrored, low), low, high);
}

/// The pixel that is read for one beside the image, for what is not zero there.
Value bringInside(const Scalars &s, const GridForm &form, Value index, Value size) {
  Value zero = s.integer(index.getType(), 0), one = s.integer(index.getType(), 1),
        last = s.subtract(size, one);
  auto mirrorLow = [&](Value i) {
    Value mirrored = s.subtract(form.alignsCorners ? zero : s.integer(i.getType(), -1), i);
    return s.select(s.less(i, zero), mirrored, i);
  };
  auto mirrorHigh = [&](Value i) {
    Value sum = s.add(last, form.alignsCorners ? last : size);
    return s.select(s.less(last, i), s.subtract(sum, i), i);
  };
  if (form.outside == Outside::Reflection)
    index = mirrorLow(mirrorHigh(mirrorLow(index))); // small images are left on both sides
  return s.maximum(s.minimum(index, last), zero);
}

/// The pixel index in dimension i that tap `tap` reads, and its weight (null for nearest).
std::pair<Value, Value> tapOf(const Scalars &s, const GridForm &form, Value x, Value size, Value tap) {
  if (form.taps == 1)
    return {truncateToIndex(s, mlir::math::RoundEvenOp::create(s.builder, s.location, x)), Value()};
  Value below = floorOf(s, x);
  Value offset = s.subtract(toReal(s, tap, x.getType()), s.constant(x.getType(), form.taps / 2 - 1));
  Value place = s.add(below, offset), distance = s.subtract(place, x);
  Value weight = form.taps == 2 ? triangleKernel(s, distance) : cubicKernel(s, distance, -0.75);
  return {truncateToIndex(s, place), weight};
}

/// The weighted pixel of one combination of taps.
Value sampleTap(const Scalars &s, const GridForm &form, const Source &image, const Source &grid,
                mlir::Type type) {
  llvm::SmallVector<Value> indices = {s.loop(0), s.loop(1)}, place = {s.loop(0)};
  for (int64_t i = 0; i < form.rank; ++i)
    place.push_back(s.loop(2 + i));
  place.push_back(Value());
  Value weight, condition;
  for (int64_t i = 0; i < form.rank; ++i) {
    // The grid names the dimensions from the last to the first.
    place.back() = s.integer(s.builder.getIndexType(), form.rank - 1 - i);
    Value size = toReal(s, image.sizes[2 + i], type);
    Value x = denormalize(s, form, s.cast(readAt(s, grid, place), type), size);
    x = approach(s, form, form.taps == 1 ? mlir::math::RoundEvenOp::create(s.builder, s.location, x) : x,
                 size);
    Value tap = form.taps == 1 ? Value() : s.loop(2 + form.rank + i);
    auto [index, own] = tapOf(s, form, x, size, tap);
    if (form.outside != Outside::Zeros)
      index = bringInside(s, form, index, image.sizes[2 + i]);
    indices.push_back(index);
    Value fits = isInside(s, index, image.sizes[2 + i]);
    condition = condition ? both(s, condition, fits) : fits;
    weight = weight ? s.multiply(weight, own) : own;
  }
  mlir::Type element = mlir::cast<mlir::RankedTensorType>(image.tensor.getType()).getElementType();
  Value pixel = readIf(s, condition, image, indices, s.constant(element, 0));
  return weight ? s.multiply(weight, s.cast(pixel, type)) : pixel;
}

GraphValue sampleGrid(Node &node, const GridForm &form, const Shape &shape) {
  const GraphValue &value = node.input(0);
  Source image = sourceOf(node.emit, value), grid = sourceOf(node.emit, node.input(1));
  mlir::Type type = computedType(node, value.elementType);
  if (form.taps == 1)
    return computeByIndex(node.emit, value.elementType, shape,
                          [&](const Scalars &s) { return sampleTap(s, form, image, grid, type); });
  int64_t outer = 2 + form.rank, loops = outer + form.rank;
  llvm::SmallVector<int64_t> inner = llvm::to_vector(llvm::seq<int64_t>(outer, loops));
  Access taps{node.emit.empty(type, Shape(form.rank, form.taps)), inner};
  Access output{node.emit.zeros(type, shape), llvm::to_vector(llvm::seq<int64_t>(0, outer))};
  auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
    Scalars s{builder, location};
    return llvm::SmallVector<Value>{s.add(v[1], sampleTap(s, form, image, grid, type))};
  };
  Value result = node.emit.generic(loops, inner, taps, output, body)[0];
  return castTo(node, node.emit.wrap(result, type, shape), value.elementType);
}

/// A deformable convolution: where its window reads.
struct Deformation {
  const Window &window;
  Source image, offsets;
  std::optional<Source> mask;
  int64_t channelsPerGroup = 1; // of the offsets
  mlir::Type type;
};

/// Linear interpolation between four pixels; those outside are zero.
Value samplePlane(const Scalars &s, const Source &image, Value n, Value c, Value y, Value x) {
  mlir::Type type = y.getType();
  Value coordinates[2] = {y, x}, below[2], rest[2];
  for (int64_t i : {0, 1}) {
    Value limit = s.add(toReal(s, image.sizes[2 + i], type), s.constant(type, 2));
    Value near = bounded(s, coordinates[i], s.constant(type, -3), limit);
    Value down = floorOf(s, near);
    below[i] = truncateToIndex(s, down);
    rest[i] = s.subtract(near, down);
  }
  mlir::Type element = mlir::cast<mlir::RankedTensorType>(image.tensor.getType()).getElementType();
  Value sum, one = s.constant(type, 1), step = s.integer(below[0].getType(), 1);
  for (int64_t corner = 0; corner < 4; ++corner) {
    bool isDown = corner & 2, isRight = corner & 1;
    Value row = isDown ? s.add(below[0], step) : below[0],
          column = isRight ? s.add(below[1], step) : below[1];
    Value weight =
        s.multiply(isDown ? rest[0] : s.subtract(one, rest[0]), isRight ? rest[1] : s.subtract(one, rest[1]));
    Value fits = both(s, isInside(s, row, image.sizes[2]), isInside(s, column, image.sizes[3]));
    Value pixel = s.cast(readIf(s, fits, image, {n, c, row, column}, s.constant(element, 0)), type);
    Value part = s.multiply(weight, pixel);
    sum = sum ? s.add(sum, part) : part;
  }
  return sum;
}

/// An element of the columns [N, C, KH, KW, OH, OW].
Value deformedElement(const Scalars &s, const Deformation &deformation, llvm::ArrayRef<Value> lows) {
  const Window &window = deformation.window;
  auto number = [&](int64_t value) { return s.integer(s.builder.getIndexType(), value); };
  Value group = s.divide(s.loop(1), number(deformation.channelsPerGroup));
  Value place = s.add(
      s.multiply(s.add(s.multiply(group, number(window.kernel[0])), s.loop(2)), number(window.kernel[1])),
      s.loop(3));
  Value positions[2];
  for (int64_t i : {0, 1}) {
    Value start = s.add(s.multiply(s.loop(4 + i), number(window.strides[i])),
                        s.multiply(s.loop(2 + i), number(window.dilations[i])));
    Value channel = s.add(s.multiply(place, number(2)), number(i));
    Value moved = readAt(s, deformation.offsets, {s.loop(0), channel, s.loop(4), s.loop(5)});
    positions[i] =
        s.add(toReal(s, s.subtract(start, lows[i]), deformation.type), s.cast(moved, deformation.type));
  }
  Value value = samplePlane(s, deformation.image, s.loop(0), s.loop(1), positions[0], positions[1]);
  if (!deformation.mask)
    return value;
  Value factor = readAt(s, *deformation.mask, {s.loop(0), place, s.loop(4), s.loop(5)});
  return s.multiply(value, s.cast(factor, deformation.type));
}

/// [N, G, C/G * KH * KW, OH * OW] columns, weights times them, the bias.
mlir::LogicalResult multiplyColumns(Node &node, const Convolution &convolution, const GraphValue &columns) {
  Composition c(node);
  const Shape &w = convolution.weight.shape, &sizes = convolution.window.sizes;
  int64_t groups = convolution.groups,
          inner = *elementCount(llvm::ArrayRef<Extent>(w).drop_front())->constant();
  mlir::FailureOr<Extent> places = node.require(multiply(sizes[0], sizes[1]));
  if (failed(places))
    return mlir::failure();
  const Extent batch = convolution.input.shape[0];
  GraphValue right = node.emit.reshape(columns, {batch, groups, inner, *places});
  GraphValue left = c.reshape(convolution.weight, {1, groups, convolution.outputs / groups, inner});
  GraphValue product = c.op("MatMul", {left, right});
  if (c.hasFailed())
    return mlir::failure();
  GraphValue result = node.emit.reshape(product, {batch, convolution.outputs, sizes[0], sizes[1]});
  if (convolution.bias)
    result = c.add(result, node.emit.reshape(*convolution.bias, {convolution.outputs, 1, 1}));
  return c.finish(result);
}

mlir::LogicalResult checkDeformation(Node &node, const Convolution &convolution, int64_t offsetGroups) {
  const Window &window = convolution.window;
  int64_t places = offsetGroups * window.kernel[0] * window.kernel[1];
  for (int64_t index : {2, 4}) {
    if (!node.has(index))
      continue;
    Shape expected = {convolution.input.shape[0], index == 2 ? 2 * places : places};
    expected.append(window.sizes);
    if (failed(node.requireRank(index, 4, 4)))
      return mlir::failure();
    for (int64_t i = 0; i < 4; ++i)
      if (failed(node.requireEqual(node.input(index).shape[i], expected[i],
                                   index == 2 ? "shapes of the offset and the result"
                                              : "shapes of the mask and the result")))
        return mlir::failure();
  }
  return mlir::success();
}

} // namespace

static mlir::LogicalResult importGridSample(Node &node) {
  const GraphValue &value = node.input(0), &grid = node.input(1);
  mlir::FailureOr<GridForm> form = readGridForm(node);
  if (failed(form) || failed(node.requireRank(0, 3, 5)) ||
      failed(node.requireRank(1, value.rank(), value.rank())))
    return mlir::failure();
  if (failed(node.requireEqual(value.shape[0], grid.shape[0], "batches of the input and the grid")) ||
      failed(node.requireEqual(grid.shape.back(), form->rank, "last dimension of the grid and spatial rank")))
    return mlir::failure();
  if (form->taps > 1 && !value.isReal())
    return node.error("input 0 has element type " + typeName(value.elementType) +
                      ", but expected a float for this mode");
  Shape shape = {value.shape[0], value.shape[1]};
  shape.append(grid.shape.begin() + 1, grid.shape.end() - 1);
  node.set(0, sampleGrid(node, *form, shape));
  return mlir::success();
}

static mlir::LogicalResult importAffineGrid(Node &node) {
  const GraphValue &theta = node.input(0);
  mlir::FailureOr<llvm::SmallVector<Extent>> size = node.hostSizes(1, "size");
  bool alignsCorners = node.integer("align_corners", 0) != 0;
  if (failed(size) || failed(node.requireRank(0, 3, 3)))
    return mlir::failure();
  int64_t rank = static_cast<int64_t>(size->size()) - 2;
  if (rank != 2 && rank != 3)
    return node.error("size has " + llvm::Twine(size->size()) + " elements, but expected 4 or 5");
  if (failed(node.requireEqual(theta.shape[0], (*size)[0], "batches of theta and size")) ||
      failed(node.requireEqual(theta.shape[1], rank, "rows of theta and spatial dimensions")) ||
      failed(node.requireEqual(theta.shape[2], rank + 1, "columns of theta and spatial dimensions and one")))
    return mlir::failure();
  Shape shape = {(*size)[0]};
  shape.append(size->begin() + 2, size->end());
  shape.push_back(rank);
  mlir::Type type = computedType(node, theta.elementType);
  Source source = sourceOf(node.emit, theta);
  llvm::SmallVector<Value> sizes =
      llvm::map_to_vector(shape, [&](const Extent &extent) { return node.emit.index(extent); });
  node.set(0, computeByIndex(node.emit, theta.elementType, shape, [&](const Scalars &s) {
             Value row = s.loop(rank + 1), one = s.constant(type, 1), two = s.constant(type, 2);
             auto coefficient = [&](int64_t column) {
               Value index = s.integer(s.builder.getIndexType(), column);
               return s.cast(readAt(s, source, {s.loop(0), row, index}), type);
             };
             Value sum = coefficient(rank);
             for (int64_t i = 0; i < rank; ++i) {
               Value place = s.multiply(toReal(s, s.loop(1 + i), type), two),
                     length = toReal(s, sizes[1 + i], type);
               // From -1 to 1: between the centers of the corners, or between their outer edges.
               Value steps = alignsCorners ? s.maximum(s.subtract(length, one), one) : length;
               Value numerator = alignsCorners ? place : s.add(place, one);
               Value coordinate = s.subtract(s.divide(numerator, steps), one);
               sum = s.add(sum, s.multiply(coefficient(rank - 1 - i), coordinate));
             }
             return s.cast(sum, theta.elementType);
           }));
  return mlir::success();
}

static mlir::LogicalResult importDeformConv(Node &node) {
  if (failed(node.requireRank(0, 4, 4)))
    return mlir::failure();
  mlir::FailureOr<Convolution> convolution = readConvolution(
      node, node.input(0), node.input(1), node.has(3) ? std::optional(node.input(3)) : std::nullopt);
  if (failed(convolution))
    return mlir::failure();
  int64_t groups = node.integer("offset_group", 1);
  std::optional<int64_t> channels = convolution->input.shape[1].constant();
  if (!channels || groups < 1 || *channels % groups != 0)
    return node.error("offset_group is " + llvm::Twine(groups) + ", but expected a divisor of the " +
                      node.extents.text(convolution->input.shape[1]) + " channels");
  if (failed(checkDeformation(node, *convolution, groups)))
    return mlir::failure();
  const Window &window = convolution->window;
  mlir::Type element = convolution->input.elementType;
  Deformation deformation{window,
                          sourceOf(node.emit, convolution->input),
                          sourceOf(node.emit, node.input(2)),
                          {},
                          *channels / groups,
                          computedType(node, element)};
  if (node.has(4))
    deformation.mask = sourceOf(node.emit, node.input(4));
  llvm::SmallVector<Value> lows = {node.emit.index(window.low[0]), node.emit.index(window.low[1])};
  Shape shape = {convolution->input.shape[0], *channels, window.kernel[0], window.kernel[1]};
  shape.append(window.sizes);
  GraphValue columns = computeByIndex(node.emit, element, shape, [&](const Scalars &s) {
    return s.cast(deformedElement(s, deformation, lows), element);
  });
  return multiplyColumns(node, *convolution, columns);
}

Family samplingOperators() {
  static constexpr Operator kOperators[] = {
      {"AffineGrid", 20, "fl", importAffineGrid},
      {"DeformConv", 19, "FFFF?F?", importDeformConv},
      {"GridSample", 16, "af", importGridSample},
  };
  return kOperators;
}

} // namespace winnow::frontend
