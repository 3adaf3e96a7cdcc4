// What looks like an activation function or a feed-forward layer, but is not, is not called one: each case changes one thing.
// RUN: %winnow-opt %s --winnow-recognize-feed-forward --remarks-filter=raise -o %t 2>&1 | FileCheck %s --allow-empty --implicit-check-not=recognized

#all = affine_map<(d0, d1) -> (d0, d1)>
#column = affine_map<(d0, d1) -> (d1)>

// The root is that of another number.
func.func @root_of_three(%x: tensor<?x8xf32>, %e: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %half = arith.constant 0.5 : f32
  %one = arith.constant 1.0 : f32
  %three = arith.constant 3.0 : f32
  %y = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x8xf32>) outs(%e : tensor<?x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = arith.divf %in, %three : f32
    %b = math.erf %a : f32
    %c = arith.addf %b, %one : f32
    %d = arith.mulf %in, %c : f32
    %r = arith.mulf %d, %half : f32
    linalg.yield %r : f32
  } -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// The product is not halved.
func.func @not_halved(%x: tensor<?x8xf32>, %e: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %one = arith.constant 1.0 : f32
  %root = arith.constant 1.41421354 : f32
  %y = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x8xf32>) outs(%e : tensor<?x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = arith.divf %in, %root : f32
    %b = math.erf %a : f32
    %c = arith.addf %b, %one : f32
    %d = arith.mulf %in, %c : f32
    %r = arith.mulf %d, %one : f32
    linalg.yield %r : f32
  } -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// Not one is added.
func.func @three_added(%x: tensor<?x8xf32>, %e: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %half = arith.constant 0.5 : f32
  %three = arith.constant 3.0 : f32
  %root = arith.constant 1.41421354 : f32
  %y = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x8xf32>) outs(%e : tensor<?x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = arith.divf %in, %root : f32
    %b = math.erf %a : f32
    %c = arith.addf %b, %three : f32
    %d = arith.mulf %in, %c : f32
    %r = arith.mulf %d, %half : f32
    linalg.yield %r : f32
  } -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// The cube has another factor.
