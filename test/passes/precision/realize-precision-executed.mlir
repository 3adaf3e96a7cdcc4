// What realized operations compute: exact where i8 can hold every value, a step off where it cannot.
// RUN: %winnow-opt %s --winnow-realize-precision -o %t.mlir
// RUN: %lower-definitions %t.mlir | %run | FileCheck %s

func.func private @printMemrefF32(tensor<*xf32>)

func.func @main() {
  // The scales of the rows are 1, 2 and 0; those of the columns 1 and 0.5.
  %x = arith.constant dense<[[127.0, 3.0, -1.0, 0.0], [2.0, -254.0, 4.0, 6.0], [0.0, 0.0, 0.0, 0.0]]> : tensor<3x4xf32>
  %w = arith.constant dense<[[1.0, 63.5], [-127.0, 1.0], [2.0, 0.5], [0.0, -2.0]]> : tensor<4x2xf32>
  %init = arith.constant dense<[[0.0, 1000.0], [0.0, 0.0], [1.0, -1.0]]> : tensor<3x2xf32>
  // CHECK: sizes = [3, 2]
  // CHECK: -256, 9067
  // CHECK: 32268, -137
  // CHECK: 1, -1
  %0 = linalg.matmul {winnow.precision = #winnow.precision<i8>}
      ins(%x, %w : tensor<3x4xf32>, tensor<4x2xf32>) outs(%init : tensor<3x2xf32>) -> tensor<3x2xf32>
  %1 = tensor.cast %0 : tensor<3x2xf32> to tensor<*xf32>
  call @printMemrefF32(%1) : (tensor<*xf32>) -> ()

  // The first row's scale is that of its two active entries, 1, although 9999 lies beyond them. The result
  // holds column 1 and then both columns.
  %indices = arith.constant dense<[[1, 3, 0], [0, 2, 3]]> : tensor<2x3xi32>
  %counts = arith.constant dense<[2, 3]> : tensor<2xi32>
  %s = winnow.selection.assemble %indices, %counts : tensor<2x3xi32>, tensor<2xi32> -> !winnow.selection<2x4, 3>
  %out_indices = arith.constant dense<[[1, 0], [0, 1]]> : tensor<2x2xi32>
  %out_counts = arith.constant dense<[1, 2]> : tensor<2xi32>
  %t = winnow.selection.assemble %out_indices, %out_counts
      : tensor<2x2xi32>, tensor<2xi32> -> !winnow.selection<2x2, 2>
  %compact = arith.constant dense<[[-127.0, 2.4, 9999.0], [254.0, 0.0, -2.0]]> : tensor<2x3xf32>
  // CHECK: sizes = [2, 2]
  // CHECK: 0, -131
  // CHECK: 254, 16133
  %2 = winnow.matmul %compact, %w inputs(%s : !winnow.selection<2x4, 3>) outputs(%t : !winnow.selection<2x2, 2>)
      {winnow.precision = #winnow.precision<i8>} : tensor<2x3xf32>, tensor<4x2xf32> -> tensor<2x2xf32>
  %3 = winnow.scatter %2, %t : tensor<2x2xf32>, !winnow.selection<2x2, 2> -> tensor<2x2xf32>
  %4 = tensor.cast %3 : tensor<2x2xf32> to tensor<*xf32>
  call @printMemrefF32(%4) : (tensor<*xf32>) -> ()

  // Zeros around the image, padded after quantization, and an empty batch.
  %image = arith.constant dense<[[[[127.0, 1.0, -2.0]]]]> : tensor<1x1x1x3xf32>
  %taps = arith.constant dense<[[[[1.0, 127.0, 2.0]]], [[[0.0, 0.0, 0.0]]]]> : tensor<2x1x1x3xf32>
  %zero = arith.constant 0.0 : f32
  %pad = tensor.pad %image low[0, 0, 0, 1] high[0, 0, 0, 1] {
  ^bb0(%a: index, %b: index, %c: index, %d: index):
    tensor.yield %zero : f32
  } : tensor<1x1x1x3xf32> to tensor<1x1x1x5xf32>
  %empty = tensor.empty() : tensor<1x2x1x3xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%empty : tensor<1x2x1x3xf32>) -> tensor<1x2x1x3xf32>
  // CHECK: sizes = [1, 2, 1, 3]
  // CHECK: 16131, 250, -253
  // CHECK: 0, 0, 0
  %5 = linalg.conv_2d_nchw_fchw {winnow.precision = #winnow.precision<i8>}
      ins(%pad, %taps : tensor<1x1x1x5xf32>, tensor<2x1x1x3xf32>) outs(%zeros : tensor<1x2x1x3xf32>) -> tensor<1x2x1x3xf32>
  %6 = tensor.cast %5 : tensor<1x2x1x3xf32> to tensor<*xf32>
  call @printMemrefF32(%6) : (tensor<*xf32>) -> ()

  // CHECK: sizes = [0, 2]
  %nothing = tensor.empty() : tensor<0x4xf32>
  %rows = tensor.cast %nothing : tensor<0x4xf32> to tensor<?x4xf32>
  %7 = winnow.matmul %rows, %w {winnow.precision = #winnow.precision<i8>}
      : tensor<?x4xf32>, tensor<4x2xf32> -> tensor<?x2xf32>
  %8 = tensor.cast %7 : tensor<?x2xf32> to tensor<*xf32>
  call @printMemrefF32(%8) : (tensor<*xf32>) -> ()
  return
}
