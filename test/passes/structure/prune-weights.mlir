// Constant weights are pruned by magnitude and packed where that was asked for.
// RUN: %winnow-opt %s --winnow-prune-weights=prune=2:4 --canonicalize | FileCheck %s --check-prefix=GROUPS
// RUN: %winnow-opt %s --winnow-prune-weights=prune=blocks:4x1:0.5 --canonicalize | FileCheck %s --check-prefix=BLOCKS
// RUN: %winnow-opt %s --winnow-prune-weights=prune=coo:0.25 --canonicalize | FileCheck %s --check-prefix=ENTRIES
// RUN: %winnow-opt %s --winnow-prune-weights | FileCheck %s --check-prefix=NONE
// NONE-NOT: winnow

// A bias is added to the product; a batch of any size.
// GROUPS-LABEL: @layer
// GROUPS-SAME: (%[[X:.*]]: tensor<?x8xf32>, %[[INIT:.*]]: tensor<?x2xf32>
// GROUPS-DAG: %[[VALUES:.*]] = arith.constant dense<{{\[}}[4.000000e+00, 8.000000e+00], [3.000000e+00, 7.000000e+00], [1.000000e+00, 0.000000e+00], [0.000000e+00, 0.000000e+00]]> : tensor<4x2xf32>
// GROUPS-DAG: %[[WORDS:.*]] = arith.constant dense<78> : tensor<1x2xi32>
// GROUPS: %[[P:.*]] = winnow.packed.assemble %[[VALUES]], %[[WORDS]]
// GROUPS: %[[Y:.*]] = winnow.packed.matmul %[[X]], %[[P]] : tensor<?x8xf32>, !winnow.packed<8x2xf32, #winnow.nm<2:4>> -> tensor<?x2xf32>
// GROUPS: linalg.add ins(%[[Y]], %[[INIT]]

// Of four blocks those of the largest norms, which both stand on top.
// BLOCKS-LABEL: @layer
// BLOCKS-DAG: dense<{{\[}}{{\[}}[0.000000e+00], [2.000000e+00], [4.000000e+00], [3.000000e+00]], {{\[}}[0.000000e+00], [6.000000e+00], [8.000000e+00], [7.000000e+00]]]> : tensor<2x4x1xf32>
// BLOCKS-DAG: arith.constant dense<[0, 1, 2]> : tensor<3xi32>
// BLOCKS: winnow.packed.matmul %{{.*}} : tensor<?x8xf32>, !winnow.packed<8x2xf32, #winnow.blocks<4x1, 2>> -> tensor<?x2xf32>

// ENTRIES-LABEL: @layer
// ENTRIES-DAG: arith.constant dense<[4.000000e+00, 6.000000e+00, 8.000000e+00, 7.000000e+00]> : tensor<4xf32>
// ENTRIES-DAG: arith.constant dense<[2, 1, 2, 3]> : tensor<4xi32>
// ENTRIES-DAG: arith.constant dense<[0, 1, 1, 1]> : tensor<4xi32>
// ENTRIES: winnow.packed.matmul %{{.*}} : tensor<?x8xf32>, !winnow.packed<8x2xf32, #winnow.coo<4>> -> tensor<?x2xf32>
func.func @layer(%x: tensor<?x8xf32>, %init: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %w = arith.constant dense<[[0.0, 0.0], [2.0, 6.0], [4.0, 8.0], [3.0, 7.0], [1.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]>
      : tensor<8x2xf32>
  %0 = linalg.matmul ins(%x, %w : tensor<?x8xf32>, tensor<8x2xf32>) outs(%init : tensor<?x2xf32>) -> tensor<?x2xf32>
  return %0 : tensor<?x2xf32>
}

// Nothing is added to zeros, and products that share their weights share what is packed.
// GROUPS-LABEL: @shared
// GROUPS-NOT: linalg
// GROUPS-COUNT-2: winnow.packed.matmul {{.*}} : tensor<3x32xi8>, !winnow.packed<32x16xi8, #winnow.nm<2:4>> -> tensor<3x16xi32>
// GROUPS-NOT: linalg
func.func @shared(%x: tensor<3x32xi8>, %y: tensor<3x32xi8>) -> (tensor<3x16xi32>, tensor<3x16xi32>) {
  %w = arith.constant dense<5> : tensor<32x16xi8>
  %zero = arith.constant 0 : i32
  %e = tensor.empty() : tensor<3x16xi32>
  %i = linalg.fill ins(%zero : i32) outs(%e : tensor<3x16xi32>) -> tensor<3x16xi32>
  %0 = linalg.matmul ins(%x, %w : tensor<3x32xi8>, tensor<32x16xi8>) outs(%i : tensor<3x16xi32>) -> tensor<3x16xi32>
  %1 = linalg.matmul ins(%y, %w : tensor<3x32xi8>, tensor<32x16xi8>) outs(%i : tensor<3x16xi32>) -> tensor<3x16xi32>
  return %0, %1 : tensor<3x16xi32>, tensor<3x16xi32>
}
