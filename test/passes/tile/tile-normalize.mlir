// An item of a normalization is whole rows on the host, and in PTX a part of a row that its warp shares: a lane sums
// its part, and the sums of the lanes are added up. What reads the rows in place comes along. A row that has no 32
// equal parts is a thread's.
// RUN: split-file %s %t
// RUN: %winnow-opt %t/host.mlir --winnow-tile | FileCheck %t/host.mlir
// RUN: %winnow-opt %t/cuda.mlir --winnow-tile | FileCheck %t/cuda.mlir

//--- host.mlir
module attributes {winnow.target = "host:x86-64-v4"} {
  // CHECK-LABEL: @layer_norm
  // CHECK-SAME: winnow.tile = array<i64: 1, 1, 768>
  // CHECK: scf.forall (%{{.*}}, %{{.*}}) in
  // CHECK: arith.addf
  // CHECK: arith.divf
  // CHECK: arith.subf
  // CHECK: arith.mulf
  // CHECK: arith.addf
  // CHECK: math.sqrt
  // The result is written where it belongs, not into a temporary.
  // CHECK-NOT: memref.alloca() {{.*}}768
  // CHECK: outs(%{{.*}} : memref<1x1x768xf32, strided<[?, 768, 1], offset: ?>>)
  // CHECK-NOT: linalg.copy
  func.func private @layer_norm(%x: tensor<?x?x768xf32>, %g: tensor<768xf32>, %out: tensor<?x?x768xf32>) -> tensor<?x?x768xf32>
      attributes {winnow.kernel, winnow.inputs = 2 : i64, winnow.domain = 2 : i64} {
    %0 = winnow.normalize %x centered scale(%g : tensor<768xf32>) epsilon 1.0e-05 : tensor<?x?x768xf32>
    %1 = linalg.copy ins(%0 : tensor<?x?x768xf32>) outs(%out : tensor<?x?x768xf32>) -> tensor<?x?x768xf32>
    return %1 : tensor<?x?x768xf32>
  }
}

//--- cuda.mlir
#id = affine_map<(d0, d1) -> (d0, d1)>
module attributes {winnow.target = "cuda:sm_80"} {
  // CHECK-LABEL: @shared
  // CHECK-SAME: winnow.tile = array<i64: 1, 24>
  // CHECK: scf.forall (%[[ROW:.*]], %[[FIRST:.*]]) = (0, 0) to (%{{.*}}, 768) step (1, 24)
  // CHECK: memref.subview %arg0[%[[ROW]], %[[FIRST]]] [1, 24]
  // CHECK: %[[SUM:.*]] = gpu.subgroup_reduce add %{{.*}} uniform : (f32) -> f32
  // CHECK-NOT: gpu.subgroup_reduce
  // CHECK: math.sqrt
  // CHECK: math.tanh
  func.func private @shared(%x: tensor<?x768xf32>, %out: tensor<?x768xf32>) -> tensor<?x768xf32>
      attributes {winnow.kernel, winnow.inputs = 1 : i64, winnow.domain = 1 : i64} {
    %0 = winnow.normalize %x epsilon 1.0e-05 : tensor<?x768xf32>
    %1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
        ins(%0 : tensor<?x768xf32>) outs(%out : tensor<?x768xf32>) {
    ^bb0(%in: f32, %o: f32):
      %t = math.tanh %in : f32
      linalg.yield %t : f32
    } -> tensor<?x768xf32>
    return %1 : tensor<?x768xf32>
  }

  // CHECK-LABEL: @alone
  // CHECK-SAME: winnow.tile = array<i64: 1, 33>
  // CHECK-NOT: gpu.subgroup_reduce
  func.func private @alone(%x: tensor<?x33xf32>, %out: tensor<?x33xf32>) -> tensor<?x33xf32>
      attributes {winnow.kernel, winnow.inputs = 1 : i64, winnow.domain = 1 : i64} {
    %0 = winnow.normalize %x epsilon 1.0e-05 : tensor<?x33xf32>
    %1 = linalg.copy ins(%0 : tensor<?x33xf32>) outs(%out : tensor<?x33xf32>) -> tensor<?x33xf32>
    return %1 : tensor<?x33xf32>
  }
}
