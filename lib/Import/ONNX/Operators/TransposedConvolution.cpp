// The opposites of sliding windows: ConvTranspose, Col2Im, MaxUnpool.
#include "lib/Import/ONNX/Composition.h"
#include "lib/Import/ONNX/Operators.h"
#include "lib/Import/ONNX/Operators/Convolution.h"
#include "lib/Import/ONNX/Reading.h"

#include "llvm/ADT/STLExtras.h"

namespace winnow::frontend {
namespace {

using mlir::Value;
using mlir::ValueRange;

/// What a transposed convolution adds to a window: output_padding and output_shape.
struct Transposition {
  Window window; // sizes are the result's
  llvm::SmallVector<int64_t> outputPadding;

  int64_t reach(size_t i) const { return (window.kernel[i] - 1) * window.dilations[i] + 1; }
};

/// The size without any padding: stride * (input - 1) + output_padding + reach.
std::optional<Extent> fullSize(const Transposition &transposition, const Extent &input, size_t i) {
  int64_t stride = transposition.window.strides[i];
  std::optional<Extent> scaled = multiply(input, stride);
  return scaled ? add(*scaled, transposition.outputPadding[i] + transposition.reach(i) - stride)
                : std::nullopt;
}

/// The result has `size` elements: what is too much is padding, split in halves.
mlir::LogicalResult fitSize(Node &node, Transposition &transposition, const Extent &full, const Extent &size,
                            bool moreAtEnd) {
  std::optional<Extent> total = subtract(full, size);
  total = total ? node.extents.maximum(*total, 0) : std::nullopt;
  std::optional<Extent> half = total ? node.extents.floorDivide(*total, 2) : std::nullopt;
  std::optional<Extent> rest = half ? subtract(*total, *half) : std::nullopt;
  if (failed(node.require(rest)))
    return mlir::failure();
  transposition.window.low.push_back(moreAtEnd ? *half : *rest);
  transposition.window.high.push_back(moreAtEnd ? *rest : *half);
  transposition.window.sizes.push_back(size);
  return mlir::success();
}

mlir::LogicalResult computeSizes(Node &node, Transposition &transposition, llvm::ArrayRef<Extent> input,
                                 llvm::ArrayRef<int64_t> pads) {
  std::string automatic = node.string("auto_pad", "NOTSET");
  std::optional<llvm::SmallVector<int64_t>> sizes = node.integers("output_shape");
  bool isSame = automatic == "SAME_UPPER" || automatic == "SAME_LOWER";
  if (!isSame && automatic != "NOTSET" && automatic != "VALID")
    return node.error("auto_pad is '" + automatic +
                      "', but expected NOTSET, VALID, SAME_UPPER or SAME_LOWER");
  size_t count = input.size();
  if (sizes && llvm::any_of(*sizes, [](int64_t size) { return size < 1 || size > kMaximumElements; }))
    return node.error("output_shape has a size that is not positive, or too large");
  if (sizes && sizes->size() != count)
    return node.error("output_shape has " + llvm::Twine(sizes->size()) + " values, but expected " +
                      llvm::Twine(count));
  for (size_t i = 0; i < count; ++i) {
    mlir::FailureOr<Extent> full = node.require(fullSize(transposition, input[i], i));
    if (failed(full))
      return mlir::failure();
    if (sizes || isSame) {
      mlir::FailureOr<Extent> size =
          sizes ? Extent((*sizes)[i]) : node.require(multiply(input[i], transposition.window.strides[i]));
      if (failed(size) || failed(fitSize(node, transposition, *full, *size, automatic == "SAME_UPPER")))
        return mlir::failure();
      continue;
    }
    int64_t low = automatic == "VALID" ? 0 : pads[i], high = automatic == "VALID" ? 0 : pads[count + i];
    mlir::FailureOr<Extent> size = node.require(subtract(*full, low + high));
    mlir::FailureOr<Extent> kept = failed(size) ? size : node.require(node.extents.maximum(*size, 0));
    if (failed(kept))
      return mlir::failure();
    if (size->constant().value_or(0) < 0)
      return node.error("pads cut off more than the " + node.extents.text(*full) + " elements of dimension " +
                        llvm::Twine(i + 2));
    transposition.window.low.push_back(low);
    transposition.window.high.push_back(high);
    transposition.window.sizes.push_back(*kept);
  }
  return mlir::success();
}

mlir::FailureOr<Transposition> readTransposition(Node &node, llvm::ArrayRef<Extent> input,
                                                 llvm::SmallVector<int64_t> kernel) {
  size_t count = input.size();
  mlir::FailureOr<llvm::SmallVector<int64_t>> strides = readNumbers(node, "strides", count, 1, 1);
  mlir::FailureOr<llvm::SmallVector<int64_t>> dilations = readNumbers(node, "dilations", count, 1, 1);
  mlir::FailureOr<llvm::SmallVector<int64_t>> pads = readNumbers(node, "pads", 2 * count, 0, 0);
  mlir::FailureOr<llvm::SmallVector<int64_t>> outputPadding =
      readNumbers(node, "output_padding", count, 0, 0);
  std::optional<llvm::SmallVector<int64_t>> shape = node.integers("kernel_shape");
  if (failed(strides) || failed(dilations) || failed(pads) || failed(outputPadding))
    return mlir::failure();
  if (shape && *shape != kernel)
    return node.error("kernel_shape differs from the shape of the weight");
  Transposition transposition{{std::move(kernel), *strides, *dilations, {}, {}, {}, {}}, *outputPadding};
  if (failed(computeSizes(node, transposition, input, *pads)))
    return mlir::failure();
  return transposition;
}

/// [G*C, F, kernel...] as the weight of the convolution that does the same: [G*F, C, kernel backwards...].
GraphValue turnWeight(Composition &c, const GraphValue &weight, int64_t groups) {
  llvm::SmallVector<int64_t> shape = *constantShape(weight.shape);
  int64_t rank = weight.rank(), each = shape[0] / groups;
  Shape split = {groups, each}, joined = {groups * shape[1], each};
  llvm::SmallVector<int64_t> permutation = {0, 2, 1}, axes, starts, ends, steps;
  split.append(weight.shape.begin() + 1, weight.shape.end());
  joined.append(weight.shape.begin() + 2, weight.shape.end());
  for (int64_t i = 2; i < rank; ++i) {
    permutation.push_back(i + 1);
    axes.push_back(i);
    starts.push_back(-1);
    ends.push_back(INT64_MIN);
    steps.push_back(-1);
  }
  GraphValue turned = c.reshape(c.transpose(c.reshape(weight, split), permutation), joined);
  return c.op("Slice", {turned, c.integers(starts), c.integers(ends), c.integers(axes), c.integers(steps)});
}

/// The input with stride - 1 zeros between its elements, and zeros around them, so that a convolution of
/// stride one gives the result.
GraphValue stretch(Node &node, const GraphValue &input, const Transposition &transposition) {
  const Window &window = transposition.window;
  Shape shape = {input.shape[0], input.shape[1]};
  llvm::SmallVector<Value> leads;
  for (size_t i = 0; i < window.kernel.size(); ++i) {
    shape.push_back(*add(window.sizes[i], transposition.reach(i) - 1));
    leads.push_back(node.emit.index(*subtract(transposition.reach(i) - 1, window.low[i])));
  }
  Source source = sourceOf(node.emit, input);
  return computeByIndex(node.emit, input.elementType, shape, [&](const Scalars &s) {
    llvm::SmallVector<Value> indices = {s.loop(0), s.loop(1)};
    Value condition;
    for (size_t i = 0; i < leads.size(); ++i) {
      Value place = s.subtract(s.loop(2 + i), leads[i]);
      Value stride = s.integer(place.getType(), window.strides[i]);
      indices.push_back(window.strides[i] == 1 ? place : s.divide(place, stride));
      Value fits = isInside(s, indices.back(), source.sizes[2 + i]);
      if (window.strides[i] != 1) {
        // Division rounds toward zero: what is before the first element must be told apart.
        Value zero = s.integer(place.getType(), 0);
        fits = both(s, fits, both(s, s.lessOrEqual(zero, place), s.equal(s.remainder(place, stride), zero)));
      }
      condition = condition ? both(s, condition, fits) : fits;
    }
    return readIf(s, condition, source, indices, s.constant(input.elementType, 0));
  });
}

struct Blocks {
  Window window; // sizes are the image's
  Shape counts;  // of blocks
};

mlir::FailureOr<Blocks> readBlocks(Node &node) {
  mlir::FailureOr<llvm::SmallVector<Extent>> image = node.hostSizes(1, "image_shape");
  mlir::FailureOr<llvm::SmallVector<int64_t>> block = node.requireNumbers(2, "block_shape");
  if (failed(image) || failed(block))
    return mlir::failure();
  size_t count = image->size();
  if (count == 0 || count > 3 || block->size() != count)
    return node.error("image_shape and block_shape have " + llvm::Twine(count) + " and " +
                      llvm::Twine(block->size()) + " elements, but expected equal numbers from 1 to 3");
  if (llvm::any_of(*block, [](int64_t size) { return size < 1 || size > INT32_MAX; }))
    return node.error("block_shape has a size that is not positive");
  mlir::FailureOr<llvm::SmallVector<int64_t>> strides = readNumbers(node, "strides", count, 1, 1);
  mlir::FailureOr<llvm::SmallVector<int64_t>> dilations = readNumbers(node, "dilations", count, 1, 1);
  mlir::FailureOr<llvm::SmallVector<int64_t>> pads = readNumbers(node, "pads", 2 * count, 0, 0);
  if (failed(strides) || failed(dilations) || failed(pads))
    return mlir::failure();
  Blocks blocks{{*block, *strides, *dilations, {}, {}, {}, Shape(image->begin(), image->end())}, {}};
  for (size_t i = 0; i < count; ++i) {
    int64_t reach = ((*block)[i] - 1) * (*dilations)[i] + 1;
    std::optional<Extent> free = add((*image)[i], (*pads)[i] + (*pads)[count + i] - reach);
    std::optional<Extent> steps = free ? node.extents.floorDivide(*free, (*strides)[i]) : std::nullopt;
    mlir::FailureOr<Extent> number = node.require(steps ? add(*steps, 1) : std::nullopt);
    if (failed(number))
      return mlir::failure();
    blocks.counts.push_back(*number);
    blocks.window.low.push_back((*pads)[i]);
  }
  return blocks;
}

/// The number of the block whose element at the loop of the kernel's dimension i is at the loop of the
/// image's, and whether there is one.
std::pair<Value, Value> blockAt(const Scalars &s, const Blocks &blocks, size_t i, Value low, Value count) {
  size_t rank = blocks.counts.size();
  Value zero = s.integer(low.getType(), 0), stride = s.integer(low.getType(), blocks.window.strides[i]);
  Value offset = s.multiply(s.loop(2 + rank + i), s.integer(low.getType(), blocks.window.dilations[i]));
  Value place = s.subtract(s.add(s.loop(2 + i), low), offset);
  Value number = s.divide(place, stride);
  Value exists = both(s, s.lessOrEqual(zero, place), s.equal(s.remainder(place, stride), zero));
  return {number, both(s, exists, isInside(s, number, count))};
}

GraphValue sumBlocks(Node &node, const GraphValue &data, const Blocks &blocks, const Extent &channels) {
  size_t rank = blocks.counts.size();
  Shape shape = {data.shape[0], channels}, kernel(blocks.window.kernel.begin(), blocks.window.kernel.end());
  shape.append(blocks.window.sizes);
  int64_t elements = *elementCount(kernel)->constant();
  Source source = sourceOf(node.emit, data);
  llvm::SmallVector<Value> lows, counts;
  for (size_t i = 0; i < rank; ++i) {
    lows.push_back(node.emit.index(blocks.window.low[i]));
    counts.push_back(node.emit.index(blocks.counts[i]));
  }
  int64_t outer = 2 + rank, loops = outer + rank;
  llvm::SmallVector<int64_t> inner = llvm::to_vector(llvm::seq<int64_t>(outer, loops));
  Access extent{node.emit.empty(data.elementType, kernel), inner};
  Access output{node.emit.zeros(data.elementType, shape), llvm::to_vector(llvm::seq<int64_t>(0, outer))};
  auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
    Scalars s{builder, location};
    Value inBlock = s.integer(builder.getIndexType(), 0), number = inBlock, condition;
    for (size_t i = 0; i < rank; ++i) {
      auto [which, exists] = blockAt(s, blocks, i, lows[i], counts[i]);
      inBlock = s.add(s.multiply(inBlock, s.integer(inBlock.getType(), blocks.window.kernel[i])),
                      s.loop(outer + i));
      number = s.add(s.multiply(number, counts[i]), which);
      condition = condition ? both(s, condition, exists) : exists;
    }
    Value row = s.add(s.multiply(s.loop(1), s.integer(inBlock.getType(), elements)), inBlock);
    Value element = readIf(s, condition, source, {s.loop(0), row, number}, s.constant(v[1].getType(), 0));
    return llvm::SmallVector<Value>{s.add(v[1], element)};
  };
  Value result = node.emit.generic(loops, inner, extent, output, body)[0];
  return node.emit.wrap(result, data.elementType, shape);
}

/// In each plane of the result, at each place, the value that has the place as its index, or zero.
GraphValue scatterInPlanes(Node &node, const GraphValue &values, const GraphValue &indices,
                           const Extent &size) {
  Shape shape = {values.shape[0], values.shape[1], size};
  Value channels = node.emit.index(shape[1]), planeSize = node.emit.index(size);
  llvm::SmallVector<int64_t> source = {0, 1, 3};
  Access output{node.emit.zeros(values.elementType, shape), {0, 1, 2}};
  auto body = [&](mlir::OpBuilder &builder, mlir::Location location, ValueRange v) {
    Scalars s{builder, location};
    Value plane = s.add(s.multiply(s.loop(0), channels), s.loop(1));
    Value place = s.add(s.multiply(plane, planeSize), s.loop(2));
    return llvm::SmallVector<Value>{s.select(s.equal(s.toIndex(v[1]), place), v[0], v[2])};
  };
  Value result = node.emit.generic(
      4, 3, {{node.emit.tensor(values), source}, {node.emit.tensor(indices), source}}, output, body)[0];
  return node.emit.wrap(result, values.elementType, shape);
}

/// MaxUnpool's result without output_shape: (input - 1) * stride - pads + kernel.
mlir::FailureOr<Shape> unpooledShape(Node &node, const GraphValue &values) {
  size_t count = values.rank() - 2;
  if (!node.hasAttribute("kernel_shape"))
    return node.error("has no attribute 'kernel_shape', but expected one");
  mlir::FailureOr<llvm::SmallVector<int64_t>> kernel = readNumbers(node, "kernel_shape", count, 1, 1);
  mlir::FailureOr<llvm::SmallVector<int64_t>> strides = readNumbers(node, "strides", count, 1, 1);
  mlir::FailureOr<llvm::SmallVector<int64_t>> pads = readNumbers(node, "pads", 2 * count, 0, 0);
  if (failed(kernel) || failed(strides) || failed(pads))
    return mlir::failure();
  Shape shape = {values.shape[0], values.shape[1]};
  for (size_t i = 0; i < count; ++i) {
    std::optional<Extent> scaled = multiply(values.shape[2 + i], (*strides)[i]);
    scaled =
        scaled ? add(*scaled, (*kernel)[i] - (*strides)[i] - (*pads)[i] - (*pads)[count + i]) : std::nullopt;
    mlir::FailureOr<Extent> size = node.require(scaled ? node.extents.maximum(*scaled, 0) : std::nullopt);
    if (failed(size))
      return mlir::failure();
    shape.push_back(*size);
  }
  return shape;
}

} // namespace

