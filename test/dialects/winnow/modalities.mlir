// The operations on modalities survive a round trip, with static and dynamic extents, and tell their shapes.
// RUN: %winnow-opt %s | %winnow-opt | FileCheck %s
// RUN: %winnow-opt %s --mlir-print-op-generic | %winnow-opt | FileCheck %s
// RUN: %winnow-opt %s --resolve-ranked-shaped-type-result-dims | FileCheck %s --check-prefix=SHAPE

// CHECK-LABEL: @segments
// CHECK: winnow.segments %{{.*}} of <text, image, audio> tokens(%{{.*}}) : tensor<?x3xi32> -> tensor<?x?xi32>, tensor<?x4xi32>
// CHECK: winnow.segments %{{.*}} of <text, "2-d image"> : tensor<2x2xi32> -> tensor<2x77xi32>, tensor<2x3xi32>
// SHAPE-LABEL: @segments
// SHAPE: %[[ROWS:.*]] = tensor.dim %arg0, %c0
// SHAPE: return %arg1, %[[ROWS]]
func.func @segments(%lengths: tensor<?x3xi32>, %n: index, %two: tensor<2x2xi32>) -> (index, index) {
  %ids, %offsets = winnow.segments %lengths of <text, image, audio> tokens(%n)
      : tensor<?x3xi32> -> tensor<?x?xi32>, tensor<?x4xi32>
  %i, %o = winnow.segments %two of <text, "2-d image"> : tensor<2x2xi32> -> tensor<2x77xi32>, tensor<2x3xi32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %tokens = tensor.dim %ids, %c1 : tensor<?x?xi32>
  %rows = tensor.dim %offsets, %c0 : tensor<?x4xi32>
  return %tokens, %rows : index, index
}

// CHECK-LABEL: @compare
// CHECK: winnow.align %{{.*}}, %{{.*}} of "image" : tensor<?x768xf32>, tensor<768x512xf32> -> tensor<?x512xf32>
// CHECK: winnow.align %{{.*}}, %{{.*}} of "text" {epsilon = {{.*}} : f32} : tensor<?x384xf32>
// CHECK: winnow.contrast %{{.*}}, %{{.*}}, %{{.*}} of <text, image> : tensor<?x512xf32>, tensor<?x512xf32>, tensor<f32> -> tensor<?x?xf32>
// SHAPE-LABEL: @compare
// SHAPE-DAG: %[[TEXTS:.*]] = tensor.dim %arg2, %c0
// SHAPE-DAG: %[[IMAGES:.*]] = tensor.dim %arg0, %c0
// SHAPE: return %[[TEXTS]], %[[IMAGES]]
func.func @compare(%features: tensor<?x768xf32>, %projection: tensor<768x512xf32>, %words: tensor<?x384xf32>,
                   %other: tensor<384x512xf32>, %temperature: tensor<f32>) -> (index, index) {
  %image = winnow.align %features, %projection of "image"
      : tensor<?x768xf32>, tensor<768x512xf32> -> tensor<?x512xf32>
  %text = winnow.align %words, %other of "text" {epsilon = 1.0e-6 : f32}
      : tensor<?x384xf32>, tensor<384x512xf32> -> tensor<?x512xf32>
  %logits = winnow.contrast %text, %image, %temperature of <text, image>
      : tensor<?x512xf32>, tensor<?x512xf32>, tensor<f32> -> tensor<?x?xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %texts = tensor.dim %logits, %c0 : tensor<?x?xf32>
  %images = tensor.dim %logits, %c1 : tensor<?x?xf32>
  return %texts, %images : index, index
}
