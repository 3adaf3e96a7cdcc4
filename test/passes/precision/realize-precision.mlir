// Marked contractions compute with i8: quantized activations, constant i8 weights, scaled sums.
// RUN: %winnow-opt %s --winnow-realize-precision | FileCheck %s

// Each column has a scale of its own; 0.5 of the scale rounds to the even 0.
// CHECK-LABEL: @product
// CHECK-SAME: (%[[X:.*]]: tensor<?x4xf32>, %[[Z:.*]]: tensor<?x2xf32>)
// CHECK-DAG: %[[W:.*]] = arith.constant dense<{{\[\[}}127, -127], [0, 1], [2, 0], [-3, 0]]> : tensor<4x2xi8>
// CHECK-DAG: %[[SW:.*]] = arith.constant dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
// CHECK-DAG: %[[Q:.*]], %[[SX:.*]] = winnow.quantize %[[X]] : tensor<?x4xf32> -> tensor<?x4xi8>, tensor<?xf32>
// CHECK: %[[SUM:.*]] = winnow.matmul %[[Q]], %[[W]] : tensor<?x4xi8>, tensor<4x2xi8> -> tensor<?x2xi32>
// CHECK: %[[Y:.*]] = linalg.generic {{.*}} ins(%[[SUM]], %[[SW]], %[[SX]], %[[Z]] : tensor<?x2xi32>, tensor<2xf32>, tensor<?xf32>, tensor<?x2xf32>)
// CHECK-NEXT: ^bb0(%[[S:.*]]: i32, %[[C:.*]]: f32, %[[R:.*]]: f32, %[[I:.*]]: f32, %{{.*}}: f32):
// CHECK-NEXT: %[[F:.*]] = arith.sitofp %[[S]] : i32 to f32
// CHECK-NEXT: %[[FC:.*]] = arith.mulf %[[F]], %[[C]]
// CHECK-NEXT: %[[FCR:.*]] = arith.mulf %[[FC]], %[[R]]
// CHECK-NEXT: %[[SUMMED:.*]] = arith.addf %[[FCR]], %[[I]]
// CHECK-NEXT: linalg.yield %[[SUMMED]]
// CHECK: return %[[Y]]
func.func @product(%x: tensor<?x4xf32>, %z: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %w = arith.constant dense<[[127.0, -254.0], [0.5, 2.0], [1.5, 0.0], [-2.6, 0.5]]> : tensor<4x2xf32>
  %0 = linalg.matmul {winnow.precision = #winnow.precision<i8>}
      ins(%x, %w : tensor<?x4xf32>, tensor<4x2xf32>) outs(%z : tensor<?x2xf32>) -> tensor<?x2xf32>
  return %0 : tensor<?x2xf32>
}

// Zeros are padded after quantization. The zero channel gets the scale 1, and the zero start is not added.
// CHECK-LABEL: @padded
// CHECK-SAME: (%[[X:.*]]: tensor<?x1x8x8xf32>)
// CHECK-NOT: tensor<2x1x3x3xf32>
// CHECK-DAG: arith.constant dense<[0.00787401571, 1.000000e+00]> : tensor<2xf32>
// CHECK-DAG: %[[Q:.*]], %{{.*}} = winnow.quantize %[[X]] :
// CHECK: winnow.conv2d %[[Q]], %{{.*}} {dilations = array<i64: 1, 2>, padding = array<i64: 1, 2, 0, 3>, strides = array<i64: 2, 1>} : tensor<?x1x8x8xi8>, tensor<2x1x3x3xi8> -> tensor<?x2x4x9xi32>
// CHECK: linalg.generic
// CHECK-NOT: addf
// CHECK: return
func.func @padded(%x: tensor<?x1x8x8xf32>) -> tensor<?x2x4x9xf32> {
  %w = arith.constant dense<[[[[0.0, 1.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]],
                             [[[0.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]]]> : tensor<2x1x3x3xf32>
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x1x8x8xf32>
  %empty = tensor.empty(%n) : tensor<?x2x4x9xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x2x4x9xf32>) -> tensor<?x2x4x9xf32>
  %pad = tensor.pad %x low[0, 0, 1, 2] high[0, 0, 0, 3] {
  ^bb0(%a: index, %b: index, %c: index, %d: index):
    tensor.yield %zero : f32
  } : tensor<?x1x8x8xf32> to tensor<?x1x9x13xf32>
  %0 = linalg.conv_2d_nchw_fchw {winnow.precision = #winnow.precision<i8>, strides = dense<[2, 1]> : vector<2xi64>,
                                 dilations = dense<[1, 2]> : vector<2xi64>}
      ins(%pad, %w : tensor<?x1x9x13xf32>, tensor<2x1x3x3xf32>) outs(%init : tensor<?x2x4x9xf32>) -> tensor<?x2x4x9xf32>
  return %0 : tensor<?x2x4x9xf32>
}

// Padding that is not of zeros is quantized with the rest.
// CHECK-LABEL: @padded_with_ones
// CHECK: %[[PAD:.*]] = tensor.pad
// CHECK: winnow.quantize %[[PAD]] : tensor<?x1x10x10xf32>
// CHECK: winnow.conv2d {{.*}} : tensor<?x1x10x10xi8>, tensor<1x1x3x3xi8> -> tensor<?x1x8x8xi32>
func.func @padded_with_ones(%x: tensor<?x1x8x8xf32>) -> tensor<?x1x8x8xf32> {
  %w = arith.constant dense<1.0> : tensor<1x1x3x3xf32>
  %one = arith.constant 1.0 : f32
  %pad = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%a: index, %b: index, %c: index, %d: index):
    tensor.yield %one : f32
  } : tensor<?x1x8x8xf32> to tensor<?x1x10x10xf32>
  %0 = winnow.conv2d %pad, %w {winnow.precision = #winnow.precision<i8>}
      : tensor<?x1x10x10xf32>, tensor<1x1x3x3xf32> -> tensor<?x1x8x8xf32>
  return %0 : tensor<?x1x8x8xf32>
}

// CHECK-LABEL: @stays_f32
// CHECK: winnow.matmul %{{.*}}, %{{.*}} : tensor<?x4xf32>, tensor<4x2xf32> -> tensor<?x2xf32>
func.func @stays_f32(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %w = arith.constant dense<1.0> : tensor<4x2xf32>
  %0 = winnow.matmul %x, %w {winnow.precision = #winnow.precision<f32>}
      : tensor<?x4xf32>, tensor<4x2xf32> -> tensor<?x2xf32>
  return %0 : tensor<?x2xf32>
}
