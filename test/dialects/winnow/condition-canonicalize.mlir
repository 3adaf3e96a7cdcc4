// A conditional subgraph whose condition is known is inlined or dropped; unused results are not yielded; shapes
// come from the alternatives.
// RUN: %winnow-opt %s --canonicalize --resolve-ranked-shaped-type-result-dims --canonicalize | FileCheck %s

func.func private @compute(tensor<?xf32>) -> tensor<?xf32>

// CHECK-LABEL: func.func @holds
func.func @holds(%x: tensor<?xf32>) -> tensor<?xf32> {
  %c = arith.constant dense<true> : tensor<i1>
  // CHECK-NOT: winnow.when
  // CHECK: %[[Y:.*]] = call @compute
  // CHECK: return %[[Y]]
  %0 = winnow.when %c otherwise(%x : tensor<?xf32>) {
    %y = func.call @compute(%x) : (tensor<?xf32>) -> tensor<?xf32>
    winnow.yield %y : tensor<?xf32>
  }
  return %0 : tensor<?xf32>
}

// CHECK-LABEL: func.func @fails(
// CHECK-SAME: %[[X:.*]]: tensor<?xf32>
func.func @fails(%x: tensor<?xf32>) -> tensor<?xf32> {
  %c = arith.constant dense<false> : tensor<i1>
  // CHECK-NEXT: return %[[X]]
  %0 = winnow.when %c otherwise(%x : tensor<?xf32>) {
    %y = func.call @compute(%x) : (tensor<?xf32>) -> tensor<?xf32>
    winnow.yield %y : tensor<?xf32>
  }
  return %0 : tensor<?xf32>
}

// CHECK-LABEL: func.func @unused(
// CHECK-SAME: %[[C:.*]]: tensor<i1>, %[[X:.*]]: tensor<?xf32>, %[[Z:.*]]: tensor<8xf32>
func.func @unused(%c: tensor<i1>, %x: tensor<?xf32>, %z: tensor<8xf32>) -> tensor<?xf32> {
  // CHECK: %[[R:.*]] = winnow.when %[[C]] otherwise(%[[X]] : tensor<?xf32>) {
  // CHECK: winnow.yield %{{.*}} : tensor<?xf32>
  // CHECK: return %[[R]]
  %0:2 = winnow.when %c otherwise(%z, %x : tensor<8xf32>, tensor<?xf32>) {
    %y = func.call @compute(%x) : (tensor<?xf32>) -> tensor<?xf32>
    winnow.yield %z, %y : tensor<8xf32>, tensor<?xf32>
  }
  return %0#1 : tensor<?xf32>
}

// An unknown condition stays.
// CHECK-LABEL: func.func @extent(
// CHECK-SAME: %[[C:.*]]: tensor<i1>, %[[X:.*]]: tensor<?xf32>
func.func @extent(%c: tensor<i1>, %x: tensor<?xf32>) -> (index, tensor<?xf32>) {
  %c0 = arith.constant 0 : index
  // CHECK: %[[R:.*]] = winnow.when
  %0 = winnow.when %c otherwise(%x : tensor<?xf32>) {
    %y = func.call @compute(%x) : (tensor<?xf32>) -> tensor<?xf32>
    winnow.yield %y : tensor<?xf32>
  }
  // CHECK: %[[N:.*]] = tensor.dim %[[X]]
  // CHECK: return %[[N]], %[[R]]
  %n = tensor.dim %0, %c0 : tensor<?xf32>
  return %n, %0 : index, tensor<?xf32>
}
