// The sliding window of convolutions and pools: kernel, strides, dilations, padding, result sizes.
#pragma once

#include "lib/Import/ONNX/Node.h"
#include "lib/Import/ONNX/Scalars.h"

namespace winnow::frontend {

struct Window {
  llvm::SmallVector<int64_t> kernel, strides, dilations;
  /// The model's padding, and what ceil_mode adds at the end.
  Shape low, high, overhang;
  Shape sizes; // of the result

  bool hasPadding() const;
  bool hasOverhang() const;
};

/// An attribute of `count` numbers that are at least `least`; `otherwise` if it is absent.
mlir::FailureOr<llvm::SmallVector<int64_t>> readNumbers(Node &node, llvm::StringRef name, size_t count,
                                                        int64_t otherwise, int64_t least);

/// Reads kernel_shape (or checks it against `kernel`), strides, dilations, pads, auto_pad.
mlir::FailureOr<Window> readWindow(Node &node, llvm::ArrayRef<Extent> input,
                                   std::optional<llvm::SmallVector<int64_t>> kernel, bool hasCeilMode);

/// 1-D windows are computed as 2-D ones of unit height: [N, C, W] becomes [N, C, 1, W].
GraphValue addHeight(Node &node, const GraphValue &value);
void addHeight(Window &window);

/// One linalg.generic that reduces the window of each element of the results: body(element, results so far).
/// `padded` is [N, C, spatial...]; loops 0 and 1 are N and C, then come the result's dimensions, then the
/// window's. `inits` have the results' shape.
llvm::SmallVector<mlir::Value> slide(Node &node, const GraphValue &padded, const Window &window,
                                     llvm::ArrayRef<mlir::Value> inits, Emitter::Body body);
/// In the body of slide(): the index in dimension `i` of the input without its padding.
mlir::Value windowPosition(const Scalars &s, const Window &window, int64_t i, mlir::Value low);

/// Pads the last dimensions, as many as `low` has.
GraphValue padSpatial(Node &node, const GraphValue &value, llvm::ArrayRef<Extent> low,
                      llvm::ArrayRef<Extent> high, mlir::TypedAttr scalar);

} // namespace winnow::frontend
