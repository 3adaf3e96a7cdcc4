// Hard gates become scatters of selected channels; soft ones only when asked for; none where nothing could be
// skipped.
// RUN: %winnow-opt %s --winnow-structure-gates --split-input-file | FileCheck %s
// RUN: %winnow-opt %s --winnow-structure-gates --split-input-file --remarks-filter=structure -o /dev/null 2>&1 \
// RUN:   | FileCheck %s --check-prefix=REMARK

#id = affine_map<(d0, d1) -> (d0, d1)>

// A gate that is something else than 1 where it is open is gathered and multiplied.
// REMARK: the gate selects channels: exactly those that its mask sets
// CHECK-LABEL: @mask_times_soft
// CHECK: %[[GATE:.*]] = linalg.generic
// CHECK: %[[S:.*]] = winnow.selection.from_mask %{{.*}} : tensor<?x16xi1> -> !winnow.selection<?x16, 16>
// CHECK: %[[X:.*]] = winnow.gather %{{.*}}, %[[S]]
// CHECK: %[[G:.*]] = winnow.gather %[[GATE]], %[[S]]
// CHECK: %[[P:.*]] = linalg.generic {{.*}} ins(%[[X]], %[[G]] : tensor<?x16x8x8xf32>, tensor<?x16xf32>)
// CHECK: arith.mulf
// CHECK: winnow.scatter %[[P]], %[[S]]
func.func @mask_times_soft(%x: tensor<?x16x8x8xf32>, %m: tensor<?x16xi1>, %soft: tensor<?x16xf32>,
    %out: tensor<?x16xf32>, %w: tensor<8x16x1x1xf32>, %init: tensor<?x8x8x8xf32>) -> tensor<?x8x8x8xf32> {
  %zero = arith.constant 0.0 : f32
  %gate = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%soft, %m : tensor<?x16xf32>, tensor<?x16xi1>) outs(%out : tensor<?x16xf32>) {
  ^bb0(%in: f32, %set: i1, %acc: f32):
    %f = arith.select %set, %in, %zero : f32
    linalg.yield %f : f32
  } -> tensor<?x16xf32>
  %y = winnow.channel_gate %x, %gate : tensor<?x16x8x8xf32>, tensor<?x16xf32>
  %z = linalg.fill ins(%zero : f32) outs(%init : tensor<?x8x8x8xf32>) -> tensor<?x8x8x8xf32>
  %conv = linalg.conv_2d_nchw_fchw ins(%y, %w : tensor<?x16x8x8xf32>, tensor<8x16x1x1xf32>)
      outs(%z : tensor<?x8x8x8xf32>) -> tensor<?x8x8x8xf32>
  return %conv : tensor<?x8x8x8xf32>
}

// -----

// REMARK: the gate stays dense: it is soft
// CHECK-LABEL: @soft
// CHECK-NOT: winnow
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<?x16xf32>, tensor<?x16xf32>)
// CHECK: arith.mulf
// CHECK: linalg.matmul
func.func @soft(%x: tensor<?x16xf32>, %gate: tensor<?x16xf32>, %w: tensor<16x4xf32>, %init: tensor<?x4xf32>)
    -> tensor<?x4xf32> {
  %zero = arith.constant 0.0 : f32
  %y = winnow.channel_gate %x, %gate : tensor<?x16xf32>, tensor<?x16xf32>
  %z = linalg.fill ins(%zero : f32) outs(%init : tensor<?x4xf32>) -> tensor<?x4xf32>
  %0 = linalg.matmul ins(%y, %w : tensor<?x16xf32>, tensor<16x4xf32>) outs(%z : tensor<?x4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>

// REMARK: the gate stays dense: neither what makes the gated channels nor what uses them could skip any
// CHECK-LABEL: @nothing_to_skip
// CHECK-NOT: winnow
func.func @nothing_to_skip(%x: tensor<?x16x8x8xf32>, %m: tensor<?x16xi1>, %out: tensor<?x16xf32>)
    -> tensor<?x16x8x8xf32> {
  %gate = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%m : tensor<?x16xi1>) outs(%out : tensor<?x16xf32>) {
  ^bb0(%set: i1, %acc: f32):
    %f = arith.uitofp %set : i1 to f32
    linalg.yield %f : f32
  } -> tensor<?x16xf32>
  %y = winnow.channel_gate %x, %gate : tensor<?x16x8x8xf32>, tensor<?x16xf32>
  return %y : tensor<?x16x8x8xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>

// REMARK: the gate stays dense: it keeps more than dense-share of the channels
// CHECK-LABEL: @keeps_most
// CHECK-NOT: winnow.gather
func.func @keeps_most(%x: tensor<?x16xf32>, %scores: tensor<?x16xf32>, %out: tensor<?x16xf32>, %w: tensor<16x4xf32>,
                      %init: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %zero = arith.constant 0.0 : f32
  %s = winnow.select.topk %scores, k = 15 : tensor<?x16xf32> -> !winnow.selection<?x16, 15>
  %m = winnow.selection.to_mask %s : !winnow.selection<?x16, 15> -> tensor<?x16xi1>
  %gate = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%m : tensor<?x16xi1>) outs(%out : tensor<?x16xf32>) {
  ^bb0(%set: i1, %acc: f32):
    %f = arith.uitofp %set : i1 to f32
    linalg.yield %f : f32
  } -> tensor<?x16xf32>
  %y = winnow.channel_gate %x, %gate : tensor<?x16xf32>, tensor<?x16xf32>
  %z = linalg.fill ins(%zero : f32) outs(%init : tensor<?x4xf32>) -> tensor<?x4xf32>
  %0 = linalg.matmul ins(%y, %w : tensor<?x16xf32>, tensor<16x4xf32>) outs(%z : tensor<?x4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}