static mlir::LogicalResult importConvTranspose(Node &node) {
  const GraphValue &input = node.input(0), &weight = node.input(1);
  int64_t groups = node.integer("group", 1);
  std::optional<llvm::SmallVector<int64_t>> shape = constantShape(weight.shape);
  if (failed(node.requireRank(0, 3, 5)))
    return mlir::failure();
  if (weight.rank() != input.rank() || !shape)
    return node.error("the weight has shape " + node.extents.text(weight.shape) +
                      ", but expected a static shape of rank " + llvm::Twine(input.rank()));
  if (groups < 1 || (*shape)[0] % groups != 0)
    return node.error("group is " + llvm::Twine(groups) + ", but expected a divisor of the " +
                      llvm::Twine((*shape)[0]) + " input channels");
  if (failed(node.requireEqual(input.shape[1], (*shape)[0], "channels of the input and the weight")))
    return mlir::failure();
  int64_t outputs = (*shape)[1] * groups;
  if (node.has(2) && (failed(node.requireRank(2, 1, 1)) ||
                      failed(node.requireEqual(node.input(2).shape[0], outputs, "sizes of bias and output"))))
    return mlir::failure();
  mlir::FailureOr<Transposition> transposition =
      readTransposition(node, llvm::ArrayRef<Extent>(input.shape).drop_front(2),
                        llvm::SmallVector<int64_t>(shape->begin() + 2, shape->end()));
  if (failed(transposition))
    return mlir::failure();
  Composition c(node);
  Convolution convolution{
      stretch(node, input, *transposition), turnWeight(c, weight, groups), {}, {}, groups, outputs};
  if (c.hasFailed())
    return mlir::failure();
  if (node.has(2))
    convolution.bias = node.input(2);
  size_t rank = shape->size() - 2;
  const Window &window = transposition->window;
  convolution.window = {window.kernel,    llvm::SmallVector<int64_t>(rank, 1),
                        window.dilations, Shape(rank, 0),
                        Shape(rank, 0),   Shape(rank, 0),
                        window.sizes};
  mlir::FailureOr<GraphValue> result = convolve(node, std::move(convolution));
  if (failed(result))
    return mlir::failure();
  node.set(0, std::move(*result));
  return mlir::success();
}

