// Activation functions are recognized in the forms that exporters write, and feed-forward layers with them. Nothing changes.
// RUN: %winnow-opt %s --winnow-recognize-feed-forward --remarks-filter=raise -o %t 2>&1 | FileCheck %s
// RUN: %winnow-opt %s -o %t.before && diff %t.before %t

#all = affine_map<(d0, d1) -> (d0, d1)>
#column = affine_map<(d0, d1) -> (d1)>

// By the error function, as exporters decompose it.
// CHECK: recognized GELU
func.func @gelu(%x: tensor<?x8xf32>, %e: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %half = arith.constant 0.5 : f32
  %one = arith.constant 1.0 : f32
  %root = arith.constant 1.41421354 : f32
  %y = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x8xf32>) outs(%e : tensor<?x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = arith.divf %in, %root : f32
    %b = math.erf %a : f32
    %c = arith.addf %b, %one : f32
    %d = arith.mulf %in, %c : f32
    %r = arith.mulf %d, %half : f32
    linalg.yield %r : f32
  } -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// Half of x first, and a product with the inverse of the root.
// CHECK: recognized GELU
func.func @gelu_half_first(%x: tensor<?x8xf32>, %e: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %half = arith.constant 0.5 : f32
  %one = arith.constant 1.0 : f32
  %inverse = arith.constant 0.707106769 : f32
  %y = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x8xf32>) outs(%e : tensor<?x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = arith.mulf %in, %inverse : f32
    %b = math.erf %a : f32
    %c = arith.addf %one, %b : f32
    %h = arith.mulf %half, %in : f32
    %r = arith.mulf %c, %h : f32
    linalg.yield %r : f32
  } -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// The second factor is halved.
// CHECK: recognized GELU
func.func @gelu_halved_after(%x: tensor<?x8xf32>, %e: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %half = arith.constant 0.5 : f32
  %one = arith.constant 1.0 : f32
  %root = arith.constant 1.41421354 : f32
  %y = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x8xf32>) outs(%e : tensor<?x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = arith.divf %in, %root : f32
    %b = math.erf %a : f32
    %c = arith.addf %b, %one : f32
    %h = arith.mulf %c, %half : f32
    %r = arith.mulf %in, %h : f32
    linalg.yield %r : f32
  } -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// By tanh, with a power.
// CHECK: recognized GELU (by tanh)
func.func @gelu_tanh(%x: tensor<?x8xf32>, %e: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %half = arith.constant 0.5 : f32
  %one = arith.constant 1.0 : f32
  %three = arith.constant 3.0 : f32
  %scale = arith.constant 0.797884583 : f32
  %cubic = arith.constant 0.044715 : f32
  %y = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x8xf32>) outs(%e : tensor<?x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = math.powf %in, %three : f32
    %b = arith.mulf %a, %cubic : f32
    %c = arith.addf %in, %b : f32
    %d = arith.mulf %c, %scale : f32
    %f = math.tanh %d : f32
    %g = arith.addf %f, %one : f32
    %h = arith.mulf %in, %half : f32
    %r = arith.mulf %h, %g : f32
    linalg.yield %r : f32
  } -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// By tanh, with products for the cube.
// CHECK: recognized GELU (by tanh)
func.func @gelu_tanh_products(%x: tensor<?x8xf32>, %e: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %half = arith.constant 0.5 : f32
  %one = arith.constant 1.0 : f32
  %scale = arith.constant 0.797884583 : f32
  %cubic = arith.constant 0.044715 : f32
  %y = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x8xf32>) outs(%e : tensor<?x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = arith.mulf %in, %in : f32
    %b = arith.mulf %a, %in : f32
    %c = arith.mulf %cubic, %b : f32
    %d = arith.addf %c, %in : f32
    %f = arith.mulf %scale, %d : f32
    %g = math.tanh %f : f32
    %h = arith.addf %one, %g : f32
    %i = arith.mulf %in, %h : f32
    %r = arith.mulf %half, %i : f32
    linalg.yield %r : f32
  } -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// By tanh, with x multiplied out.
// CHECK: recognized GELU (by tanh)
func.func @gelu_tanh_factored(%x: tensor<?x8xf32>, %e: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %half = arith.constant 0.5 : f32
  %one = arith.constant 1.0 : f32
  %scale = arith.constant 0.797884583 : f32
  %cubic = arith.constant 0.044715 : f32
  %y = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x8xf32>) outs(%e : tensor<?x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = arith.mulf %in, %in : f32
    %b = arith.mulf %a, %cubic : f32
    %c = arith.addf %b, %one : f32
    %d = arith.mulf %in, %scale : f32
    %f = arith.mulf %d, %c : f32
    %g = math.tanh %f : f32
    %h = arith.addf %one, %g : f32
    %i = arith.mulf %in, %h : f32
    %r = arith.mulf %half, %i : f32
    linalg.yield %r : f32
  } -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// By a sigmoid.
