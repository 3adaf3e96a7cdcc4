// Resize and Upsample: for each dimension a table of positions and weights, computed at run time from its
// sizes, then a gather (nearest) or one weighted sum after the other (linear, cubic).
#include "lib/Import/ONNX/Elementwise.h"
#include "lib/Import/ONNX/Operators.h"
#include "lib/Import/ONNX/Operators/Interpolation.h"
#include "lib/Import/ONNX/Operators/ResizeForm.h"
#include "lib/Import/ONNX/Reading.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/STLExtras.h"

namespace winnow::frontend {
namespace {

using mlir::Value;
using mlir::ValueRange;
using Result = mlir::FailureOr<GraphValue>;

Value toSingle(const Scalars &s, Value index) { return toReal(s, index, s.builder.getF32Type()); }

/// A float32 without a fraction as int32, clamped to [0, size).
Value toPosition(const Scalars &s, Value real, Value size) {
  Value last = s.subtract(size, s.constant(size.getType(), 1)), zero = s.constant(size.getType(), 0);
  Value clamped = bounded(s, real, zero, last);
  return mlir::arith::FPToSIOp::create(s.builder, s.location, s.builder.getI32Type(), clamped);
}

/// The sizes of a dimension in the body, as float32.
struct Lengths {
  Value in, out, scale;
  /// scale * in, which need not be an integer.
  Value scaled;
};

Lengths lengthsOf(const Scalars &s, const ResizedAxis &axis, Value in, Value out) {
  Lengths lengths{toSingle(s, in), toSingle(s, out), {}, {}};
  if (axis.scale) {
    lengths.scale = s.constant(s.builder.getF32Type(), *axis.scale);
    lengths.scaled = s.multiply(lengths.scale, lengths.in);
  } else {
    lengths.scale = s.divide(lengths.out, lengths.in);
    lengths.scaled = lengths.out;
  }
  return lengths;
}

/// The coordinate in the input of an element of the result: the formulas of ONNX.
Value coordinate(const Scalars &s, const ResizeForm &form, const ResizedAxis &axis, const Lengths &lengths,
                 Value position) {
  auto number = [&](double value) { return s.constant(position.getType(), value); };
  Value one = number(1), half = number(0.5), last = s.subtract(lengths.in, one);
  auto halfPixel = [&] { return s.subtract(s.divide(s.add(position, half), lengths.scale), half); };
  switch (form.coordinates) {
  case Coordinates::HalfPixel:
    return halfPixel();
  case Coordinates::HalfPixelSymmetric: {
    Value adjustment = s.divide(lengths.out, lengths.scaled);
    Value offset = s.multiply(s.multiply(lengths.in, half), s.subtract(one, adjustment));
    return s.add(offset, halfPixel());
  }
  case Coordinates::PytorchHalfPixel:
    return s.select(s.less(one, lengths.out), halfPixel(), number(0));
  case Coordinates::AlignCorners: {
    Value moved = s.divide(s.multiply(position, last), s.subtract(lengths.scaled, one));
    return s.select(s.equal(lengths.scaled, one), number(0), moved);
  }
  case Coordinates::Asymmetric:
    return s.divide(position, lengths.scale);
  case Coordinates::HalfPixelForNearest:
    return s.divide(s.add(position, half), lengths.scale);
  case Coordinates::CropAndResize: {
    Value start = s.multiply(number(axis.roiStart), last);
    Value step =
        s.divide(s.multiply(number(axis.roiEnd - axis.roiStart), last), s.subtract(lengths.out, one));
    Value middle = s.multiply(number((axis.roiStart + axis.roiEnd) / 2), last);
    return s.select(s.less(one, lengths.out), s.add(start, s.multiply(position, step)), middle);
  }
  }
  llvm_unreachable("all coordinate transformations are handled");
}

Value roundNearest(const Scalars &s, Nearest nearest, double scale, Value x) {
  Value below = floorOf(s, x), rest = s.subtract(x, below), half = s.constant(x.getType(), 0.5);
  Value above = s.add(below, s.constant(x.getType(), 1));
  switch (nearest) {
  case Nearest::RoundPreferFloor:
    return s.select(s.less(half, rest), above, below);
  case Nearest::RoundPreferCeil:
    return s.select(s.lessOrEqual(half, rest), above, below);
  case Nearest::Floor:
    return below;
  case Nearest::Ceil:
    return ceilOf(s, x);
  case Nearest::Simple:
    return scale < 1 ? ceilOf(s, x) : below;
  }
  llvm_unreachable("all modes are handled");
}

Value kernelAt(const Scalars &s, const ResizeForm &form, Value distance) {
  return form.isCubic ? cubicKernel(s, distance, form.cubicCoefficient) : triangleKernel(s, distance);
}

/// How many input elements a result element is made of.
mlir::FailureOr<Extent> tapCount(Node &node, const ResizeForm &form, const ResizedAxis &axis) {
  int64_t radius = form.isCubic ? 2 : 1;
  if (!form.isAntialiased)
    return Extent(2 * radius);
  if (axis.scale)
    return Extent(2 * static_cast<int64_t>(std::ceil(radius / std::min(*axis.scale, 1.0))));
  std::optional<Extent> reach = multiply(axis.in, radius);
  reach = reach ? node.extents.ceilDivide(*reach, axis.out) : std::nullopt;
  reach = reach ? node.extents.maximum(*reach, radius) : std::nullopt;
  std::optional<Extent> count = reach ? multiply(*reach, 2) : std::nullopt;
  if (!count)
    return node.error("antialias is 1 and dimension " + llvm::Twine(axis.axis) + " goes from " +
                      node.extents.text(axis.in) + " to " + node.extents.text(axis.out) +
                      ", but expected constant sizes");
  return *count;
}

/// [out, taps] positions and weights.
struct Table {
  GraphValue positions, weights;
};

mlir::FailureOr<Table> makeTable(Node &node, const ResizeForm &form, const ResizedAxis &axis) {
  Emitter &emit = node.emit;
  mlir::FailureOr<Extent> taps = tapCount(node, form, axis);
  if (failed(taps))
    return mlir::failure();
  Shape shape = {axis.out, *taps};
  Value in = emit.index(axis.in), out = emit.index(axis.out), count = emit.index(*taps);
  // The input position of a tap, not clamped, and the coordinate.
  auto place = [&](const Scalars &s, const Lengths &lengths) {
    Value x = coordinate(s, form, axis, lengths, toSingle(s, s.loop(0)));
    Value radius = s.multiply(toSingle(s, count), s.constant(x.getType(), 0.5));
    Value first = s.subtract(floorOf(s, x), s.subtract(radius, s.constant(x.getType(), 1)));
    return std::pair(s.add(first, toSingle(s, s.loop(1))), x);
  };
  Table table;
  table.positions = computeByIndex(emit, node.builder.getI32Type(), shape, [&](const Scalars &s) {
    Lengths lengths = lengthsOf(s, axis, in, out);
    return toPosition(s, place(s, lengths).first, lengths.in);
  });
  table.weights = computeByIndex(emit, node.builder.getF32Type(), shape, [&](const Scalars &s) {
    Lengths lengths = lengthsOf(s, axis, in, out);
    auto [position, x] = place(s, lengths);
    Value zero = s.constant(x.getType(), 0), one = s.constant(x.getType(), 1);
    Value distance = s.subtract(position, x);
    if (form.isAntialiased)
      distance = s.multiply(distance, s.minimum(lengths.scale, one));
    Value weight = kernelAt(s, form, distance);
    if (form.excludesOutside)
      weight = s.select(both(s, s.lessOrEqual(zero, position), s.less(position, lengths.in)), weight, zero);
    return weight;
  });
  if (!form.isAntialiased && !form.excludesOutside)
    return table;
  auto zero = node.builder.getF32FloatAttr(0);
  GraphValue sums = emit.reduce(table.weights, 1, zero,
                                [](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
                                  return Scalars{builder, location}.add(v[1], v[0]);
                                });
  Result normalized = applyBinary(node, "Div", table.weights, emit.reshape(sums, {axis.out, 1}));
  if (failed(normalized))
    return mlir::failure();
  table.weights = *normalized;
  return table;
}

/// The weighted sum of the table's positions along one dimension.
GraphValue sumTaps(Node &node, const GraphValue &value, const ResizedAxis &axis, const Table &table,
                   mlir::Type type) {
  int64_t rank = value.rank();
  Shape shape = value.shape;
  shape[axis.axis] = axis.out;
  Source source = sourceOf(node.emit, value);
  llvm::SmallVector<int64_t> loops = {axis.axis, rank};
  Access positions{node.emit.tensor(table.positions), loops}, weights{node.emit.tensor(table.weights), loops};
  Access output{node.emit.zeros(type, shape), llvm::to_vector(llvm::seq<int64_t>(0, rank))};
  auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
    Scalars s{builder, location, isUnsigned(value.elementType)};
    llvm::SmallVector<Value> indices;
    for (int64_t i = 0; i < rank; ++i)
      indices.push_back(i == axis.axis ? s.toIndex(v[0]) : s.loop(i));
    Value element = s.cast(readAt(s, source, indices), type);
    return llvm::SmallVector<Value>{s.add(v[2], s.multiply(s.cast(v[1], type), element))};
  };
  Value result = node.emit.generic(rank + 1, rank, {positions, weights}, output, body)[0];
  return node.emit.wrap(result, type, shape);
}

/// The nearest elements along all resized dimensions at once.
GraphValue gatherNearest(Node &node, const ResizeForm &form, const GraphValue &value, const Shape &shape) {
  Emitter &emit = node.emit;
  std::vector<GraphValue> tables;
  for (const ResizedAxis &axis : form.axes) {
    Value in = emit.index(axis.in), out = emit.index(axis.out);
    GraphValue table = computeByIndex(emit, node.builder.getI32Type(), {axis.out}, [&](const Scalars &s) {
      Lengths lengths = lengthsOf(s, axis, in, out);
      Value x = coordinate(s, form, axis, lengths, toSingle(s, s.loop(0)));
      return toPosition(s, roundNearest(s, form.nearest, axis.scale.value_or(1), x), lengths.in);
    });
    Shape spread(shape.size() - axis.axis, 1);
    spread[0] = axis.out;
    tables.push_back(emit.reshape(table, spread));
  }
  llvm::SmallVector<const GraphValue *> pointers;
  for (const GraphValue &table : tables)
    pointers.push_back(&table);
  Source source = sourceOf(emit, value);
  return emit.elementwise(value.elementType, shape, pointers,
                          [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
                            Scalars s{builder, location};
                            llvm::SmallVector<Value> indices;
                            for (size_t i = 0; i < shape.size(); ++i)
                              indices.push_back(s.loop(i));
                            for (auto [position, axis] : llvm::zip_equal(v, form.axes))
                              indices[axis.axis] = s.toIndex(position);
                            return readAt(s, source, indices);
                          });
}

/// Elements whose coordinates are outside of the input become the extrapolation value.
GraphValue extrapolate(Node &node, const ResizeForm &form, const GraphValue &value) {
  Emitter &emit = node.emit;
  llvm::SmallVector<std::pair<Value, Value>> sizes;
  for (const ResizedAxis &axis : form.axes)
    sizes.push_back({emit.index(axis.in), emit.index(axis.out)});
  return emit.elementwise(value.elementType, value.shape, {&value},
                          [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
                            Scalars s{builder, location};
                            Value result = v[0], otherwise = s.constant(v[0].getType(), form.extrapolation);
                            for (auto [size, axis] : llvm::zip_equal(sizes, form.axes)) {
                              Lengths lengths = lengthsOf(s, axis, size.first, size.second);
                              Value x = coordinate(s, form, axis, lengths, toSingle(s, s.loop(axis.axis)));
                              Value zero = s.constant(x.getType(), 0),
                                    last = s.subtract(lengths.in, s.constant(x.getType(), 1));
                              Value inside = both(s, s.lessOrEqual(zero, x), s.lessOrEqual(x, last));
                              result = s.select(inside, result, otherwise);
                            }
                            return result;
                          });
}

/// What was summed as floats in the type of the input: integers are rounded and clamped.
GraphValue narrow(Node &node, const GraphValue &value, mlir::Type type) {
  if (value.elementType == type || isReal(type))
    return castTo(node, value, type);
  return node.emit.elementwise(type, value.shape, {&value},
                               [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
                                 return roundScalar(Scalars{builder, location}, v[0], type);
                               });
}

Result interpolate(Node &node, const ResizeForm &form, const GraphValue &value) {
  mlir::Type type =
      value.elementType.isF64() || value.elementType.isInteger(32) || value.elementType.isInteger(64)
          ? mlir::Type(node.builder.getF64Type())
          : node.builder.getF32Type();
  GraphValue result = value;
  for (const ResizedAxis &axis : form.axes) {
    mlir::FailureOr<Table> table = makeTable(node, form, axis);
    if (failed(table))
      return mlir::failure();
    result = sumTaps(node, result, axis, *table, type);
  }
  if (form.coordinates == Coordinates::CropAndResize)
    result = extrapolate(node, form, result);
  return narrow(node, result, value.elementType);
}

} // namespace

