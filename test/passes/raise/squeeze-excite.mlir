// A squeeze-excite gate is recognized as one: mean over space, linear, relu, linear, sigmoid, product.
// RUN: %winnow-opt %s --winnow-raise --remarks-filter=raise 2>&1 | FileCheck %s
// Bounded by a minimum as in a hard sigmoid; a relu has no upper bound.
// RUN: sed 's/math.exp %n : f32/arith.minimumf %n, %one : f32/' %s | %winnow-opt - --winnow-raise --remarks-filter=raise 2>&1 | FileCheck %s
// RUN: sed 's/math.exp %n : f32/arith.maximumf %n, %zero : f32/' %s | %winnow-opt - --winnow-raise --remarks-filter=raise 2>&1 | FileCheck %s --check-prefix=RELU
// RELU: recognized a soft gate of 16 channels

#all = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#channel = affine_map<(d0, d1, d2, d3) -> (d0, d1)>
#id = affine_map<(d0, d1) -> (d0, d1)>
#bias = affine_map<(d0, d1) -> (d1)>

// CHECK: recognized a squeeze-excite gate of 16 channels
// CHECK: winnow.channel_gate
func.func @squeeze_excite(%x: tensor<4x16x8x8xf32>, %w1: tensor<16x2xf32>, %b1: tensor<2xf32>,
                          %w2: tensor<2x16xf32>) -> tensor<4x16x8x8xf32> {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %area = arith.constant 64.0 : f32
  %e16 = tensor.empty() : tensor<4x16xf32>
  %z16 = linalg.fill ins(%zero : f32) outs(%e16 : tensor<4x16xf32>) -> tensor<4x16xf32>
  %e2 = tensor.empty() : tensor<4x2xf32>
  %z2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<4x2xf32>) -> tensor<4x2xf32>
  %sum = linalg.generic {indexing_maps = [#all, #channel],
      iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%x : tensor<4x16x8x8xf32>) outs(%z16 : tensor<4x16xf32>) {
  ^bb0(%in: f32, %acc: f32):
    %s = arith.addf %acc, %in : f32
    linalg.yield %s : f32
  } -> tensor<4x16xf32>
  %mean = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%sum : tensor<4x16xf32>) outs(%e16 : tensor<4x16xf32>) {
  ^bb0(%in: f32, %acc: f32):
    %d = arith.divf %in, %area : f32
    linalg.yield %d : f32
  } -> tensor<4x16xf32>
  %squeezed = linalg.matmul ins(%mean, %w1 : tensor<4x16xf32>, tensor<16x2xf32>) outs(%z2 : tensor<4x2xf32>)
      -> tensor<4x2xf32>
  %relu = linalg.generic {indexing_maps = [#id, #bias, #id], iterator_types = ["parallel", "parallel"]}
      ins(%squeezed, %b1 : tensor<4x2xf32>, tensor<2xf32>) outs(%e2 : tensor<4x2xf32>) {
  ^bb0(%in: f32, %b: f32, %acc: f32):
    %a = arith.addf %in, %b : f32
    %r = arith.maximumf %a, %zero : f32
    linalg.yield %r : f32
  } -> tensor<4x2xf32>
  %excited = linalg.matmul ins(%relu, %w2 : tensor<4x2xf32>, tensor<2x16xf32>) outs(%z16 : tensor<4x16xf32>)
      -> tensor<4x16xf32>
  %gate = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%excited : tensor<4x16xf32>) outs(%e16 : tensor<4x16xf32>) {
  ^bb0(%in: f32, %acc: f32):
    %n = arith.negf %in : f32
    %e = math.exp %n : f32
    %a = arith.addf %e, %one : f32
    %d = arith.divf %one, %a : f32
    linalg.yield %d : f32
  } -> tensor<4x16xf32>
  %e = tensor.empty() : tensor<4x16x8x8xf32>
  %y = linalg.generic {indexing_maps = [#all, #channel, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%x, %gate : tensor<4x16x8x8xf32>, tensor<4x16xf32>) outs(%e : tensor<4x16x8x8xf32>) {
  ^bb0(%in: f32, %g: f32, %acc: f32):
    %p = arith.mulf %in, %g : f32
    linalg.yield %p : f32
  } -> tensor<4x16x8x8xf32>
  return %y : tensor<4x16x8x8xf32>
}
