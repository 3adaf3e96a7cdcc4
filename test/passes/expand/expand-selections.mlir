// Selections become parts: a threshold and a top-k enumerate a mask, a gather and a scatter read by index.
// RUN: %winnow-opt %s --pass-pipeline="builtin.module(func.func(winnow-expand-selections))" | FileCheck %s

// CHECK-LABEL: func.func @threshold
// CHECK: %[[MASK:.*]] = linalg.generic
// CHECK: arith.cmpf ogt
// CHECK: -> tensor<?x64xi1>
// CHECK: %[[I:.*]], %[[C:.*]] = winnow.selection.enumerate %[[MASK]] : tensor<?x64xi1> -> tensor<?x64xi32>, tensor<?xi32>
// CHECK: return %[[I]], %[[C]]
func.func @threshold(%x: tensor<?x64xf32>) -> (tensor<?x64xi32>, tensor<?xi32>) {
  %s = winnow.select.threshold %x, gt 0.0 : tensor<?x64xf32> -> !winnow.selection<?x64, 64>
  %i = winnow.selection.indices %s : !winnow.selection<?x64, 64> -> tensor<?x64xi32>
  %c = winnow.selection.counts %s : !winnow.selection<?x64, 64> -> tensor<?xi32>
  return %i, %c : tensor<?x64xi32>, tensor<?xi32>
}

// CHECK-LABEL: func.func @topk
// CHECK: iterator_types = ["parallel", "parallel", "reduction"]
// CHECK: winnow.selection.enumerate %{{.*}} : tensor<?x64xi1> -> tensor<?x16xi32>, tensor<?xi32>
// CHECK: linalg.generic
// CHECK: tensor.extract
// CHECK: -> tensor<?x16x8xf32>
// CHECK-NOT: winnow.gather
func.func @topk(%x: tensor<?x64xf32>, %t: tensor<?x64x8xf32>) -> tensor<?x16x8xf32> {
  %s = winnow.select.topk %x, k = 16 : tensor<?x64xf32> -> !winnow.selection<?x64, 16>
  %g = winnow.gather %t, %s : tensor<?x64x8xf32>, !winnow.selection<?x64, 16> -> tensor<?x16x8xf32>
  return %g : tensor<?x16x8xf32>
}

// CHECK-LABEL: func.func @scatter
// CHECK-NOT: winnow.scatter
// CHECK: -> tensor<?x64xf32>
func.func @scatter(%m: tensor<?x64xi1>, %t: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %s = winnow.selection.from_mask %m : tensor<?x64xi1> -> !winnow.selection<?x64, 64>
  %y = winnow.scatter %t, %s : tensor<?x64xf32>, !winnow.selection<?x64, 64> -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}

// A mask that a selection was enumerated from needs no search for it.
// CHECK-LABEL: func.func @back
// CHECK-SAME: (%[[M:.*]]: tensor
// CHECK: return %[[M]]
func.func @back(%m: tensor<?x64xi1>) -> tensor<?x64xi1> {
  %s = winnow.selection.from_mask %m : tensor<?x64xi1> -> !winnow.selection<?x64, 64>
  %r = winnow.selection.to_mask %s : !winnow.selection<?x64, 64> -> tensor<?x64xi1>
  return %r : tensor<?x64xi1>
}

// A product stays, on a selection that is assembled from the parts.
// CHECK-LABEL: func.func @product
// CHECK: %[[S:.*]] = winnow.selection.assemble
// CHECK: winnow.matmul %{{.*}}, %{{.*}} outputs(%[[S]]
func.func @product(%m: tensor<?x64xi1>, %x: tensor<?x8xf32>, %w: tensor<8x64xf32>) -> tensor<?x64xf32> {
  %s = winnow.selection.from_mask %m : tensor<?x64xi1> -> !winnow.selection<?x64, 64>
  %y = winnow.matmul %x, %w outputs(%s : !winnow.selection<?x64, 64>) : tensor<?x8xf32>, tensor<8x64xf32> -> tensor<?x64xf32>
  return %y : tensor<?x64xf32>
}
