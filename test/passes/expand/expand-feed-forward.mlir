// Feed-forward layers become products of their active neurons, experts products of grouped rows.
// RUN: %winnow-opt %s --pass-pipeline="builtin.module(func.func(winnow-expand-selections))" | FileCheck %s

// CHECK-LABEL: func.func @ffn
// CHECK: %[[UP:.*]] = winnow.matmul %{{.*}}, %{{.*}} outputs(%[[S:.*]] : {{.*}}) : {{.*}} -> tensor<?x4xf32>
// CHECK: %[[GATE:.*]] = winnow.matmul %{{.*}}, %{{.*}} outputs(%[[S]] : {{.*}}) : {{.*}} -> tensor<?x4xf32>
// CHECK: %[[HIDDEN:.*]] = linalg.generic {{.*}} ins(%[[UP]], %[[GATE]] : tensor<?x4xf32>, tensor<?x4xf32>)
// CHECK: winnow.matmul %[[HIDDEN]], %{{.*}} inputs(%[[S]] : {{.*}}) : {{.*}} -> tensor<?x8xf32>
func.func @ffn(%x: tensor<?x8xf32>, %up: tensor<8x32xf32>, %down: tensor<32x8xf32>, %gate: tensor<8x32xf32>,
               %s: !winnow.selection<?x32, 4>) -> tensor<?x8xf32> {
  %0 = winnow.ffn %x, %up, %down gate(%gate : tensor<8x32xf32>) neurons(%s : !winnow.selection<?x32, 4>)
      activation(silu) : tensor<?x8xf32>, tensor<8x32xf32>, tensor<32x8xf32> -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @experts
// CHECK: %[[C:.*]] = winnow.selection.assemble_columns
// CHECK: %[[ROWS:.*]] = linalg.generic
// CHECK: -> tensor<12x8xf32>
// CHECK: %[[UP:.*]] = winnow.grouped_matmul %[[ROWS]], %{{.*}} groups(%[[C]] : !winnow.selection<6x4, 2, columns>) grouped : {{.*}} -> tensor<12x16xf32>
// CHECK: %[[HIDDEN:.*]] = linalg.generic {{.*}} ins(%[[UP]] :
// CHECK: arith.maximumf
// CHECK: %[[DOWN:.*]] = winnow.grouped_matmul %[[HIDDEN]], %{{.*}} groups(%[[C]] : !winnow.selection<6x4, 2, columns>) grouped : {{.*}} -> tensor<12x8xf32>
// CHECK: %[[PLACES:.*]] = linalg.generic
// CHECK: scf.while
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %{{.*}}, %[[PLACES]] :
// CHECK: tensor.extract %[[DOWN]]
// CHECK: -> tensor<6x8xf32>
func.func @experts(%x: tensor<6x8xf32>, %up: tensor<4x8x16xf32>, %down: tensor<4x16x8xf32>, %gates: tensor<6x4xf32>)
    -> tensor<6x8xf32> {
  %r = winnow.select.topk %gates, k = 2 : tensor<6x4xf32> -> !winnow.selection<6x4, 2>
  %y = winnow.experts %x, %up, %down, %gates routing(%r : !winnow.selection<6x4, 2>) activation(relu)
      : tensor<6x8xf32>, tensor<4x8x16xf32>, tensor<4x16x8xf32>, tensor<6x4xf32> -> tensor<6x8xf32>
  return %y : tensor<6x8xf32>
}

// Hidden values are multiplied by those of the gate; the bias of a row is that of the expert whose rows end behind it.
// CHECK-LABEL: func.func @gated_experts
// CHECK: %[[C:.*]] = winnow.selection.assemble_columns
// CHECK: %[[EXPERTS:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<12xi32>)
// CHECK: scf.while
// CHECK: %[[UP:.*]] = winnow.grouped_matmul %[[ROWS:.*]], %arg1 groups(%[[C]]
// CHECK: %[[GATE:.*]] = winnow.grouped_matmul %{{.*}}, %arg4 groups(%[[C]]
// CHECK: %[[HIDDEN:.*]] = linalg.generic {{.*}} ins(%[[UP]], %[[GATE]] :
// CHECK: %[[DOWN:.*]] = winnow.grouped_matmul %[[HIDDEN]], %arg2
// CHECK: linalg.generic {{.*}} ins(%[[DOWN]], %[[EXPERTS]] : tensor<12x8xf32>, tensor<12xi32>)
// CHECK: tensor.extract %arg5[%{{.*}}, %{{.*}}] : tensor<4x8xf32>
// CHECK: arith.addf
func.func @gated_experts(%x: tensor<6x8xf32>, %up: tensor<4x8x16xf32>, %down: tensor<4x16x8xf32>,
                         %gates: tensor<6x4xf32>, %gate: tensor<4x8x16xf32>, %bias: tensor<4x8xf32>)
    -> tensor<6x8xf32> {
  %r = winnow.select.topk %gates, k = 2 : tensor<6x4xf32> -> !winnow.selection<6x4, 2>
  %y = winnow.experts %x, %up, %down, %gates routing(%r : !winnow.selection<6x4, 2>)
      gate(%gate : tensor<4x8x16xf32>) down_bias(%bias : tensor<4x8xf32>) activation(silu)
      : tensor<6x8xf32>, tensor<4x8x16xf32>, tensor<4x16x8xf32>, tensor<6x4xf32> -> tensor<6x8xf32>
  return %y : tensor<6x8xf32>
}