// CHECK: recognized GELU (by sigmoid)
func.func @gelu_sigmoid(%x: tensor<?x8xf32>, %e: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %one = arith.constant 1.0 : f32
  %quick = arith.constant 1.702 : f32
  %y = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x8xf32>) outs(%e : tensor<?x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %q = arith.mulf %in, %quick : f32
    %a = arith.negf %q : f32
    %b = math.exp %a : f32
    %c = arith.addf %b, %one : f32
    %d = arith.divf %one, %c : f32
    %r = arith.mulf %in, %d : f32
    linalg.yield %r : f32
  } -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// SiLU by a sigmoid.
// CHECK: recognized SiLU
func.func @silu(%x: tensor<?x8xf32>, %e: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %one = arith.constant 1.0 : f32
  %y = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x8xf32>) outs(%e : tensor<?x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = arith.negf %in : f32
    %b = math.exp %a : f32
    %c = arith.addf %b, %one : f32
    %d = arith.divf %one, %c : f32
    %r = arith.mulf %in, %d : f32
    linalg.yield %r : f32
  } -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// SiLU by a quotient.
// CHECK: recognized SiLU
func.func @silu_quotient(%x: tensor<?x8xf32>, %e: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %one = arith.constant 1.0 : f32
  %y = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x8xf32>) outs(%e : tensor<?x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = arith.negf %in : f32
    %b = math.exp %a : f32
    %c = arith.addf %one, %b : f32
    %r = arith.divf %in, %c : f32
    linalg.yield %r : f32
  } -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// Bias and activation are operations of their own.
