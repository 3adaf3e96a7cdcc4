// Dense matrix product and convolution in linalg: what winnow's contractions mean without selections.
#pragma once

#include "mlir/IR/Builders.h"
#include "mlir/IR/Value.h"

namespace winnow {

/// Strides, dilations (height, width) and padding (top, left, bottom, right) of a 2-D convolution.
struct ConvolutionWindow {
  llvm::ArrayRef<int64_t> strides, dilations, padding;
};

/// floor((size + padding - dilation * (kernel - 1) - 1) / stride) + 1, dynamic if a size is.
int64_t convolvedExtent(int64_t size, int64_t kernel, int64_t stride, int64_t dilation, int64_t padding);

/// The extent `axis` (0 height, 1 width) of the convolution of `x` with `weights`.
mlir::OpFoldResult convolvedExtent(mlir::OpBuilder &builder, mlir::Location location, mlir::Value x,
                                   mlir::Value weights, int64_t axis, const ConvolutionWindow &window);

/// x [R, Cin] * weights [Cin, Cout] with entries of the type `result`. i8 operands give i32; f16 and bf16 are
/// accumulated in f32 and rounded to `result`.
mlir::Value buildDenseMatmul(mlir::OpBuilder &builder, mlir::Location location, mlir::Value x,
                             mlir::Value weights, mlir::Type result);

/// The convolution of x [B, Cin, H, W] with weights [Cout, Cin, kh, kw]; element types as above.
mlir::Value buildDenseConv2D(mlir::OpBuilder &builder, mlir::Location location, mlir::Value x,
                             mlir::Value weights, const ConvolutionWindow &window, mlir::Type result);

} // namespace winnow
