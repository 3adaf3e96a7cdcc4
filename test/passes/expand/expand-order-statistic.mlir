// Radix selection: for each of the 15 digits a kernel that counts and one that decides.
// RUN: %winnow-opt %s --winnow-expand-selections | FileCheck %s

// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[K:.*]]: tensor<?xi64>, %[[R:.*]]: tensor<i64>)
// The rank is not negative, and the first digit stands at bit 56.
// CHECK: %[[START:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<3xi64>)
// CHECK: arith.maxsi
// CHECK: %[[COUNTS:.*]] = linalg.generic {{.*}}iterator_types = ["parallel", "reduction"]} ins(%[[K]] : tensor<?xi64>) outs(%{{.*}} : tensor<16xi64>)
// CHECK: tensor.extract %[[START]]
// CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<3xi64>)
// CHECK: tensor.extract %[[COUNTS]]
// CHECK-COUNT-14: ins(%[[K]] : tensor<?xi64>) outs(%{{.*}} : tensor<16xi64>)
// CHECK-NOT: ins(%[[K]]
// What is above all keys is always the same.
// CHECK: %[[Y:.*]] = linalg.generic {{.*}} outs(%{{.*}} : tensor<i64>)
// CHECK: arith.minsi
// CHECK: return %[[Y]]
func.func @main(%keys: tensor<?xi64>, %rank: tensor<i64>) -> tensor<i64> {
  %key = winnow.order_statistic %keys, %rank : tensor<?xi64>
  return %key : tensor<i64>
}
