// Operators that cut tensors and put them together: Concat, Split, Slice; Pad is in Padding.cpp.
#include "lib/Import/ONNX/Operators/Movement.h"
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

/// A position whose sign is only known when the program runs.
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
  std::optional<Extent> place = given, fromEnd = add(given, size);
  if (number ? *number < 0 : node.extents.less(given, 0) == true)
    place = fromEnd;
  else if (fromEnd && fromEnd->is(0)) // the beginning, even of a dimension without elements
    place = 0;
  else if (!node.extents.isAtLeast(given, 0))
    place = fromEndIfNegative(node, given, size);
  // Without elements, the limit -1 is below the least position.
  std::optional<Extent> limit = add(size, most);
  if (place != limit && place && limit) {
    place = node.extents.maximum(*place, least);
    place = place ? node.extents.minimum(*place, *limit) : std::nullopt;
  }
  return node.require(limit ? place : std::nullopt);
}

mlir::LogicalResult cutAxis(Node &node, Cut &cut, int64_t axis, const Extent &start, const Extent &end,
                            int64_t step) {
  if (step == 0 || step > INT32_MAX || step < -INT32_MAX)
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

} // namespace

Cut wholeCut(const GraphValue &value) {
  return {Extents(value.rank(), 0), value.shape, llvm::SmallVector<int64_t>(value.rank(), 1)};
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
  // An empty part may begin behind the last element, where no slice may.
  if (llvm::any_of(cut.shape, [](const Extent &size) { return size.is(0); }))
    return node.emit.wrap(node.emit.empty(value.elementType, cut.shape), value.elementType, cut.shape);
  auto isOne = [](int64_t step) { return step == 1; };
  if (cut.shape == value.shape && llvm::all_of(cut.steps, isOne))
    return value;
  if (llvm::any_of(cut.steps, [](int64_t step) { return step < 1; }))
    return emitStrided(node, value, cut);
  return node.emit.slice(value, cut.offsets, cut.shape, cut.steps);
}

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

/// Equal parts. Since opset 18, the last may be smaller.
static mlir::FailureOr<Extents> equalParts(Node &node, const Extent &size, int64_t count) {
  if (node.opset() < 18 && size.constant().value_or(0) % count != 0)
    return node.error("expected a dimension that " + llvm::Twine(count) +
                      " outputs share equally, but found " + node.extents.text(size));
  mlir::FailureOr<Extent> each = node.require(node.extents.ceilDivide(size, count));
  if (failed(each))
    return mlir::failure();
  Extents sizes(count, *each);
  std::optional<Extent> before = multiply(*each, count - 1);
  std::optional<Extent> last = before ? subtract(size, *before) : std::nullopt;
  mlir::FailureOr<Extent> rest = node.require(last ? node.extents.maximum(*last, 0) : std::nullopt);
  if (failed(rest))
    return mlir::failure();
  sizes.back() = *rest;
  return sizes;
}

/// The sizes in the attribute (up to opset 12) or in the input.
static mlir::FailureOr<Extents> splitSizes(Node &node, const Extent &size, int64_t count) {
  if (node.has(1))
    return node.hostSizes(1, "split");
  if (std::optional<llvm::SmallVector<int64_t>> given = node.integers("split"))
    return Extents(given->begin(), given->end());
  return equalParts(node, size, count);
}

static mlir::LogicalResult importSplit(Node &node) {
  const GraphValue &value = node.input(0);
  mlir::FailureOr<int64_t> axis = node.axis(node.integer("axis", 0), value.rank());
  if (failed(axis))
    return mlir::failure();
  int64_t count = node.outputCount();
  int64_t declared = node.integer("num_outputs", count);
  mlir::FailureOr<Extents> parts = splitSizes(node, value.shape[*axis], count);
  if (failed(parts))
    return mlir::failure();
  const Extents &sizes = *parts;
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

/// A bound of a slice: an attribute up to opset 9, an input since.
static mlir::FailureOr<Extents> sliceBound(Node &node, const char *name, int64_t input) {
  if (node.opset() >= 10)
    return node.hostIntegers(input, name);
  std::optional<llvm::SmallVector<int64_t>> given = node.integers(name);
  if (!given)
    return node.error(llvm::Twine("has no attribute '") + name + "', but expected one");
  return Extents(given->begin(), given->end());
}

static mlir::LogicalResult importSlice(Node &node) {
  const GraphValue &value = node.input(0);
  mlir::FailureOr<Extents> starts = sliceBound(node, "starts", 1);
  mlir::FailureOr<Extents> ends = sliceBound(node, "ends", 2);
  auto axes = node.axes("axes", 3, value.rank());
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

Family movementOperators() {
  static constexpr Operator kOperators[] = {
      {"Concat", 1, "A*", importConcat}, {"Pad", 2, "f", importPad},
      {"Pad", 11, "AlA?", importPad},    {"Pad", 18, "AlA?i?", importPad},
      {"Slice", 1, "a", importSlice},    {"Slice", 10, "aiii?i?", importSlice},
      {"Split", 2, "a", importSplit},    {"Split", 13, "al?", importSplit},
  };
  return kOperators;
}

} // namespace winnow::frontend
