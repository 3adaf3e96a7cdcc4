// Gathers move up through channel-wise operations into what makes the channels, and stop where that would
// compute something twice or mix channels.
// RUN: %winnow-opt %s --winnow-push-selections --canonicalize --split-input-file | FileCheck %s
// RUN: %winnow-opt %s --winnow-push-selections --split-input-file --remarks-filter=structure -o /dev/null 2>&1 \
// RUN:   | FileCheck %s --check-prefix=REMARK

// Reshape and padding are crossed; the product computes the selected columns only.
// CHECK-LABEL: @through_reshape_and_padding
// CHECK: %[[P:.*]] = winnow.matmul %{{.*}}, %{{.*}} outputs(%{{.*}} : !winnow.selection<?x16, 4>)
// CHECK: %[[E:.*]] = tensor.expand_shape %[[P]] {{\[}}[0], [1, 2, 3]] output_shape [%{{.*}}, 4, 1, 1] : tensor<?x4xf32> into tensor<?x4x1x1xf32>
// CHECK: %[[R:.*]] = tensor.pad %[[E]] low[0, 0, 1, 1] high[0, 0, 1, 1]
// CHECK: tensor<?x4x1x1xf32> to tensor<?x4x3x3xf32>
// CHECK: return %[[R]]
func.func @through_reshape_and_padding(%x: tensor<?x8xf32>, %w: tensor<8x16xf32>, %init: tensor<?x16xf32>, %n: index,
                                       %s: !winnow.selection<?x16, 4>) -> tensor<?x4x3x3xf32> {
  %zero = arith.constant 0.0 : f32
  %z = linalg.fill ins(%zero : f32) outs(%init : tensor<?x16xf32>) -> tensor<?x16xf32>
  %y = linalg.matmul ins(%x, %w : tensor<?x8xf32>, tensor<8x16xf32>) outs(%z : tensor<?x16xf32>) -> tensor<?x16xf32>
  %e = tensor.expand_shape %y [[0], [1, 2, 3]] output_shape [%n, 16, 1, 1] : tensor<?x16xf32> into tensor<?x16x1x1xf32>
  %p = tensor.pad %e low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%i: index, %j: index, %k: index, %l: index):
    tensor.yield %zero : f32
  } : tensor<?x16x1x1xf32> to tensor<?x16x3x3xf32>
  %g = winnow.gather %p, %s : tensor<?x16x3x3xf32>, !winnow.selection<?x16, 4> -> tensor<?x4x3x3xf32>
  return %g : tensor<?x4x3x3xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>

// REMARK: stops at 'linalg.conv_2d_nchw_fchw', whose result something else uses too
// CHECK-LABEL: @other_use
// CHECK: linalg.conv_2d_nchw_fchw
// CHECK: winnow.gather
func.func @other_use(%x: tensor<?x8x8x8xf32>, %w: tensor<16x8x1x1xf32>, %init: tensor<?x16x8x8xf32>,
    %s: !winnow.selection<?x16, 4>) -> (tensor<?x4x8x8xf32>, tensor<?x16x8x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %z = linalg.fill ins(%zero : f32) outs(%init : tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<?x8x8x8xf32>, tensor<16x8x1x1xf32>)
      outs(%z : tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32>
  %g = winnow.gather %y, %s : tensor<?x16x8x8xf32>, !winnow.selection<?x16, 4> -> tensor<?x4x8x8xf32>
  return %g, %y : tensor<?x4x8x8xf32>, tensor<?x16x8x8xf32>
}

// -----

// REMARK: which accumulates onto something other than zero
// CHECK-LABEL: @other_start
// CHECK: winnow.gather
func.func @other_start(%x: tensor<?x8x8x8xf32>, %w: tensor<16x8x1x1xf32>, %init: tensor<?x16x8x8xf32>,
    %s: !winnow.selection<?x16, 4>) -> tensor<?x4x8x8xf32> {
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<?x8x8x8xf32>, tensor<16x8x1x1xf32>)
      outs(%init : tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32>
  %g = winnow.gather %y, %s : tensor<?x16x8x8xf32>, !winnow.selection<?x16, 4> -> tensor<?x4x8x8xf32>
  return %g : tensor<?x4x8x8xf32>
}

// -----

#all = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>

// REMARK: which computes with the number of the channel
// CHECK-LABEL: @channel_number
// CHECK: winnow.gather
func.func @channel_number(%x: tensor<?x16x8x8xf32>, %s: !winnow.selection<?x16, 4>) -> tensor<?x4x8x8xf32> {
  %0 = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x : tensor<?x16x8x8xf32>) outs(%x : tensor<?x16x8x8xf32>) {
  ^bb0(%in: f32, %acc: f32):
    %c = linalg.index 1 : index
    %i = arith.index_cast %c : index to i32
    %f = arith.sitofp %i : i32 to f32
    %p = arith.mulf %in, %f : f32
    linalg.yield %p : f32
  } -> tensor<?x16x8x8xf32>
  %g = winnow.gather %0, %s : tensor<?x16x8x8xf32>, !winnow.selection<?x16, 4> -> tensor<?x4x8x8xf32>
  return %g : tensor<?x4x8x8xf32>
}

