// Constant weights in fewer bits: symmetric 8-bit quantization with one scale for each output channel, and
// 16-bit floats.
#pragma once

#include "mlir/IR/BuiltinAttributeInterfaces.h"
#include "mlir/IR/BuiltinTypes.h"
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

/// Weights in a 16-bit float type.
struct HalfWeights {
  llvm::SmallVector<uint16_t> bits;
  double error = 0;      // ||weights - rounded|| / ||weights||, 0 for weights of zeros
  bool isInRange = true; // false if a finite weight became infinite
};

/// Rounds weights to f16 or bf16, to the nearest, ties to even.
HalfWeights roundToHalf(llvm::ArrayRef<float> weights, mlir::FloatType type);

} // namespace winnow
