// Segments become sums and counts; alignment a product, a norm and a quotient; contrastive logits a product that is
// scaled by one exponential. Halves are multiplied in single precision and rounded at the end.
// RUN: %winnow-opt %s --winnow-expand-modalities | FileCheck %s

// CHECK-LABEL: @segments
// CHECK: %[[OFFSETS:.*]] = linalg.generic {{.*}} ins(%arg0 : tensor<?x3xi32>) outs(%{{.*}} : tensor<?x4xi32>)
// CHECK: arith.maxsi
// CHECK: %[[ENDS:.*]] = tensor.extract_slice %[[OFFSETS]][0, 1] [%{{.*}}, 3] [1, 1]
// CHECK: %[[PASSED:.*]] = linalg.generic {{.*}} ins(%[[ENDS]] : tensor<?x3xi32>) outs(%{{.*}} : tensor<?x?xi32>)
// CHECK: arith.cmpi sle
// CHECK: %[[IDS:.*]] = linalg.generic {{.*}} ins(%[[PASSED]]
// CHECK: arith.cmpi slt, %{{.*}}, %c3_i32
// CHECK: return %[[IDS]], %[[OFFSETS]]
func.func @segments(%lengths: tensor<?x3xi32>, %n: index) -> (tensor<?x?xi32>, tensor<?x4xi32>) {
  %ids, %offsets = winnow.segments %lengths of <text, image, audio> tokens(%n)
      : tensor<?x3xi32> -> tensor<?x?xi32>, tensor<?x4xi32>
  return %ids, %offsets : tensor<?x?xi32>, tensor<?x4xi32>
}

// CHECK-LABEL: @align
// CHECK: %[[PRODUCT:.*]] = linalg.generic {{.*}} ins(%arg0, %arg1 : tensor<?x8xf16>, tensor<8x4xf16>) outs(%{{.*}} : tensor<?x4xf32>)
// CHECK: %[[SQUARES:.*]] = linalg.generic {{.*}} ins(%[[PRODUCT]], %[[PRODUCT]]
// CHECK: %[[Y:.*]] = linalg.generic {{.*}} ins(%[[PRODUCT]], %[[SQUARES]] : tensor<?x4xf32>, tensor<?xf32>)
// CHECK: math.sqrt
// CHECK: arith.divf
// CHECK: arith.truncf %{{.*}} : f32 to f16
// CHECK: return %[[Y]]
func.func @align(%x: tensor<?x8xf16>, %p: tensor<8x4xf16>) -> tensor<?x4xf16> {
  %y = winnow.align %x, %p of "image" : tensor<?x8xf16>, tensor<8x4xf16> -> tensor<?x4xf16>
  return %y : tensor<?x4xf16>
}

// CHECK-LABEL: @contrast
// CHECK: %[[PRODUCT:.*]] = linalg.generic {{.*}} ins(%arg0, %arg1 : tensor<?x8xf32>, tensor<?x8xf32>)
// CHECK: %[[FACTOR:.*]] = linalg.generic {{.*}} ins(%arg2 : tensor<f32>)
// CHECK: math.exp
// CHECK: linalg.generic {{.*}} ins(%[[PRODUCT]], %[[FACTOR]] : tensor<?x?xf32>, tensor<f32>)
// CHECK-NOT: math.exp
func.func @contrast(%a: tensor<?x8xf32>, %b: tensor<?x8xf32>, %t: tensor<f32>) -> tensor<?x?xf32> {
  %y = winnow.contrast %a, %b, %t of <text, image> : tensor<?x8xf32>, tensor<?x8xf32>, tensor<f32> -> tensor<?x?xf32>
  return %y : tensor<?x?xf32>
}
