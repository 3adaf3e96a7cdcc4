// Operators that cut regions out of images: RoiAlign and CenterCropPad.
#include "lib/Import/ONNX/Operators.h"
#include "lib/Import/ONNX/Operators/Interpolation.h"
#include "lib/Import/ONNX/Reading.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/STLExtras.h"

namespace winnow::frontend {
namespace {

using mlir::Value;
using mlir::ValueRange;

struct RoiForm {
  int64_t height = 1, width = 1, samples = 0;
  double scale = 1;
  bool isMaximum = false, isHalfPixel = true;
};

mlir::FailureOr<RoiForm> readRoiForm(Node &node) {
  RoiForm form;
  std::string mode = node.string("mode", "avg");
  std::string coordinates =
      node.string("coordinate_transformation_mode", node.opset() < 16 ? "output_half_pixel" : "half_pixel");
  form.height = node.integer("output_height", 1);
  form.width = node.integer("output_width", 1);
  form.samples = node.integer("sampling_ratio", 0);
  form.scale = node.real("spatial_scale", 1);
  form.isMaximum = mode == "max";
  form.isHalfPixel = coordinates == "half_pixel";
  if (mode != "avg" && mode != "max")
    return node.error("mode is '" + mode + "', but expected avg or max");
  if (coordinates != "half_pixel" && coordinates != "output_half_pixel")
    return node.error("coordinate_transformation_mode is '" + coordinates +
                      "', but expected half_pixel or output_half_pixel");
  if (form.height < 1 || form.width < 1 || form.samples < 0 || form.samples > INT32_MAX)
    return node.error("output_height, output_width and sampling_ratio are " + llvm::Twine(form.height) +
                      ", " + llvm::Twine(form.width) + " and " + llvm::Twine(form.samples) +
                      ", but expected positive sizes and at least 0");
  return form;
}

/// One direction of a region's bin: where it starts, how long it is, and how many samples it gets.
struct Bin {
  Value start, length, count;
};

Bin binOf(const Scalars &s, const RoiForm &form, const Source &regions, Value region, int64_t axis,
          mlir::Type type) {
  // A region is x1, y1, x2, y2; axis 0 is y.
  auto edge = [&](int64_t column) {
    Value index = s.integer(s.builder.getIndexType(), column);
    Value scaled =
        s.multiply(s.cast(readAt(s, regions, {region, index}), type), s.constant(type, form.scale));
    return form.isHalfPixel ? s.subtract(scaled, s.constant(type, 0.5)) : scaled;
  };
  Value start = edge(1 - axis), extent = s.subtract(edge(3 - axis), start);
  if (!form.isHalfPixel)
    extent = s.maximum(extent, s.constant(type, 1)); // malformed regions are one pixel
  Value length =
      s.divide(extent, s.constant(type, static_cast<double>(axis == 0 ? form.height : form.width)));
  Value first = s.add(start, s.multiply(toReal(s, s.loop(2 + axis), type), length));
  if (form.samples > 0)
    return {first, length, s.integer(s.builder.getIndexType(), form.samples)};
  constexpr double kMaximumSamples = 1 << 15; // no data may keep a program busy forever
  Value count = bounded(s, ceilOf(s, length), s.constant(type, 0), s.constant(type, kMaximumSamples));
  return {first, length, truncateToIndex(s, count)};
}

/// Pixels before and behind a coordinate, the weight of the latter, and whether the coordinate counts.
struct Neighbors {
  Value before, behind, weight, counts;
};

Neighbors neighborsOf(const Scalars &s, Value coordinate, Value size) {
  mlir::Type type = coordinate.getType();
  Value length = toReal(s, size, type), zero = s.constant(type, 0), one = s.integer(size.getType(), 1);
  Value counts = both(s, s.lessOrEqual(s.constant(type, -1), coordinate), s.lessOrEqual(coordinate, length));
  Value clamped = bounded(s, coordinate, zero, s.subtract(length, s.constant(type, 1)));
  Value before = truncateToIndex(s, clamped);
  Value behind = s.minimum(s.add(before, one), s.subtract(size, one));
  return {before, behind, s.subtract(clamped, toReal(s, before, type)), counts};
}

/// `plane` is a batch and a channel. What a sample adds: the interpolated pixel, or for maxima the largest
/// weighted corner.
Value sampleRegion(const Scalars &s, const RoiForm &form, const Source &image, ValueRange plane,
                   const Neighbors &y, const Neighbors &x) {
  mlir::Type type = y.weight.getType();
  mlir::Type element = mlir::cast<mlir::RankedTensorType>(image.tensor.getType()).getElementType();
  Value one = s.constant(type, 1), zero = s.constant(type, 0);
  Value counts = both(s, both(s, y.counts, x.counts), isInside(s, plane[0], image.sizes[0]));
  counts =
      both(s, counts, both(s, isInside(s, y.before, image.sizes[2]), isInside(s, x.before, image.sizes[3])));
  Value result;
  for (int64_t corner = 0; corner < 4; ++corner) {
    bool isDown = corner & 2, isRight = corner & 1;
    Value weight = s.multiply(isDown ? y.weight : s.subtract(one, y.weight),
                              isRight ? x.weight : s.subtract(one, x.weight));
    Value pixel = readIf(s, counts, image,
                         {plane[0], plane[1], isDown ? y.behind : y.before, isRight ? x.behind : x.before},
                         s.constant(element, 0));
    Value part = s.multiply(weight, s.cast(pixel, type));
    result = !result ? part : form.isMaximum ? s.maximum(result, part) : s.add(result, part);
  }
  return s.select(counts, result, zero);
}

/// Runs over the samples of a bin: for (row...) for (column...) combine.
Value poolBin(const Scalars &s, const RoiForm &form, const Source &image, ValueRange plane, const Bin &rows,
              const Bin &columns) {
  mlir::Type type = rows.start.getType();
  Value zero = s.integer(s.builder.getIndexType(), 0), one = s.integer(s.builder.getIndexType(), 1);
  Value start = s.constant(type, form.isMaximum ? -INFINITY : 0);
  auto coordinate = [&](const Scalars &t, const Bin &bin, Value number, Value size) {
    Value middle = t.add(toReal(t, number, type), t.constant(type, 0.5));
    Value offset = t.divide(t.multiply(middle, bin.length), toReal(t, bin.count, type));
    return neighborsOf(t, t.add(bin.start, offset), size);
  };
  auto outer = mlir::scf::ForOp::create(
      s.builder, s.location, zero, rows.count, one, start,
      [&](mlir::OpBuilder &builder, mlir::Location location, Value row, ValueRange sums) {
        Scalars t{builder, location};
        Neighbors y = coordinate(t, rows, row, image.sizes[2]);
        auto inner = mlir::scf::ForOp::create(
            builder, location, zero, columns.count, one, sums,
            [&](mlir::OpBuilder &nested, mlir::Location where, Value column, ValueRange values) {
              Scalars u{nested, where};
              Neighbors x = coordinate(u, columns, column, image.sizes[3]);
              Value sample = sampleRegion(u, form, image, plane, y, x);
              Value sum = form.isMaximum ? u.maximum(values[0], sample) : u.add(values[0], sample);
              mlir::scf::YieldOp::create(nested, where, sum);
            });
        mlir::scf::YieldOp::create(builder, location, inner.getResults());
      });
  Value samples = s.multiply(rows.count, columns.count);
  if (form.isMaximum) // without samples it is zero
    return s.select(s.equal(samples, zero), s.constant(type, 0), outer.getResult(0));
  return s.divide(outer.getResult(0), toReal(s, s.maximum(samples, one), type));
}

} // namespace

static mlir::LogicalResult importRoiAlign(Node &node) {
  const GraphValue &value = node.input(0), &regions = node.input(1), &batches = node.input(2);
  mlir::FailureOr<RoiForm> form = readRoiForm(node);
  if (failed(form) || failed(node.requireRank(0, 4, 4)) || failed(node.requireRank(1, 2, 2)) ||
      failed(node.requireRank(2, 1, 1)) ||
      failed(node.requireEqual(regions.shape[0], batches.shape[0], "numbers of regions and batch indices")) ||
      failed(node.requireEqual(regions.shape[1], 4, "number of columns of the regions and 4")))
    return mlir::failure();
  mlir::Type type =
      value.elementType.isF64() ? mlir::Type(node.builder.getF64Type()) : node.builder.getF32Type();
  Source image = sourceOf(node.emit, value), boxes = sourceOf(node.emit, regions),
         numbers = sourceOf(node.emit, batches);
  Shape shape = {regions.shape[0], value.shape[1], form->height, form->width};
  node.set(0, computeByIndex(node.emit, value.elementType, shape, [&](const Scalars &s) {
             Value batch = s.toIndex(readAt(s, numbers, {s.loop(0)}));
             Bin rows = binOf(s, *form, boxes, s.loop(0), 0, type),
                 columns = binOf(s, *form, boxes, s.loop(0), 1, type);
             return s.cast(poolBin(s, *form, image, {batch, s.loop(1)}, rows, columns), value.elementType);
           }));
  return mlir::success();
}

static mlir::LogicalResult importCenterCropPad(Node &node) {
  const GraphValue &value = node.input(0);
  mlir::FailureOr<llvm::SmallVector<Extent>> sizes = node.hostSizes(1, "shape");
  auto given = node.axes("axes", /*input=*/INT32_MAX, value.rank());
  if (failed(sizes) || failed(given))
    return mlir::failure();
  llvm::SmallVector<int64_t> axes = given->value_or(llvm::to_vector(llvm::seq<int64_t>(0, value.rank())));
  if (axes.size() != sizes->size())
    return node.error("shape has " + llvm::Twine(sizes->size()) + " elements, but expected " +
                      llvm::Twine(axes.size()) + ", one for each axis");
  Shape shape = value.shape;
  for (auto [axis, size] : llvm::zip_equal(axes, *sizes))
    shape[axis] = size;
  if (!isReasonable(shape))
    return node.error("the shape " + node.extents.text(shape) + " is negative or too large");
  Source source = sourceOf(node.emit, value);
  llvm::SmallVector<Value> results =
      llvm::map_to_vector(shape, [&](const Extent &size) { return node.emit.index(size); });
  node.set(0, computeByIndex(node.emit, value.elementType, shape, [&](const Scalars &s) {
             llvm::SmallVector<Value> indices;
             Value condition = s.integer(s.builder.getI1Type(), 1);
             for (int64_t i = 0; i < value.rank(); ++i) {
               // Half of the difference, rounded toward zero, is added before, or cut off.
               Value difference = s.subtract(results[i], source.sizes[i]);
               Value moved = s.subtract(s.loop(i), s.divide(difference, s.integer(difference.getType(), 2)));
               indices.push_back(value.shape[i] == shape[i] ? s.loop(i) : moved);
               condition = both(s, condition, isInside(s, indices.back(), source.sizes[i]));
             }
             return readIf(s, condition, source, indices, s.constant(storageType(value.elementType), 0));
           }));
  return mlir::success();
}

Family regionsOperators() {
  static constexpr Operator kOperators[] = {
      {"CenterCropPad", 18, "ai", importCenterCropPad},
      {"RoiAlign", 10, "FFl", importRoiAlign},
  };
  return kOperators;
}

} // namespace winnow::frontend
