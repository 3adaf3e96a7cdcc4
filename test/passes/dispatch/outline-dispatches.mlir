// Groups become kernels: an element-wise root takes in the reduction that only it reads.
// RUN: %winnow-opt %s --winnow-outline-dispatches --split-input-file | FileCheck %s

#map = affine_map<(d0, d1) -> (d0, d1)>

// CHECK-LABEL: func.func private @main_0
// CHECK-SAME: (%[[X:.*]]: tensor<?x32xf32>, %[[W:.*]]: tensor<32x64xf32>, %[[OUT:.*]]: tensor<?x64xf32>) -> tensor<?x64xf32>
// CHECK-SAME: winnow.domain = 2 : i64, winnow.inputs = 2 : i64, winnow.kernel
// CHECK: %[[ZERO:.*]] = linalg.fill
// CHECK: %[[C:.*]] = linalg.matmul ins(%[[X]], %[[W]] : {{.*}}) outs(%[[ZERO]]
// CHECK: %[[R:.*]] = linalg.generic {{.*}} ins(%[[C]] : tensor<?x64xf32>) outs(%[[OUT]]
// CHECK: return %[[R]]
// CHECK-LABEL: func.func @main
// CHECK: %[[R:.*]] = call @main_0(%{{.*}}, %{{.*}}, %{{.*}})
// CHECK: return %[[R]]
func.func @main(%x: tensor<?x32xf32>, %w: tensor<32x64xf32>) -> tensor<?x64xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x32xf32>
  %e = tensor.empty(%n) : tensor<?x64xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x64xf32>) -> tensor<?x64xf32>
  %c = linalg.matmul ins(%x, %w : tensor<?x32xf32>, tensor<32x64xf32>) outs(%f : tensor<?x64xf32>) -> tensor<?x64xf32>
  %r = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c : tensor<?x64xf32>) outs(%e : tensor<?x64xf32>) {
  ^bb0(%in: f32, %out: f32):
    %m = arith.maximumf %in, %zero : f32
    linalg.yield %m : f32
  } -> tensor<?x64xf32>
  return %r : tensor<?x64xf32>
}

// -----

// A product that two operations read keeps its own buffer.
#map = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-LABEL: func.func private @main_0
// CHECK: linalg.matmul
// CHECK-NOT: linalg.generic
// CHECK-LABEL: func.func private @main_1
// CHECK: linalg.generic
// CHECK-LABEL: func.func @main
func.func @main(%x: tensor<8x8xf32>, %w: tensor<8x8xf32>) -> (tensor<8x8xf32>, tensor<8x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x8xf32>) -> tensor<8x8xf32>
  %c = linalg.matmul ins(%x, %w : tensor<8x8xf32>, tensor<8x8xf32>) outs(%f : tensor<8x8xf32>) -> tensor<8x8xf32>
  %r = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c : tensor<8x8xf32>) outs(%e : tensor<8x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %m = math.absf %in : f32
    linalg.yield %m : f32
  } -> tensor<8x8xf32>
  return %c, %r : tensor<8x8xf32>, tensor<8x8xf32>
}

// -----

// The window of a pool has a shape of its own, and comes along.
// CHECK-LABEL: func.func private @main_0
// CHECK: %[[WINDOW:.*]] = tensor.empty() : tensor<2x2xf32>
// CHECK: linalg.pooling_nchw_max ins(%{{.*}}, %[[WINDOW]]
// CHECK-LABEL: func.func @main
func.func @main(%x: tensor<?x8x4x4xf32>) -> tensor<?x8x3x3xf32> {
  %c0 = arith.constant 0 : index
  %lowest = arith.constant 0xFF800000 : f32
  %n = tensor.dim %x, %c0 : tensor<?x8x4x4xf32>
  %window = tensor.empty() : tensor<2x2xf32>
  %e = tensor.empty(%n) : tensor<?x8x3x3xf32>
  %f = linalg.fill ins(%lowest : f32) outs(%e : tensor<?x8x3x3xf32>) -> tensor<?x8x3x3xf32>
  %p = linalg.pooling_nchw_max ins(%x, %window : tensor<?x8x4x4xf32>, tensor<2x2xf32>) outs(%f : tensor<?x8x3x3xf32>) -> tensor<?x8x3x3xf32>
  return %p : tensor<?x8x3x3xf32>
}

