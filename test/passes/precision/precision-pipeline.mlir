// The phase as a whole: a tensor with two readers is quantized once, and f32 weights are gone.
// RUN: %winnow-opt %s --winnow-precision="budget=0.4" | FileCheck %s
// RUN: %winnow-opt %s --winnow-precision | FileCheck %s --check-prefix=NONE

// CHECK-LABEL: @branches
// CHECK-NOT: dense{{.*}} : tensor<8x{{[48]}}xf32>
// CHECK: winnow.quantize %{{.*}} active(
// CHECK-NOT: winnow.quantize
// CHECK: winnow.matmul {{.*}} : tensor<?x4xi8>, tensor<8x8xi8> -> tensor<?x8xi32>
// CHECK: winnow.matmul {{.*}} : tensor<?x4xi8>, tensor<8x4xi8> -> tensor<?x4xi32>
// CHECK-NOT: winnow.precision
// NONE-LABEL: @branches
// NONE-COUNT-2: winnow.matmul {{.*}} : tensor<?x4xf32>, tensor<8x{{[48]}}xf32>
// NONE-NOT: winnow.quantize
func.func @branches(%x: tensor<?x4xf32>, %s: !winnow.selection<?x8, 4>) -> (tensor<?x8xf32>, tensor<?x4xf32>) {
  %a = arith.constant dense<1.0> : tensor<8x8xf32>
  %b = arith.constant dense<2.0> : tensor<8x4xf32>
  %0 = winnow.matmul %x, %a inputs(%s : !winnow.selection<?x8, 4>) : tensor<?x4xf32>, tensor<8x8xf32> -> tensor<?x8xf32>
  %1 = winnow.matmul %x, %b inputs(%s : !winnow.selection<?x8, 4>) : tensor<?x4xf32>, tensor<8x4xf32> -> tensor<?x4xf32>
  return %0, %1 : tensor<?x8xf32>, tensor<?x4xf32>
}
