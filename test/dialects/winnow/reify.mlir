// The extents of results are computed from operands, wherever a selection comes from.
// RUN: %winnow-opt %s --resolve-ranked-shaped-type-result-dims --canonicalize --cse | FileCheck %s

// CHECK-LABEL: @conv2d
// CHECK-SAME: (%[[X:.*]]: tensor<?x16x?x8xf32>
// CHECK-DAG: %[[B:.*]] = tensor.dim %[[X]], %c0
// CHECK-DAG: %[[H:.*]] = tensor.dim %[[X]], %c2
// CHECK-DAG: %[[OH:.*]] = affine.apply #[[MAP:.*]]()[%[[H]]]
// CHECK: return %[[B]], %[[OH]]
func.func @conv2d(%x: tensor<?x16x?x8xf32>, %w: tensor<32x64x3x3xf32>, %s: !winnow.selection<?x64, 16>)
    -> (index, index) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %0 = winnow.conv2d %x, %w inputs(%s : !winnow.selection<?x64, 16>) {strides = array<i64: 2, 1>, padding = array<i64: 1, 1, 1, 1>}
      : tensor<?x16x?x8xf32>, tensor<32x64x3x3xf32> -> tensor<?x32x?x8xf32>
  %b = tensor.dim %0, %c0 : tensor<?x32x?x8xf32>
  %h = tensor.dim %0, %c2 : tensor<?x32x?x8xf32>
  return %b, %h : index, index
}

// CHECK-LABEL: @gather_of_threshold
// CHECK-SAME: (%[[X:.*]]: tensor<?x?x8xf32>, %[[SCORES:.*]]: tensor<?x?xf32>)
// CHECK-DAG: %[[R:.*]] = tensor.dim %[[X]], %c0
// CHECK-DAG: %[[K:.*]] = tensor.dim %[[SCORES]], %c1
// CHECK: return %[[R]], %[[K]], %[[K]]
func.func @gather_of_threshold(%x: tensor<?x?x8xf32>, %scores: tensor<?x?xf32>) -> (index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = winnow.select.threshold %scores, gt 0.0 : tensor<?x?xf32> -> !winnow.selection<?x?, ?>
  %0 = winnow.gather %x, %s : tensor<?x?x8xf32>, !winnow.selection<?x?, ?> -> tensor<?x?x8xf32>
  %m = winnow.selection.to_mask %s : !winnow.selection<?x?, ?> -> tensor<?x?xi1>
  %r = tensor.dim %0, %c0 : tensor<?x?x8xf32>
  %k = tensor.dim %0, %c1 : tensor<?x?x8xf32>
  %n = tensor.dim %m, %c1 : tensor<?x?xi1>
  return %r, %k, %n : index, index, index
}

// CHECK-LABEL: @scatter_of_parts
// CHECK-SAME: (%[[X:.*]]: tensor<?x?xf32>, %[[I:.*]]: tensor<?x?xi32>, %[[C:.*]]: tensor<?xi32>, %[[N:.*]]: index)
// CHECK-DAG: %[[R:.*]] = tensor.dim %[[C]], %c0
// CHECK: return %[[N]], %[[R]]
func.func @scatter_of_parts(%x: tensor<?x?xf32>, %i: tensor<?x?xi32>, %c: tensor<?xi32>, %n: index) -> (index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %s = winnow.selection.assemble %i, %c universe(%n) : tensor<?x?xi32>, tensor<?xi32> -> !winnow.selection<?x?, ?>
  %0 = winnow.scatter %x, %s : tensor<?x?xf32>, !winnow.selection<?x?, ?> -> tensor<?x?xf32>
  %p = winnow.selection.positions %s : !winnow.selection<?x?, ?> -> tensor<?x?xi32>
  %d = tensor.dim %0, %c1 : tensor<?x?xf32>
  %r = tensor.dim %p, %c0 : tensor<?x?xi32>
  return %d, %r : index, index
}

