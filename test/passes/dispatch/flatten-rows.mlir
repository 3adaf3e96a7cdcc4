// What follows a matrix product is computed on the product's own rows, so that it becomes its epilogue; two products
// of a feed-forward layer have no reshape between them.
// RUN: %winnow-opt %s --pass-pipeline='builtin.module(func.func(winnow-flatten-rows))' | FileCheck %s
// RUN: %winnow-opt %s --winnow-dispatch | FileCheck %s --check-prefix=KERNELS

#all = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#bias = affine_map<(d0, d1, d2) -> (d2)>
#first = affine_map<(d0, d1, d2) -> (d0, d2)>

// CHECK-LABEL: func @feed_forward
// CHECK: %[[UP:.*]] = linalg.matmul
// CHECK-NOT: tensor.expand_shape
// CHECK: %[[HIDDEN:.*]] = linalg.generic {{.*}} ins(%[[UP]], %{{.*}} : tensor<?x32xf32>, tensor<32xf32>)
// CHECK-NOT: tensor.collapse_shape
// CHECK: linalg.matmul ins(%[[HIDDEN]],
// CHECK: tensor.expand_shape
// KERNELS-LABEL: plan.func @feed_forward
// KERNELS-COUNT-2: plan.dispatch
// KERNELS-NOT: plan.dispatch
func.func @feed_forward(%x: tensor<?x?x8xf32>, %up: tensor<8x32xf32>, %b: tensor<32xf32>, %down: tensor<32x8xf32>) -> tensor<?x?x8xf32> {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = tensor.dim %x, %c0 : tensor<?x?x8xf32>
  %n = tensor.dim %x, %c1 : tensor<?x?x8xf32>
  %rows = arith.muli %m, %n : index
  %flat = tensor.collapse_shape %x [[0, 1], [2]] : tensor<?x?x8xf32> into tensor<?x8xf32>
  %e = tensor.empty(%rows) : tensor<?x32xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<?x32xf32>) -> tensor<?x32xf32>
  %h = linalg.matmul ins(%flat, %up : tensor<?x8xf32>, tensor<8x32xf32>) outs(%z : tensor<?x32xf32>) -> tensor<?x32xf32>
  %apart = tensor.expand_shape %h [[0, 1], [2]] output_shape [%m, %n, 32] : tensor<?x32xf32> into tensor<?x?x32xf32>
  %e3 = tensor.empty(%m, %n) : tensor<?x?x32xf32>
  %a = linalg.generic {indexing_maps = [#all, #bias, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%apart, %b : tensor<?x?x32xf32>, tensor<32xf32>) outs(%e3 : tensor<?x?x32xf32>) {
  ^bb0(%in: f32, %bias: f32, %out: f32):
    %0 = arith.addf %in, %bias : f32
    %1 = arith.maximumf %0, %zero : f32
    linalg.yield %1 : f32
  } -> tensor<?x?x32xf32>
  %together = tensor.collapse_shape %a [[0, 1], [2]] : tensor<?x?x32xf32> into tensor<?x32xf32>
  %e2 = tensor.empty(%rows) : tensor<?x8xf32>
  %z2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<?x8xf32>) -> tensor<?x8xf32>
  %y = linalg.matmul ins(%together, %down : tensor<?x32xf32>, tensor<32x8xf32>) outs(%z2 : tensor<?x8xf32>) -> tensor<?x8xf32>
  %result = tensor.expand_shape %y [[0, 1], [2]] output_shape [%m, %n, 8] : tensor<?x8xf32> into tensor<?x?x8xf32>
  return %result : tensor<?x?x8xf32>
}

// An operand that the sequence's places share, and a product that something else reads, keep what follows as it is.
// CHECK-LABEL: func @kept
// KERNELS-LABEL: plan.func @kept
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "parallel"]} ins(%{{.*}}, %{{.*}} : tensor<?x?x32xf32>, tensor<?x32xf32>)
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel", "parallel"]} ins(%{{.*}}, %{{.*}} : tensor<?x?x32xf32>, tensor<32xf32>)
func.func @kept(%x: tensor<?x8xf32>, %up: tensor<8x32xf32>, %like: tensor<?x?x1xf32>, %s: tensor<?x32xf32>, %b: tensor<32xf32>)
    -> (tensor<?x?x32xf32>, tensor<?x?x32xf32>, tensor<?x32xf32>) {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = tensor.dim %like, %c0 : tensor<?x?x1xf32>
  %n = tensor.dim %like, %c1 : tensor<?x?x1xf32>
  %rows = tensor.dim %x, %c0 : tensor<?x8xf32>
  %e = tensor.empty(%rows) : tensor<?x32xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<?x32xf32>) -> tensor<?x32xf32>
  %h = linalg.matmul ins(%x, %up : tensor<?x8xf32>, tensor<8x32xf32>) outs(%z : tensor<?x32xf32>) -> tensor<?x32xf32>
  %g = linalg.matmul ins(%x, %up : tensor<?x8xf32>, tensor<8x32xf32>) outs(%z : tensor<?x32xf32>) -> tensor<?x32xf32>
  %e3 = tensor.empty(%m, %n) : tensor<?x?x32xf32>
  %apart = tensor.expand_shape %h [[0, 1], [2]] output_shape [%m, %n, 32] : tensor<?x32xf32> into tensor<?x?x32xf32>
  %a = linalg.generic {indexing_maps = [#all, #first, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%apart, %s : tensor<?x?x32xf32>, tensor<?x32xf32>) outs(%e3 : tensor<?x?x32xf32>) {
  ^bb0(%in: f32, %shared: f32, %out: f32):
    %0 = arith.addf %in, %shared : f32
    linalg.yield %0 : f32
  } -> tensor<?x?x32xf32>
  %other = tensor.expand_shape %g [[0, 1], [2]] output_shape [%m, %n, 32] : tensor<?x32xf32> into tensor<?x?x32xf32>
  %c = linalg.generic {indexing_maps = [#all, #bias, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%other, %b : tensor<?x?x32xf32>, tensor<32xf32>) outs(%e3 : tensor<?x?x32xf32>) {
  ^bb0(%in: f32, %bias: f32, %out: f32):
    %0 = arith.addf %in, %bias : f32
    linalg.yield %0 : f32
  } -> tensor<?x?x32xf32>
  return %a, %c, %g : tensor<?x?x32xf32>, tensor<?x?x32xf32>, tensor<?x32xf32>
}
