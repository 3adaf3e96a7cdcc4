// What looks like attention, but is not, stays as it is.
// RUN: %winnow-opt %s --winnow-raise-attention --split-input-file | FileCheck %s --implicit-check-not=winnow.attention

// The weights are a result too.
// CHECK-LABEL: func @weights_used
#pair = affine_map<(b, h, q, k) -> (b, h, q, k)>
#row = affine_map<(b, h, q, k) -> (b, h, q)>
#flat = affine_map<(n, q, k) -> (n, q, k)>
#flat_row = affine_map<(n, q, k) -> (n, q)>
func.func @weights_used(%q: tensor<?x3x?x4xf32>, %k: tensor<?x3x4x?xf32>, %v: tensor<?x3x?x4xf32>) -> (tensor<?x3x?x4xf32>, tensor<?x3x?x?xf32>) {
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %batch = tensor.dim %q, %c0 : tensor<?x3x?x4xf32>
  %c3 = arith.constant 3 : index
  %queries = tensor.dim %q, %c2 : tensor<?x3x?x4xf32>
  %keys = tensor.dim %k, %c3 : tensor<?x3x4x?xf32>
  %n = arith.muli %batch, %c3 : index
  %e = tensor.empty(%batch, %queries, %keys) : tensor<?x3x?x?xf32>
  %r = tensor.empty(%batch, %queries) : tensor<?x3x?xf32>
  %qn = tensor.collapse_shape %q [[0, 1], [2], [3]] : tensor<?x3x?x4xf32> into tensor<?x?x4xf32>
  %kn = tensor.collapse_shape %k [[0, 1], [2], [3]] : tensor<?x3x4x?xf32> into tensor<?x4x?xf32>
  %se = tensor.empty(%n, %queries, %keys) : tensor<?x?x?xf32>
  %sz = linalg.fill ins(%zero : f32) outs(%se : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %products = linalg.batch_matmul ins(%qn, %kn : tensor<?x?x4xf32>, tensor<?x4x?xf32>) outs(%sz : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %heads = tensor.expand_shape %products [[0, 1], [2], [3]] output_shape [%batch, 3, %queries, %keys] : tensor<?x?x?xf32> into tensor<?x3x?x?xf32>
  %low = linalg.fill ins(%lowest : f32) outs(%r : tensor<?x3x?xf32>) -> tensor<?x3x?xf32>
  %max = linalg.generic {indexing_maps = [#pair, #row], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%heads : tensor<?x3x?x?xf32>) outs(%low : tensor<?x3x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.maximumf %o, %a : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?xf32>
  %difference = linalg.generic {indexing_maps = [#pair, #row, #pair], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%heads, %max : tensor<?x3x?x?xf32>, tensor<?x3x?xf32>) outs(%e : tensor<?x3x?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.subf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?x?xf32>
  %exp = linalg.generic {indexing_maps = [#pair, #pair], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%difference : tensor<?x3x?x?xf32>) outs(%e : tensor<?x3x?x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = math.exp %a : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?x?xf32>
  %nothing = linalg.fill ins(%zero : f32) outs(%r : tensor<?x3x?xf32>) -> tensor<?x3x?xf32>
  %sum = linalg.generic {indexing_maps = [#pair, #row], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%exp : tensor<?x3x?x?xf32>) outs(%nothing : tensor<?x3x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %o, %a : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?xf32>
  %weights = linalg.generic {indexing_maps = [#pair, #row, #pair], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%exp, %sum : tensor<?x3x?x?xf32>, tensor<?x3x?xf32>) outs(%e : tensor<?x3x?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.divf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?x?xf32>
  %wn = tensor.collapse_shape %weights [[0, 1], [2], [3]] : tensor<?x3x?x?xf32> into tensor<?x?x?xf32>
  %vn = tensor.collapse_shape %v [[0, 1], [2], [3]] : tensor<?x3x?x4xf32> into tensor<?x?x4xf32>
  %ye = tensor.empty(%n, %queries) : tensor<?x?x4xf32>
  %yz = linalg.fill ins(%zero : f32) outs(%ye : tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %yn = linalg.batch_matmul ins(%wn, %vn : tensor<?x?x?xf32>, tensor<?x?x4xf32>) outs(%yz : tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %y = tensor.expand_shape %yn [[0, 1], [2], [3]] output_shape [%batch, 3, %queries, 4] : tensor<?x?x4xf32> into tensor<?x3x?x4xf32>
  return %y, %weights : tensor<?x3x?x4xf32>, tensor<?x3x?x?xf32>
}

// -----

// The largest score is sought from 0: not that of negative scores.
// CHECK-LABEL: func @largest_from_zero
#pair = affine_map<(b, h, q, k) -> (b, h, q, k)>
#row = affine_map<(b, h, q, k) -> (b, h, q)>
#flat = affine_map<(n, q, k) -> (n, q, k)>
#flat_row = affine_map<(n, q, k) -> (n, q)>
func.func @largest_from_zero(%q: tensor<?x3x?x4xf32>, %k: tensor<?x3x4x?xf32>, %v: tensor<?x3x?x4xf32>) -> tensor<?x3x?x4xf32> {
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %batch = tensor.dim %q, %c0 : tensor<?x3x?x4xf32>
  %c3 = arith.constant 3 : index
  %queries = tensor.dim %q, %c2 : tensor<?x3x?x4xf32>
  %keys = tensor.dim %k, %c3 : tensor<?x3x4x?xf32>
  %n = arith.muli %batch, %c3 : index
  %e = tensor.empty(%batch, %queries, %keys) : tensor<?x3x?x?xf32>
  %r = tensor.empty(%batch, %queries) : tensor<?x3x?xf32>
  %qn = tensor.collapse_shape %q [[0, 1], [2], [3]] : tensor<?x3x?x4xf32> into tensor<?x?x4xf32>
  %kn = tensor.collapse_shape %k [[0, 1], [2], [3]] : tensor<?x3x4x?xf32> into tensor<?x4x?xf32>
  %se = tensor.empty(%n, %queries, %keys) : tensor<?x?x?xf32>
  %sz = linalg.fill ins(%zero : f32) outs(%se : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %products = linalg.batch_matmul ins(%qn, %kn : tensor<?x?x4xf32>, tensor<?x4x?xf32>) outs(%sz : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %heads = tensor.expand_shape %products [[0, 1], [2], [3]] output_shape [%batch, 3, %queries, %keys] : tensor<?x?x?xf32> into tensor<?x3x?x?xf32>
  %low = linalg.fill ins(%zero : f32) outs(%r : tensor<?x3x?xf32>) -> tensor<?x3x?xf32>
  %max = linalg.generic {indexing_maps = [#pair, #row], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%heads : tensor<?x3x?x?xf32>) outs(%low : tensor<?x3x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.maximumf %o, %a : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?xf32>
  %difference = linalg.generic {indexing_maps = [#pair, #row, #pair], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%heads, %max : tensor<?x3x?x?xf32>, tensor<?x3x?xf32>) outs(%e : tensor<?x3x?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.subf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?x?xf32>
  %exp = linalg.generic {indexing_maps = [#pair, #pair], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%difference : tensor<?x3x?x?xf32>) outs(%e : tensor<?x3x?x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = math.exp %a : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?x?xf32>
  %nothing = linalg.fill ins(%zero : f32) outs(%r : tensor<?x3x?xf32>) -> tensor<?x3x?xf32>
  %sum = linalg.generic {indexing_maps = [#pair, #row], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%exp : tensor<?x3x?x?xf32>) outs(%nothing : tensor<?x3x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %o, %a : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?xf32>
  %weights = linalg.generic {indexing_maps = [#pair, #row, #pair], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%exp, %sum : tensor<?x3x?x?xf32>, tensor<?x3x?xf32>) outs(%e : tensor<?x3x?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.divf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?x?xf32>
  %wn = tensor.collapse_shape %weights [[0, 1], [2], [3]] : tensor<?x3x?x?xf32> into tensor<?x?x?xf32>
  %vn = tensor.collapse_shape %v [[0, 1], [2], [3]] : tensor<?x3x?x4xf32> into tensor<?x?x4xf32>
  %ye = tensor.empty(%n, %queries) : tensor<?x?x4xf32>
  %yz = linalg.fill ins(%zero : f32) outs(%ye : tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %yn = linalg.batch_matmul ins(%wn, %vn : tensor<?x?x?xf32>, tensor<?x?x4xf32>) outs(%yz : tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %y = tensor.expand_shape %yn [[0, 1], [2], [3]] output_shape [%batch, 3, %queries, 4] : tensor<?x?x4xf32> into tensor<?x3x?x4xf32>
  return %y : tensor<?x3x?x4xf32>
}

// -----

// The softmax starts its sum at minus infinity.
// CHECK-LABEL: func @sum_from_elsewhere
#pair = affine_map<(b, h, q, k) -> (b, h, q, k)>
#row = affine_map<(b, h, q, k) -> (b, h, q)>
#flat = affine_map<(n, q, k) -> (n, q, k)>
#flat_row = affine_map<(n, q, k) -> (n, q)>
func.func @sum_from_elsewhere(%q: tensor<?x3x?x4xf32>, %k: tensor<?x3x4x?xf32>, %v: tensor<?x3x?x4xf32>) -> tensor<?x3x?x4xf32> {
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %batch = tensor.dim %q, %c0 : tensor<?x3x?x4xf32>
  %c3 = arith.constant 3 : index
  %queries = tensor.dim %q, %c2 : tensor<?x3x?x4xf32>
  %keys = tensor.dim %k, %c3 : tensor<?x3x4x?xf32>
  %n = arith.muli %batch, %c3 : index
  %e = tensor.empty(%batch, %queries, %keys) : tensor<?x3x?x?xf32>
  %r = tensor.empty(%batch, %queries) : tensor<?x3x?xf32>
  %qn = tensor.collapse_shape %q [[0, 1], [2], [3]] : tensor<?x3x?x4xf32> into tensor<?x?x4xf32>
  %kn = tensor.collapse_shape %k [[0, 1], [2], [3]] : tensor<?x3x4x?xf32> into tensor<?x4x?xf32>
  %se = tensor.empty(%n, %queries, %keys) : tensor<?x?x?xf32>
  %sz = linalg.fill ins(%zero : f32) outs(%se : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %products = linalg.batch_matmul ins(%qn, %kn : tensor<?x?x4xf32>, tensor<?x4x?xf32>) outs(%sz : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %heads = tensor.expand_shape %products [[0, 1], [2], [3]] output_shape [%batch, 3, %queries, %keys] : tensor<?x?x?xf32> into tensor<?x3x?x?xf32>
  %low = linalg.fill ins(%lowest : f32) outs(%r : tensor<?x3x?xf32>) -> tensor<?x3x?xf32>
  %max = linalg.generic {indexing_maps = [#pair, #row], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%heads : tensor<?x3x?x?xf32>) outs(%low : tensor<?x3x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.maximumf %o, %a : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?xf32>
  %difference = linalg.generic {indexing_maps = [#pair, #row, #pair], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%heads, %max : tensor<?x3x?x?xf32>, tensor<?x3x?xf32>) outs(%e : tensor<?x3x?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.subf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?x?xf32>
  %exp = linalg.generic {indexing_maps = [#pair, #pair], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%difference : tensor<?x3x?x?xf32>) outs(%e : tensor<?x3x?x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = math.exp %a : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?x?xf32>
  %nothing = linalg.fill ins(%lowest : f32) outs(%r : tensor<?x3x?xf32>) -> tensor<?x3x?xf32>
  %sum = linalg.generic {indexing_maps = [#pair, #row], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%exp : tensor<?x3x?x?xf32>) outs(%nothing : tensor<?x3x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %o, %a : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?xf32>
  %weights = linalg.generic {indexing_maps = [#pair, #row, #pair], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%exp, %sum : tensor<?x3x?x?xf32>, tensor<?x3x?xf32>) outs(%e : tensor<?x3x?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.divf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?x?xf32>
  %wn = tensor.collapse_shape %weights [[0, 1], [2], [3]] : tensor<?x3x?x?xf32> into tensor<?x?x?xf32>
  %vn = tensor.collapse_shape %v [[0, 1], [2], [3]] : tensor<?x3x?x4xf32> into tensor<?x?x4xf32>
  %ye = tensor.empty(%n, %queries) : tensor<?x?x4xf32>
  %yz = linalg.fill ins(%zero : f32) outs(%ye : tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %yn = linalg.batch_matmul ins(%wn, %vn : tensor<?x?x?xf32>, tensor<?x?x4xf32>) outs(%yz : tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %y = tensor.expand_shape %yn [[0, 1], [2], [3]] output_shape [%batch, 3, %queries, 4] : tensor<?x?x4xf32> into tensor<?x3x?x4xf32>
  return %y : tensor<?x3x?x4xf32>
}

// -----

// The softmax is over queries.
// CHECK-LABEL: func @over_queries
#pair = affine_map<(b, h, q, k) -> (b, h, q, k)>
#row = affine_map<(b, h, q, k) -> (b, h, k)>
#flat = affine_map<(n, q, k) -> (n, q, k)>
#flat_row = affine_map<(n, q, k) -> (n, q)>
func.func @over_queries(%q: tensor<?x3x?x4xf32>, %k: tensor<?x3x4x?xf32>, %v: tensor<?x3x?x4xf32>) -> tensor<?x3x?x4xf32> {
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %batch = tensor.dim %q, %c0 : tensor<?x3x?x4xf32>
  %c3 = arith.constant 3 : index
  %queries = tensor.dim %q, %c2 : tensor<?x3x?x4xf32>
  %keys = tensor.dim %k, %c3 : tensor<?x3x4x?xf32>
  %n = arith.muli %batch, %c3 : index
  %e = tensor.empty(%batch, %queries, %keys) : tensor<?x3x?x?xf32>
  %r = tensor.empty(%batch, %keys) : tensor<?x3x?xf32>
  %qn = tensor.collapse_shape %q [[0, 1], [2], [3]] : tensor<?x3x?x4xf32> into tensor<?x?x4xf32>
  %kn = tensor.collapse_shape %k [[0, 1], [2], [3]] : tensor<?x3x4x?xf32> into tensor<?x4x?xf32>
  %se = tensor.empty(%n, %queries, %keys) : tensor<?x?x?xf32>
  %sz = linalg.fill ins(%zero : f32) outs(%se : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %products = linalg.batch_matmul ins(%qn, %kn : tensor<?x?x4xf32>, tensor<?x4x?xf32>) outs(%sz : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %heads = tensor.expand_shape %products [[0, 1], [2], [3]] output_shape [%batch, 3, %queries, %keys] : tensor<?x?x?xf32> into tensor<?x3x?x?xf32>
  %low = linalg.fill ins(%lowest : f32) outs(%r : tensor<?x3x?xf32>) -> tensor<?x3x?xf32>
  %max = linalg.generic {indexing_maps = [#pair, #row], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%heads : tensor<?x3x?x?xf32>) outs(%low : tensor<?x3x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.maximumf %o, %a : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?xf32>
  %difference = linalg.generic {indexing_maps = [#pair, #row, #pair], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%heads, %max : tensor<?x3x?x?xf32>, tensor<?x3x?xf32>) outs(%e : tensor<?x3x?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.subf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?x?xf32>
  %exp = linalg.generic {indexing_maps = [#pair, #pair], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%difference : tensor<?x3x?x?xf32>) outs(%e : tensor<?x3x?x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = math.exp %a : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?x?xf32>
  %nothing = linalg.fill ins(%zero : f32) outs(%r : tensor<?x3x?xf32>) -> tensor<?x3x?xf32>
  %sum = linalg.generic {indexing_maps = [#pair, #row], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%exp : tensor<?x3x?x?xf32>) outs(%nothing : tensor<?x3x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %o, %a : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?xf32>
  %weights = linalg.generic {indexing_maps = [#pair, #row, #pair], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%exp, %sum : tensor<?x3x?x?xf32>, tensor<?x3x?xf32>) outs(%e : tensor<?x3x?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.divf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?x?xf32>
  %wn = tensor.collapse_shape %weights [[0, 1], [2], [3]] : tensor<?x3x?x?xf32> into tensor<?x?x?xf32>
  %vn = tensor.collapse_shape %v [[0, 1], [2], [3]] : tensor<?x3x?x4xf32> into tensor<?x?x4xf32>
  %ye = tensor.empty(%n, %queries) : tensor<?x?x4xf32>
  %yz = linalg.fill ins(%zero : f32) outs(%ye : tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %yn = linalg.batch_matmul ins(%wn, %vn : tensor<?x?x?xf32>, tensor<?x?x4xf32>) outs(%yz : tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %y = tensor.expand_shape %yn [[0, 1], [2], [3]] output_shape [%batch, 3, %queries, 4] : tensor<?x?x4xf32> into tensor<?x3x?x4xf32>
  return %y : tensor<?x3x?x4xf32>
}

// -----

// The sum is of other exponentials than the quotient's.
// CHECK-LABEL: func @other_sum
#pair = affine_map<(b, h, q, k) -> (b, h, q, k)>
#row = affine_map<(b, h, q, k) -> (b, h, q)>
#flat = affine_map<(n, q, k) -> (n, q, k)>
#flat_row = affine_map<(n, q, k) -> (n, q)>
func.func @other_sum(%q: tensor<?x3x?x4xf32>, %k: tensor<?x3x4x?xf32>, %v: tensor<?x3x?x4xf32>) -> tensor<?x3x?x4xf32> {
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %batch = tensor.dim %q, %c0 : tensor<?x3x?x4xf32>
  %c3 = arith.constant 3 : index
  %queries = tensor.dim %q, %c2 : tensor<?x3x?x4xf32>
  %keys = tensor.dim %k, %c3 : tensor<?x3x4x?xf32>
  %n = arith.muli %batch, %c3 : index
  %e = tensor.empty(%batch, %queries, %keys) : tensor<?x3x?x?xf32>
  %r = tensor.empty(%batch, %queries) : tensor<?x3x?xf32>
  %qn = tensor.collapse_shape %q [[0, 1], [2], [3]] : tensor<?x3x?x4xf32> into tensor<?x?x4xf32>
  %kn = tensor.collapse_shape %k [[0, 1], [2], [3]] : tensor<?x3x4x?xf32> into tensor<?x4x?xf32>
  %se = tensor.empty(%n, %queries, %keys) : tensor<?x?x?xf32>
  %sz = linalg.fill ins(%zero : f32) outs(%se : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %products = linalg.batch_matmul ins(%qn, %kn : tensor<?x?x4xf32>, tensor<?x4x?xf32>) outs(%sz : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %heads = tensor.expand_shape %products [[0, 1], [2], [3]] output_shape [%batch, 3, %queries, %keys] : tensor<?x?x?xf32> into tensor<?x3x?x?xf32>
  %low = linalg.fill ins(%lowest : f32) outs(%r : tensor<?x3x?xf32>) -> tensor<?x3x?xf32>
  %max = linalg.generic {indexing_maps = [#pair, #row], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%heads : tensor<?x3x?x?xf32>) outs(%low : tensor<?x3x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.maximumf %o, %a : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?xf32>
  %difference = linalg.generic {indexing_maps = [#pair, #row, #pair], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%heads, %max : tensor<?x3x?x?xf32>, tensor<?x3x?xf32>) outs(%e : tensor<?x3x?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.subf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?x?xf32>
  %exp = linalg.generic {indexing_maps = [#pair, #pair], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%difference : tensor<?x3x?x?xf32>) outs(%e : tensor<?x3x?x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = math.exp %a : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?x?xf32>
  %nothing = linalg.fill ins(%zero : f32) outs(%r : tensor<?x3x?xf32>) -> tensor<?x3x?xf32>
  %sum = linalg.generic {indexing_maps = [#pair, #row], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%difference : tensor<?x3x?x?xf32>) outs(%nothing : tensor<?x3x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %o, %a : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?xf32>
  %weights = linalg.generic {indexing_maps = [#pair, #row, #pair], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%exp, %sum : tensor<?x3x?x?xf32>, tensor<?x3x?xf32>) outs(%e : tensor<?x3x?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.divf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?x?xf32>
  %wn = tensor.collapse_shape %weights [[0, 1], [2], [3]] : tensor<?x3x?x?xf32> into tensor<?x?x?xf32>
  %vn = tensor.collapse_shape %v [[0, 1], [2], [3]] : tensor<?x3x?x4xf32> into tensor<?x?x4xf32>
  %ye = tensor.empty(%n, %queries) : tensor<?x?x4xf32>
  %yz = linalg.fill ins(%zero : f32) outs(%ye : tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %yn = linalg.batch_matmul ins(%wn, %vn : tensor<?x?x?xf32>, tensor<?x?x4xf32>) outs(%yz : tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %y = tensor.expand_shape %yn [[0, 1], [2], [3]] output_shape [%batch, 3, %queries, 4] : tensor<?x?x4xf32> into tensor<?x3x?x4xf32>
  return %y : tensor<?x3x?x4xf32>
}

// -----

// The mask is read by the sum of coordinates.
// CHECK-LABEL: func @relative_mask
#pair = affine_map<(b, h, q, k) -> (b, h, q, k)>
#row = affine_map<(b, h, q, k) -> (b, h, q)>
#flat = affine_map<(n, q, k) -> (n, q, k)>
#flat_row = affine_map<(n, q, k) -> (n, q)>
func.func @relative_mask(%q: tensor<?x3x?x4xf32>, %k: tensor<?x3x4x?xf32>, %v: tensor<?x3x?x4xf32>, %mask: tensor<?xf32>) -> tensor<?x3x?x4xf32> {
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %batch = tensor.dim %q, %c0 : tensor<?x3x?x4xf32>
  %c3 = arith.constant 3 : index
  %queries = tensor.dim %q, %c2 : tensor<?x3x?x4xf32>
  %keys = tensor.dim %k, %c3 : tensor<?x3x4x?xf32>
  %n = arith.muli %batch, %c3 : index
  %e = tensor.empty(%batch, %queries, %keys) : tensor<?x3x?x?xf32>
  %r = tensor.empty(%batch, %queries) : tensor<?x3x?xf32>
  %qn = tensor.collapse_shape %q [[0, 1], [2], [3]] : tensor<?x3x?x4xf32> into tensor<?x?x4xf32>
  %kn = tensor.collapse_shape %k [[0, 1], [2], [3]] : tensor<?x3x4x?xf32> into tensor<?x4x?xf32>
  %se = tensor.empty(%n, %queries, %keys) : tensor<?x?x?xf32>
  %sz = linalg.fill ins(%zero : f32) outs(%se : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %products = linalg.batch_matmul ins(%qn, %kn : tensor<?x?x4xf32>, tensor<?x4x?xf32>) outs(%sz : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %heads = tensor.expand_shape %products [[0, 1], [2], [3]] output_shape [%batch, 3, %queries, %keys] : tensor<?x?x?xf32> into tensor<?x3x?x?xf32>
  %masked = linalg.generic {indexing_maps = [#pair, affine_map<(b, h, q, k) -> (q + k)>, #pair], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%heads, %mask : tensor<?x3x?x?xf32>, tensor<?xf32>) outs(%e : tensor<?x3x?x?xf32>) {
  ^bb0(%a: f32, %m: f32, %o: f32):
    %0 = arith.addf %a, %m : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?x?xf32>
  %low = linalg.fill ins(%lowest : f32) outs(%r : tensor<?x3x?xf32>) -> tensor<?x3x?xf32>
  %max = linalg.generic {indexing_maps = [#pair, #row], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%masked : tensor<?x3x?x?xf32>) outs(%low : tensor<?x3x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.maximumf %o, %a : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?xf32>
  %difference = linalg.generic {indexing_maps = [#pair, #row, #pair], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%masked, %max : tensor<?x3x?x?xf32>, tensor<?x3x?xf32>) outs(%e : tensor<?x3x?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.subf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?x?xf32>
  %exp = linalg.generic {indexing_maps = [#pair, #pair], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%difference : tensor<?x3x?x?xf32>) outs(%e : tensor<?x3x?x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = math.exp %a : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?x?xf32>
  %nothing = linalg.fill ins(%zero : f32) outs(%r : tensor<?x3x?xf32>) -> tensor<?x3x?xf32>
  %sum = linalg.generic {indexing_maps = [#pair, #row], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%exp : tensor<?x3x?x?xf32>) outs(%nothing : tensor<?x3x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %o, %a : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?xf32>
  %weights = linalg.generic {indexing_maps = [#pair, #row, #pair], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%exp, %sum : tensor<?x3x?x?xf32>, tensor<?x3x?xf32>) outs(%e : tensor<?x3x?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.divf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?x?xf32>
  %wn = tensor.collapse_shape %weights [[0, 1], [2], [3]] : tensor<?x3x?x?xf32> into tensor<?x?x?xf32>
  %vn = tensor.collapse_shape %v [[0, 1], [2], [3]] : tensor<?x3x?x4xf32> into tensor<?x?x4xf32>
  %ye = tensor.empty(%n, %queries) : tensor<?x?x4xf32>
  %yz = linalg.fill ins(%zero : f32) outs(%ye : tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %yn = linalg.batch_matmul ins(%wn, %vn : tensor<?x?x?xf32>, tensor<?x?x4xf32>) outs(%yz : tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %y = tensor.expand_shape %yn [[0, 1], [2], [3]] output_shape [%batch, 3, %queries, 4] : tensor<?x?x4xf32> into tensor<?x3x?x4xf32>
  return %y : tensor<?x3x?x4xf32>
}

// -----

// The values have other heads than the scores: 3 of 4 wide, not 4 of 3.
// CHECK-LABEL: func @other_heads
#pair = affine_map<(b, h, q, k) -> (b, h, q, k)>
#row = affine_map<(b, h, q, k) -> (b, h, q)>
#flat = affine_map<(n, q, k) -> (n, q, k)>
#flat_row = affine_map<(n, q, k) -> (n, q)>
func.func @other_heads(%q: tensor<?x3x?x4xf32>, %k: tensor<?x3x4x?xf32>, %v: tensor<?x1x?x4xf32>) -> tensor<?x?x4xf32> {
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %batch = tensor.dim %q, %c0 : tensor<?x3x?x4xf32>
  %c3 = arith.constant 3 : index
  %queries = tensor.dim %q, %c2 : tensor<?x3x?x4xf32>
  %keys = tensor.dim %k, %c3 : tensor<?x3x4x?xf32>
  %n = arith.muli %batch, %c3 : index
  %e = tensor.empty(%batch, %queries, %keys) : tensor<?x3x?x?xf32>
  %r = tensor.empty(%batch, %queries) : tensor<?x3x?xf32>
  %qn = tensor.collapse_shape %q [[0, 1], [2], [3]] : tensor<?x3x?x4xf32> into tensor<?x?x4xf32>
  %kn = tensor.collapse_shape %k [[0, 1], [2], [3]] : tensor<?x3x4x?xf32> into tensor<?x4x?xf32>
  %se = tensor.empty(%n, %queries, %keys) : tensor<?x?x?xf32>
  %sz = linalg.fill ins(%zero : f32) outs(%se : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %products = linalg.batch_matmul ins(%qn, %kn : tensor<?x?x4xf32>, tensor<?x4x?xf32>) outs(%sz : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %heads = tensor.expand_shape %products [[0, 1], [2], [3]] output_shape [%batch, 3, %queries, %keys] : tensor<?x?x?xf32> into tensor<?x3x?x?xf32>
  %low = linalg.fill ins(%lowest : f32) outs(%r : tensor<?x3x?xf32>) -> tensor<?x3x?xf32>
  %max = linalg.generic {indexing_maps = [#pair, #row], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%heads : tensor<?x3x?x?xf32>) outs(%low : tensor<?x3x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.maximumf %o, %a : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?xf32>
  %difference = linalg.generic {indexing_maps = [#pair, #row, #pair], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%heads, %max : tensor<?x3x?x?xf32>, tensor<?x3x?xf32>) outs(%e : tensor<?x3x?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.subf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?x?xf32>
  %exp = linalg.generic {indexing_maps = [#pair, #pair], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%difference : tensor<?x3x?x?xf32>) outs(%e : tensor<?x3x?x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = math.exp %a : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?x?xf32>
  %nothing = linalg.fill ins(%zero : f32) outs(%r : tensor<?x3x?xf32>) -> tensor<?x3x?xf32>
  %sum = linalg.generic {indexing_maps = [#pair, #row], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%exp : tensor<?x3x?x?xf32>) outs(%nothing : tensor<?x3x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %o, %a : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?xf32>
  %weights = linalg.generic {indexing_maps = [#pair, #row, #pair], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%exp, %sum : tensor<?x3x?x?xf32>, tensor<?x3x?xf32>) outs(%e : tensor<?x3x?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.divf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?x?xf32>
  %wn = tensor.collapse_shape %weights [[0, 1], [2], [3]] : tensor<?x3x?x?xf32> into tensor<?x?x?xf32>
  %vn = tensor.collapse_shape %v [[0, 1], [2], [3]] : tensor<?x1x?x4xf32> into tensor<?x?x4xf32>
  %ye = tensor.empty(%n, %queries) : tensor<?x?x4xf32>
  %yz = linalg.fill ins(%zero : f32) outs(%ye : tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %yn = linalg.batch_matmul ins(%wn, %vn : tensor<?x?x?xf32>, tensor<?x?x4xf32>) outs(%yz : tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %y = tensor.expand_shape %yn [[0, 1], [2], [3]] output_shape [%batch, 3, %queries, 4] : tensor<?x?x4xf32> into tensor<?x3x?x4xf32>
  return %yn : tensor<?x?x4xf32>
}

// -----

// The score is read twice: as a capture, it would have to be stored.
// CHECK-LABEL: func @squared
#pair = affine_map<(b, h, q, k) -> (b, h, q, k)>
#row = affine_map<(b, h, q, k) -> (b, h, q)>
#flat = affine_map<(n, q, k) -> (n, q, k)>
#flat_row = affine_map<(n, q, k) -> (n, q)>
func.func @squared(%q: tensor<?x3x?x4xf32>, %k: tensor<?x3x4x?xf32>, %v: tensor<?x3x?x4xf32>) -> tensor<?x3x?x4xf32> {
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %batch = tensor.dim %q, %c0 : tensor<?x3x?x4xf32>
  %c3 = arith.constant 3 : index
  %queries = tensor.dim %q, %c2 : tensor<?x3x?x4xf32>
  %keys = tensor.dim %k, %c3 : tensor<?x3x4x?xf32>
  %n = arith.muli %batch, %c3 : index
  %e = tensor.empty(%batch, %queries, %keys) : tensor<?x3x?x?xf32>
  %r = tensor.empty(%batch, %queries) : tensor<?x3x?xf32>
  %qn = tensor.collapse_shape %q [[0, 1], [2], [3]] : tensor<?x3x?x4xf32> into tensor<?x?x4xf32>
  %kn = tensor.collapse_shape %k [[0, 1], [2], [3]] : tensor<?x3x4x?xf32> into tensor<?x4x?xf32>
  %se = tensor.empty(%n, %queries, %keys) : tensor<?x?x?xf32>
  %sz = linalg.fill ins(%zero : f32) outs(%se : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %products = linalg.batch_matmul ins(%qn, %kn : tensor<?x?x4xf32>, tensor<?x4x?xf32>) outs(%sz : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %heads = tensor.expand_shape %products [[0, 1], [2], [3]] output_shape [%batch, 3, %queries, %keys] : tensor<?x?x?xf32> into tensor<?x3x?x?xf32>
  %squares = linalg.generic {indexing_maps = [#pair, #pair, #pair], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%heads, %heads : tensor<?x3x?x?xf32>, tensor<?x3x?x?xf32>) outs(%e : tensor<?x3x?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.mulf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?x?xf32>
  %low = linalg.fill ins(%lowest : f32) outs(%r : tensor<?x3x?xf32>) -> tensor<?x3x?xf32>
  %max = linalg.generic {indexing_maps = [#pair, #row], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%squares : tensor<?x3x?x?xf32>) outs(%low : tensor<?x3x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.maximumf %o, %a : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?xf32>
  %difference = linalg.generic {indexing_maps = [#pair, #row, #pair], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%squares, %max : tensor<?x3x?x?xf32>, tensor<?x3x?xf32>) outs(%e : tensor<?x3x?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.subf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?x?xf32>
  %exp = linalg.generic {indexing_maps = [#pair, #pair], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%difference : tensor<?x3x?x?xf32>) outs(%e : tensor<?x3x?x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = math.exp %a : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?x?xf32>
  %nothing = linalg.fill ins(%zero : f32) outs(%r : tensor<?x3x?xf32>) -> tensor<?x3x?xf32>
  %sum = linalg.generic {indexing_maps = [#pair, #row], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%exp : tensor<?x3x?x?xf32>) outs(%nothing : tensor<?x3x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %o, %a : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?xf32>
  %weights = linalg.generic {indexing_maps = [#pair, #row, #pair], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%exp, %sum : tensor<?x3x?x?xf32>, tensor<?x3x?xf32>) outs(%e : tensor<?x3x?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.divf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?x?xf32>
  %wn = tensor.collapse_shape %weights [[0, 1], [2], [3]] : tensor<?x3x?x?xf32> into tensor<?x?x?xf32>
  %vn = tensor.collapse_shape %v [[0, 1], [2], [3]] : tensor<?x3x?x4xf32> into tensor<?x?x4xf32>
  %ye = tensor.empty(%n, %queries) : tensor<?x?x4xf32>
  %yz = linalg.fill ins(%zero : f32) outs(%ye : tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %yn = linalg.batch_matmul ins(%wn, %vn : tensor<?x?x?xf32>, tensor<?x?x4xf32>) outs(%yz : tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %y = tensor.expand_shape %yn [[0, 1], [2], [3]] output_shape [%batch, 3, %queries, 4] : tensor<?x?x4xf32> into tensor<?x3x?x4xf32>
  return %y : tensor<?x3x?x4xf32>
}