func.func @other_cubic(%x: tensor<?x8xf32>, %e: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %half = arith.constant 0.5 : f32
  %one = arith.constant 1.0 : f32
  %three = arith.constant 3.0 : f32
  %scale = arith.constant 0.797884583 : f32
  %y = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x8xf32>) outs(%e : tensor<?x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = math.powf %in, %three : f32
    %b = arith.mulf %a, %scale : f32
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

// A square is added, not a cube.
func.func @square(%x: tensor<?x8xf32>, %e: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %half = arith.constant 0.5 : f32
  %one = arith.constant 1.0 : f32
  %scale = arith.constant 0.797884583 : f32
  %cubic = arith.constant 0.044715 : f32
  %y = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x8xf32>) outs(%e : tensor<?x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = arith.mulf %in, %in : f32
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

// The argument of tanh has another factor.
func.func @other_scale(%x: tensor<?x8xf32>, %e: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %half = arith.constant 0.5 : f32
  %one = arith.constant 1.0 : f32
  %three = arith.constant 3.0 : f32
  %cubic = arith.constant 0.044715 : f32
  %y = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x8xf32>) outs(%e : tensor<?x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = math.powf %in, %three : f32
    %b = arith.mulf %a, %cubic : f32
    %c = arith.addf %in, %b : f32
    %d = arith.mulf %c, %cubic : f32
    %f = math.tanh %d : f32
    %g = arith.addf %f, %one : f32
    %h = arith.mulf %in, %half : f32
    %r = arith.mulf %h, %g : f32
    linalg.yield %r : f32
  } -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// The cube is added to one, not to x.
func.func @no_x(%x: tensor<?x8xf32>, %e: tensor<?x8xf32>) -> tensor<?x8xf32> {
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
    %c = arith.addf %one, %b : f32
    %d = arith.mulf %c, %scale : f32
    %f = math.tanh %d : f32
    %g = arith.addf %f, %one : f32
    %h = arith.mulf %in, %half : f32
    %r = arith.mulf %h, %g : f32
    linalg.yield %r : f32
  } -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// The sigmoid is that of another multiple of x.
func.func @other_sigmoid(%x: tensor<?x8xf32>, %e: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %one = arith.constant 1.0 : f32
  %three = arith.constant 3.0 : f32
  %y = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x8xf32>) outs(%e : tensor<?x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %q = arith.mulf %in, %three : f32
    %a = arith.negf %q : f32
    %b = math.exp %a : f32
    %c = arith.addf %b, %one : f32
    %d = arith.divf %one, %c : f32
    %r = arith.mulf %in, %d : f32
    linalg.yield %r : f32
  } -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// The exponent is x: the sigmoid is that of -x.
func.func @positive_exponent(%x: tensor<?x8xf32>, %e: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %one = arith.constant 1.0 : f32
  %y = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x8xf32>) outs(%e : tensor<?x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %b = math.exp %in : f32
    %c = arith.addf %b, %one : f32
    %d = arith.divf %one, %c : f32
    %r = arith.mulf %in, %d : f32
    linalg.yield %r : f32
  } -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// A sigmoid is not multiplied by x.
func.func @sigmoid_alone(%x: tensor<?x8xf32>, %e: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %one = arith.constant 1.0 : f32
  %y = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x8xf32>) outs(%e : tensor<?x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = arith.negf %in : f32
    %b = math.exp %a : f32
    %c = arith.addf %b, %one : f32
    %r = arith.divf %one, %c : f32
    linalg.yield %r : f32
  } -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// x is multiplied in twice.
func.func @squared(%x: tensor<?x8xf32>, %e: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %one = arith.constant 1.0 : f32
  %y = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x : tensor<?x8xf32>) outs(%e : tensor<?x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %a = arith.negf %in : f32
    %b = math.exp %a : f32
    %c = arith.addf %b, %one : f32
    %d = arith.divf %one, %c : f32
    %f = arith.mulf %in, %in : f32
    %r = arith.mulf %f, %d : f32
    linalg.yield %r : f32
  } -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// The error function is that of another tensor.
func.func @other_tensor(%x: tensor<?x8xf32>, %o: tensor<?x8xf32>, %e: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %half = arith.constant 0.5 : f32
  %one = arith.constant 1.0 : f32
  %root = arith.constant 1.41421354 : f32
  %y = linalg.generic {indexing_maps = [#all, #all, #all], iterator_types = ["parallel", "parallel"]}
      ins(%x, %o : tensor<?x8xf32>, tensor<?x8xf32>) outs(%e : tensor<?x8xf32>) {
  ^bb0(%in: f32, %other: f32, %out: f32):
    %a = arith.divf %other, %root : f32
    %b = math.erf %a : f32
    %c = arith.addf %b, %one : f32
    %d = arith.mulf %in, %c : f32
    %r = arith.mulf %d, %half : f32
    linalg.yield %r : f32
  } -> tensor<?x8xf32>
  return %y : tensor<?x8xf32>
}

// The activation is that of an input, not of a product.
func.func @one_product(%i: tensor<?x32xf32>, %down: tensor<32x8xf32>, %h: tensor<?x32xf32>, %e: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %zero = arith.constant 0.0 : f32
  %2 = linalg.generic {indexing_maps = [#all, #all], iterator_types = ["parallel", "parallel"]}
      ins(%i : tensor<?x32xf32>) outs(%h : tensor<?x32xf32>) {
  ^bb0(%in: f32, %out: f32):
    %r = arith.maximumf %in, %zero : f32
    linalg.yield %r : f32
  } -> tensor<?x32xf32>
  %3 = linalg.matmul ins(%2, %down : tensor<?x32xf32>, tensor<32x8xf32>) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %3 : tensor<?x8xf32>
}

// Between the products is no activation.
func.func @no_activation(%x: tensor<?x8xf32>, %up: tensor<8x32xf32>, %bias: tensor<32xf32>, %down: tensor<32x8xf32>, %h: tensor<?x32xf32>, %e: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = linalg.matmul ins(%x, %up : tensor<?x8xf32>, tensor<8x32xf32>) outs(%h : tensor<?x32xf32>) -> tensor<?x32xf32>
  %2 = linalg.generic {indexing_maps = [#all, #column, #all], iterator_types = ["parallel", "parallel"]}
      ins(%0, %bias : tensor<?x32xf32>, tensor<32xf32>) outs(%h : tensor<?x32xf32>) {
  ^bb0(%in: f32, %in1: f32, %out: f32):
    %r = arith.addf %in, %in1 : f32
    linalg.yield %r : f32
  } -> tensor<?x32xf32>
  %3 = linalg.matmul ins(%2, %down : tensor<?x32xf32>, tensor<32x8xf32>) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %3 : tensor<?x8xf32>
}
