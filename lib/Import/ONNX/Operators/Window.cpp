// Arithmetic of sliding windows.
#include "lib/Import/ONNX/Operators/Window.h"

#include "llvm/ADT/STLExtras.h"

namespace winnow::frontend {
namespace {

bool areZero(llvm::ArrayRef<Extent> extents) {
  return llvm::all_of(extents, [](const Extent &extent) { return extent.is(0); });
}

/// SAME padding: the result has ceil(size / stride) elements.
mlir::LogicalResult padSame(Node &node, Window &window, llvm::ArrayRef<Extent> input, bool moreAtEnd) {
  for (size_t i = 0; i < input.size(); ++i) {
    int64_t reach = (window.kernel[i] - 1) * window.dilations[i] + 1;
    mlir::FailureOr<Extent> size = node.require(node.extents.ceilDivide(input[i], window.strides[i]));
    if (failed(size))
      return mlir::failure();
    // (size - 1) * stride + reach - input, at least 0
    std::optional<Extent> covered = multiply(*size, window.strides[i]);
    covered = covered ? add(*covered, reach - window.strides[i]) : std::nullopt;
    std::optional<Extent> needed = covered ? subtract(*covered, input[i]) : std::nullopt;
    mlir::FailureOr<Extent> total = node.require(needed ? node.extents.maximum(*needed, 0) : std::nullopt);
    if (failed(total))
      return mlir::failure();
    mlir::FailureOr<Extent> half = node.require(node.extents.floorDivide(*total, 2));
    if (failed(half))
      return mlir::failure();
    Extent rest = *subtract(*total, *half);
    if (std::optional<Extent> begun = add(input[i], *half); !begun || failed(node.require(add(*begun, rest))))
      return node.error("the arithmetic on its padding is too complex");
    window.low.push_back(moreAtEnd ? *half : rest);
    window.high.push_back(moreAtEnd ? rest : *half);
    window.sizes.push_back(*size);
    window.overhang.push_back(0);
  }
  return mlir::success();
}

std::optional<Extent> padded(const Window &window, llvm::ArrayRef<Extent> input, size_t i) {
  std::optional<Extent> sum = add(input[i], window.low[i]);
  return sum ? add(*sum, window.high[i]) : std::nullopt;
}

mlir::LogicalResult computeSizes(Node &node, Window &window, llvm::ArrayRef<Extent> input, bool isCeil) {
  for (size_t i = 0; i < input.size(); ++i) {
    int64_t reach = (window.kernel[i] - 1) * window.dilations[i] + 1, stride = window.strides[i];
    std::optional<Extent> total = padded(window, input, i);
    std::optional<Extent> free = total ? subtract(*total, reach) : std::nullopt;
    std::optional<Extent> steps;
    if (free)
      steps = isCeil ? node.extents.ceilDivide(*free, stride) : node.extents.floorDivide(*free, stride);
    std::optional<Extent> size = steps ? add(*steps, 1) : std::nullopt;
    Extent overhang = 0;
    if (size && isCeil) {
      // A window must start in the input or before it.
      std::optional<Extent> start = add(input[i], window.low[i]);
      std::optional<Extent> most = start ? node.extents.ceilDivide(*start, stride) : std::nullopt;
      size = most ? node.extents.minimum(*size, *most) : std::nullopt;
      std::optional<Extent> covered = size ? multiply(*size, stride) : std::nullopt;
      covered = covered ? add(*covered, reach - stride) : std::nullopt;
      covered = covered ? subtract(*covered, *total) : std::nullopt;
      covered = covered ? node.extents.maximum(*covered, 0) : std::nullopt;
      size = covered ? size : std::nullopt;
      overhang = covered.value_or(0);
    }
    if (size && size->constant() && *size->constant() < 0)
      return node.error("the kernel reaches over " + llvm::Twine(reach) +
                        " elements, but the padded input has " + node.extents.text(*total));
    mlir::FailureOr<Extent> result = node.require(size ? node.extents.maximum(*size, 0) : std::nullopt);
    if (failed(result))
      return mlir::failure();
    window.sizes.push_back(*result);
    window.overhang.push_back(overhang);
  }
  return mlir::success();
}

} // namespace

bool Window::hasPadding() const { return !areZero(low) || !areZero(high); }
bool Window::hasOverhang() const { return !areZero(overhang); }

mlir::FailureOr<llvm::SmallVector<int64_t>> readNumbers(Node &node, llvm::StringRef name, size_t count,
                                                        int64_t otherwise, int64_t least) {
  llvm::SmallVector<int64_t> list =
      node.integers(name).value_or(llvm::SmallVector<int64_t>(count, otherwise));
  if (list.size() != count)
    return node.error(llvm::Twine(name) + " has " + llvm::Twine(list.size()) + " values, but expected " +
                      llvm::Twine(count));
  for (int64_t value : list)
    if (value < least || value > INT32_MAX)
      return node.error(llvm::Twine(name) + " has the value " + llvm::Twine(value) +
                        ", but expected at least " + llvm::Twine(least));
  return list;
}

mlir::FailureOr<Window> readWindow(Node &node, llvm::ArrayRef<Extent> input,
                                   std::optional<llvm::SmallVector<int64_t>> kernel, bool hasCeilMode) {
  size_t count = input.size();
  if (!kernel && !node.hasAttribute("kernel_shape"))
    return node.error("has no attribute 'kernel_shape', but expected one");
  mlir::FailureOr<llvm::SmallVector<int64_t>> shape = readNumbers(node, "kernel_shape", count, 1, 1);
  mlir::FailureOr<llvm::SmallVector<int64_t>> strides = readNumbers(node, "strides", count, 1, 1);
  mlir::FailureOr<llvm::SmallVector<int64_t>> dilations = readNumbers(node, "dilations", count, 1, 1);
  mlir::FailureOr<llvm::SmallVector<int64_t>> pads = readNumbers(node, "pads", 2 * count, 0, 0);
  std::string automatic = node.string("auto_pad", "NOTSET");
  bool isCeil = hasCeilMode && node.integer("ceil_mode", 0) != 0;
  if (failed(shape) || failed(strides) || failed(dilations) || failed(pads))
    return mlir::failure();
  if (kernel && node.hasAttribute("kernel_shape") && *kernel != *shape)
    return node.error("kernel_shape differs from the shape of the weight");
  for (int64_t size : kernel.value_or(*shape))
    if (size < 1 || size > INT32_MAX)
      return node.error("the kernel has the size " + llvm::Twine(size) + ", but expected at least 1");
  Window window{kernel.value_or(*shape), *strides, *dilations, {}, {}, {}, {}};
  if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
    if (failed(padSame(node, window, input, automatic == "SAME_UPPER")))
      return mlir::failure();
    return window;
  }
  if (automatic != "NOTSET" && automatic != "VALID")
    return node.error("auto_pad is '" + automatic +
                      "', but expected NOTSET, VALID, SAME_UPPER or SAME_LOWER");
  for (size_t i = 0; i < count; ++i) {
    window.low.push_back(automatic == "VALID" ? 0 : (*pads)[i]);
    window.high.push_back(automatic == "VALID" ? 0 : (*pads)[count + i]);
  }
  if (failed(computeSizes(node, window, input, isCeil)))
    return mlir::failure();
  return window;
}

