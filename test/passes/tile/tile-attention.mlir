// A tile of attention is some queries of one head: a loop over full key blocks and one over the rest, with no
// more than a block of scores; active blocks are one loop over the row's own. In PTX a thread has one query.
// RUN: split-file %s %t
// RUN: %winnow-opt %t/host.mlir --winnow-tile | FileCheck %t/host.mlir
// RUN: %winnow-opt %t/cuda.mlir --winnow-tile | FileCheck %t/cuda.mlir
// RUN: %winnow-opt %t/active.mlir --winnow-tile | FileCheck %t/active.mlir

//--- host.mlir
module attributes {winnow.target = "host:x86-64-v4"} {
  // CHECK-DAG: #[[GROUP:.*]] = affine_map<()[s0] -> (s0 floordiv 2)>
  // CHECK-DAG: #[[WHOLE:.*]] = affine_map<()[s0] -> ((s0 floordiv 64) * 64)>
  // CHECK: winnow.tile = array<i64: 1, 1, 64, 24>
  // CHECK: scf.forall (%[[B:.*]], %[[H:.*]], %[[Q:.*]]) = (0, 0, 0) to (%{{.*}}, 4, %{{.*}}) step (1, 1, 64)
  // CHECK: %[[G:.*]] = affine.apply #[[GROUP]]()[%[[H]]]
  // CHECK: %[[FULL:.*]] = affine.apply #[[WHOLE]]()
  // CHECK: scf.for %[[K:.*]] = %{{.*}} to %[[FULL]] step
  // CHECK-NEXT: memref.subview %arg1[%[[B]], %[[G]], %[[K]], 0] [1, 1, 64, 16] [1, 1, 1, 1]
  // CHECK-NEXT: memref.alloca() {{.*}} : memref<64x64xf32>
  // CHECK: memref.subview %arg2[%[[B]], %[[G]], %[[K]], 0] [1, 1, 64, 24] [1, 1, 1, 1]
  // CHECK: scf.for %{{.*}} = %[[FULL]] to
  // CHECK-NOT: scf.for
  // CHECK-NOT: memref.alloc(
  func.func private @attention(%q: tensor<?x4x?x16xf32>, %k: tensor<?x2x?x16xf32>, %v: tensor<?x2x?x24xf32>,
                               %out: tensor<?x4x?x24xf32>) -> tensor<?x4x?x24xf32>
      attributes {winnow.kernel, winnow.inputs = 3 : i64, winnow.domain = 3 : i64} {
    %0 = winnow.attention %q, %k, %v, scale 0.25
        : tensor<?x4x?x16xf32>, tensor<?x2x?x16xf32>, tensor<?x2x?x24xf32> -> tensor<?x4x?x24xf32>
    %1 = linalg.copy ins(%0 : tensor<?x4x?x24xf32>) outs(%out : tensor<?x4x?x24xf32>) -> tensor<?x4x?x24xf32>
    return %1 : tensor<?x4x?x24xf32>
  }
}

//--- cuda.mlir
module attributes {winnow.target = "cuda:sm_80"} {
  // The captured tensor is read where the tile stands, by key and query; the region's arithmetic follows the scale.
  // CHECK: winnow.tile = array<i64: 1, 1, 1, 24>
  // CHECK: scf.forall (%[[Q:.*]]) in
  // CHECK: scf.for %[[K:.*]] = %{{.*}}
  // CHECK: memref.alloca() {{.*}} : memref<1x32xf32>
  // CHECK: memref.subview %arg3[%[[K]], %[[Q]]] [32, 1] [1, 1]
  // CHECK: arith.mulf
  // CHECK-NEXT: arith.addf
  // CHECK-NEXT: linalg.yield
  func.func private @attention(%q: tensor<1x1x?x16xf16>, %k: tensor<1x1x?x16xf16>, %v: tensor<1x1x?x24xf16>,
                               %bias: tensor<?x?xf32>, %out: tensor<1x1x?x24xf16>) -> tensor<1x1x?x24xf16>
      attributes {winnow.kernel, winnow.inputs = 4 : i64, winnow.domain = 4 : i64} {
    %0 = winnow.attention %q, %k, %v, scale 0.25
        captures(%bias : tensor<?x?xf32>) [affine_map<(b, h, q, k) -> (k, q)>] {key_block = 32 : i64}
        : tensor<1x1x?x16xf16>, tensor<1x1x?x16xf16>, tensor<1x1x?x24xf16> -> tensor<1x1x?x24xf16> score {
    ^bb0(%score: f32, %b: index, %h: index, %i: index, %j: index, %added: f32):
      %new = arith.addf %score, %added : f32
      winnow.yield %new : f32
    }
    %1 = linalg.copy ins(%0 : tensor<1x1x?x24xf16>) outs(%out : tensor<1x1x?x24xf16>) -> tensor<1x1x?x24xf16>
    return %1 : tensor<1x1x?x24xf16>
  }
}

//--- active.mlir
module attributes {winnow.target = "host:x86-64-v4"} {
  // Of a query block of 100, no tile crosses the end: 50 is the largest part that fits.
  // CHECK: winnow.tile = array<i64: 1, 1, 50, 16>
  // CHECK: %[[ROW:.*]] = arith.addi
  // CHECK: %[[COUNT:.*]] = memref.load %{{.*}}[%[[ROW]]]
  // CHECK: %[[LAST:.*]] = arith.index_cast %[[COUNT]]
  // CHECK: scf.for %[[PLACE:.*]] = %{{.*}} to %[[LAST]]
  // CHECK-NEXT: %[[BLOCK:.*]] = memref.load %{{.*}}[%[[ROW]], %[[PLACE]]]
  // CHECK: %[[START:.*]] = arith.muli
  // CHECK: %[[SIZE:.*]] = affine.min #{{.*}}()[%{{.*}}, %[[START]]]
  // CHECK: memref.subview %arg1[0, %{{.*}}, %[[START]], 0] [1, 1, %[[SIZE]], 16]
  // CHECK-NOT: scf.for
  func.func private @attention(%q: tensor<1x2x?x16xf32>, %k: tensor<1x2x?x16xf32>, %indices: tensor<?x?xi32>,
                               %counts: tensor<?xi32>, %out: tensor<1x2x?x16xf32>, %blocks: index)
      -> tensor<1x2x?x16xf32> attributes {winnow.kernel, winnow.inputs = 4 : i64, winnow.domain = 4 : i64} {
    %s = winnow.selection.assemble %indices, %counts universe(%blocks)
        : tensor<?x?xi32>, tensor<?xi32> -> !winnow.selection<?x?, ?>
    %0 = winnow.attention %q, %k, %k, scale 0.25 active(%s : !winnow.selection<?x?, ?>) {query_block = 100 : i64}
        : tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32> -> tensor<1x2x?x16xf32>
    %1 = linalg.copy ins(%0 : tensor<1x2x?x16xf32>) outs(%out : tensor<1x2x?x16xf32>) -> tensor<1x2x?x16xf32>
    return %1 : tensor<1x2x?x16xf32>
  }
}
