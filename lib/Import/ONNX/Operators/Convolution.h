// Convolutions that several operators are made of.
#pragma once

#include "lib/Import/ONNX/Operators/Window.h"

namespace winnow::frontend {

struct Convolution {
  GraphValue input; // [N, C, spatial...], 1 to 3 spatial dimensions
  GraphValue weight;
  std::optional<GraphValue> bias;
  Window window;
  int64_t groups = 1, outputs = 0;
};

/// Reads the attributes of a convolution and checks shapes; elements are floats or integers.
mlir::FailureOr<Convolution> readConvolution(Node &node, const GraphValue &input, const GraphValue &weight,
                                             std::optional<GraphValue> bias);
mlir::FailureOr<GraphValue> convolve(Node &node, Convolution convolution);

} // namespace winnow::frontend
