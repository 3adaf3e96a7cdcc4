// Products of channels with their gates become winnow.channel_gate.
// RUN: %winnow-opt %s --winnow-raise-channel-gates --split-input-file | FileCheck %s
// RUN: %winnow-opt %s --winnow-raise-channel-gates --split-input-file --remarks-filter=raise -o /dev/null 2>&1 \
// RUN:   | FileCheck %s --check-prefix=REMARK

#all = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#channel = affine_map<(d0, d1, d2, d3) -> (d0, d1)>
#id = affine_map<(d0, d1) -> (d0, d1)>

// REMARK: recognized a soft gate of 16 channels
// CHECK-LABEL: @soft
// CHECK: %[[Y:.*]] = winnow.channel_gate %{{.*}}, %{{.*}} : tensor<?x16x8x8xf32>, tensor<?x16xf32>
// CHECK: return %[[Y]]
func.func @soft(%x: tensor<?x16x8x8xf32>, %gate: tensor<?x16xf32>, %out: tensor<?x16x8x8xf32>)
    -> tensor<?x16x8x8xf32> {
  %0 = linalg.generic {indexing_maps = [#channel, #all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%gate, %x : tensor<?x16xf32>, tensor<?x16x8x8xf32>) outs(%out : tensor<?x16x8x8xf32>) {
  ^bb0(%g: f32, %in: f32, %acc: f32):
    %p = arith.mulf %in, %g : f32
    linalg.yield %p : f32
  } -> tensor<?x16x8x8xf32>
  return %0 : tensor<?x16x8x8xf32>
}

// -----

#all = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#channel = affine_map<(d0, d1, d2, d3) -> (d0, d1)>

// REMARK: recognized a hard gate of 16 channels
// CHECK-LABEL: @choice
// CHECK: %[[GATE:.*]] = linalg.generic {{.*}} ins(%{{.*}} : tensor<?x16xi1>) outs(%{{.*}} : tensor<?x16xf32>)
// CHECK: winnow.channel_gate %{{.*}}, %[[GATE]]
func.func @choice(%x: tensor<?x16x8x8xf32>, %mask: tensor<?x16xi1>, %out: tensor<?x16x8x8xf32>)
    -> tensor<?x16x8x8xf32> {
  %zero = arith.constant 0.0 : f32
  %0 = linalg.generic {indexing_maps = [#channel, #all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%mask, %x : tensor<?x16xi1>, tensor<?x16x8x8xf32>) outs(%out : tensor<?x16x8x8xf32>) {
  ^bb0(%m: i1, %in: f32, %acc: f32):
    %p = arith.select %m, %in, %zero : f32
    linalg.yield %p : f32
  } -> tensor<?x16x8x8xf32>
  return %0 : tensor<?x16x8x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>

// Of two matrices, the mask is the gate; without one there is none.
// CHECK-LABEL: @matrices
// CHECK: %[[MASK:.*]] = linalg.generic {{.*}} ins(%{{.*}} : tensor<?x16xi1>)
// CHECK: winnow.channel_gate %{{.*}}, %[[MASK]] : tensor<?x16xf32>, tensor<?x16xf32>
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<?x16xf32>, tensor<?x16xf32>)
func.func @matrices(%x: tensor<?x16xf32>, %z: tensor<?x16xf32>, %m: tensor<?x16xi1>, %out: tensor<?x16xf32>)
    -> tensor<?x16xf32> {
  %mask = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%m : tensor<?x16xi1>) outs(%out : tensor<?x16xf32>) {
  ^bb0(%in: i1, %acc: f32):
    %f = arith.uitofp %in : i1 to f32
    linalg.yield %f : f32
  } -> tensor<?x16xf32>
  %0 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%mask, %x : tensor<?x16xf32>, tensor<?x16xf32>) outs(%out : tensor<?x16xf32>) {
  ^bb0(%g: f32, %in: f32, %acc: f32):
    %p = arith.mulf %in, %g : f32
    linalg.yield %p : f32
  } -> tensor<?x16xf32>
  %1 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%0, %z : tensor<?x16xf32>, tensor<?x16xf32>) outs(%out : tensor<?x16xf32>) {
  ^bb0(%g: f32, %in: f32, %acc: f32):
    %p = arith.mulf %in, %g : f32
    linalg.yield %p : f32
  } -> tensor<?x16xf32>
  return %1 : tensor<?x16xf32>
}

// -----

#all = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#space = affine_map<(d0, d1, d2, d3) -> (d0, d2)>

// A factor for each row of pixels is no channel gate.
// CHECK-LABEL: @must_not_raise
// CHECK-NOT: winnow
func.func @must_not_raise(%x: tensor<?x16x8x8xf32>, %f: tensor<?x8xf32>, %out: tensor<?x16x8x8xf32>)
    -> tensor<?x16x8x8xf32> {
  %0 = linalg.generic {indexing_maps = [#all, #space, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x, %f : tensor<?x16x8x8xf32>, tensor<?x8xf32>) outs(%out : tensor<?x16x8x8xf32>) {
  ^bb0(%in: f32, %g: f32, %acc: f32):
    %p = arith.mulf %in, %g : f32
    linalg.yield %p : f32
  } -> tensor<?x16x8x8xf32>
  return %0 : tensor<?x16x8x8xf32>
}
