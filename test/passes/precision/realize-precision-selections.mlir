// Selections stay: only active inputs set a row's scale, and the channels' scales are gathered.
// RUN: %winnow-opt %s --winnow-realize-precision | FileCheck %s

// CHECK-LABEL: @convolution
// CHECK-SAME: (%[[X:.*]]: tensor<?x3x8x8xf32>, %[[S:.*]]: !winnow.selection<?x4, 3>, %[[T:.*]]: !winnow.selection<?x4, 2>)
// CHECK: %[[Q:.*]], %[[SX:.*]] = winnow.quantize %[[X]] active(%[[S]] : !winnow.selection<?x4, 3>)
// CHECK: %[[SW:.*]] = arith.constant dense<{{.*}}> : tensor<4xf32>
// CHECK: %[[SELECTED:.*]] = winnow.gather %[[SW]], %[[T]] shared : tensor<4xf32>, !winnow.selection<?x4, 2> -> tensor<?x2xf32>
// CHECK: %[[SUM:.*]] = winnow.conv2d %[[Q]], %{{.*}} inputs(%[[S]] : !winnow.selection<?x4, 3>) outputs(%[[T]] : !winnow.selection<?x4, 2>) {padding = array<i64: 1, 1, 1, 1>} : tensor<?x3x8x8xi8>, tensor<4x4x3x3xi8> -> tensor<?x2x8x8xi32>
// CHECK: linalg.generic {{.*}} ins(%[[SUM]], %[[SELECTED]], %[[SX]] : tensor<?x2x8x8xi32>, tensor<?x2xf32>, tensor<?xf32>)
func.func @convolution(%x: tensor<?x3x8x8xf32>, %s: !winnow.selection<?x4, 3>, %t: !winnow.selection<?x4, 2>)
    -> tensor<?x2x8x8xf32> {
  %w = arith.constant dense<1.0> : tensor<4x4x3x3xf32>
  %0 = winnow.conv2d %x, %w inputs(%s : !winnow.selection<?x4, 3>) outputs(%t : !winnow.selection<?x4, 2>)
      {padding = array<i64: 1, 1, 1, 1>, winnow.precision = #winnow.precision<i8>}
      : tensor<?x3x8x8xf32>, tensor<4x4x3x3xf32> -> tensor<?x2x8x8xf32>
  return %0 : tensor<?x2x8x8xf32>
}

// Everything may be dynamic but the weights.
// CHECK-LABEL: @product
// CHECK: winnow.quantize %{{.*}} : tensor<?x?xf32> -> tensor<?x?xi8>, tensor<?xf32>
// CHECK: winnow.matmul %{{.*}}, %{{.*}} outputs(%{{.*}} : !winnow.selection<?x8, ?>) : tensor<?x?xi8>, tensor<4x8xi8> -> tensor<?x?xi32>
// CHECK: linalg.generic {{.*}} : tensor<?x?xi32>, tensor<?x?xf32>, tensor<?xf32>)
func.func @product(%x: tensor<?x?xf32>, %t: !winnow.selection<?x8, ?>) -> tensor<?x?xf32> {
  %w = arith.constant dense<1.0> : tensor<4x8xf32>
  %0 = winnow.matmul %x, %w outputs(%t : !winnow.selection<?x8, ?>) {winnow.precision = #winnow.precision<i8>}
      : tensor<?x?xf32>, tensor<4x8xf32> -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}
