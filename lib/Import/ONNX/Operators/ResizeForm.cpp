// Reads the nodes of Resize and Upsample.
#include "lib/Import/ONNX/Operators/ResizeForm.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"

#include <algorithm>
#include <cmath>

namespace winnow::frontend {
namespace {

using Reals = llvm::SmallVector<double>;

/// Known numbers of an input; none if it is absent or empty.
mlir::FailureOr<Reals> readReals(Node &node, int64_t index, llvm::StringRef what) {
  if (!node.has(index) || (node.input(index).rank() == 1 && node.input(index).shape[0].is(0)))
    return Reals();
  const GraphValue &value = node.input(index);
  std::optional<int64_t> count = value.rank() == 1 ? value.shape[0].constant() : std::nullopt;
  if (!value.constant || !count)
    return node.error(what + " depends on the model's data or sizes, but expected a constant list");
  Reals numbers;
  for (int64_t i = 0; i < *count; ++i) {
    numbers.push_back(value.constant->real(i));
    if (!std::isfinite(numbers.back()))
      return node.error(what + " has a value that is not finite");
  }
  return numbers;
}

mlir::LogicalResult readModes(Node &node, ResizeForm &form) {
  bool isOld = node.opset() < 11;
  std::string mode = node.string("mode", "nearest");
  form.isNearest = mode == "nearest";
  form.isCubic = mode == "cubic";
  if (!form.isNearest && !form.isCubic && mode != "linear" && !(isOld && mode == "bilinear"))
    return node.error("mode is '" + mode + "', but expected nearest, linear or cubic");
  std::string coordinates =
      node.string("coordinate_transformation_mode", isOld ? "asymmetric" : "half_pixel");
  std::optional<Coordinates> transformation =
      llvm::StringSwitch<std::optional<Coordinates>>(coordinates)
          .Case("half_pixel", Coordinates::HalfPixel)
          .Case("half_pixel_symmetric", Coordinates::HalfPixelSymmetric)
          .Case("pytorch_half_pixel", Coordinates::PytorchHalfPixel)
          .Case("align_corners", Coordinates::AlignCorners)
          .Case("asymmetric", Coordinates::Asymmetric)
          .Case("tf_half_pixel_for_nn", Coordinates::HalfPixelForNearest)
          .Case("tf_crop_and_resize", Coordinates::CropAndResize)
          .Default(std::nullopt);
  if (!transformation)
    return node.error("coordinate_transformation_mode is '" + coordinates +
                      "', but expected one that ONNX names");
  form.coordinates = *transformation;
  std::string nearest = node.string("nearest_mode", isOld ? "simple" : "round_prefer_floor");
  std::optional<Nearest> rounding = llvm::StringSwitch<std::optional<Nearest>>(nearest)
                                        .Case("round_prefer_floor", Nearest::RoundPreferFloor)
                                        .Case("round_prefer_ceil", Nearest::RoundPreferCeil)
                                        .Case("floor", Nearest::Floor)
                                        .Case("ceil", Nearest::Ceil)
                                        .Case("simple", Nearest::Simple)
                                        .Default(std::nullopt);
  if (!rounding)
    return node.error("nearest_mode is '" + nearest +
                      "', but expected round_prefer_floor, round_prefer_ceil, floor or ceil");
  form.nearest = *rounding;
  form.cubicCoefficient = node.real("cubic_coeff_a", -0.75);
  form.extrapolation = node.real("extrapolation_value", 0);
  form.excludesOutside = node.integer("exclude_outside", 0) != 0;
  form.isAntialiased = node.integer("antialias", 0) != 0;
  if (form.isAntialiased && form.isNearest)
    return node.error("antialias is 1, but mode is nearest, which has no filter");
  return mlir::success();
}

/// The simplest fraction that rounds to the same float32: 0.7 was meant as 7/10, not as what is near it.
std::pair<int64_t, int64_t> fractionOf(float scale) {
  constexpr int64_t kLargestDenominator = 1 << 12;
  int64_t p0 = 0, q0 = 1, p1 = 1, q1 = 0;
  double rest = scale;
  while (true) {
    double whole = std::floor(rest);
    if (whole > INT32_MAX)
      break;
    int64_t p = static_cast<int64_t>(whole) * p1 + p0, q = static_cast<int64_t>(whole) * q1 + q0;
    if (q > kLargestDenominator || p > INT32_MAX)
      break;
    if (static_cast<float>(static_cast<double>(p) / static_cast<double>(q)) == scale)
      return {p, q};
    p0 = p1, q0 = q1, p1 = p, q1 = q;
    if (rest == whole)
      break;
    rest = 1 / (rest - whole);
  }
  constexpr int64_t kDyadic = 1 << 24;
  return {std::llround(static_cast<double>(scale) * kDyadic), kDyadic};
}

/// floor(size * scale)
mlir::FailureOr<Extent> scaledSize(Node &node, const Extent &size, double scale) {
  if (!(scale > 0) || scale > INT32_MAX)
    return node.error("a scale is " + std::to_string(scale) + ", but expected a positive number");
  if (std::optional<int64_t> known = size.constant())
    return Extent(static_cast<int64_t>(std::floor(static_cast<float>(*known) * static_cast<float>(scale))));
  auto [numerator, denominator] = fractionOf(static_cast<float>(scale));
  std::optional<Extent> product = multiply(size, numerator);
  return node.require(product ? node.extents.floorDivide(*product, denominator) : std::nullopt);
}

/// keep_aspect_ratio_policy: all axes get the least or the greatest of the scales.
mlir::LogicalResult keepAspectRatio(Node &node, llvm::StringRef policy, ResizeForm &form) {
  if (policy == "stretch")
    return mlir::success();
  if (policy != "not_larger" && policy != "not_smaller")
    return node.error("keep_aspect_ratio_policy is '" + policy +
                      "', but expected stretch, not_larger or not_smaller");
  std::optional<double> scale;
  for (const ResizedAxis &axis : form.axes) {
    std::optional<int64_t> in = axis.in.constant(), out = axis.out.constant();
    if (!in || !out)
      return node.error("keep_aspect_ratio_policy is '" + policy + "' and dimension " +
                        llvm::Twine(axis.axis) + " goes from " + node.extents.text(axis.in) + " to " +
                        node.extents.text(axis.out) + ", but expected constant sizes");
    if (*in == 0)
      return node.error("keep_aspect_ratio_policy is '" + policy + "', but dimension " +
                        llvm::Twine(axis.axis) + " is empty");
    double own = static_cast<double>(*out) / static_cast<double>(*in);
    scale = !scale ? own : policy == "not_larger" ? std::min(*scale, own) : std::max(*scale, own);
  }
  for (ResizedAxis &axis : form.axes) {
    axis.scale = scale;
    axis.out = static_cast<int64_t>(std::floor(*scale * static_cast<double>(*axis.in.constant()) + 0.5));
  }
  return mlir::success();
}

bool isUnchanged(const ResizedAxis &axis) {
  return axis.in == axis.out && axis.scale.value_or(1) == 1 && axis.roiStart == 0 && axis.roiEnd == 1;
}

mlir::LogicalResult readRegion(Node &node, ResizeForm &form) {
  if (form.coordinates != Coordinates::CropAndResize)
    return mlir::success();
  mlir::FailureOr<Reals> roi = readReals(node, 1, "roi");
  size_t count = form.axes.size();
  if (failed(roi))
    return mlir::failure();
  if (roi->size() != 2 * count)
    return node.error("roi has " + llvm::Twine(roi->size()) + " elements, but expected " +
                      llvm::Twine(2 * count));
  for (size_t i = 0; i < count; ++i) {
    form.axes[i].roiStart = (*roi)[i];
    form.axes[i].roiEnd = (*roi)[count + i];
  }
  return mlir::success();
}

mlir::FailureOr<Reals> readScales(Node &node) {
  if (node.operatorName() == "Upsample" && node.opset() < 9) {
    std::optional<llvm::SmallVector<double>> given = node.reals("scales");
    if (!given)
      return node.error("has no attribute 'scales', but expected one");
    return Reals(*given);
  }
  return readReals(node, node.opset() < 11 ? 1 : 2, "scales");
}

mlir::LogicalResult readSizes(Node &node, ResizeForm &form) {
  size_t count = form.axes.size();
  mlir::FailureOr<Reals> scales = readScales(node);
  if (failed(scales))
    return mlir::failure();
  if (!scales->empty()) {
    if (scales->size() != count)
      return node.error("scales has " + llvm::Twine(scales->size()) + " elements, but expected " +
                        llvm::Twine(count));
    for (auto [scale, axis] : llvm::zip_equal(*scales, form.axes)) {
      mlir::FailureOr<Extent> size = scaledSize(node, axis.in, scale * (axis.roiEnd - axis.roiStart));
      if (failed(size))
        return mlir::failure();
      axis.scale = scale;
      axis.out = *size;
    }
    return mlir::success();
  }
  if (!node.has(3))
    return node.error("has neither scales nor sizes, but expected one of them");
  mlir::FailureOr<llvm::SmallVector<Extent>> sizes = node.hostSizes(3, "sizes");
  if (failed(sizes))
    return mlir::failure();
  if (sizes->size() != count)
    return node.error("sizes has " + llvm::Twine(sizes->size()) + " elements, but expected " +
                      llvm::Twine(count));
  for (auto [size, axis] : llvm::zip_equal(*sizes, form.axes)) {
    if (size.constant().value_or(0) < 0)
      return node.error("a size is " + node.extents.text(size) + ", but expected at least 0");
    axis.out = size;
  }
  return mlir::success();
}

} // namespace

mlir::FailureOr<ResizeForm> readResizeForm(Node &node) {
  const GraphValue &value = node.input(0);
  ResizeForm form;
  auto given = node.axes("axes", /*input=*/INT32_MAX, value.rank());
  std::string policy = node.string("keep_aspect_ratio_policy", "stretch");
  if (failed(given) || failed(readModes(node, form)))
    return mlir::failure();
  for (int64_t axis : given->value_or(llvm::to_vector(llvm::seq<int64_t>(0, value.rank()))))
    form.axes.push_back({axis, value.shape[axis], value.shape[axis], {}, 0, 1});
  if (failed(readRegion(node, form)) || failed(readSizes(node, form)))
    return mlir::failure();
  bool hasScales = llvm::any_of(form.axes, [](const ResizedAxis &axis) { return axis.scale.has_value(); });
  if (!hasScales && failed(keepAspectRatio(node, policy, form)))
    return mlir::failure();
  llvm::erase_if(form.axes, isUnchanged);
  return form;
}

} // namespace winnow::frontend
