// What the definition of the convolution computes: strides, dilations, uneven padding, selections on both
// sides, integers, and an empty batch.
// RUN: %lower-definitions %s | %run | FileCheck %s

func.func private @printMemrefF32(tensor<*xf32>)
func.func private @printMemrefI32(tensor<*xi32>)

func.func @main() {
  // Two images of one row; the second selects nothing. Channel 1 of 3 counts 1, 2, 3, 4.
  %indices = arith.constant dense<[[1, 99], [98, 97]]> : tensor<2x2xi32>
  %counts = arith.constant dense<[1, 0]> : tensor<2xi32>
  %s = winnow.selection.assemble %indices, %counts : tensor<2x2xi32>, tensor<2xi32> -> !winnow.selection<2x3, 2>
  %x = arith.constant dense<[[[[1.0, 2.0, 3.0, 4.0]], [[0x7FC00000, 0x7FC00000, 0x7FC00000, 0x7FC00000]]],
                             [[[0x7FC00000, 0.0, 0.0, 0.0]], [[0x7FC00000, 0.0, 0.0, 0.0]]]]> : tensor<2x2x1x4xf32>
  %w = arith.constant dense<[[[[5.0, 5.0]], [[1.0, 10.0]], [[5.0, 5.0]]],
                             [[[6.0, 6.0]], [[2.0, 20.0]], [[6.0, 6.0]]]]> : tensor<2x3x1x2xf32>

  // Padded: 0 1 2 3 4 0 0; taps two apart, steps of two.
  // CHECK: sizes = [2, 2, 1, 3]
  // CHECK: 20,    42,    4
  // CHECK: 40,    84,    8
  // CHECK: 0,    0,    0
  // CHECK: 0,    0,    0
  %0 = winnow.conv2d %x, %w inputs(%s : !winnow.selection<2x3, 2>)
      {strides = array<i64: 1, 2>, dilations = array<i64: 1, 2>, padding = array<i64: 0, 1, 0, 2>}
      : tensor<2x2x1x4xf32>, tensor<2x3x1x2xf32> -> tensor<2x2x1x3xf32>
  %1 = tensor.cast %0 : tensor<2x2x1x3xf32> to tensor<*xf32>
  call @printMemrefF32(%1) : (tensor<*xf32>) -> ()

  // Image 0 takes output 1, image 1 takes outputs 0 and 1.
  %out_indices = arith.constant dense<[[1, 55], [0, 1]]> : tensor<2x2xi32>
  %out_counts = arith.constant dense<[1, 2]> : tensor<2xi32>
  %t = winnow.selection.assemble %out_indices, %out_counts
      : tensor<2x2xi32>, tensor<2xi32> -> !winnow.selection<2x2, 2>
  // CHECK: sizes = [2, 2, 1, 2]
  // CHECK: -20000,    -22600
  // CHECK: 0,    0
  // CHECK: 3,    7
  // CHECK: -300,    -700
  %xi = arith.constant dense<[[[[100, 100, 126]]], [[[1, 2, 5]]]]> : tensor<2x1x1x3xi8>
  %wi = arith.constant dense<[[[[1, 1]]], [[[-100, -100]]]]> : tensor<2x1x1x2xi8>
  %2 = winnow.conv2d %xi, %wi outputs(%t : !winnow.selection<2x2, 2>)
      : tensor<2x1x1x3xi8>, tensor<2x1x1x2xi8> -> tensor<2x2x1x2xi32>
  %3 = tensor.cast %2 : tensor<2x2x1x2xi32> to tensor<*xi32>
  call @printMemrefI32(%3) : (tensor<*xi32>) -> ()

  // CHECK: sizes = [0, 2, 2, 1]
  %empty = tensor.empty() : tensor<0x3x1x2xf32>
  %none = tensor.cast %empty : tensor<0x3x1x2xf32> to tensor<?x3x1x2xf32>
  %4 = winnow.conv2d %none, %w {padding = array<i64: 0, 0, 1, 0>}
      : tensor<?x3x1x2xf32>, tensor<2x3x1x2xf32> -> tensor<?x2x2x1xf32>
  %5 = tensor.cast %4 : tensor<?x2x2x1xf32> to tensor<*xf32>
  call @printMemrefF32(%5) : (tensor<*xf32>) -> ()
  return
}
