// A kernel becomes one loop over items: blocks of its result on the host, one element each for a GPU's threads.
// RUN: sed s/TARGET/host:x86-64-v3/ %s | %winnow-opt --winnow-tile-kernels | FileCheck %s --check-prefixes=CHECK,HOST
// RUN: sed s/TARGET/cuda:sm_80/ %s | %winnow-opt --winnow-tile-kernels | FileCheck %s --check-prefixes=CHECK,CUDA

#map = affine_map<(d0, d1) -> (d0, d1)>

module attributes {winnow.target = "TARGET"} {
  // The epilogue's producer is computed in the epilogue's items.
  // CHECK-LABEL: func.func private @product
  // CUDA-SAME: winnow.tile = array<i64: 1, 1>
  // CHECK: scf.forall
  // CHECK: linalg.matmul
  // CHECK: linalg.generic
  // CHECK: tensor.parallel_insert_slice
  // CHECK-NOT: scf.forall
  // CHECK: return
  func.func private @product(%x: tensor<?x32xf32>, %w: tensor<32x64xf32>, %out: tensor<?x64xf32>) -> tensor<?x64xf32>
      attributes {winnow.kernel, winnow.inputs = 2 : i64, winnow.domain = 2 : i64} {
    %zero = arith.constant 0.0 : f32
    %c0 = arith.constant 0 : index
    %n = tensor.dim %out, %c0 : tensor<?x64xf32>
    %e = tensor.empty(%n) : tensor<?x64xf32>
    %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x64xf32>) -> tensor<?x64xf32>
    %c = linalg.matmul ins(%x, %w : tensor<?x32xf32>, tensor<32x64xf32>) outs(%f : tensor<?x64xf32>) -> tensor<?x64xf32>
    %r = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]}
        ins(%c : tensor<?x64xf32>) outs(%out : tensor<?x64xf32>) {
    ^bb0(%in: f32, %old: f32):
      %m = arith.maximumf %in, %zero : f32
      linalg.yield %m : f32
    } -> tensor<?x64xf32>
    return %r : tensor<?x64xf32>
  }

  // An enumeration scans a row in each item, on every target.
  // CHECK-LABEL: func.func private @enumerate
  // CHECK-SAME: winnow.tile = array<i64: 1>
  // CHECK: scf.forall (%{{.*}}) in (%{{.*}})
  // CHECK: scf.for
  // CHECK: tensor.parallel_insert_slice
  func.func private @enumerate(%m: tensor<?x64xi1>, %i: tensor<?x16xi32>, %c: tensor<?xi32>) -> (tensor<?x16xi32>, tensor<?xi32>)
      attributes {winnow.kernel, winnow.inputs = 1 : i64, winnow.domain = 2 : i64} {
    %0, %1 = winnow.selection.enumerate %m : tensor<?x64xi1> -> tensor<?x16xi32>, tensor<?xi32>
    return %0, %1 : tensor<?x16xi32>, tensor<?xi32>
  }

  // The host fills a block and copies into it; a thread reads its element or the padding.
  // CHECK-LABEL: func.func private @pad
  // HOST-SAME: winnow.tile = array<i64: {{[0-9]+}}, 10>
  // CUDA-SAME: winnow.tile = array<i64: 1, 1>
  // CHECK: scf.forall
  // HOST: linalg.fill
  // HOST: linalg.copy
  // CUDA: scf.if
  func.func private @pad(%x: tensor<?x8xf32>, %out: tensor<?x10xf32>) -> tensor<?x10xf32>
      attributes {winnow.kernel, winnow.inputs = 1 : i64, winnow.domain = 1 : i64} {
    %zero = arith.constant 0.0 : f32
    %p = tensor.pad %x low[0, 1] high[0, 1] {
    ^bb0(%i: index, %j: index):
      tensor.yield %zero : f32
    } : tensor<?x8xf32> to tensor<?x10xf32>
    %y = linalg.copy ins(%p : tensor<?x10xf32>) outs(%out : tensor<?x10xf32>) -> tensor<?x10xf32>
    return %y : tensor<?x10xf32>
  }

  // CHECK-LABEL: func.func @untouched
  // CHECK-NOT: scf.forall
  func.func @untouched(%x: tensor<4xf32>) -> tensor<4xf32> {
    %y = linalg.abs ins(%x : tensor<4xf32>) outs(%x : tensor<4xf32>) -> tensor<4xf32>
    return %y : tensor<4xf32>
  }
}
