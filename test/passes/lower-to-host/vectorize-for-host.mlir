// Register blocks: sums are separate one-dimensional vectors that the reduction's loop carries; rows that are shorter
// than a vector share one; contiguous reductions are combined across lanes at the end; remainders are masked.
// RUN: %winnow-opt %s --winnow-vectorize-for-host=target=x86-64-v4 --canonicalize | FileCheck %s
// RUN: %winnow-opt %s --winnow-vectorize-for-host=target=x86-64-v2 --canonicalize | FileCheck %s --check-prefix=SSE
// RUN: not %winnow-opt %s --winnow-vectorize-for-host=target=vax 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// UNKNOWN: error: unknown host target 'vax'

// CHECK-LABEL: @matmul
// CHECK: %{{[0-9]+:(8|12|16|18|20|24)}} = scf.for {{.*}} -> (vector<16xf32>, vector<16xf32>, vector<16xf32>,
// CHECK: vector.load {{.*}} vector<16xf32>
// CHECK: memref.load
// CHECK: vector.broadcast
// CHECK-NOT: vector<{{[0-9]+x[0-9]+x}}
func.func @matmul(%a: memref<16x512xf32>, %b: memref<512x128xf32>, %c: memref<16x128xf32>) {
  linalg.matmul ins(%a, %b : memref<16x512xf32>, memref<512x128xf32>) outs(%c : memref<16x128xf32>)
  return
}

// CHECK-LABEL: @short_rows
// CHECK: vector.load {{.*}} vector<8xf32>
// CHECK: vector.load {{.*}} vector<8xf32>
// CHECK: vector.shuffle {{.*}} [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]
// CHECK: vector.store {{.*}} vector<16xf32>
func.func @short_rows(%x: memref<1x4x10x10xf32>, %w: memref<8x4x3x3xf32>, %y: memref<1x8x8x8xf32>) {
  linalg.conv_2d_nchw_fchw ins(%x, %w : memref<1x4x10x10xf32>, memref<8x4x3x3xf32>) outs(%y : memref<1x8x8x8xf32>)
  return
}

// The rows of a dense matrix are one long row.
// CHECK-LABEL: @copy
// CHECK: scf.for %{{.*}} = %{{.*}} to %[[END:.*]] step
// CHECK-NOT: scf.for
// CHECK: return
func.func @copy(%x: memref<4x48xf32>, %y: memref<4x48xf32>) {
  linalg.copy ins(%x : memref<4x48xf32>) outs(%y : memref<4x48xf32>)
  return
}

// CHECK-LABEL: @sum
// CHECK: scf.for {{.*}} -> (vector<16xf32>
// CHECK: vector.reduction <add>, {{.*}} fastmath<reassoc> : vector<16xf32> into f32
func.func @sum(%x: memref<?xf32>, %y: memref<f32>) {
  linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> ()>], iterator_types = ["reduction"]}
      ins(%x : memref<?xf32>) outs(%y : memref<f32>) {
  ^bb0(%a: f32, %s: f32):
    %r = arith.addf %s, %a : f32
    linalg.yield %r : f32
  }
  return
}

// CHECK-LABEL: @remainder
// CHECK: vector.create_mask
// CHECK: vector.maskedload
// CHECK: vector.maskedstore
// SSE-LABEL: @remainder
// SSE: vector.store {{.*}} vector<4xf32>
// SSE: memref.store
// SSE-NOT: vector.maskedstore
func.func @remainder(%x: memref<?xf32>, %y: memref<?xf32>) {
  linalg.copy ins(%x : memref<?xf32>) outs(%y : memref<?xf32>)
  return
}

// Addresses that are not linear, and branches that depend on a lane, give scalar loops.
// CHECK-LABEL: @scalar
// CHECK-NOT: vector
// CHECK: return
func.func @scalar(%x: memref<?xf32>, %m: memref<?xi1>, %y: memref<?xf32>) {
  linalg.generic {indexing_maps = [affine_map<(d0) -> (d0 floordiv 2)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}
      ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  }
  linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}
      ins(%m : memref<?xi1>) outs(%y : memref<?xf32>) {
  ^bb0(%a: i1, %o: f32):
    %i = linalg.index 0 : index
    %r = scf.if %a -> f32 {
      %v = memref.load %x[%i] : memref<?xf32>
      scf.yield %v : f32
    } else {
      scf.yield %o : f32
    }
    linalg.yield %r : f32
  }
  return
}

// A vector of i4 is packed in memory, an array of them is not.
// CHECK-LABEL: @packed
// CHECK-NOT: vector
// CHECK: return
func.func @packed(%x: memref<64xi4>, %y: memref<64xi4>) {
  linalg.copy ins(%x : memref<64xi4>) outs(%y : memref<64xi4>)
  return
}

// A loop in the body that all lanes repeat as often carries a vector.
// CHECK-LABEL: @inner_loop
// CHECK: %[[SUM:.*]] = scf.for {{.*}} iter_args(%[[ACC:.*]] = %{{.*}}) -> (vector<16xf32>)
// CHECK: %[[W:.*]] = vector.load {{.*}} vector<16xf32>
// CHECK: %[[P:.*]] = arith.mulf %{{.*}}, %[[W]] : vector<16xf32>
// CHECK: arith.addf %[[ACC]], %[[P]] : vector<16xf32>
// CHECK: vector.store %[[SUM]]
func.func @inner_loop(%ends: memref<4xi32>, %x: memref<9xf32>, %w: memref<9x16xf32>, %y: memref<4x16xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      outs(%y : memref<4x16xf32>) {
  ^bb0(%o: f32):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %end = memref.load %ends[%i] : memref<4xi32>
    %last = arith.index_cast %end : i32 to index
    %sum = scf.for %k = %c0 to %last step %c1 iter_args(%acc = %zero) -> (f32) {
      %a = memref.load %x[%k] : memref<9xf32>
      %b = memref.load %w[%k, %j] : memref<9x16xf32>
      %p = arith.mulf %a, %b : f32
      %s = arith.addf %acc, %p : f32
      scf.yield %s : f32
    }
    linalg.yield %sum : f32
  }
  return
}

// One that lanes repeat differently often stays scalar.
// CHECK-LABEL: @lanes_differ
// CHECK-NOT: vector
func.func @lanes_differ(%x: memref<16xf32>, %y: memref<16xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} outs(%y : memref<16xf32>) {
  ^bb0(%o: f32):
    %i = linalg.index 0 : index
    %sum = scf.for %k = %c0 to %i step %c1 iter_args(%acc = %zero) -> (f32) {
      %a = memref.load %x[%k] : memref<16xf32>
      %s = arith.addf %acc, %a : f32
      scf.yield %s : f32
    }
    linalg.yield %sum : f32
  }
  return
}
