// Packed types of every structure, and the operations on them, survive a round trip.
// RUN: %winnow-opt %s | %winnow-opt | FileCheck %s
// RUN: %winnow-opt %s --mlir-print-op-generic | %winnow-opt | FileCheck %s

// CHECK-LABEL: @groups
// CHECK: winnow.compress %{{.*}} : tensor<64x32xf32> -> !winnow.packed<64x32xf32, #winnow.nm<2:4>>
// CHECK: winnow.packed.matmul %{{.*}}, %{{.*}} : tensor<?x64xf32>, !winnow.packed<64x32xf32, #winnow.nm<2:4>> -> tensor<?x32xf32>
func.func @groups(%w: tensor<64x32xf32>, %x: tensor<?x64xf32>) -> tensor<?x32xf32> {
  %packed = winnow.compress %w : tensor<64x32xf32> -> !winnow.packed<64x32xf32, #winnow.nm<2:4>>
  %y = winnow.packed.matmul %x, %packed
      : tensor<?x64xf32>, !winnow.packed<64x32xf32, #winnow.nm<2:4>> -> tensor<?x32xf32>
  return %y : tensor<?x32xf32>
}

// CHECK-LABEL: @blocks
// CHECK: winnow.expand %{{.*}} : !winnow.packed<64x32xf32, #winnow.blocks<16x16, 3>> -> tensor<64x32xf32>
// CHECK: winnow.compress %{{.*}} : tensor<64x32xf32> -> !winnow.packed<64x32xf32, #winnow.blocks<8x4>>
func.func @blocks(%packed: !winnow.packed<64x32xf32, #winnow.blocks<16x16, 3>>)
    -> !winnow.packed<64x32xf32, #winnow.blocks<8x4>> {
  %w = winnow.expand %packed : !winnow.packed<64x32xf32, #winnow.blocks<16x16, 3>> -> tensor<64x32xf32>
  %0 = winnow.compress %w : tensor<64x32xf32> -> !winnow.packed<64x32xf32, #winnow.blocks<8x4>>
  return %0 : !winnow.packed<64x32xf32, #winnow.blocks<8x4>>
}

// CHECK-LABEL: @entries
// CHECK: winnow.packed.parts %{{.*}} : !winnow.packed<64x32xf32, #winnow.coo<40>> -> tensor<40xf32>, tensor<40xi32>, tensor<40xi32>
// CHECK: winnow.packed.assemble %{{.*}}, %{{.*}}, %{{.*}} : tensor<40xf32>, tensor<40xi32>, tensor<40xi32> -> !winnow.packed<96x32xf32, #winnow.coo<40>>
func.func @entries(%packed: !winnow.packed<64x32xf32, #winnow.coo<40>>)
    -> !winnow.packed<96x32xf32, #winnow.coo<40>> {
  %values, %rows, %columns = winnow.packed.parts %packed
      : !winnow.packed<64x32xf32, #winnow.coo<40>> -> tensor<40xf32>, tensor<40xi32>, tensor<40xi32>
  %0 = winnow.packed.assemble %values, %rows, %columns
      : tensor<40xf32>, tensor<40xi32>, tensor<40xi32> -> !winnow.packed<96x32xf32, #winnow.coo<40>>
  return %0 : !winnow.packed<96x32xf32, #winnow.coo<40>>
}

// CHECK-LABEL: @types
// CHECK-SAME: !winnow.packed<36x3xi8, #winnow.nm<2:4>>, !winnow.packed<1x1xbf16, #winnow.coo>, !winnow.packed<4x6xf16, #winnow.blocks<2x3>>
func.func private @types(!winnow.packed<36x3xi8, #winnow.nm<2:4>>, !winnow.packed<1x1xbf16, #winnow.coo>,
                         !winnow.packed<4x6xf16, #winnow.blocks<2x3>>)

// CHECK-LABEL: @integers
// CHECK: winnow.packed.matmul %{{.*}}, %{{.*}} : tensor<3x36xi8>, !winnow.packed<36x3xi8, #winnow.nm<2:4>> -> tensor<3x3xi32>
func.func @integers(%x: tensor<3x36xi8>, %w: !winnow.packed<36x3xi8, #winnow.nm<2:4>>) -> tensor<3x3xi32> {
  %0 = winnow.packed.matmul %x, %w : tensor<3x36xi8>, !winnow.packed<36x3xi8, #winnow.nm<2:4>> -> tensor<3x3xi32>
  return %0 : tensor<3x3xi32>
}
