// What the definitions of packed weights compute: which entries compression keeps, and products with parts whose
// unused entries are rubbish.
// RUN: %lower-definitions %s | %run | FileCheck %s

func.func private @printMemrefF32(tensor<*xf32>)
func.func private @printMemrefI32(tensor<*xi32>)

func.func @dense() -> tensor<4x3xf32> {
  %w = arith.constant dense<[[1.0, 2.0, 0.0], [1.0, -7.0, 0.0], [-1.0, 0.0, 0.0], [1.0, 5.0, 9.0]]> : tensor<4x3xf32>
  return %w : tensor<4x3xf32>
}

func.func @main() {
  %w = call @dense() : () -> tensor<4x3xf32>

  // CHECK: [1,   -7,   0]
  // CHECK-NEXT: [1,   5,   9]
  // CHECK: [4,   13,   12]
  %0 = winnow.compress %w : tensor<4x3xf32> -> !winnow.packed<4x3xf32, #winnow.nm<2:4>>
  %values, %words = winnow.packed.parts %0 : !winnow.packed<4x3xf32, #winnow.nm<2:4>> -> tensor<2x3xf32>, tensor<1x3xi32>
  %1 = tensor.cast %values : tensor<2x3xf32> to tensor<*xf32>
  call @printMemrefF32(%1) : (tensor<*xf32>) -> ()
  %2 = tensor.cast %words : tensor<1x3xi32> to tensor<*xi32>
  call @printMemrefI32(%2) : (tensor<*xi32>) -> ()

  // The second column has both blocks; there is room for three in all.
  // CHECK: [1,    1]
  // CHECK: [-1,    1]
  // CHECK: [2,    -7]
  // CHECK: [0,  1,  0]
  // CHECK: [0,  2,  3,  3]
  %3 = winnow.compress %w : tensor<4x3xf32> -> !winnow.packed<4x3xf32, #winnow.blocks<2x1, 3>>
  %blocks, %rows, %offsets = winnow.packed.parts %3
      : !winnow.packed<4x3xf32, #winnow.blocks<2x1, 3>> -> tensor<3x2x1xf32>, tensor<3xi32>, tensor<4xi32>
  %flat = tensor.collapse_shape %blocks [[0], [1, 2]] : tensor<3x2x1xf32> into tensor<3x2xf32>
  %4 = tensor.cast %flat : tensor<3x2xf32> to tensor<*xf32>
  call @printMemrefF32(%4) : (tensor<*xf32>) -> ()
  %5 = tensor.cast %rows : tensor<3xi32> to tensor<*xi32>
  call @printMemrefI32(%5) : (tensor<*xi32>) -> ()
  %6 = tensor.cast %offsets : tensor<4xi32> to tensor<*xi32>
  call @printMemrefI32(%6) : (tensor<*xi32>) -> ()

  // Entries (1, 0) = 2 and (0, 2) = 3; the last place is not in use.
  // CHECK: [20,  0,  3]
  // CHECK-NEXT: [40,  0,  9]
  %x = arith.constant dense<[[1.0, 10.0], [3.0, 20.0]]> : tensor<2x2xf32>
  %entries = arith.constant dense<[2.0, 3.0, 0x7FC00000]> : tensor<3xf32>
  %entry_rows = arith.constant dense<[1, 0, 99]> : tensor<3xi32>
  %entry_columns = arith.constant dense<[0, 2, 3]> : tensor<3xi32>
  %7 = winnow.packed.assemble %entries, %entry_rows, %entry_columns
      : tensor<3xf32>, tensor<3xi32>, tensor<3xi32> -> !winnow.packed<2x3xf32, #winnow.coo<3>>
  %8 = winnow.packed.matmul %x, %7 : tensor<2x2xf32>, !winnow.packed<2x3xf32, #winnow.coo<3>> -> tensor<2x3xf32>
  %9 = tensor.cast %8 : tensor<2x3xf32> to tensor<*xf32>
  call @printMemrefF32(%9) : (tensor<*xf32>) -> ()
  return
}
