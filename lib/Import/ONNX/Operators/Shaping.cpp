// Operators that change a tensor's shape and not its elements, and those that yield shapes.
#include "lib/Import/ONNX/Operators.h"
#include "lib/Import/ONNX/Scalars.h"

#include "llvm/ADT/STLExtras.h"

namespace winnow::frontend {
namespace {

using mlir::Value;

/// A value made of known integers.
GraphValue integerValue(Node &node, llvm::ArrayRef<Extent> elements, Shape shape) {
  GraphValue result;
  result.elementType = node.builder.getI64Type();
  result.shape = std::move(shape);
  if (std::optional<llvm::SmallVector<int64_t>> numbers = constantShape(elements))
    result.constant = Constant::integers(result.elementType, *numbers);
  else
    result.integers = llvm::SmallVector<Extent>(elements);
  return result;
}

/// The element that stands for -1: what is left of the count.
mlir::FailureOr<Extent> inferred(Node &node, const Extent &count, llvm::ArrayRef<Extent> shape,
                                 size_t place) {
  Shape rest;
  for (auto [index, extent] : llvm::enumerate(shape))
    if (index != place)
      rest.push_back(extent);
  mlir::FailureOr<Extent> others = node.require(elementCount(rest));
  if (failed(others))
    return mlir::failure();
  if (others->is(0))
    return node.error("the shape has both 0 and -1");
  if (std::optional<Extent> exact = divideExactly(count, *others))
    return *exact;
  if (count.constant() && others->constant())
    return node.error("cannot reshape " + node.extents.text(count) + " elements to " +
                      node.extents.text(shape) + " (-1 stands for what is left)");
  return node.require(node.extents.floorDivide(count, *others));
}

mlir::LogicalResult reshapeTo(Node &node, Shape shape) {
  const GraphValue &value = node.input(0);
  mlir::FailureOr<Extent> before = node.require(elementCount(value.shape));
  mlir::FailureOr<Extent> after = node.require(elementCount(shape));
  if (failed(before) || failed(after))
    return mlir::failure();
  if (!node.importer.requireEqual(*before, *after))
    return node.error("cannot reshape " + node.extents.text(value.shape) + " to " + node.extents.text(shape));
  if (!isReasonable(shape))
    return node.error("the shape " + node.extents.text(shape) + " is negative or too large");
  node.set(0, node.emit.reshape(value, shape));
  return mlir::success();
}

int64_t boundary(int64_t value, int64_t rank) {
  return std::clamp<int64_t>(value < 0 ? value + rank : value, 0, rank);
}

} // namespace

static mlir::LogicalResult importIdentity(Node &node) {
  node.set(0, node.input(0));
  return mlir::success();
}

/// Whether there is a value. Those that are there are tensors: optional ones are refused where they are made.
static mlir::LogicalResult importOptionalHasElement(Node &node) {
  GraphValue answer;
  answer.elementType = node.builder.getI1Type();
  answer.constant = Constant::uniformInteger(answer.elementType, node.has(0));
  node.set(0, answer);
  return mlir::success();
}

static mlir::LogicalResult importFlatten(Node &node) {
  const Shape &shape = node.input(0).shape;
  int64_t axis = node.integer("axis", 1), rank = node.input(0).rank();
  if (axis < -rank || axis > rank)
    return node.error("axis is " + llvm::Twine(axis) + ", but the tensor has rank " + llvm::Twine(rank));
  axis = axis < 0 ? axis + rank : axis;
  llvm::ArrayRef<Extent> all(shape);
  mlir::FailureOr<Extent> outer = node.require(elementCount(all.take_front(axis)));
  mlir::FailureOr<Extent> inner = node.require(elementCount(all.drop_front(axis)));
  return failed(outer) || failed(inner) ? mlir::failure() : reshapeTo(node, {*outer, *inner});
}

/// The shape that elements stand for of which some are only known when the program runs: 0 copies a
/// dimension, -1 is what is left.
static Shape runTimeShape(Node &node, llvm::ArrayRef<Extent> elements, bool allowsZero, const Extent &count) {
  const Shape &before = node.input(0).shape;
  Scalars s{node.builder, node.location};
  Value one = node.emit.indexConstant(1), minusOne = node.emit.indexConstant(-1),
        zero = node.emit.indexConstant(0);
  llvm::SmallVector<Value> sizes;
  Value product = one;
  for (auto [index, element] : llvm::enumerate(elements)) {
    Value size = node.emit.index(element);
    if (!allowsZero && index < before.size())
      size = s.select(s.equal(size, zero), node.emit.index(before[index]), size);
    sizes.push_back(size);
    product = s.multiply(product, s.select(s.equal(size, minusOne), one, size));
  }
  Value rest = mlir::arith::FloorDivSIOp::create(node.builder, node.location, node.emit.index(count),
                                                 s.maximum(product, one));
  Shape shape;
  for (auto [element, size] : llvm::zip_equal(elements, sizes)) {
    if (std::optional<int64_t> known = element.constant(); known && *known > 0)
      shape.push_back(element);
    else
      shape.push_back(
          node.asSize(node.emit.dataExtent(s.select(s.equal(size, minusOne), rest, size), "reshaped"),
                      "a dimension of the shape"));
  }
  return shape;
}

static mlir::LogicalResult importReshape(Node &node) {
  const GraphValue &value = node.input(0);
  mlir::FailureOr<llvm::SmallVector<Extent>> given = node.hostIntegers(1, "the shape");
  bool allowsZero = node.integer("allowzero", 0) != 0;
  if (failed(given))
    return mlir::failure();
  Shape shape(given->begin(), given->end());
  if (llvm::any_of(shape, [&](const Extent &extent) {
        return node.extents.dependsOnData(extent) && !node.extents.isAtLeast(extent, 1);
      })) {
    mlir::FailureOr<Extent> count = node.require(elementCount(value.shape));
    return failed(count) ? mlir::failure() : reshapeTo(node, runTimeShape(node, shape, allowsZero, *count));
  }
  std::optional<size_t> open;
  for (auto [index, extent] : llvm::enumerate(shape)) {
    if (extent.is(0) && !allowsZero) {
      if (static_cast<int64_t>(index) >= value.rank())
        return node.error("the shape copies dimension " + llvm::Twine(index) + " of a tensor of rank " +
                          llvm::Twine(value.rank()));
      extent = value.shape[index];
    } else if (extent.is(-1)) {
      if (open)
        return node.error("the shape has more than one -1");
      open = index;
    } else if (std::optional<int64_t> size = extent.constant(); size && *size < 0) {
      return node.error("the shape has the negative dimension " + llvm::Twine(*size));
    }
  }
  if (open) {
    mlir::FailureOr<Extent> count = node.require(elementCount(value.shape));
    if (failed(count))
      return mlir::failure();
    mlir::FailureOr<Extent> rest = inferred(node, *count, shape, *open);
    if (failed(rest))
      return mlir::failure();
    shape[*open] = *rest;
  }
  return reshapeTo(node, std::move(shape));
}

static mlir::LogicalResult importSqueeze(Node &node) {
  const GraphValue &value = node.input(0);
  auto axes = node.axes("axes", 1, value.rank());
  if (failed(axes))
    return mlir::failure();
  Shape shape;
  for (int64_t i = 0; i < value.rank(); ++i) {
    bool isNamed = *axes ? llvm::is_contained(**axes, i) : value.shape[i].is(1);
    if (!isNamed)
      shape.push_back(value.shape[i]);
    else if (failed(node.requireEqual(value.shape[i], 1, "squeezed dimension and 1")))
      return mlir::failure();
  }
  return reshapeTo(node, std::move(shape));
}

static mlir::LogicalResult importUnsqueeze(Node &node) {
  const GraphValue &value = node.input(0);
  std::optional<llvm::SmallVector<int64_t>> attribute = node.integers("axes"); // up to opset 12
  if (!attribute && !node.has(1))
    return node.error("has no attribute 'axes', but expected one");
  mlir::FailureOr<llvm::SmallVector<int64_t>> numbers =
      attribute ? *attribute : node.requireNumbers(1, "axes");
  if (failed(numbers))
    return mlir::failure();
  auto axes = node.axes("axes", 1, value.rank() + static_cast<int64_t>(numbers->size()));
  if (failed(axes))
    return mlir::failure();
  llvm::sort(**axes);
  Shape shape = value.shape;
  for (int64_t axis : **axes)
    shape.insert(shape.begin() + axis, 1);
  return reshapeTo(node, std::move(shape));
}

static mlir::LogicalResult importTranspose(Node &node) {
  const GraphValue &value = node.input(0);
  llvm::SmallVector<int64_t> permutation =
      node.integers("perm").value_or(llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, value.rank()))));
  llvm::SmallVector<int64_t> sorted(permutation);
  llvm::sort(sorted);
  if (sorted != llvm::to_vector(llvm::seq<int64_t>(0, value.rank())))
    return node.error("perm is not a permutation of the " + llvm::Twine(value.rank()) + " dimensions");
  node.set(0, node.emit.transpose(value, permutation));
  return mlir::success();
}

