// Offsets are accumulated by one item; the members of a column are written by an item of its own, from its offset.
// RUN: sed s/TARGET/host:x86-64-v3/ %s | %winnow-opt --winnow-tile-kernels | FileCheck %s
// RUN: sed s/TARGET/cuda:sm_80/ %s | %winnow-opt --winnow-tile-kernels | FileCheck %s

module attributes {winnow.target = "TARGET"} {
  // CHECK-LABEL: func.func private @accumulate
  // CHECK-SAME: winnow.tile = array<i64: 2147483647>
  // CHECK: scf.forall (%{{.*}}) = (0) to (%{{.*}}) step (2147483647)
  // CHECK: scf.for
  // CHECK: tensor.parallel_insert_slice
  func.func private @accumulate(%c: tensor<?xi32>, %out: tensor<?xi32>) -> tensor<?xi32>
      attributes {winnow.kernel, winnow.inputs = 1 : i64, winnow.domain = 1 : i64} {
    %0 = winnow.selection.accumulate %c : tensor<?xi32> -> tensor<?xi32>
    return %0 : tensor<?xi32>
  }

  // CHECK-LABEL: func.func private @members
  // CHECK-SAME: %[[MASK:.*]]: tensor<?x64xi1>, %[[OFFSETS:.*]]: tensor<65xi32>, %[[OUT:.*]]: tensor<?xi32>
  // CHECK-SAME: winnow.tile = array<i64: 1>
  // CHECK: scf.forall (%[[COLUMN:.*]]) in (65) shared_outs(%[[ALL:.*]] = %[[OUT]])
  // CHECK: %[[FIRST:.*]] = tensor.extract %[[OFFSETS]][%[[COLUMN]]]
  // CHECK: %[[BEGIN:.*]] = arith.index_cast %[[FIRST]]
  // CHECK: tensor.extract_slice %[[ALL]][%[[BEGIN]]] [%[[COUNT:.*]]] [1]
  // CHECK: scf.for
  // CHECK: tensor.extract %[[MASK]]
  // CHECK: tensor.parallel_insert_slice %{{.*}} into %[[ALL]][%[[BEGIN]]] [%[[COUNT]]] [1]
  func.func private @members(%m: tensor<?x64xi1>, %o: tensor<65xi32>, %out: tensor<?xi32>, %n: index) -> tensor<?xi32>
      attributes {winnow.kernel, winnow.inputs = 2 : i64, winnow.domain = 1 : i64} {
    %0 = winnow.selection.enumerate_columns %m, %o size(%n) : tensor<?x64xi1>, tensor<65xi32> -> tensor<?xi32>
    return %0 : tensor<?xi32>
  }
}
