// Products, convolutions, gather, scatter, gates and quantization survive a round trip, with and without
// selections.
// RUN: %winnow-opt %s | %winnow-opt | FileCheck %s
// RUN: %winnow-opt %s --mlir-print-op-generic | %winnow-opt | FileCheck %s

// CHECK-LABEL: @gather
// CHECK: winnow.gather %{{.*}}, %{{.*}} : tensor<?x64x8x8xf32>, !winnow.selection<?x64, 16> -> tensor<?x16x8x8xf32>
// CHECK: winnow.gather %{{.*}}, %{{.*}} shared : tensor<64xf32>, !winnow.selection<?x64, 16> -> tensor<?x16xf32>
// CHECK: winnow.scatter %{{.*}}, %{{.*}} : tensor<?x16x8x8xf32>, !winnow.selection<?x64, 16> -> tensor<?x64x8x8xf32>
func.func @gather(%x: tensor<?x64x8x8xf32>, %bias: tensor<64xf32>, %s: !winnow.selection<?x64, 16>)
    -> (tensor<?x64x8x8xf32>, tensor<?x16xf32>) {
  %0 = winnow.gather %x, %s : tensor<?x64x8x8xf32>, !winnow.selection<?x64, 16> -> tensor<?x16x8x8xf32>
  %1 = winnow.gather %bias, %s shared : tensor<64xf32>, !winnow.selection<?x64, 16> -> tensor<?x16xf32>
  %2 = winnow.scatter %0, %s : tensor<?x16x8x8xf32>, !winnow.selection<?x64, 16> -> tensor<?x64x8x8xf32>
  return %2, %1 : tensor<?x64x8x8xf32>, tensor<?x16xf32>
}

// CHECK-LABEL: @matmul
// CHECK: winnow.matmul %{{.*}}, %{{.*}} inputs(%{{.*}} : !winnow.selection<?x64, 16>) outputs(%{{.*}} : !winnow.selection<?x32, 8>) : tensor<?x16xf32>, tensor<64x32xf32> -> tensor<?x8xf32>
// CHECK: winnow.matmul %{{.*}}, %{{.*}} outputs(%{{.*}} : !winnow.selection<?x32, 8>) : tensor<?x64xi8>, tensor<64x32xi8> -> tensor<?x8xi32>
// CHECK: winnow.matmul %{{.*}}, %{{.*}} : tensor<?x64xi8>, tensor<64x32xi8> -> tensor<?x32xi32>
func.func @matmul(%x: tensor<?x16xf32>, %w: tensor<64x32xf32>, %q: tensor<?x64xi8>, %v: tensor<64x32xi8>,
                  %s: !winnow.selection<?x64, 16>, %t: !winnow.selection<?x32, 8>)
    -> (tensor<?x8xf32>, tensor<?x8xi32>, tensor<?x32xi32>) {
  %0 = winnow.matmul %x, %w inputs(%s : !winnow.selection<?x64, 16>) outputs(%t : !winnow.selection<?x32, 8>)
      : tensor<?x16xf32>, tensor<64x32xf32> -> tensor<?x8xf32>
  %1 = winnow.matmul %q, %v outputs(%t : !winnow.selection<?x32, 8>)
      : tensor<?x64xi8>, tensor<64x32xi8> -> tensor<?x8xi32>
  %2 = winnow.matmul %q, %v : tensor<?x64xi8>, tensor<64x32xi8> -> tensor<?x32xi32>
  return %0, %1, %2 : tensor<?x8xf32>, tensor<?x8xi32>, tensor<?x32xi32>
}

// CHECK-LABEL: @conv2d
// CHECK: winnow.conv2d %{{.*}}, %{{.*}} inputs(%{{.*}} : !winnow.selection<?x64, 16>) outputs(%{{.*}} : !winnow.selection<?x32, 8>) {padding = array<i64: 1, 1, 1, 1>} : tensor<?x16x8x8xf32>, tensor<32x64x3x3xf32> -> tensor<?x8x8x8xf32>
// CHECK: winnow.conv2d %{{.*}}, %{{.*}} inputs(%{{.*}} : !winnow.selection<?x64, 16>) {dilations = array<i64: 2, 1>, strides = array<i64: 2, 2>} : tensor<?x16x8x8xf32>, tensor<32x64x3x3xf32> -> tensor<?x32x2x3xf32>
func.func @conv2d(%x: tensor<?x16x8x8xf32>, %w: tensor<32x64x3x3xf32>, %s: !winnow.selection<?x64, 16>,
                  %t: !winnow.selection<?x32, 8>) -> (tensor<?x8x8x8xf32>, tensor<?x32x2x3xf32>) {
  %0 = winnow.conv2d %x, %w inputs(%s : !winnow.selection<?x64, 16>) outputs(%t : !winnow.selection<?x32, 8>)
      {padding = array<i64: 1, 1, 1, 1>}
      : tensor<?x16x8x8xf32>, tensor<32x64x3x3xf32> -> tensor<?x8x8x8xf32>
  %1 = winnow.conv2d %x, %w inputs(%s : !winnow.selection<?x64, 16>)
      {strides = array<i64: 2, 2>, dilations = array<i64: 2, 1>}
      : tensor<?x16x8x8xf32>, tensor<32x64x3x3xf32> -> tensor<?x32x2x3xf32>
  return %0, %1 : tensor<?x8x8x8xf32>, tensor<?x32x2x3xf32>
}

// CHECK-LABEL: @gate_and_quantize
// CHECK: winnow.channel_gate %{{.*}}, %{{.*}} {winnow.precision = #winnow.precision<i8>} : tensor<?x64x8x8xf32>, tensor<?x64xf32>
// CHECK: winnow.quantize %{{.*}} : tensor<?x64x8x8xf32> -> tensor<?x64x8x8xi8>, tensor<?xf32>
// CHECK: winnow.quantize %{{.*}} active(%{{.*}} : !winnow.selection<?x64, 16>) : tensor<?x16xf32> -> tensor<?x16xi8>, tensor<?xf32>
func.func @gate_and_quantize(%x: tensor<?x64x8x8xf32>, %g: tensor<?x64xf32>, %y: tensor<?x16xf32>,
                             %s: !winnow.selection<?x64, 16>) -> (tensor<?x64x8x8xi8>, tensor<?x16xi8>) {
  %0 = winnow.channel_gate %x, %g {winnow.precision = #winnow.precision<i8>}
      : tensor<?x64x8x8xf32>, tensor<?x64xf32>
  %1, %scale = winnow.quantize %0 : tensor<?x64x8x8xf32> -> tensor<?x64x8x8xi8>, tensor<?xf32>
  %2, %scales = winnow.quantize %y active(%s : !winnow.selection<?x64, 16>)
      : tensor<?x16xf32> -> tensor<?x16xi8>, tensor<?xf32>
  return %1, %2 : tensor<?x64x8x8xi8>, tensor<?x16xi8>
}
