// Sizes that the operands' types leave open are compared at each call; equal ones need no check.
// RUN: %winnow-opt %s --winnow-check-extents --cse --canonicalize --split-input-file | FileCheck %s

#id = affine_map<(i) -> (i)>

// CHECK-LABEL: func.func @sum
// CHECK-SAME: %[[X:.*]]: tensor<?xf32>, %[[Y:.*]]: tensor<?xf32>
// CHECK-DAG: %[[N:.*]] = tensor.dim %[[X]]
// CHECK-DAG: %[[M:.*]] = tensor.dim %[[Y]]
// CHECK: plan.check %[[N]], %[[M]], "operands differ in a dimension that they share at {{.*}}check-extents.mlir:
// CHECK-NOT: plan.check
func.func @sum(%x: tensor<?xf32>, %y: tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  %r = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]}
      ins(%x, %y : tensor<?xf32>, tensor<?xf32>) outs(%e : tensor<?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<?xf32>
  return %r : tensor<?xf32>
}

// -----

// A static size meets a dynamic one; the loops that only one operand has are not compared.
// CHECK-LABEL: func.func @product
// CHECK-SAME: %[[X:.*]]: tensor<?x?xf32>
// CHECK: %[[K:.*]] = tensor.dim %[[X]], %c1
// CHECK: plan.check %[[K]], %c8, "operands differ
// CHECK-NOT: plan.check
func.func @product(%x: tensor<?x?xf32>, %w: tensor<8x4xf32>) -> tensor<?x4xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x?xf32>
  %e = tensor.empty(%n) : tensor<?x4xf32>
  %y = linalg.matmul ins(%x, %w : tensor<?x?xf32>, tensor<8x4xf32>) outs(%e : tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// CHECK-LABEL: func.func @refined
// CHECK: %[[K:.*]] = tensor.dim %{{.*}}, %c0
// CHECK: plan.check %[[K]], %c8, "a dynamic size is not what the model needs
func.func @refined(%x: tensor<?xf32>) -> tensor<8xf32> {
  %y = tensor.cast %x : tensor<?xf32> to tensor<8xf32>
  return %y : tensor<8xf32>
}

// -----

// CHECK-LABEL: func.func @static
// CHECK-NOT: plan.check
func.func @static(%x: tensor<4xf32>, %e: tensor<4xf32>) -> tensor<4xf32> {
  %y = linalg.abs ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}
