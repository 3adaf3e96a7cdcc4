// Builds dense matrix products and convolutions.
#include "dialects/Winnow/DenseContraction.h"

#include "dialects/Winnow/Extents.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace winnow;

namespace {

Type accumulatorType(Type operand) {
  if (operand.isInteger())
    return IntegerType::get(operand.getContext(), 32);
  return Float32Type::get(operand.getContext());
}

Value buildZeros(OpBuilder &builder, Location location, ArrayRef<OpFoldResult> extents, Type type) {
  Value empty = tensor::EmptyOp::create(builder, location, extents, type);
  Value zero = arith::ConstantOp::create(builder, location, builder.getZeroAttr(type));
  return linalg::FillOp::create(builder, location, zero, empty).getResult(0);
}

/// Rounds an f32 accumulator to the result's float type; anything else stays.
Value roundTo(OpBuilder &builder, Location location, Value value, Type type) {
  auto from = cast<RankedTensorType>(value.getType());
  if (type.isInteger() || from.getElementType() == type)
    return value;
  SmallVector<OpFoldResult> extents = tensor::getMixedSizes(builder, location, value);
  Value init = tensor::EmptyOp::create(builder, location, extents, type);
  AffineMap identity = builder.getMultiDimIdentityMap(from.getRank());
  SmallVector<utils::IteratorType> parallel(from.getRank(), utils::IteratorType::parallel);
  return linalg::GenericOp::create(builder, location, init.getType(), value, init,
                                   ArrayRef<AffineMap>{identity, identity}, parallel,
                                   [&](OpBuilder &body, Location at, ValueRange arguments) {
                                     Value rounded = arith::TruncFOp::create(body, at, type, arguments[0]);
                                     linalg::YieldOp::create(body, at, rounded);
                                   })
      .getResult(0);
}

Value buildPadding(OpBuilder &builder, Location location, Value x, ArrayRef<int64_t> padding) {
  if (llvm::all_of(padding, [](int64_t amount) { return amount == 0; }))
    return x;
  auto type = cast<RankedTensorType>(x.getType());
  auto extents = [&](int64_t height, int64_t width) {
    OpFoldResult none = builder.getIndexAttr(0);
    return SmallVector<OpFoldResult>{none, none, builder.getIndexAttr(height), builder.getIndexAttr(width)};
  };
  Value zero = arith::ConstantOp::create(builder, location, builder.getZeroAttr(type.getElementType()));
  return tensor::PadOp::create(builder, location, /*result=*/Type(), x, extents(padding[0], padding[1]),
                               extents(padding[2], padding[3]), zero);
}

} // namespace

int64_t winnow::convolvedExtent(int64_t size, int64_t kernel, int64_t stride, int64_t dilation,
                                int64_t padding) {
  if (ShapedType::isDynamic(size) || ShapedType::isDynamic(kernel))
    return ShapedType::kDynamic;
  return llvm::divideFloorSigned(size + padding - dilation * (kernel - 1) - 1, stride) + 1;
}

OpFoldResult winnow::convolvedExtent(OpBuilder &builder, Location location, Value x, Value weights,
                                     int64_t axis, const ConvolutionWindow &window) {
  AffineExpr size = builder.getAffineSymbolExpr(0), kernel = builder.getAffineSymbolExpr(1);
  int64_t padding = window.padding[axis] + window.padding[axis + 2];
  AffineExpr reach = size + padding - (kernel - 1) * window.dilations[axis] - 1;
  AffineMap map = AffineMap::get(0, 2, reach.floorDiv(window.strides[axis]) + 1);
  return affine::makeComposedFoldedAffineApply(
      builder, location, map,
      {getDimension(builder, location, x, axis + 2), getDimension(builder, location, weights, axis + 2)});
}

Value winnow::buildDenseMatmul(OpBuilder &builder, Location location, Value x, Value weights, Type result) {
  Type element = cast<RankedTensorType>(x.getType()).getElementType();
  SmallVector<OpFoldResult> extents{getDimension(builder, location, x, 0),
                                    getDimension(builder, location, weights, 1)};
  Value init = buildZeros(builder, location, extents, accumulatorType(element));
  Value product = linalg::MatmulOp::create(builder, location, TypeRange{init.getType()},
                                           ValueRange{x, weights}, ValueRange{init})
                      .getResult(0);
  return roundTo(builder, location, product, result);
}

Value winnow::buildDenseConv2D(OpBuilder &builder, Location location, Value x, Value weights,
                               const ConvolutionWindow &window, Type result) {
  Type element = cast<RankedTensorType>(x.getType()).getElementType();
  SmallVector<OpFoldResult> extents{getDimension(builder, location, x, 0),
                                    getDimension(builder, location, weights, 0),
                                    convolvedExtent(builder, location, x, weights, 0, window),
                                    convolvedExtent(builder, location, x, weights, 1, window)};
  Value padded = buildPadding(builder, location, x, window.padding);
  Value init = buildZeros(builder, location, extents, accumulatorType(element));
  Value sums = linalg::Conv2DNchwFchwOp::create(builder, location, TypeRange{init.getType()},
                                                ValueRange{padded, weights}, ValueRange{init},
                                                builder.getI64TensorAttr(window.strides),
                                                builder.getI64TensorAttr(window.dilations))
                   .getResult(0);
  return roundTo(builder, location, sums, result);
}
