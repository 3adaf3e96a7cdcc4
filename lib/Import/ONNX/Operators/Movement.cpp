// Operators that cut tensors and put them together: Concat, Split, Slice, Pad.
#include "lib/Import/ONNX/Operators.h"
#include "lib/Import/ONNX/Rearrange.h"
#include "lib/Import/ONNX/Scalars.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/STLExtras.h"

#include <cmath>

namespace winnow::frontend {
namespace {

using mlir::Value;
using mlir::ValueRange;
using Extents = llvm::SmallVector<Extent>;

/// The elements start, start + step, ... of each dimension.
struct Cut {
  Extents offsets;
  Shape shape;
  llvm::SmallVector<int64_t> steps;
};

Cut wholeCut(const GraphValue &value) {
  return {Extents(value.rank(), 0), value.shape, llvm::SmallVector<int64_t>(value.rank(), 1)};
}

/// A slice with steps of any sign, by index.
GraphValue emitStrided(Node &node, const GraphValue &value, const Cut &cut) {
  Value source = node.emit.tensor(value);
  llvm::SmallVector<Value> offsets;
  for (const Extent &offset : cut.offsets)
    offsets.push_back(node.emit.index(offset));
  return node.emit.elementwise(
      value.elementType, cut.shape, {}, [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange) {
        Scalars s{builder, location};
        llvm::SmallVector<Value> indices;
        for (auto [axis, step] : llvm::enumerate(cut.steps)) {
          Value loop = s.loop(axis);
          Value moved = step == 1 ? loop : s.multiply(loop, s.constant(loop.getType(), step));
          indices.push_back(s.add(offsets[axis], moved));
        }
        return mlir::tensor::ExtractOp::create(builder, location, source, indices);
      });
}

GraphValue take(Node &node, const GraphValue &value, const Cut &cut) {
  std::optional<llvm::SmallVector<int64_t>> sizes = constantShape(value.shape);
  std::optional<llvm::SmallVector<int64_t>> offsets = constantShape(cut.offsets);
  if (value.isUniform() || (sizes && offsets)) {
    llvm::SmallVector<int64_t> strides = sizes ? rowMajorStrides(*sizes) : llvm::SmallVector<int64_t>();
    auto source = [&](llvm::ArrayRef<int64_t> index) {
      int64_t place = 0;
      for (size_t i = 0; i < index.size(); ++i)
        place += ((*offsets)[i] + index[i] * cut.steps[i]) * strides[i];
      return place;
    };
    if (std::optional<GraphValue> folded = rearrange(value, cut.shape, source))
      return *folded;
  }
  auto isOne = [](int64_t step) { return step == 1; };
  if (cut.shape == value.shape && llvm::all_of(cut.steps, isOne))
    return value;
  if (llvm::any_of(cut.steps, [](int64_t step) { return step < 1; }))
    return emitStrided(node, value, cut);
  return node.emit.slice(value, cut.offsets, cut.shape, cut.steps);
}

/// A position that is only known when the program runs.
Extent fromEndIfNegative(Node &node, const Extent &given, const Extent &size) {
  Scalars s{node.builder, node.location};
  Value place = node.emit.index(given), zero = node.emit.indexConstant(0);
  Value counted = s.select(s.less(place, zero), s.add(place, node.emit.index(size)), place);
  return node.emit.dataExtent(counted, "a bound");
}

/// A position in [-size, size], counted from the end if it is negative, clamped to [least, size + most].
mlir::FailureOr<Extent> position(Node &node, const Extent &given, const Extent &size, int64_t least,
                                 int64_t most) {
  // Exporters write the largest int32 or int64 for "to the end", and the least for "to the beginning".
  std::optional<int64_t> number = given.constant();
  if (number && *number >= INT32_MAX)
    return node.require(add(size, most));
  if (number && *number <= -INT32_MAX)
    return Extent(least);
  std::optional<Extent> place = given;
  if (number ? *number < 0 : node.extents.less(given, 0) == true)
    place = add(given, size);
  else if (!number && node.extents.dependsOnData(given))
    place = fromEndIfNegative(node, given, size);
  else if (!number && !node.extents.isAtLeast(given, 0))
    return node.error("a bound is " + node.extents.text(given) + ", but expected one of known sign");
  std::optional<Extent> limit = add(size, most);
  if (place && limit)
    place = node.extents.minimum(*place, *limit);
  return node.require(place ? node.extents.maximum(*place, least) : std::nullopt);
}

mlir::LogicalResult cutAxis(Node &node, Cut &cut, int64_t axis, const Extent &start, const Extent &end,
                            int64_t step) {
  if (step == 0 || std::abs(step) > INT32_MAX)
    return node.error("a step is " + llvm::Twine(step) + ", but expected a small number other than 0");
  const Extent size = cut.shape[axis];
  bool isForward = step > 0;
  mlir::FailureOr<Extent> from = position(node, start, size, 0, isForward ? 0 : -1);
  mlir::FailureOr<Extent> to = position(node, end, size, isForward ? 0 : -1, isForward ? 0 : -1);
  if (failed(from) || failed(to))
    return mlir::failure();
  std::optional<Extent> length = isForward ? subtract(*to, *from) : subtract(*from, *to);
  length = length ? node.extents.ceilDivide(*length, std::abs(step)) : std::nullopt;
  mlir::FailureOr<Extent> count = node.require(length ? node.extents.maximum(*length, 0) : std::nullopt);
  if (failed(count))
    return mlir::failure();
  cut.offsets[axis] = *from;
  cut.shape[axis] = *count;
  cut.steps[axis] = step;
  return mlir::success();
}

/// Pads by index arithmetic: which element of the source a position shows.
GraphValue emitMirrored(Node &node, const GraphValue &value, llvm::ArrayRef<Extent> low, const Shape &shape,
                        llvm::StringRef mode) {
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

/// Splits pads into what is cut off (negative) and what is added; both lists are changed in place.
mlir::FailureOr<GraphValue> crop(Node &node, const GraphValue &value, Extents &low, Extents &high) {
  Cut cut = wholeCut(value);
  for (int64_t i = 0; i < value.rank(); ++i)
    for (Extent *pad : {&low[i], &high[i]}) {
      if (node.extents.isAtLeast(*pad, 0))
        continue;
      if (!pad->constant())
        return node.error("a pad is " + node.extents.text(*pad) + ", but expected one of known sign");
      mlir::FailureOr<Extent> size = node.require(add(cut.shape[i], *pad));
      if (failed(size))
        return mlir::failure();
      cut.shape[i] = *node.extents.maximum(*size, 0);
      if (pad == &low[i])
        cut.offsets[i] = -*pad->constant();
      *pad = 0;
    }
  return take(node, value, cut);
}

mlir::FailureOr<mlir::TypedAttr> padValue(Node &node) {
  const GraphValue &value = node.input(0);
  if (!node.has(2))
    return mlir::cast<mlir::TypedAttr>(node.builder.getZeroAttr(storageType(value.elementType)));
  const GraphValue &given = node.input(2);
  if (!given.constant || given.constant->size() != 1)
    return node.error("the pad value depends on the model's data, but expected a constant");
  return given.constant->attribute(0);
}

} // namespace

static mlir::LogicalResult importConcat(Node &node) {
  const GraphValue &first = node.input(0);
  if (!node.hasAttribute("axis"))
    return node.error("has no attribute 'axis', but expected one");
  mlir::FailureOr<int64_t> axis = node.axis(node.integer("axis", 0), first.rank());
  if (failed(axis))
    return mlir::failure();
  Shape shape = first.shape;
  bool areLists = first.rank() == 1;
  Extents elements;
  for (int64_t i = 0; i < node.inputCount(); ++i) {
    const GraphValue &value = node.input(i);
    if (failed(node.requireRank(i, first.rank(), first.rank())))
      return mlir::failure();
    for (int64_t j = 0; j < first.rank(); ++j)
      if (j != *axis && failed(node.requireEqual(value.shape[j], shape[j], "dimensions beside the axis")))
        return mlir::failure();
    mlir::FailureOr<Extent> sum = i == 0 ? shape[*axis] : node.require(add(shape[*axis], value.shape[*axis]));
    if (failed(sum))
      return mlir::failure();
    shape[*axis] = *sum;
    std::optional<Extents> known = areLists && !value.isReal() ? node.knownIntegers(i) : std::nullopt;
    areLists &= known.has_value();
    if (areLists)
      elements.append(*known);
  }
  GraphValue result;
  result.elementType = first.elementType;
  result.shape = shape;
  if (areLists) {
    if (std::optional<llvm::SmallVector<int64_t>> numbers = constantShape(elements))
      result.constant = Constant::integers(first.elementType, *numbers);
    else
      result.integers = elements;
    node.set(0, std::move(result));
    return mlir::success();
  }
  if (!isReasonable(shape))
    return node.error("the shape " + node.extents.text(shape) + " is too large");
  result.tensor = node.emit.empty(first.elementType, shape);
  Extents offsets(first.rank(), 0);
  for (int64_t i = 0; i < node.inputCount(); ++i) {
    result = node.emit.insert(node.input(i), result, offsets);
    offsets[*axis] = *add(offsets[*axis], node.input(i).shape[*axis]);
  }
  node.set(0, std::move(result));
  return mlir::success();
}

static mlir::LogicalResult importSplit(Node &node) {
  const GraphValue &value = node.input(0);
  mlir::FailureOr<int64_t> axis = node.axis(node.integer("axis", 0), value.rank());
  if (failed(axis))
    return mlir::failure();
  int64_t count = node.outputCount();
  int64_t declared = node.integer("num_outputs", count);
  Extents sizes;
  if (node.has(1)) {
    mlir::FailureOr<Extents> given = node.hostSizes(1, "split");
    if (failed(given))
      return mlir::failure();
    sizes = *given;
  } else {
    mlir::FailureOr<Extent> each = node.require(node.extents.ceilDivide(value.shape[*axis], declared));
    if (failed(each))
      return mlir::failure();
    sizes.assign(count, *each);
    std::optional<Extent> before = multiply(*each, count - 1);
    std::optional<Extent> last = before ? subtract(value.shape[*axis], *before) : std::nullopt;
    mlir::FailureOr<Extent> rest = node.require(last ? node.extents.maximum(*last, 0) : std::nullopt);
    if (failed(rest))
      return mlir::failure();
    sizes.back() = *rest;
  }
  if (static_cast<int64_t>(sizes.size()) != count || declared != count)
    return node.error("split has " + llvm::Twine(sizes.size()) + " sizes, but the node has " +
                      llvm::Twine(count) + " outputs");
  Cut cut = wholeCut(value);
  Extent total = 0;
  for (int64_t i = 0; i < count; ++i) {
    if (sizes[i].constant().value_or(0) < 0)
      return node.error("split has the negative size " + node.extents.text(sizes[i]));
    cut.offsets[*axis] = total;
    cut.shape[*axis] = sizes[i];
    mlir::FailureOr<Extent> next = node.require(add(total, sizes[i]));
    if (failed(next))
      return mlir::failure();
    total = *next;
    // Checked before any part is taken that could lie outside.
    if (std::optional<int64_t> size = value.shape[*axis].constant();
        size && total.constant() && *total.constant() > *size)
      return node.error("the sizes in split add up to more than " + llvm::Twine(*size));
    node.set(i, take(node, value, cut));
  }
  return node.requireEqual(total, value.shape[*axis], "sum of split and size");
}

static mlir::LogicalResult importSlice(Node &node) {
  const GraphValue &value = node.input(0);
  mlir::FailureOr<Extents> starts = node.hostIntegers(1, "starts");
  mlir::FailureOr<Extents> ends = node.hostIntegers(2, "ends");
  auto axes = node.axes("", 3, value.rank());
  if (failed(starts) || failed(ends) || failed(axes))
    return mlir::failure();
  llvm::SmallVector<int64_t> steps(starts->size(), 1);
  if (node.has(4)) {
    mlir::FailureOr<llvm::SmallVector<int64_t>> given = node.requireNumbers(4, "steps");
    if (failed(given))
      return mlir::failure();
    steps = *given;
  }
  llvm::SmallVector<int64_t> where = axes->value_or(llvm::to_vector(llvm::seq<int64_t>(0, starts->size())));
  if (ends->size() != starts->size() || where.size() != starts->size() || steps.size() != starts->size() ||
      static_cast<int64_t>(where.size()) > value.rank())
    return node.error("starts, ends, axes and steps have " + llvm::Twine(starts->size()) + ", " +
                      llvm::Twine(ends->size()) + ", " + llvm::Twine(where.size()) + " and " +
                      llvm::Twine(steps.size()) + " elements, but expected equal numbers");
  Cut cut = wholeCut(value);
  for (size_t i = 0; i < where.size(); ++i)
    if (failed(cutAxis(node, cut, where[i], (*starts)[i], (*ends)[i], steps[i])))
      return mlir::failure();
  node.set(0, take(node, value, cut));
  return mlir::success();
}

static mlir::LogicalResult importPad(Node &node) {
  std::string mode = node.string("mode", "constant");
  int64_t rank = node.input(0).rank();
  mlir::FailureOr<Extents> pads = node.hostSizes(1, "pads");
  auto axes = node.axes("", 3, rank);
  mlir::FailureOr<mlir::TypedAttr> scalar = padValue(node);
  if (failed(pads) || failed(axes) || failed(scalar))
    return mlir::failure();
  llvm::SmallVector<int64_t> where = axes->value_or(llvm::to_vector(llvm::seq<int64_t>(0, rank)));
  if (pads->size() != 2 * where.size())
    return node.error("pads has " + llvm::Twine(pads->size()) + " elements, but expected " +
                      llvm::Twine(2 * where.size()));
  if (mode != "constant" && mode != "reflect" && mode != "edge" && mode != "wrap")
    return node.error("mode is '" + mode + "', but expected constant, reflect, edge or wrap");
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
  if (!isReasonable(shape))
    return node.error("the shape " + node.extents.text(shape) + " is negative or too large");
  if (mode == "constant") {
    node.set(0, node.emit.pad(*inner, low, high, *scalar));
    return mlir::success();
  }
  for (int64_t i = 0; i < rank; ++i)
    if (inner->shape[i].is(0) && !shape[i].is(0))
      return node.error("pads an empty dimension with mode " + mode);
  node.set(0, inner->shape == shape ? *inner : emitMirrored(node, *inner, low, shape, mode));
  return mlir::success();
}

Family movementOperators() {
  static constexpr Operator kOperators[] = {
      {"Concat", 1, "A*", importConcat},
      {"Pad", 1, "AlA?i?", importPad},
      {"Slice", 1, "aiii?i?", importSlice},
      {"Split", 1, "al?", importSplit},
  };
  return kOperators;
}

} // namespace winnow::frontend
