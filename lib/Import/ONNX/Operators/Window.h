// The sliding window of convolutions and pools: kernel, strides, dilations, padding, result sizes.
#pragma once

#include "lib/Import/ONNX/Node.h"

namespace winnow::frontend {

struct Window {
  llvm::SmallVector<int64_t> kernel, strides, dilations;
  /// The model's padding, and what ceil_mode adds at the end.
  Shape low, high, overhang;
  Shape sizes; // of the result

  bool hasPadding() const;
  bool hasOverhang() const;
};

/// Reads kernel_shape (or checks it against `kernel`), strides, dilations, pads, auto_pad.
mlir::FailureOr<Window> readWindow(Node &node, llvm::ArrayRef<Extent> input,
                                   std::optional<llvm::SmallVector<int64_t>> kernel, bool hasCeilMode);

/// 1-D windows are computed as 2-D ones of unit height: [N, C, W] becomes [N, C, 1, W].
GraphValue addHeight(Node &node, const GraphValue &value);
void addHeight(Window &window);

/// Pads height and width of a [N, C, H, W] (or, with more leading dimensions, the last two).
GraphValue padSpatial(Node &node, const GraphValue &value, llvm::ArrayRef<Extent> low,
                      llvm::ArrayRef<Extent> high, mlir::TypedAttr scalar);

} // namespace winnow::frontend
