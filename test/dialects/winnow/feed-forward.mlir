// Feed-forward layers, grouped products and experts survive a round trip.
// RUN: %winnow-opt %s | %winnow-opt | FileCheck %s
// RUN: %winnow-opt %s --mlir-print-op-generic | %winnow-opt | FileCheck %s

// CHECK-LABEL: @ffn
// CHECK: winnow.ffn %{{.*}}, %{{.*}}, %{{.*}} activation(relu) : tensor<?x64xf32>, tensor<64x256xf32>, tensor<256x64xf32> -> tensor<?x64xf32>
// CHECK: winnow.ffn %{{.*}}, %{{.*}}, %{{.*}} gate(%{{.*}} : tensor<64x256xf32>) activation(gelu)
// CHECK: winnow.ffn %{{.*}}, %{{.*}}, %{{.*}} neurons(%{{.*}} : !winnow.selection<?x256, 32>) activation(gelu_tanh)
// CHECK: winnow.ffn %{{.*}}, %{{.*}}, %{{.*}} gate(%{{.*}} : tensor<64x256xf32>) neurons(%{{.*}} : !winnow.selection<?x256, 32>) activation(silu)
func.func @ffn(%x: tensor<?x64xf32>, %up: tensor<64x256xf32>, %down: tensor<256x64xf32>, %gate: tensor<64x256xf32>,
               %active: !winnow.selection<?x256, 32>) -> tensor<?x64xf32> {
  %0 = winnow.ffn %x, %up, %down activation(relu)
      : tensor<?x64xf32>, tensor<64x256xf32>, tensor<256x64xf32> -> tensor<?x64xf32>
  %1 = winnow.ffn %0, %up, %down gate(%gate : tensor<64x256xf32>) activation(gelu)
      : tensor<?x64xf32>, tensor<64x256xf32>, tensor<256x64xf32> -> tensor<?x64xf32>
  %2 = winnow.ffn %1, %up, %down neurons(%active : !winnow.selection<?x256, 32>) activation(gelu_tanh)
      : tensor<?x64xf32>, tensor<64x256xf32>, tensor<256x64xf32> -> tensor<?x64xf32>
  %3 = winnow.ffn %2, %up, %down gate(%gate : tensor<64x256xf32>)
      neurons(%active : !winnow.selection<?x256, 32>) activation(silu)
      : tensor<?x64xf32>, tensor<64x256xf32>, tensor<256x64xf32> -> tensor<?x64xf32>
  return %3 : tensor<?x64xf32>
}

// CHECK-LABEL: @grouped
// CHECK: winnow.grouped_matmul %{{.*}}, %{{.*}} groups(%{{.*}} : !winnow.selection<16x8, 2, columns>) : tensor<16x64xf32>, tensor<8x64x32xf32> -> tensor<32x32xf32>
// CHECK: winnow.grouped_matmul %{{.*}}, %{{.*}} groups(%{{.*}} : !winnow.selection<16x8, 2, columns>) grouped : tensor<32x32xf32>, tensor<8x32x64xf32> -> tensor<32x64xf32>
func.func @grouped(%x: tensor<16x64xf32>, %w: tensor<8x64x32xf32>, %v: tensor<8x32x64xf32>,
                   %columns: !winnow.selection<16x8, 2, columns>) -> tensor<32x64xf32> {
  %y = winnow.grouped_matmul %x, %w groups(%columns : !winnow.selection<16x8, 2, columns>)
      : tensor<16x64xf32>, tensor<8x64x32xf32> -> tensor<32x32xf32>
  %z = winnow.grouped_matmul %y, %v groups(%columns : !winnow.selection<16x8, 2, columns>) grouped
      : tensor<32x32xf32>, tensor<8x32x64xf32> -> tensor<32x64xf32>
  return %z : tensor<32x64xf32>
}

// CHECK-LABEL: @experts
// CHECK: winnow.experts %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} routing(%{{.*}} : !winnow.selection<?x8, 2>) activation(gelu) : tensor<?x64xf32>, tensor<8x64x256xf32>, tensor<8x256x64xf32>, tensor<?x8xf32> -> tensor<?x64xf32>
// CHECK: winnow.experts %{{.*}} routing(%{{.*}} : !winnow.selection<?x8, 2>) gate(%{{.*}} : tensor<8x64x256xf32>) up_bias(%{{.*}} : tensor<8x256xf32>) gate_bias(%{{.*}} : tensor<8x256xf32>) down_bias(%{{.*}} : tensor<8x64xf32>) activation(silu)
// CHECK: winnow.experts %{{.*}} routing(%{{.*}} : !winnow.selection<?x8, 2>) down_bias(%{{.*}} : tensor<8x64xf32>) activation(relu)
func.func @experts(%x: tensor<?x64xf32>, %up: tensor<8x64x256xf32>, %down: tensor<8x256x64xf32>, %wide: tensor<8x256xf32>,
                   %narrow: tensor<8x64xf32>, %gates: tensor<?x8xf32>, %top: !winnow.selection<?x8, 2>)
    -> tensor<?x64xf32> {
  %0 = winnow.experts %x, %up, %down, %gates routing(%top : !winnow.selection<?x8, 2>) activation(gelu)
      : tensor<?x64xf32>, tensor<8x64x256xf32>, tensor<8x256x64xf32>, tensor<?x8xf32> -> tensor<?x64xf32>
  %1 = winnow.experts %0, %up, %down, %gates routing(%top : !winnow.selection<?x8, 2>)
      gate(%up : tensor<8x64x256xf32>) up_bias(%wide : tensor<8x256xf32>) gate_bias(%wide : tensor<8x256xf32>)
      down_bias(%narrow : tensor<8x64xf32>) activation(silu)
      : tensor<?x64xf32>, tensor<8x64x256xf32>, tensor<8x256x64xf32>, tensor<?x8xf32> -> tensor<?x64xf32>
  %2 = winnow.experts %1, %up, %down, %gates routing(%top : !winnow.selection<?x8, 2>)
      down_bias(%narrow : tensor<8x64xf32>) activation(relu)
      : tensor<?x64xf32>, tensor<8x64x256xf32>, tensor<8x256x64xf32>, tensor<?x8xf32> -> tensor<?x64xf32>
  return %2 : tensor<?x64xf32>
}
