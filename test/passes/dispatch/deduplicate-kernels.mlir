// Kernels that differ in their names alone become one; a constant or a type inside keeps them apart.
// RUN: %winnow-opt %s --winnow-deduplicate-kernels | FileCheck %s

#map = affine_map<(d0) -> (d0)>

// CHECK: func.func private @a
// CHECK-NOT: @b(
// CHECK: func.func private @doubled
func.func private @a(%x: tensor<?xf32>, %out: tensor<?xf32>) -> tensor<?xf32> attributes {winnow.kernel} {
  %0 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]}
      ins(%x : tensor<?xf32>) outs(%out : tensor<?xf32>) {
  ^bb0(%in: f32, %old: f32):
    %one = arith.constant 1.0 : f32
    %s = arith.addf %in, %one : f32
    linalg.yield %s : f32
  } -> tensor<?xf32>
  return %0 : tensor<?xf32>
}
func.func private @b(%x: tensor<?xf32>, %out: tensor<?xf32>) -> tensor<?xf32> attributes {winnow.kernel} {
  %0 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]}
      ins(%x : tensor<?xf32>) outs(%out : tensor<?xf32>) {
  ^bb0(%in: f32, %old: f32):
    %one = arith.constant 1.0 : f32
    %s = arith.addf %in, %one : f32
    linalg.yield %s : f32
  } -> tensor<?xf32>
  return %0 : tensor<?xf32>
}
func.func private @doubled(%x: tensor<?xf32>, %out: tensor<?xf32>) -> tensor<?xf32> attributes {winnow.kernel} {
  %0 = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]}
      ins(%x : tensor<?xf32>) outs(%out : tensor<?xf32>) {
  ^bb0(%in: f32, %old: f32):
    %two = arith.constant 2.0 : f32
    %s = arith.addf %in, %two : f32
    linalg.yield %s : f32
  } -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// CHECK-LABEL: func.func @main
// CHECK: %[[A:.*]] = call @a(
// CHECK: %[[B:.*]] = call @a(%[[A]],
// CHECK: call @doubled(%[[B]],
func.func @main(%x: tensor<?xf32>, %e: tensor<?xf32>) -> tensor<?xf32> {
  %a = call @a(%x, %e) : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %b = call @b(%a, %e) : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %c = call @doubled(%b, %e) : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %c : tensor<?xf32>
}