static mlir::LogicalResult importCol2Im(Node &node) {
  const GraphValue &data = node.input(0);
  mlir::FailureOr<Blocks> blocks = readBlocks(node);
  if (failed(blocks) || failed(node.requireRank(0, 3, 3)))
    return mlir::failure();
  Shape kernel(blocks->window.kernel.begin(), blocks->window.kernel.end());
  std::optional<Extent> size = elementCount(kernel);
  std::optional<Extent> channels = size ? divideExactly(data.shape[1], *size) : std::nullopt;
  if (!channels)
    return node.error("the block has shape " + node.extents.text(kernel) +
                      ", but expected one whose size divides the " + node.extents.text(data.shape[1]) +
                      " channels of the input");
  mlir::FailureOr<Extent> count = node.require(elementCount(blocks->counts));
  if (failed(count) || failed(node.requireEqual(data.shape[2], *count, "numbers of blocks and columns")))
    return mlir::failure();
  node.set(0, sumBlocks(node, data, *blocks, *channels));
  return mlir::success();
}

static mlir::LogicalResult importMaxUnpool(Node &node) {
  const GraphValue &values = node.input(0), &indices = node.input(1);
  if (failed(node.requireRank(0, 3, 5)) || failed(node.requireRank(1, values.rank(), values.rank())))
    return mlir::failure();
  for (int64_t i = 0; i < values.rank(); ++i)
    if (failed(node.requireEqual(values.shape[i], indices.shape[i], "shapes of values and indices")))
      return mlir::failure();
  mlir::FailureOr<Shape> shape = unpooledShape(node, values);
  if (failed(shape))
    return mlir::failure();
  llvm::ArrayRef<Extent> pooled = values.shape, unpooled = *shape;
  mlir::FailureOr<Extent> from = node.require(elementCount(pooled.drop_front(2)));
  mlir::FailureOr<Extent> to = node.require(elementCount(unpooled.drop_front(2)));
  if (failed(from) || failed(to))
    return mlir::failure();
  Shape flat = {values.shape[0], values.shape[1], *from};
  GraphValue scattered =
      scatterInPlanes(node, node.emit.reshape(values, flat), node.emit.reshape(indices, flat), *to);
  GraphValue result = node.emit.reshape(scattered, *shape);
  if (node.has(2)) {
    mlir::FailureOr<llvm::SmallVector<Extent>> given = node.requireIntegers(2, "output_shape");
    if (failed(given))
      return mlir::failure();
    if (given->size() != shape->size())
      return node.error("output_shape has " + llvm::Twine(given->size()) + " elements, but expected " +
                        llvm::Twine(shape->size()));
    Shape low(shape->size(), 0), high;
    for (size_t i = 0; i < shape->size(); ++i) {
      std::optional<Extent> more = subtract((*given)[i], (*shape)[i]);
      if (!more || !node.extents.isAtLeast(*more, 0))
        return node.error("output_shape is " + node.extents.text(*given) + ", but expected at least " +
                          node.extents.text(*shape));
      high.push_back(*more);
    }
    auto zero = mlir::cast<mlir::TypedAttr>(node.builder.getZeroAttr(storageType(values.elementType)));
    result = node.emit.pad(result, low, high, zero);
  }
  node.set(0, std::move(result));
  return mlir::success();
}

Family transposedConvolutionOperators() {
  static constexpr Operator kOperators[] = {
      {"Col2Im", 18, "nll", importCol2Im},
      {"ConvTranspose", 1, "FFF?", importConvTranspose},
      {"MaxUnpool", 9, "fll?", importMaxUnpool},
  };
  return kOperators;
}

} // namespace winnow::frontend