// -----

// A root with two results writes two destinations; its producer takes the shape of the first.
#map = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-LABEL: func.func private @main_0
// CHECK-SAME: (%[[X:[^:]*]]: tensor<?x8xf32>, %[[W:[^:]*]]: tensor<8x4xf32>, %[[P:[^:]*]]: tensor<?x4xf32>, %[[Q:[^:]*]]: tensor<?x4xi1>)
// CHECK-SAME: -> (tensor<?x4xf32>, tensor<?x4xi1>)
// CHECK-SAME: winnow.domain = 3 : i64, winnow.inputs = 2 : i64, winnow.kernel
// CHECK: %[[C:.*]] = linalg.matmul ins(%[[X]], %[[W]]
// CHECK: linalg.generic {{.*}} ins(%[[C]] : tensor<?x4xf32>) outs(%[[P]], %[[Q]] : tensor<?x4xf32>, tensor<?x4xi1>)
// CHECK-LABEL: func.func @main
// CHECK: %[[R:.*]]:2 = call @main_0
// CHECK: return %[[R]]#0, %[[R]]#1
func.func @main(%x: tensor<?x8xf32>, %w: tensor<8x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xi1>) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x8xf32>
  %e = tensor.empty(%n) : tensor<?x4xf32>
  %b = tensor.empty(%n) : tensor<?x4xi1>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x4xf32>) -> tensor<?x4xf32>
  %c = linalg.matmul ins(%x, %w : tensor<?x8xf32>, tensor<8x4xf32>) outs(%f : tensor<?x4xf32>) -> tensor<?x4xf32>
  %r:2 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel"]}
      ins(%c : tensor<?x4xf32>) outs(%e, %b : tensor<?x4xf32>, tensor<?x4xi1>) {
  ^bb0(%in: f32, %out: f32, %flag: i1):
    %a = math.absf %in : f32
    %p = arith.cmpf ogt, %in, %zero : f32
    linalg.yield %a, %p : f32, i1
  } -> (tensor<?x4xf32>, tensor<?x4xi1>)
  return %r#0, %r#1 : tensor<?x4xf32>, tensor<?x4xi1>
}

// -----

// The host passes only sizes: a condition on them that a body reads is evaluated in the kernel.
#map = affine_map<(d0) -> (d0)>
// CHECK-LABEL: func.func private @main_0
// CHECK-SAME: (%{{.*}}: tensor<?xi64>, %{{.*}}: tensor<?xi64>, %[[N:.*]]: index)
// CHECK-DAG: %[[EMPTY:.*]] = arith.cmpi eq, %[[N]], %{{.*}} : index
// CHECK-DAG: %[[WIDE:.*]] = arith.index_cast %[[N]] : index to i64
// CHECK: linalg.generic
// CHECK: arith.select %[[EMPTY]], %{{.*}}, %[[WIDE]]
// CHECK-LABEL: func.func @main
// CHECK: call @main_0(%{{.*}}, %{{.*}}, %[[SIZE:.*]]) : (tensor<?xi64>, tensor<?xi64>, index)
func.func @main(%x: tensor<?xi64>) -> tensor<?xi64> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xi64>
  %empty = arith.cmpi eq, %n, %c0 : index
  %wide = arith.index_cast %n : index to i64
  %e = tensor.empty(%n) : tensor<?xi64>
  %r = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel"]}
      ins(%x : tensor<?xi64>) outs(%e : tensor<?xi64>) {
  ^bb0(%in: i64, %out: i64):
    %m = arith.select %empty, %in, %wide : i64
    linalg.yield %m : i64
  } -> tensor<?xi64>
  return %r : tensor<?xi64>
}