static mlir::LogicalResult importResize(Node &node) {
  const GraphValue &value = node.input(0);
  mlir::FailureOr<ResizeForm> form = readResizeForm(node);
  if (failed(form))
    return mlir::failure();
  Shape shape = value.shape;
  for (const ResizedAxis &axis : form->axes)
    shape[axis.axis] = axis.out;
  if (!isReasonable(shape))
    return node.error("the shape " + node.extents.text(shape) + " is negative or too large");
  for (const ResizedAxis &axis : form->axes)
    if (axis.in.is(0) && !axis.out.is(0))
      return node.error("dimension " + llvm::Twine(axis.axis) + " is empty, but expected elements to resize");
  if (form->axes.empty()) {
    node.set(0, value);
    return mlir::success();
  }
  if (!form->isNearest) {
    Result result = interpolate(node, *form, value);
    if (failed(result))
      return mlir::failure();
    node.set(0, std::move(*result));
    return mlir::success();
  }
  GraphValue result = gatherNearest(node, *form, value, shape);
  node.set(0, form->coordinates == Coordinates::CropAndResize ? extrapolate(node, *form, result) : result);
  return mlir::success();
}

Family resizeOperators() {
  static constexpr Operator kOperators[] = {
      {"Resize", 10, "nf", importResize},
      {"Resize", 11, "nf?f?l?", importResize},
      {"Upsample", 7, "n", importResize},
      {"Upsample", 9, "nf", importResize},
  };
  return kOperators;
}

} // namespace winnow::frontend