GraphValue addHeight(Node &node, const GraphValue &value) {
  Shape shape = value.shape;
  shape.insert(shape.end() - 1, 1);
  return node.emit.reshape(value, shape);
}

void addHeight(Window &window) {
  for (auto *list : {&window.kernel, &window.strides, &window.dilations})
    list->insert(list->begin(), 1);
  for (Shape *list : {&window.low, &window.high, &window.overhang})
    list->insert(list->begin(), 0);
  window.sizes.insert(window.sizes.begin(), 1);
}

llvm::SmallVector<mlir::Value> slide(Node &node, const GraphValue &padded, const Window &window,
                                     llvm::ArrayRef<mlir::Value> inits, Emitter::Body body) {
  int64_t rank = static_cast<int64_t>(window.kernel.size());
  mlir::Builder &builder = node.builder;
  llvm::SmallVector<mlir::AffineExpr> indices = {builder.getAffineDimExpr(0), builder.getAffineDimExpr(1)};
  for (int64_t i = 0; i < rank; ++i)
    indices.push_back(builder.getAffineDimExpr(2 + i) * window.strides[i] +
                      builder.getAffineDimExpr(2 + rank + i) * window.dilations[i]);
  int64_t loops = 2 + 2 * rank;
  llvm::SmallVector<int64_t> outer = llvm::to_vector(llvm::seq<int64_t>(0, 2 + rank));
  llvm::SmallVector<int64_t> inner = llvm::to_vector(llvm::seq<int64_t>(2 + rank, loops));
  Access element{node.emit.tensor(padded), {}, mlir::AffineMap::get(loops, 0, indices, builder.getContext())};
  // As the named pools have it: a tensor that is never read tells how large the window is.
  Shape kernel(window.kernel.begin(), window.kernel.end());
  Access extent{node.emit.empty(padded.elementType, kernel), inner};
  llvm::SmallVector<Access> results;
  for (mlir::Value init : inits)
    results.push_back({init, outer});
  return node.emit.generic(loops, inner, {element, extent}, results,
                           [&](mlir::OpBuilder &nested, mlir::Location location, mlir::ValueRange values) {
                             llvm::SmallVector<mlir::Value> arguments = {values[0]};
                             arguments.append(values.begin() + 2, values.end());
                             return body(nested, location, arguments);
                           });
}

mlir::Value windowPosition(const Scalars &s, const Window &window, int64_t i, mlir::Value low) {
  int64_t rank = static_cast<int64_t>(window.kernel.size());
  mlir::Type type = s.builder.getIndexType();
  mlir::Value start = s.multiply(s.loop(2 + i), s.integer(type, window.strides[i]));
  mlir::Value offset = s.multiply(s.loop(2 + rank + i), s.integer(type, window.dilations[i]));
  return s.subtract(s.add(start, offset), low);
}

GraphValue padSpatial(Node &node, const GraphValue &value, llvm::ArrayRef<Extent> low,
                      llvm::ArrayRef<Extent> high, mlir::TypedAttr scalar) {
  Shape before(value.rank() - low.size(), 0), after = before;
  before.append(low.begin(), low.end());
  after.append(high.begin(), high.end());
  return node.emit.pad(value, before, after, scalar);
}

} // namespace winnow::frontend
