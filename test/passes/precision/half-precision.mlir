// Contractions in f16 and bf16: weights rounded now, activations at run time, sums and results in f32.
// RUN: %winnow-opt %s --winnow-precision=all=f16 | FileCheck %s
// RUN: %winnow-opt %s --winnow-precision=all=bf16 | FileCheck %s --check-prefix=BF16
// RUN: %winnow-opt %s --winnow-assign-precision=all=f16 --remarks-filter=precision -o /dev/null 2>&1 \
// RUN:   | FileCheck %s --check-prefix=REMARK
// RUN: %winnow-opt %s --winnow-assign-precision="all=bf16 max-error=0.0001" --remarks-filter=precision -o /dev/null 2>&1 \
// RUN:   | FileCheck %s --check-prefix=BOUND

// 1/3 in f16 is 0.33325, in bf16 0.33398.
// CHECK-LABEL: @product
// CHECK-DAG: %[[W:.*]] = arith.constant dense<{{.*}}3.332520e-01{{.*}}> : tensor<2x2xf16>
// CHECK: %[[X:.*]] = linalg.generic {{.*}} ins(%{{.*}} : tensor<?x2xf32>) outs(%{{.*}} : tensor<?x2xf16>)
// CHECK: arith.truncf
// CHECK: linalg.matmul ins(%[[X]], %[[W]] : tensor<?x2xf16>, tensor<2x2xf16>) outs(%{{.*}} : tensor<?x2xf32>)
// CHECK-NOT: tensor<2x2xf32>
// BF16-LABEL: @product
// BF16-DAG: arith.constant dense<{{.*}}3.339840e-01{{.*}}> : tensor<2x2xbf16>
// REMARK: [Passed] AssignPrecision | {{.*}}Bytes=8, BytesF32=16, Error={{[0-9].*}}e-05, Remark="product is f16: everything that can be is to be f16"
// BOUND: [Missed] AssignPrecision | {{.*}}Remark="product is f32: its error {{.*}}e-04 is above the largest allowed, 1.00e-04"
func.func @product(%x: tensor<?x2xf32>, %i: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %w = arith.constant dense<[[0.333333333, 1.0], [2.0, -3.0]]> : tensor<2x2xf32>
  %0 = linalg.matmul ins(%x, %w : tensor<?x2xf32>, tensor<2x2xf32>) outs(%i : tensor<?x2xf32>) -> tensor<?x2xf32> loc("product")
  return %0 : tensor<?x2xf32>
}

// With selections, and a padding that is rounded before.
// CHECK-LABEL: @selected
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<?x2x4x4xf32>) outs(%{{.*}} : tensor<?x2x4x4xf16>)
// CHECK: %[[PAD:.*]] = tensor.pad
// CHECK: tensor<?x2x4x4xf16> to tensor<?x2x6x6xf16>
// CHECK: winnow.conv2d %[[PAD]], %{{.*}} outputs(%{{.*}}) : tensor<?x2x6x6xf16>, tensor<3x2x3x3xf16> -> tensor<?x1x4x4xf32>
// REMARK: Remark="selected is f16
func.func @selected(%x: tensor<?x2x4x4xf32>, %s: !winnow.selection<?x3, 1>) -> tensor<?x1x4x4xf32> {
  %w = arith.constant dense<0.5> : tensor<3x2x3x3xf32>
  %zero = arith.constant 0.0 : f32
  %pad = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%a: index, %b: index, %c: index, %d: index):
    tensor.yield %zero : f32
  } : tensor<?x2x4x4xf32> to tensor<?x2x6x6xf32>
  %0 = winnow.conv2d %pad, %w outputs(%s : !winnow.selection<?x3, 1>)
      : tensor<?x2x6x6xf32>, tensor<3x2x3x3xf32> -> tensor<?x1x4x4xf32> loc("selected")
  return %0 : tensor<?x1x4x4xf32>
}

// 1e5 has no f16, but a bf16.
// CHECK-LABEL: @large
// CHECK: tensor<2x2xf32>
// BF16-LABEL: @large
// BF16: tensor<2x2xbf16>
// REMARK: [Missed] {{.*}}Remark="large is f32: its weights are beyond the range of f16"
func.func @large(%x: tensor<?x2xf32>, %i: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %w = arith.constant dense<[[0.5, 1.0], [100000.0, -3.0]]> : tensor<2x2xf32>
  %0 = linalg.matmul ins(%x, %w : tensor<?x2xf32>, tensor<2x2xf32>) outs(%i : tensor<?x2xf32>) -> tensor<?x2xf32> loc("large")
  return %0 : tensor<?x2xf32>
}
