// Packed weights become their parts. A product with 2:4 weights reduces over half of the rows; one with blocks or
// entries loops over those of its column, which for entries are found by bisection.
// RUN: %winnow-opt %s --pass-pipeline="builtin.module(func.func(winnow-expand-packed-weights))" | FileCheck %s

// CHECK-LABEL: func.func @groups
// CHECK-SAME: (%[[X:.*]]: tensor<?x64xf16>, %[[V:.*]]: tensor<32x48xf16>, %[[I:.*]]: tensor<2x48xi32>)
// CHECK-NOT: winnow
// CHECK: %[[SUM:.*]] = linalg.generic {{.*}}iterator_types = ["parallel", "parallel", "reduction"]{{.*}} ins(%[[V]] : tensor<32x48xf16>) outs(%{{.*}} : tensor<?x48xf32>)
// CHECK: tensor.extract %[[I]]
// CHECK: arith.shrui
// CHECK: tensor.extract %[[X]]
// CHECK: linalg.generic {{.*}} ins(%[[SUM]] : tensor<?x48xf32>) outs(%{{.*}} : tensor<?x48xf16>)
// CHECK: arith.truncf
func.func @groups(%x: tensor<?x64xf16>, %v: tensor<32x48xf16>, %i: tensor<2x48xi32>) -> tensor<?x48xf16> {
  %w = winnow.packed.assemble %v, %i
      : tensor<32x48xf16>, tensor<2x48xi32> -> !winnow.packed<64x48xf16, #winnow.nm<2:4>>
  %y = winnow.packed.matmul %x, %w
      : tensor<?x64xf16>, !winnow.packed<64x48xf16, #winnow.nm<2:4>> -> tensor<?x48xf16>
  return %y : tensor<?x48xf16>
}

// CHECK-LABEL: func.func @blocks
// CHECK-SAME: (%[[X:.*]]: tensor<?x64xi8>, %[[V:.*]]: tensor<3x16x16xi8>, %[[R:.*]]: tensor<3xi32>, %[[O:.*]]: tensor<3xi32>)
// CHECK-NOT: winnow
// CHECK: %[[Y:.*]] = linalg.generic {{.*}}iterator_types = ["parallel", "parallel", "parallel"]{{.*}} outs(%{{.*}} : tensor<?x2x16xi32>)
// CHECK: tensor.extract %[[O]]
// CHECK: tensor.extract %[[O]]
// CHECK: scf.for
// CHECK: tensor.extract %[[R]]
// CHECK: scf.for
// CHECK: tensor.extract %[[X]]
// CHECK: tensor.extract %[[V]]
// CHECK: tensor.collapse_shape %[[Y]] {{\[}}[0], [1, 2]] : tensor<?x2x16xi32> into tensor<?x32xi32>
func.func @blocks(%x: tensor<?x64xi8>, %v: tensor<3x16x16xi8>, %r: tensor<3xi32>, %o: tensor<3xi32>) -> tensor<?x32xi32> {
  %w = winnow.packed.assemble %v, %r, %o
      : tensor<3x16x16xi8>, tensor<3xi32>, tensor<3xi32> -> !winnow.packed<64x32xi8, #winnow.blocks<16x16, 3>>
  %y = winnow.packed.matmul %x, %w
      : tensor<?x64xi8>, !winnow.packed<64x32xi8, #winnow.blocks<16x16, 3>> -> tensor<?x32xi32>
  return %y : tensor<?x32xi32>
}

// CHECK-LABEL: func.func @entries
// CHECK-NOT: winnow
// CHECK: %[[STEPS:.*]] = arith.constant 7 : index
// CHECK: scf.for %{{.*}} = %{{.*}} to %[[STEPS]]
func.func @entries(%x: tensor<?x64xf32>, %v: tensor<40xf32>, %r: tensor<40xi32>, %c: tensor<40xi32>) -> tensor<?x32xf32> {
  %w = winnow.packed.assemble %v, %r, %c
      : tensor<40xf32>, tensor<40xi32>, tensor<40xi32> -> !winnow.packed<64x32xf32, #winnow.coo<40>>
  %y = winnow.packed.matmul %x, %w : tensor<?x64xf32>, !winnow.packed<64x32xf32, #winnow.coo<40>> -> tensor<?x32xf32>
  return %y : tensor<?x32xf32>
}

// Compression at run time lists the stored blocks of each column as a selection does.
// CHECK-LABEL: func.func @compress
// CHECK: winnow.selection.enumerate %{{.*}} : tensor<2x4xi1> -> tensor<2x4xi32>, tensor<2xi32>
// CHECK-NOT: winnow
func.func @compress(%d: tensor<64x32xf32>) -> tensor<64x32xf32> {
  %w = winnow.compress %d : tensor<64x32xf32> -> !winnow.packed<64x32xf32, #winnow.blocks<16x16, 3>>
  %e = winnow.expand %w : !winnow.packed<64x32xf32, #winnow.blocks<16x16, 3>> -> tensor<64x32xf32>
  return %e : tensor<64x32xf32>
}