// -----

#rows = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#swapped = affine_map<(d0, d1, d2) -> (d0, d2, d1)>

// REMARK: which mixes channels
// CHECK-LABEL: @transposed
// CHECK: winnow.gather
func.func @transposed(%x: tensor<?x4x16xf32>, %out: tensor<?x16x4xf32>, %s: !winnow.selection<?x16, 4>) -> tensor<?x4x4xf32> {
  %0 = linalg.generic {indexing_maps = [#swapped, #rows], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x : tensor<?x4x16xf32>) outs(%out : tensor<?x16x4xf32>) {
  ^bb0(%in: f32, %acc: f32):
    linalg.yield %in : f32
  } -> tensor<?x16x4xf32>
  %g = winnow.gather %0, %s : tensor<?x16x4xf32>, !winnow.selection<?x16, 4> -> tensor<?x4x4xf32>
  return %g : tensor<?x4x4xf32>
}

// -----

// Inside a loop, the convolution would be computed again and again.
// REMARK: which is not in the same loop or branch
// CHECK-LABEL: @loop
// CHECK: linalg.conv_2d_nchw_fchw
// CHECK: scf.for
// CHECK: winnow.gather
func.func @loop(%x: tensor<?x8x8x8xf32>, %w: tensor<16x8x1x1xf32>, %init: tensor<?x16x8x8xf32>, %n: index,
    %s: !winnow.selection<?x16, 4>, %out: tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %z = linalg.fill ins(%zero : f32) outs(%init : tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32>
  %y = linalg.conv_2d_nchw_fchw ins(%x, %w : tensor<?x8x8x8xf32>, tensor<16x8x1x1xf32>)
      outs(%z : tensor<?x16x8x8xf32>) -> tensor<?x16x8x8xf32>
  %last = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %out) -> tensor<?x4x8x8xf32> {
    %g = winnow.gather %y, %s : tensor<?x16x8x8xf32>, !winnow.selection<?x16, 4> -> tensor<?x4x8x8xf32>
    %sum = linalg.add ins(%g, %acc : tensor<?x4x8x8xf32>, tensor<?x4x8x8xf32>) outs(%g : tensor<?x4x8x8xf32>)
        -> tensor<?x4x8x8xf32>
    scf.yield %sum : tensor<?x4x8x8xf32>
  }
  return %last : tensor<?x4x8x8xf32>
}

// -----

// Sums that are wider than their terms stay so.
// CHECK-LABEL: @wide_sums
// CHECK: %[[Y:.*]] = winnow.matmul %{{.*}}, %{{.*}} outputs(%{{.*}} : !winnow.selection<?x16, 4>) : tensor<?x8xf16>, tensor<8x16xf16> -> tensor<?x4xf32>
// CHECK-NEXT: return %[[Y]]
func.func @wide_sums(%x: tensor<?x8xf16>, %w: tensor<8x16xf16>, %init: tensor<?x16xf32>, %s: !winnow.selection<?x16, 4>)
    -> tensor<?x4xf32> {
  %zero = arith.constant 0.0 : f32
  %z = linalg.fill ins(%zero : f32) outs(%init : tensor<?x16xf32>) -> tensor<?x16xf32>
  %y = linalg.matmul ins(%x, %w : tensor<?x8xf16>, tensor<8x16xf16>) outs(%z : tensor<?x16xf32>) -> tensor<?x16xf32>
  %g = winnow.gather %y, %s : tensor<?x16xf32>, !winnow.selection<?x16, 4> -> tensor<?x4xf32>
  return %g : tensor<?x4xf32>
}
