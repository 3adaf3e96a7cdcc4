// Scatters move down through what gives zero for zero into what reads the channels, and stop elsewhere.
// RUN: %winnow-opt %s --winnow-push-selections --canonicalize --split-input-file | FileCheck %s
// RUN: %winnow-opt %s --winnow-push-selections --split-input-file --remarks-filter=structure -o /dev/null 2>&1 \
// RUN:   | FileCheck %s --check-prefix=REMARK

#all = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#channel = affine_map<(d0, d1, d2, d3) -> (d0, d1)>

// x * sigmoid(x) is zero for zero; the other factor is gathered, and from what makes it too.
// CHECK-LABEL: @silu_and_product
// CHECK-SAME: (%[[X:.*]]: tensor<?x4x8x8xf32>, %[[Z:.*]]: tensor<?x16x8x8xf32>
// CHECK: %[[G:.*]] = winnow.gather %[[Z]], %{{.*}}
// CHECK: %[[Y:.*]] = linalg.generic {{.*}} ins(%[[X]], %[[G]] : tensor<?x4x8x8xf32>, tensor<?x4x8x8xf32>)
// CHECK: winnow.scatter %[[Y]]
func.func @silu_and_product(%x: tensor<?x4x8x8xf32>, %z: tensor<?x16x8x8xf32>, %s: !winnow.selection<?x16, 4>)
    -> tensor<?x16x8x8xf32> {
  %one = arith.constant 1.0 : f32
  %0 = winnow.scatter %x, %s : tensor<?x4x8x8xf32>, !winnow.selection<?x16, 4> -> tensor<?x16x8x8xf32>
  %1 = linalg.generic {indexing_maps = [#all, #all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%0, %z : tensor<?x16x8x8xf32>, tensor<?x16x8x8xf32>) outs(%z : tensor<?x16x8x8xf32>) {
  ^bb0(%in: f32, %other: f32, %acc: f32):
    %n = arith.negf %in : f32
    %e = math.exp %n : f32
    %a = arith.addf %e, %one : f32
    %q = arith.divf %in, %a : f32
    %p = arith.mulf %q, %other : f32
    linalg.yield %p : f32
  } -> tensor<?x16x8x8xf32>
  return %1 : tensor<?x16x8x8xf32>
}

// -----

// A pool of maxima ignores its padding: windows without a selected channel are zero. A sum's padding is zeros.
// CHECK-LABEL: @pooling
// CHECK: %[[PAD:.*]] = tensor.pad %{{.*}} low[0, 0, 1, 1]
// CHECK: tensor<?x4x8x8xf32> to tensor<?x4x10x10xf32>
// CHECK: %[[MAX:.*]] = linalg.pooling_nchw_max{{.*}}ins(%[[PAD]], %{{.*}} : tensor<?x4x10x10xf32>, tensor<3x3xf32>)
// CHECK: %[[SUM:.*]] = linalg.pooling_nchw_sum{{.*}}ins(%[[MAX]], %{{.*}} : tensor<?x4x8x8xf32>, tensor<2x2xf32>)
// CHECK: winnow.conv2d %[[SUM]], %{{.*}} inputs(
func.func @pooling(%x: tensor<?x4x8x8xf32>, %s: !winnow.selection<?x16, 4>, %w: tensor<8x16x1x1xf32>,
    %max: tensor<?x16x8x8xf32>, %sum: tensor<?x16x7x7xf32>, %out: tensor<?x8x7x7xf32>) -> tensor<?x8x7x7xf32> {
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %0 = winnow.scatter %x, %s : tensor<?x4x8x8xf32>, !winnow.selection<?x16, 4> -> tensor<?x16x8x8xf32>
  %p = tensor.pad %0 low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%i: index, %j: index, %k: index, %l: index):
    tensor.yield %lowest : f32
  } : tensor<?x16x8x8xf32> to tensor<?x16x10x10xf32>
  %k3 = tensor.empty() : tensor<3x3xf32>
  %i1 = linalg.fill ins(%lowest : f32) outs(%max : tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32>
  %1 = linalg.pooling_nchw_max ins(%p, %k3 : tensor<?x16x10x10xf32>, tensor<3x3xf32>)
      outs(%i1 : tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32>
  %k2 = tensor.empty() : tensor<2x2xf32>
  %i2 = linalg.fill ins(%zero : f32) outs(%sum : tensor<?x16x7x7xf32>) -> tensor<?x16x7x7xf32>
  %2 = linalg.pooling_nchw_sum ins(%1, %k2 : tensor<?x16x8x8xf32>, tensor<2x2xf32>)
      outs(%i2 : tensor<?x16x7x7xf32>) -> tensor<?x16x7x7xf32>
  %i3 = linalg.fill ins(%zero : f32) outs(%out : tensor<?x8x7x7xf32>) -> tensor<?x8x7x7xf32>
  %3 = linalg.conv_2d_nchw_fchw ins(%2, %w : tensor<?x16x7x7xf32>, tensor<8x16x1x1xf32>)
      outs(%i3 : tensor<?x8x7x7xf32>) -> tensor<?x8x7x7xf32>
  return %3 : tensor<?x8x7x7xf32>
}

// -----

// Padding as wide as the window would show: a window of padding only is not zero.
// REMARK: stops at 'tensor.pad'
// CHECK-LABEL: @window_of_padding
// CHECK: winnow.scatter
// CHECK: linalg.pooling_nchw_max
// CHECK-NOT: winnow
func.func @window_of_padding(%x: tensor<?x4x8x8xf32>, %s: !winnow.selection<?x16, 4>, %max: tensor<?x16x11x11xf32>)
    -> tensor<?x16x11x11xf32> {
  %lowest = arith.constant 0xFF800000 : f32
  %0 = winnow.scatter %x, %s : tensor<?x4x8x8xf32>, !winnow.selection<?x16, 4> -> tensor<?x16x8x8xf32>
  %p = tensor.pad %0 low[0, 0, 2, 2] high[0, 0, 2, 2] {
  ^bb0(%i: index, %j: index, %k: index, %l: index):
    tensor.yield %lowest : f32
  } : tensor<?x16x8x8xf32> to tensor<?x16x12x12xf32>
  %k2 = tensor.empty() : tensor<2x2xf32>
  %i1 = linalg.fill ins(%lowest : f32) outs(%max : tensor<?x16x11x11xf32>) -> tensor<?x16x11x11xf32>
  %1 = linalg.pooling_nchw_max ins(%p, %k2 : tensor<?x16x12x12xf32>, tensor<2x2xf32>)
      outs(%i1 : tensor<?x16x11x11xf32>) -> tensor<?x16x11x11xf32>
  return %1 : tensor<?x16x11x11xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>
#bias = affine_map<(d0, d1) -> (d1)>

// A bias makes something of zero; so does an exponential.
// REMARK: stops at 'linalg.generic', which gives something other than zero for zero
// REMARK: stops at 'linalg.generic', which gives something other than zero for zero
// CHECK-LABEL: @not_zero
// CHECK: winnow.scatter
// CHECK: linalg.generic
// CHECK: linalg.generic
// CHECK: linalg.matmul
func.func @not_zero(%x: tensor<?x4xf32>, %s: !winnow.selection<?x16, 4>, %b: tensor<16xf32>, %w: tensor<16x8xf32>,
    %out: tensor<?x16xf32>, %init: tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x16xf32>) {
  %zero = arith.constant 0.0 : f32
  %0 = winnow.scatter %x, %s : tensor<?x4xf32>, !winnow.selection<?x16, 4> -> tensor<?x16xf32>
  %1 = linalg.generic {indexing_maps = [#id, #bias, #id], iterator_types = ["parallel", "parallel"]}
      ins(%0, %b : tensor<?x16xf32>, tensor<16xf32>) outs(%out : tensor<?x16xf32>) {
  ^bb0(%in: f32, %c: f32, %acc: f32):
    %a = arith.addf %in, %c : f32
    linalg.yield %a : f32
  } -> tensor<?x16xf32>
  %2 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%0 : tensor<?x16xf32>) outs(%out : tensor<?x16xf32>) {
  ^bb0(%in: f32, %acc: f32):
    %e = math.exp %in : f32
    linalg.yield %e : f32
  } -> tensor<?x16xf32>
  %z = linalg.fill ins(%zero : f32) outs(%init : tensor<?x8xf32>) -> tensor<?x8xf32>
  %3 = linalg.matmul ins(%1, %w : tensor<?x16xf32>, tensor<16x8xf32>) outs(%z : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %3, %2 : tensor<?x8xf32>, tensor<?x16xf32>
}

// -----

// Flattened with the image's points, the channels are channels no more; with a single point they are.
// REMARK: stops at 'tensor.collapse_shape'
// CHECK-LABEL: @flatten
// CHECK: winnow.scatter
// CHECK: tensor.collapse_shape %{{.*}} : tensor<?x16x2x2xf32> into tensor<?x64xf32>
// CHECK: tensor.collapse_shape %{{.*}} : tensor<?x4x1x1xf32> into tensor<?x4xf32>
// CHECK: winnow.scatter
func.func @flatten(%x: tensor<?x4x2x2xf32>, %y: tensor<?x4x1x1xf32>, %s: !winnow.selection<?x16, 4>)
    -> (tensor<?x64xf32>, tensor<?x16xf32>) {
  %0 = winnow.scatter %x, %s : tensor<?x4x2x2xf32>, !winnow.selection<?x16, 4> -> tensor<?x16x2x2xf32>
  %1 = tensor.collapse_shape %0 [[0], [1, 2, 3]] : tensor<?x16x2x2xf32> into tensor<?x64xf32>
  %2 = winnow.scatter %y, %s : tensor<?x4x1x1xf32>, !winnow.selection<?x16, 4> -> tensor<?x16x1x1xf32>
  %3 = tensor.collapse_shape %2 [[0], [1, 2, 3]] : tensor<?x16x1x1xf32> into tensor<?x16xf32>
  return %1, %3 : tensor<?x64xf32>, tensor<?x16xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>

// The sum of two scatters by the same selection is one; by another selection it is not.
// CHECK-LABEL: @sums
// CHECK-SAME: (%[[X:.*]]: tensor<?x4xf32>, %[[Y:.*]]: tensor<?x4xf32>
// CHECK-DAG: linalg.generic {{.*}} ins(%[[X]], %[[Y]] : tensor<?x4xf32>, tensor<?x4xf32>)
// CHECK-DAG: linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<?x16xf32>, tensor<?x16xf32>)
func.func @sums(%x: tensor<?x4xf32>, %y: tensor<?x4xf32>, %s: !winnow.selection<?x16, 4>,
    %t: !winnow.selection<?x16, 4>, %out: tensor<?x16xf32>) -> (tensor<?x16xf32>, tensor<?x16xf32>) {
  %0 = winnow.scatter %x, %s : tensor<?x4xf32>, !winnow.selection<?x16, 4> -> tensor<?x16xf32>
  %1 = winnow.scatter %y, %s : tensor<?x4xf32>, !winnow.selection<?x16, 4> -> tensor<?x16xf32>
  %2 = winnow.scatter %y, %t : tensor<?x4xf32>, !winnow.selection<?x16, 4> -> tensor<?x16xf32>
  %3 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%0, %1 : tensor<?x16xf32>, tensor<?x16xf32>) outs(%out : tensor<?x16xf32>) {
  ^bb0(%in: f32, %c: f32, %acc: f32):
    %a = arith.addf %in, %c : f32
    linalg.yield %a : f32
  } -> tensor<?x16xf32>
  %4 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%0, %2 : tensor<?x16xf32>, tensor<?x16xf32>) outs(%out : tensor<?x16xf32>) {
  ^bb0(%in: f32, %c: f32, %acc: f32):
    %a = arith.addf %in, %c : f32
    linalg.yield %a : f32
  } -> tensor<?x16xf32>
  return %3, %4 : tensor<?x16xf32>, tensor<?x16xf32>
}
