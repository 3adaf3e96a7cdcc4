// Comparisons with a constant and the importer's top-k become selections' masks; what only resembles them
// stays.
// RUN: %winnow-opt %s --winnow-raise-masks --split-input-file | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>

// CHECK-LABEL: @threshold
// CHECK-SAME: (%[[SCORES:.*]]: tensor<?x8xf32>
// CHECK: %[[GT:.*]] = winnow.select.threshold %[[SCORES]], gt 5.000000e-01 : tensor<?x8xf32> -> !winnow.selection<?x8, 8>
// CHECK: %[[MASK:.*]] = winnow.selection.to_mask %[[GT]]
// CHECK: winnow.select.threshold %[[SCORES]], ge 0.000000e+00
// CHECK: return %[[MASK]]
func.func @threshold(%scores: tensor<?x8xf32>, %out: tensor<?x8xi1>) -> (tensor<?x8xi1>, tensor<?x8xi1>) {
  %half = arith.constant 0.5 : f32
  %zero = arith.constant 0.0 : f32
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%scores : tensor<?x8xf32>) outs(%out : tensor<?x8xi1>) {
  ^bb0(%in: f32, %acc: i1):
    %c = arith.cmpf olt, %half, %in : f32
    linalg.yield %c : i1
  } -> tensor<?x8xi1>
  %1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%scores : tensor<?x8xf32>) outs(%out : tensor<?x8xi1>) {
  ^bb0(%in: f32, %acc: i1):
    %c = arith.cmpf oge, %in, %zero : f32
    linalg.yield %c : i1
  } -> tensor<?x8xi1>
  return %0, %1 : tensor<?x8xi1>, tensor<?x8xi1>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>

// The lowest scores, a threshold that NaN passes, and one that is not a constant.
// CHECK-LABEL: @must_not_raise
// CHECK-NOT: winnow
func.func @must_not_raise(%scores: tensor<?x8xf32>, %t: f32, %out: tensor<?x8xi1>)
    -> (tensor<?x8xi1>, tensor<?x8xi1>, tensor<?x8xi1>) {
  %half = arith.constant 0.5 : f32
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%scores : tensor<?x8xf32>) outs(%out : tensor<?x8xi1>) {
  ^bb0(%in: f32, %acc: i1):
    %c = arith.cmpf olt, %in, %half : f32
    linalg.yield %c : i1
  } -> tensor<?x8xi1>
  %1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%scores : tensor<?x8xf32>) outs(%out : tensor<?x8xi1>) {
  ^bb0(%in: f32, %acc: i1):
    %c = arith.cmpf ugt, %in, %half : f32
    linalg.yield %c : i1
  } -> tensor<?x8xi1>
  %2 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%scores : tensor<?x8xf32>) outs(%out : tensor<?x8xi1>) {
  ^bb0(%in: f32, %acc: i1):
    %c = arith.cmpf ogt, %in, %t : f32
    linalg.yield %c : i1
  } -> tensor<?x8xi1>
  return %0, %1, %2 : tensor<?x8xi1>, tensor<?x8xi1>, tensor<?x8xi1>
}
