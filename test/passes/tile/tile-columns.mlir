// Offsets are accumulated by one item; the members of a column are written by an item of its own, from its offset.
// RUN: sed s/TARGET/host:x86-64-v3/ %s | %winnow-opt --winnow-tile-kernels | FileCheck %s --check-prefixes=CHECK,HOST
// RUN: sed s/TARGET/cuda:sm_80/ %s | %winnow-opt --winnow-tile-kernels | FileCheck %s --check-prefixes=CHECK,CUDA

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

  // The host multiplies a tile's rows group by group; a thread finds the group of its row, and reads as far as
  // the depth, which is 0 beyond the members.
  // CHECK-LABEL: func.func private @grouped
  // CHECK: scf.forall
  // CHECK: scf.while
  // HOST: scf.while
  // HOST: scf.for %[[GROUP:.*]] = %{{.*}} to %{{.*}} step %{{.*}} iter_args(%[[SUMS:.*]] =
  // HOST: tensor.extract_slice %{{.*}}[%[[BEGIN:.*]], 0] [%[[COUNT:.*]], 8] [1, 1]
  // HOST: tensor.extract_slice %{{.*}}[%[[GROUP]], 0, %{{.*}}] [1, 8, {{.*}}] [1, 1, 1]
  // HOST: tensor.insert_slice %{{.*}} into %[[SUMS]]
  // CUDA: %[[X:.*]] = tensor.extract_slice %{{.*}}[%{{.*}}, 0] [1, %[[DEPTH:.*]]] [1, 1]
  // CUDA: tensor.extract_slice %{{.*}}[%{{.*}}, 0, %{{.*}}] [1, %[[DEPTH]], 1] [1, 1, 1]
  // CUDA: linalg.generic {{.*}} ins(%[[X]],
  func.func private @grouped(%x: tensor<12x8xf32>, %w: tensor<4x8x64xf32>, %o: tensor<5xi32>, %m: tensor<12xi32>,
                             %out: tensor<12x64xf32>) -> tensor<12x64xf32>
      attributes {winnow.kernel, winnow.inputs = 4 : i64, winnow.domain = 4 : i64} {
    %g = winnow.selection.assemble_columns %o, %m : tensor<5xi32>, tensor<12xi32> -> !winnow.selection<6x4, 2, columns>
    %0 = winnow.grouped_matmul %x, %w groups(%g : !winnow.selection<6x4, 2, columns>) grouped
        : tensor<12x8xf32>, tensor<4x8x64xf32> -> tensor<12x64xf32>
    %1 = linalg.copy ins(%0 : tensor<12x64xf32>) outs(%out : tensor<12x64xf32>) -> tensor<12x64xf32>
    return %1 : tensor<12x64xf32>
  }
}