static mlir::LogicalResult importShape(Node &node) {
  const Shape &shape = node.input(0).shape;
  int64_t rank = node.input(0).rank();
  int64_t start = boundary(node.integer("start", 0), rank);
  int64_t end = boundary(node.integer("end", rank), rank);
  llvm::ArrayRef<Extent> part = llvm::ArrayRef<Extent>(shape).slice(start, std::max<int64_t>(end - start, 0));
  node.set(0, integerValue(node, part, {static_cast<int64_t>(part.size())}));
  return mlir::success();
}

static mlir::LogicalResult importSize(Node &node) {
  mlir::FailureOr<Extent> count = node.require(elementCount(node.input(0).shape));
  if (failed(count))
    return mlir::failure();
  node.set(0, integerValue(node, *count, {}));
  return mlir::success();
}

static mlir::LogicalResult importDepthToSpace(Node &node) {
  const GraphValue &value = node.input(0);
  int64_t block = node.integer("blocksize", 0);
  std::string mode = node.string("mode", "DCR");
  bool isDCR = mode == "DCR";
  if (failed(node.requireRank(0, 4, 4)))
    return mlir::failure();
  if (!isDCR && mode != "CRD")
    return node.error("mode is '" + mode + "', but expected DCR or CRD");
  if (block < 1 || block > INT32_MAX)
    return node.error("blocksize is " + llvm::Twine(block) + ", but expected at least 1");
  Extent n = value.shape[0], c = value.shape[1], h = value.shape[2], w = value.shape[3];
  Extent square = block * block;
  if (node.operatorName() == "DepthToSpace") {
    std::optional<Extent> depth = divideExactly(c, square);
    if (!depth)
      return node.error("expected channels that " + node.extents.text(square) + " divides, but found " +
                        node.extents.text(c));
    Shape split = isDCR ? Shape{n, block, block, *depth, h, w} : Shape{n, *depth, block, block, h, w};
    llvm::SmallVector<int64_t> order = {0, 1, 4, 2, 5, 3};
    if (isDCR)
      order = {0, 3, 4, 1, 5, 2};
    GraphValue moved = node.emit.transpose(node.emit.reshape(value, split), order);
    node.set(0, node.emit.reshape(moved, {n, *depth, *multiply(h, block), *multiply(w, block)}));
    return mlir::success();
  }
  if (h.constant().value_or(0) % block != 0 || w.constant().value_or(0) % block != 0)
    return node.error("expected height and width that " + llvm::Twine(block) + " divides, but found " +
                      node.extents.text(value.shape));
  std::optional<Extent> rows = node.extents.floorDivide(h, block),
                        columns = node.extents.floorDivide(w, block);
  std::optional<Extent> height = rows ? multiply(*rows, block) : std::nullopt;
  std::optional<Extent> width = columns ? multiply(*columns, block) : std::nullopt;
  if (failed(node.require(height)) || failed(node.require(width)))
    return mlir::failure();
  if (*height != h)
    node.emit.require(*height, h, "the height is no multiple of blocksize");
  if (*width != w)
    node.emit.require(*width, w, "the width is no multiple of blocksize");
  GraphValue whole = value;
  if (*height != h || *width != w)
    whole = node.emit.slice(value, llvm::SmallVector<Extent>(4, 0), {n, c, *height, *width}, {1, 1, 1, 1});
  GraphValue split = node.emit.reshape(whole, {n, c, *rows, block, *columns, block});
  llvm::SmallVector<int64_t> order = {0, 1, 3, 5, 2, 4};
  if (isDCR)
    order = {0, 3, 5, 1, 2, 4};
  GraphValue moved = node.emit.transpose(split, order);
  node.set(0, node.emit.reshape(moved, {n, *multiply(c, square), *rows, *columns}));
  return mlir::success();
}

Family shapingOperators() {
  static constexpr Operator kOperators[] = {
      {"DepthToSpace", 1, "a", importDepthToSpace},
      {"Flatten", 1, "a", importFlatten},
      {"Identity", 1, "a", importIdentity},
      {"OptionalGetElement", 15, "a", importIdentity},
      {"OptionalHasElement", 15, "a?", importOptionalHasElement},
      {"Reshape", 1, "al", importReshape},
      {"Shape", 1, "a", importShape},
      {"Size", 1, "a", importSize},
      {"SpaceToDepth", 1, "a", importDepthToSpace},
      {"Squeeze", 1, "a", importSqueeze},
      {"Squeeze", 13, "al?", importSqueeze},
      {"Transpose", 1, "a", importTranspose},
      {"Unsqueeze", 1, "a", importUnsqueeze},
      {"Unsqueeze", 13, "al", importUnsqueeze},
  };
  return kOperators;
}

} // namespace winnow::frontend