// Of a selection from elsewhere, the parts tell.
// CHECK-LABEL: @argument
// CHECK: %[[INDICES:.*]] = winnow.selection.indices
// CHECK: %[[K:.*]] = tensor.dim %[[INDICES]], %c1
// CHECK: return %[[K]], %{{.*}}
func.func @argument(%x: tensor<?x64xf32>, %s: !winnow.selection<?x64, ?>) -> (index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %0 = winnow.gather %x, %s : tensor<?x64xf32>, !winnow.selection<?x64, ?> -> tensor<?x?xf32>
  %v, %q = winnow.quantize %0 active(%s : !winnow.selection<?x64, ?>) : tensor<?x?xf32> -> tensor<?x?xi8>, tensor<?xf32>
  %k = tensor.dim %v, %c1 : tensor<?x?xi8>
  %r = tensor.dim %q, %c0 : tensor<?xf32>
  return %k, %r : index, index
}

// Attention has the queries' extents, and the values' columns.
// CHECK-LABEL: @attention
// CHECK: %[[QUERIES:.*]] = tensor.dim %arg0, %c2
// CHECK: %[[COLUMNS:.*]] = tensor.dim %arg2, %c3
// CHECK: return %[[QUERIES]], %[[COLUMNS]]
func.func @attention(%q: tensor<1x4x?x16xf32>, %k: tensor<1x2x?x16xf32>, %v: tensor<1x2x?x?xf32>) -> (index, index) {
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %0 = winnow.attention %q, %k, %v, scale 0.25
      : tensor<1x4x?x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x?xf32> -> tensor<1x4x?x?xf32>
  %r = tensor.dim %0, %c2 : tensor<1x4x?x?xf32>
  %c = tensor.dim %0, %c3 : tensor<1x4x?x?xf32>
  return %r, %c : index, index
}

// Every form tells its extents, through conversions, unions and blocks.
// CHECK-LABEL: @forms
// CHECK-SAME: (%[[O:.*]]: tensor<?xi32>, %[[M:.*]]: tensor<?xi32>, %[[R:.*]]: index, %[[K:.*]]: index, %[[Q:.*]]: tensor<?x?x8xf32>, %[[KEYS:.*]]: tensor<?x?x8xf32>)
// CHECK-DAG: %[[PLACES:.*]] = tensor.dim %[[O]], %c0
// CHECK: %[[W:.*]] = affine.apply {{.*}}()[%[[PLACES]]]
// CHECK: %[[N:.*]] = affine.apply {{.*}}()[%[[PLACES]]]
// CHECK-DAG: %[[KB:.*]] = tensor.dim %[[KEYS]], %c1
// CHECK-DAG: %[[ROWS:.*]] = affine.apply {{.*}}()[%{{.*}}, %{{.*}}]
// CHECK: return %[[R]], %[[W]], %[[N]], %[[ROWS]], %[[KB]]
func.func @forms(%o: tensor<?xi32>, %m: tensor<?xi32>, %r: index, %k: index, %q: tensor<?x?x8xf32>,
                 %keys: tensor<?x?x8xf32>) -> (index, index, index, index, index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c = winnow.selection.assemble_columns %o, %m rows(%r) capacity(%k)
      : tensor<?xi32>, tensor<?xi32> -> !winnow.selection<?x?, ?, columns>
  %b = winnow.selection.convert %c : !winnow.selection<?x?, ?, columns> -> !winnow.selection<?x?, ?, bitmap>
  %w = winnow.selection.words %b : !winnow.selection<?x?, ?, bitmap> -> tensor<?x?xi32>
  %u = winnow.selection.union %b : !winnow.selection<?x?, ?, bitmap> -> !winnow.selection<1x?, ?>
  %i = winnow.selection.indices %u : !winnow.selection<1x?, ?> -> tensor<1x?xi32>
  %s = winnow.select.blocks %q, %keys, k = 4 : tensor<?x?x8xf32>, tensor<?x?x8xf32> -> !winnow.selection<?x?, 4>
  %mask = winnow.selection.to_mask %s : !winnow.selection<?x?, 4> -> tensor<?x?xi1>
  %0 = tensor.dim %w, %c0 : tensor<?x?xi32>
  %1 = tensor.dim %w, %c1 : tensor<?x?xi32>
  %2 = tensor.dim %i, %c1 : tensor<1x?xi32>
  %3 = tensor.dim %mask, %c0 : tensor<?x?xi1>
  %4 = tensor.dim %mask, %c1 : tensor<?x?xi1>
  return %0, %1, %2, %3, %4 : index, index, index, index, index
}
