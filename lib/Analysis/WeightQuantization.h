// Symmetric 8-bit quantization of constant weights, one scale for each output channel.
#pragma once

#include "mlir/IR/BuiltinAttributeInterfaces.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>

namespace winnow {

/// Weights as integers: weight ~ values * scales[its channel], values within -127..127 in row-major order.
struct QuantizedWeights {
  llvm::SmallVector<int8_t> values;
  llvm::SmallVector<float> scales;
  /// The relative error ||weights - values * scales|| / ||weights|| (Frobenius norms), 0 for weights of
  /// zeros.
  double error = 0;
};

/// The elements of an f32 constant in row-major order; nothing if they are not there (an elided or missing
/// resource) or of another type.
std::optional<llvm::SmallVector<float>> readFloats(mlir::ElementsAttr constant);

/// Quantizes weights of the given shape with `scale = max |w| / 127` for each index of `channelDimension`.
/// Values are rounded to the nearest integer, ties to even. A channel whose scale would be zero becomes
/// zeros with the scale 1. All weights must be finite.
QuantizedWeights quantizePerChannel(llvm::ArrayRef<float> weights, llvm::ArrayRef<int64_t> shape,
                                    int64_t channelDimension);

} // namespace winnow
