// Quantizes constant weights to 8 bits, or rounds them to 16, and measures what that costs.
#include "lib/Analysis/WeightQuantization.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/APFloat.h"

#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace winnow;

namespace {

constexpr float kLargest = 127;

int8_t quantize(float weight, float scale) {
  // The default rounding mode is to the nearest, ties to even. A subnormal scale may give more than 127.
  return static_cast<int8_t>(std::clamp(std::nearbyint(weight / scale), -kLargest, kLargest));
}

} // namespace

std::optional<SmallVector<float>> winnow::readFloats(ElementsAttr constant) {
  if (!constant.getElementType().isF32())
    return std::nullopt;
  if (auto resource = dyn_cast<DenseF32ResourceElementsAttr>(constant)) {
    std::optional<ArrayRef<float>> elements = resource.tryGetAsArrayRef();
    if (!elements || static_cast<int64_t>(elements->size()) != constant.getNumElements())
      return std::nullopt;
    return llvm::to_vector(*elements);
  }
  auto dense = dyn_cast<DenseElementsAttr>(constant);
  if (!dense)
    return std::nullopt;
  return llvm::to_vector(dense.getValues<float>());
}

QuantizedWeights winnow::quantizePerChannel(ArrayRef<float> weights, ArrayRef<int64_t> shape,
                                            int64_t channelDimension) {
  int64_t channels = shape[channelDimension];
  // Row-major order repeats the channels 0, 1, ... in runs of `run` elements.
  int64_t run = 1;
  for (int64_t size : shape.drop_front(channelDimension + 1))
    run *= size;
  auto channelOf = [&](int64_t index) { return index / run % channels; };

  QuantizedWeights quantized;
  quantized.values.resize(weights.size());
  quantized.scales.assign(channels, 0);
  for (auto [index, weight] : llvm::enumerate(weights)) {
    float &scale = quantized.scales[channelOf(index)];
    scale = std::max(scale, std::fabs(weight));
  }
  for (float &scale : quantized.scales) {
    scale /= kLargest;
    if (scale == 0)
      scale = 1;
  }
  double difference = 0, norm = 0;
  for (auto [index, weight] : llvm::enumerate(weights)) {
    float scale = quantized.scales[channelOf(index)];
    quantized.values[index] = quantize(weight, scale);
    double deviation = weight - static_cast<double>(quantized.values[index]) * scale;
    difference += deviation * deviation;
    norm += static_cast<double>(weight) * weight;
  }
  quantized.error = norm > 0 ? std::sqrt(difference / norm) : 0;
  return quantized;
}

HalfWeights winnow::roundToHalf(ArrayRef<float> weights, FloatType type) {
  HalfWeights half;
  half.bits.reserve(weights.size());
  double difference = 0, norm = 0;
  bool losesInformation;
  for (float weight : weights) {
    llvm::APFloat rounded(weight);
    rounded.convert(type.getFloatSemantics(), llvm::APFloat::rmNearestTiesToEven, &losesInformation);
    half.bits.push_back(static_cast<uint16_t>(rounded.bitcastToAPInt().getZExtValue()));
    if (std::isfinite(weight) && !rounded.isFinite())
      half.isInRange = false;
    rounded.convert(llvm::APFloat::IEEEsingle(), llvm::APFloat::rmNearestTiesToEven, &losesInformation);
    double deviation = static_cast<double>(weight) - rounded.convertToFloat();
    difference += deviation * deviation;
    norm += static_cast<double>(weight) * weight;
  }
  half.error = norm > 0 ? std::sqrt(difference / norm) : 0;
  return half;
}
