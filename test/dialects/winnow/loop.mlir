// Loops and host values survive a round trip.
// RUN: %winnow-opt %s | %winnow-opt | FileCheck %s

// CHECK-LABEL: func.func @counted
// CHECK: %{{.*}} = winnow.loop %{{.*}} initial(%{{.*}} : tensor<?x4xf32>) -> tensor<?x4xf32> {
// CHECK-NEXT: ^bb0(%{{.*}}: index, %[[X:.*]]: tensor<?x4xf32>):
// CHECK-NEXT: winnow.yield %[[X]] : tensor<?x4xf32>
func.func @counted(%n: index, %x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = winnow.loop %n initial(%x : tensor<?x4xf32>) -> tensor<?x4xf32> {
  ^bb0(%i: index, %a: tensor<?x4xf32>):
    winnow.yield %a : tensor<?x4xf32>
  }
  return %0 : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @conditional
// CHECK: winnow.loop %{{.*}} while(%{{.*}}) initial() {
// CHECK: winnow.yield %{{.*}} : tensor<i1>
func.func @conditional(%n: index, %c: tensor<i1>) {
  winnow.loop %n while(%c) initial() {
  ^bb0(%i: index):
    winnow.yield %c : tensor<i1>
  }
  return
}

// CHECK-LABEL: func.func @host_value
// CHECK: winnow.host_value %{{.*}}[%{{.*}}] number 2 : tensor<?xi32>
func.func @host_value(%x: tensor<?xi32>, %i: index) -> i32 {
  %0 = winnow.host_value %x[%i] number 2 : tensor<?xi32>
  return %0 : i32
}
