// What a Resize node asks for: its attributes, scales, sizes and region, of every operator set.
#pragma once

#include "lib/Import/ONNX/Node.h"

namespace winnow::frontend {

/// ONNX's coordinate_transformation_mode; HalfPixelForNearest is tf_half_pixel_for_nn.
enum class Coordinates {
  HalfPixel,
  HalfPixelSymmetric,
  PytorchHalfPixel,
  AlignCorners,
  Asymmetric,
  HalfPixelForNearest,
  CropAndResize
};

/// ONNX's nearest_mode; Simple is that of opset 10: down when it enlarges, up when it reduces.
enum class Nearest { RoundPreferFloor, RoundPreferCeil, Floor, Ceil, Simple };

struct ResizedAxis {
  int64_t axis = 0;
  Extent in, out;
  /// Given as such; otherwise it is out / in.
  std::optional<double> scale;
  double roiStart = 0, roiEnd = 1;
};

struct ResizeForm {
  bool isNearest = true, isCubic = false, isAntialiased = false, excludesOutside = false;
  Coordinates coordinates = Coordinates::HalfPixel;
  Nearest nearest = Nearest::RoundPreferFloor;
  double cubicCoefficient = -0.75, extrapolation = 0;
  /// The dimensions that change.
  llvm::SmallVector<ResizedAxis> axes;
};

mlir::FailureOr<ResizeForm> readResizeForm(Node &node);

} // namespace winnow::frontend
