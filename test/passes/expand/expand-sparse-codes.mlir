// A round of the pursuit is a product with scores, their maximum and its first place, and a step of the least squares
// solution; there are as many rounds as atoms, or as a small dictionary has rows or columns. Decoding reads atoms by index.
// RUN: %winnow-opt %s --winnow-expand-sparse-codes --canonicalize | FileCheck %s
// RUN: %winnow-opt %s --winnow-dispatch | FileCheck %s --check-prefix=KERNELS

// CHECK-LABEL: @decode
// CHECK: %[[SUM:.*]] = linalg.generic {{.*}} ins(%arg0, %arg1 : tensor<?x8xi32>, tensor<?x8xf16>) outs(%{{.*}} : tensor<?x64xf32>)
// CHECK: %[[IS_ATOM:.*]] = arith.cmpi ult
// CHECK: scf.if %[[IS_ATOM]]
// CHECK: tensor.extract %arg2
// CHECK: arith.select
// CHECK: %[[ROUNDED:.*]] = linalg.generic {{.*}} ins(%[[SUM]] : tensor<?x64xf32>) outs(%{{.*}} : tensor<?x64xf16>)
// CHECK: return %[[ROUNDED]]
func.func @decode(%i: tensor<?x8xi32>, %c: tensor<?x8xf16>, %d: tensor<256x64xf16>) -> tensor<?x64xf16> {
  %y = winnow.sparse_decode %i, %c, %d : tensor<?x8xi32>, tensor<?x8xf16>, tensor<256x64xf16> -> tensor<?x64xf16>
  return %y : tensor<?x64xf16>
}

// CHECK-LABEL: @encode_one
// CHECK-DAG: %[[NORMS:.*]] = linalg.generic {{.*}} ins(%arg1 : tensor<?x64xf32>) outs(%{{.*}} : tensor<?xf32>)
// CHECK-DAG: %[[PRODUCTS:.*]] = linalg.generic {{.*}} ins(%arg0, %arg1 : tensor<?x64xf32>, tensor<?x64xf32>) outs(%{{.*}} : tensor<?x?xf32>)
// CHECK: %[[SCORES:.*]] = linalg.generic {{.*}} ins(%[[PRODUCTS]], %[[NORMS]] :
// CHECK: arith.divf
// CHECK: %[[BEST:.*]] = linalg.generic {{.*}} ins(%[[SCORES]] :
// CHECK: arith.maxnumf
// CHECK: %[[FIRST:.*]] = linalg.generic {{.*}} ins(%[[SCORES]], %[[BEST]] :
// CHECK: arith.minsi
// CHECK: math.sqrt
// CHECK-NOT: arith.maxnumf
// CHECK: return
func.func @encode_one(%x: tensor<?x64xf32>, %d: tensor<?x64xf32>) -> (tensor<?x1xi32>, tensor<?x1xf32>) {
  %i, %c = winnow.sparse_encode %x, %d, atoms 1
      : tensor<?x64xf32>, tensor<?x64xf32> -> tensor<?x1xi32>, tensor<?x1xf32>
  return %i, %c : tensor<?x1xi32>, tensor<?x1xf32>
}

// Rounds after the first share their kernels.
// KERNELS-LABEL: plan.func @encode_small
// KERNELS: plan.dispatch @kernels::@[[SCORE:encode_small_[0-9]+]] extents(%0, %c9)
// KERNELS: plan.dispatch @kernels::@[[SCORE]] extents(%0, %c9)
// KERNELS: plan.dispatch @kernels::@[[SCORE]] extents(%0, %c9)

// CHECK-LABEL: @encode_small
// CHECK-COUNT-3: arith.maxnumf
// CHECK-NOT: arith.maxnumf
// CHECK: return
func.func @encode_small(%x: tensor<?x3xf32>, %d: tensor<9x3xf32>) -> (tensor<?x8xi32>, tensor<?x8xf32>) {
  %i, %c = winnow.sparse_encode %x, %d, atoms 8
      : tensor<?x3xf32>, tensor<9x3xf32> -> tensor<?x8xi32>, tensor<?x8xf32>
  return %i, %c : tensor<?x8xi32>, tensor<?x8xf32>
}