// CHECK: recognized GELU
// CHECK: recognized a feed-forward layer of 32 neurons with GELU
func.func @feed_forward(%x: tensor<?x8xf32>, %up: tensor<8x32xf32>, %bias: tensor<32xf32>, %down: tensor<32x8xf32>, %h: tensor<?x32xf32>, %e: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %half = arith.constant 0.5 : f32
  %one = arith.constant 1.0 : f32
  %root = arith.constant 1.41421354 : f32
  %0 = linalg.matmul ins(%x, %up : tensor<?x8xf32>, tensor<8x32xf32>) outs(%h : tensor<?x32xf32>) -> tensor<?x32xf32>
  %1 = linalg.generic {indexing_maps = [#all, #column, #all], iterator_types = ["parallel", "parallel"]}
      ins(%0, %bias : tensor<?x32xf32>, tensor<32xf32>) outs(%h : tensor<?x32xf32>) {
  ^bb0(%in: f32, %in1: f32, %out: f32):
    %r = arith.addf %in, %in1 : f32
    linalg.yield %r : f32
  } -> tensor<?x32xf32>
  %2 = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
      ins(%1 : tensor<?x32xf32>) outs(%h : tensor<?x32xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = arith.divf %in, %root : f32
    %b = math.erf %a : f32
    %c = arith.addf %b, %one : f32
    %d = arith.mulf %in, %c : f32
    %r = arith.mulf %d, %half : f32
    linalg.yield %r : f32
  } -> tensor<?x32xf32>
  %3 = linalg.matmul ins(%2, %down : tensor<?x32xf32>, tensor<32x8xf32>) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %3 : tensor<?x8xf32>
}

// The sigmoid, the activation and the product with the other half are operations of their own.
// CHECK: recognized SiLU
// CHECK: recognized a gated feed-forward layer of 32 neurons with SiLU
func.func @gated(%x: tensor<?x8xf32>, %up: tensor<8x32xf32>, %gate: tensor<8x32xf32>, %down: tensor<32x8xf32>, %h: tensor<?x32xf32>, %e: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %one = arith.constant 1.0 : f32
  %0 = linalg.matmul ins(%x, %gate : tensor<?x8xf32>, tensor<8x32xf32>) outs(%h : tensor<?x32xf32>) -> tensor<?x32xf32>
  %u = linalg.matmul ins(%x, %up : tensor<?x8xf32>, tensor<8x32xf32>) outs(%h : tensor<?x32xf32>) -> tensor<?x32xf32>
  %1 = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
      ins(%0 : tensor<?x32xf32>) outs(%h : tensor<?x32xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = arith.negf %in : f32
    %b = math.exp %a : f32
    %c = arith.addf %b, %one : f32
    %r = arith.divf %one, %c : f32
    linalg.yield %r : f32
  } -> tensor<?x32xf32>
  %2 = linalg.generic {indexing_maps = [#all, #all, #all], iterator_types = ["parallel", "parallel"]}
      ins(%0, %1 : tensor<?x32xf32>, tensor<?x32xf32>) outs(%h : tensor<?x32xf32>) {
  ^bb0(%in: f32, %in1: f32, %out: f32):
    %r = arith.mulf %in, %in1 : f32
    linalg.yield %r : f32
  } -> tensor<?x32xf32>
  %3 = linalg.generic {indexing_maps = [#all, #all, #all], iterator_types = ["parallel", "parallel"]}
      ins(%u, %2 : tensor<?x32xf32>, tensor<?x32xf32>) outs(%h : tensor<?x32xf32>) {
  ^bb0(%in: f32, %in1: f32, %out: f32):
    %r = arith.mulf %in, %in1 : f32
    linalg.yield %r : f32
  } -> tensor<?x32xf32>
  %4 = linalg.matmul ins(%3, %down : tensor<?x32xf32>, tensor<32x8xf32>) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %4 : tensor<?x8xf32>
}

// A batch of sequences: the hidden values have three dimensions, the products two.
// CHECK: recognized a feed-forward layer of 32 neurons with ReLU
func.func @sequences(%x: tensor<?x8xf32>, %up: tensor<8x32xf32>, %down: tensor<32x8xf32>, %h: tensor<?x32xf32>, %e: tensor<?x8xf32>, %m: index, %n: index, %h3: tensor<?x?x32xf32>) -> tensor<?x8xf32> {
  %zero = arith.constant 0.0 : f32
  %0 = linalg.matmul ins(%x, %up : tensor<?x8xf32>, tensor<8x32xf32>) outs(%h : tensor<?x32xf32>) -> tensor<?x32xf32>
  %1 = tensor.expand_shape %0 [[0, 1], [2]] output_shape [%m, %n, 32] : tensor<?x32xf32> into tensor<?x?x32xf32>
  %2 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%1 : tensor<?x?x32xf32>) outs(%h3 : tensor<?x?x32xf32>) {
  ^bb0(%in: f32, %out: f32):
    %r = arith.maximumf %in, %zero : f32
    linalg.yield %r : f32
  } -> tensor<?x?x32xf32>
  %3 = tensor.collapse_shape %2 [[0, 1], [2]] : tensor<?x?x32xf32> into tensor<?x32xf32>
  %4 = linalg.matmul ins(%3, %down : tensor<?x32xf32>, tensor<32x8xf32>) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %4 : tensor<?x8xf32>
}

// The bias is added to the product's own rows, the activation is that of sequences.
// CHECK: recognized a feed-forward layer of 32 neurons with ReLU
func.func @biased_rows(%x: tensor<?x8xf32>, %up: tensor<8x32xf32>, %bias: tensor<32xf32>, %down: tensor<32x8xf32>, %h: tensor<?x32xf32>, %e: tensor<?x8xf32>, %m: index, %n: index, %h3: tensor<?x?x32xf32>) -> tensor<?x8xf32> {
  %zero = arith.constant 0.0 : f32
  %p = linalg.matmul ins(%x, %up : tensor<?x8xf32>, tensor<8x32xf32>) outs(%h : tensor<?x32xf32>) -> tensor<?x32xf32>
  %0 = linalg.generic {indexing_maps = [#all, #column, #all], iterator_types = ["parallel", "parallel"]}
      ins(%p, %bias : tensor<?x32xf32>, tensor<32xf32>) outs(%h : tensor<?x32xf32>) {
  ^bb0(%in: f32, %in1: f32, %out: f32):
    %r = arith.addf %in, %in1 : f32
    linalg.yield %r : f32
  } -> tensor<?x32xf32>
  %1 = tensor.expand_shape %0 [[0, 1], [2]] output_shape [%m, %n, 32] : tensor<?x32xf32> into tensor<?x?x32xf32>
  %2 = linalg.generic {indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d1, d2)>, affine_map<(d0, d1, d2) -> (d0, d1, d2)>],
      iterator_types = ["parallel", "parallel", "parallel"]} ins(%1 : tensor<?x?x32xf32>) outs(%h3 : tensor<?x?x32xf32>) {
  ^bb0(%in: f32, %out: f32):
    %r = arith.maximumf %in, %zero : f32
    linalg.yield %r : f32
  } -> tensor<?x?x32xf32>
  %3 = tensor.collapse_shape %2 [[0, 1], [2]] : tensor<?x?x32xf32> into tensor<?x32xf32>
  %4 = linalg.matmul ins(%3, %down : tensor<?x32xf32>, tensor<32x8xf32>) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %4 : tensor<?x8xf32>
}
