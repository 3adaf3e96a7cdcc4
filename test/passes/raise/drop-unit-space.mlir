// What is computed of pooled images [rows, channels, 1, 1] becomes computation on matrices: a squeeze-excite
// gate of 1x1 convolutions is then recognized like one of linear layers.
// RUN: %winnow-opt %s --winnow-drop-unit-space --canonicalize | FileCheck %s
// RUN: %winnow-opt %s --winnow-raise --remarks-filter=raise -o /dev/null 2>&1 | FileCheck %s --check-prefix=REMARK

#all = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#channel = affine_map<(d0, d1, d2, d3) -> (d0, d1)>
#bias = affine_map<(d0, d1, d2, d3) -> (d1)>

// REMARK: recognized a squeeze-excite gate of 4 channels

// CHECK-LABEL: @squeeze_excite
// CHECK-DAG: arith.constant dense<{{\[}}[1.000000e+00, 5.000000e+00], [2.000000e+00, 6.000000e+00], [3.000000e+00, 7.000000e+00], [4.000000e+00, 8.000000e+00]]> : tensor<4x2xf32>
// CHECK-NOT: linalg.conv_2d
// CHECK: linalg.matmul ins(%{{.*}}, %{{.*}} : tensor<?x4xf32>, tensor<4x2xf32>)
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<?x2xf32>, tensor<2xf32>)
// CHECK: linalg.matmul ins(%{{.*}}, %{{.*}} : tensor<?x2xf32>, tensor<2x4xf32>)
// CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<?x4xf32>)
// CHECK: math.exp
// CHECK-NOT: tensor.collapse_shape
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<?x4x8x8xf32>, tensor<?x4xf32>)
func.func @squeeze_excite(%x: tensor<?x4x8x8xf32>, %b1: tensor<2xf32>, %n: index) -> tensor<?x4x8x8xf32> {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %w1 = arith.constant dense<[[[[1.0]], [[2.0]], [[3.0]], [[4.0]]], [[[5.0]], [[6.0]], [[7.0]], [[8.0]]]]>
      : tensor<2x4x1x1xf32>
  %w2 = arith.constant dense<[[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]], [[[5.0]], [[6.0]]], [[[7.0]], [[8.0]]]]>
      : tensor<4x2x1x1xf32>
  %e = tensor.empty(%n) : tensor<?x4xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<?x4xf32>) -> tensor<?x4xf32>
  %sum = linalg.generic {indexing_maps = [#all, #channel],
      iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%x : tensor<?x4x8x8xf32>) outs(%z : tensor<?x4xf32>) {
  ^bb0(%in: f32, %acc: f32):
    %s = arith.addf %acc, %in : f32
    linalg.yield %s : f32
  } -> tensor<?x4xf32>
  %pooled = tensor.expand_shape %sum [[0], [1, 2, 3]] output_shape [%n, 4, 1, 1] : tensor<?x4xf32> into tensor<?x4x1x1xf32>
  %e1 = tensor.empty(%n) : tensor<?x2x1x1xf32>
  %z1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<?x2x1x1xf32>) -> tensor<?x2x1x1xf32>
  %squeezed = linalg.conv_2d_nchw_fchw ins(%pooled, %w1 : tensor<?x4x1x1xf32>, tensor<2x4x1x1xf32>)
      outs(%z1 : tensor<?x2x1x1xf32>) -> tensor<?x2x1x1xf32>
  %relu = linalg.generic {indexing_maps = [#all, #bias, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%squeezed, %b1 : tensor<?x2x1x1xf32>, tensor<2xf32>) outs(%e1 : tensor<?x2x1x1xf32>) {
  ^bb0(%in: f32, %b: f32, %acc: f32):
    %a = arith.addf %in, %b : f32
    %r = arith.maximumf %a, %zero : f32
    linalg.yield %r : f32
  } -> tensor<?x2x1x1xf32>
  %e2 = tensor.empty(%n) : tensor<?x4x1x1xf32>
  %z2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<?x4x1x1xf32>) -> tensor<?x4x1x1xf32>
  %excited = linalg.conv_2d_nchw_fchw ins(%relu, %w2 : tensor<?x2x1x1xf32>, tensor<4x2x1x1xf32>)
      outs(%z2 : tensor<?x4x1x1xf32>) -> tensor<?x4x1x1xf32>
  %gate = linalg.generic {indexing_maps = [#all, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%excited : tensor<?x4x1x1xf32>) outs(%e2 : tensor<?x4x1x1xf32>) {
  ^bb0(%in: f32, %acc: f32):
    %m = arith.negf %in : f32
    %p = math.exp %m : f32
    %a = arith.addf %p, %one : f32
    %d = arith.divf %one, %a : f32
    linalg.yield %d : f32
  } -> tensor<?x4x1x1xf32>
  %flat = tensor.collapse_shape %gate [[0], [1, 2, 3]] : tensor<?x4x1x1xf32> into tensor<?x4xf32>
  %out = tensor.empty(%n) : tensor<?x4x8x8xf32>
  %y = linalg.generic {indexing_maps = [#all, #channel, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x, %flat : tensor<?x4x8x8xf32>, tensor<?x4xf32>) outs(%out : tensor<?x4x8x8xf32>) {
  ^bb0(%in: f32, %g: f32, %acc: f32):
    %p = arith.mulf %in, %g : f32
    linalg.yield %p : f32
  } -> tensor<?x4x8x8xf32>
  return %y : tensor<?x4x8x8xf32>
}
