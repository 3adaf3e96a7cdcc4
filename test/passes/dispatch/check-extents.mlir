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

// -----

// Keys and values are as many as each other, and as what a capture has for them; batches, heads and widths are equal by
// their types.
// CHECK-LABEL: func.func @attention
// CHECK-SAME: %[[Q:.*]]: tensor<1x2x?x4xf32>, %[[K:.*]]: tensor<1x2x?x4xf32>, %[[V:.*]]: tensor<1x2x?x4xf32>, %[[BIAS:.*]]: tensor<?x?xf32>
// CHECK-DAG: %[[QUERIES:.*]] = tensor.dim %[[Q]], %c2
// CHECK-DAG: %[[KEYS:.*]] = tensor.dim %[[K]], %c2
// CHECK-DAG: %[[VALUES:.*]] = tensor.dim %[[V]], %c2
// CHECK-DAG: %[[ROWS:.*]] = tensor.dim %[[BIAS]], %c0
// CHECK-DAG: %[[COLUMNS:.*]] = tensor.dim %[[BIAS]], %c1
// CHECK-DAG: plan.check %[[KEYS]], %[[VALUES]], "operands differ in a dimension that they share at
// CHECK-DAG: plan.check %[[QUERIES]], %[[ROWS]], "operands differ
// CHECK-DAG: plan.check %[[KEYS]], %[[COLUMNS]], "operands differ
// CHECK-NOT: plan.check
// CHECK: winnow.attention
func.func @attention(%q: tensor<1x2x?x4xf32>, %k: tensor<1x2x?x4xf32>, %v: tensor<1x2x?x4xf32>, %bias: tensor<?x?xf32>)
    -> tensor<1x2x?x4xf32> {
  %y = winnow.attention %q, %k, %v, scale 0.5 captures(%bias : tensor<?x?xf32>) [affine_map<(b, h, q, k) -> (q, k)>]
      : tensor<1x2x?x4xf32>, tensor<1x2x?x4xf32>, tensor<1x2x?x4xf32> -> tensor<1x2x?x4xf32> score {
  ^bb0(%score: f32, %b: index, %h: index, %i: index, %j: index, %bias_element: f32):
    %new = arith.addf %score, %bias_element : f32
    winnow.yield %new : f32
  }
  return %y : tensor<1x2x?x4xf32>
}

// -----

// A selection has a row for each query block of each head, and an entry for each key block.
// CHECK-LABEL: func.func @active
// CHECK-SAME: %{{.*}}, %[[SCORES:.*]]: tensor<?x?xf32>
// CHECK-DAG: %[[ROWS:.*]] = tensor.dim %[[SCORES]], %c0
// CHECK-DAG: %[[UNIVERSE:.*]] = tensor.dim %[[SCORES]], %c1
// CHECK-DAG: plan.check %[[ROWS]], %{{.*}}, "the number of rows of the selection is not what the attention needs at
// CHECK-DAG: plan.check %[[UNIVERSE]], %{{.*}}, "the universe of the selection is not what the attention needs at
// CHECK: winnow.attention
func.func @active(%q: tensor<1x2x?x4xf32>, %k: tensor<1x2x?x4xf32>, %scores: tensor<?x?xf32>) -> tensor<1x2x?x4xf32> {
  %blocks = winnow.select.topk %scores, k = 1 : tensor<?x?xf32> -> !winnow.selection<?x?, 1>
  %y = winnow.attention %q, %k, %k, scale 0.5 active(%blocks : !winnow.selection<?x?, 1>)
      {key_block = 8 : i64, query_block = 2 : i64}
      : tensor<1x2x?x4xf32>, tensor<1x2x?x4xf32>, tensor<1x2x?x4xf32> -> tensor<1x2x?x4xf32>
  return %y : tensor<1x2x?x4xf32>
}
