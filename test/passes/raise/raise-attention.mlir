// Attention as exporters write it is recognized: batches and heads apart or as one, scaled anywhere, masked by
// addition or by choice; the remark names heads and width.
// RUN: %winnow-opt %s --winnow-raise-attention --split-input-file --remarks-filter=raise \
// RUN:   --remark-format=emitRemark 2>&1 | FileCheck %s

// CHECK: remark: {{.*}}recognized attention: heads 3, width 4, captured tensors 0
// CHECK: remark: {{.*}}recognized attention: heads 3, width 4, captured tensors 1
// CHECK-LABEL: func @divided
// CHECK: %[[KEY:.*]] = linalg.transpose ins(%{{.*}} : tensor<?x3x4x?xf32>) {{.*}} permutation = [0, 1, 3, 2]
// CHECK: %[[Y:.*]] = winnow.attention %arg0, %[[KEY]], %arg2, scale 5.000000e-01
// CHECK-NOT: score
// CHECK: return %[[Y]]
#pair = affine_map<(b, h, q, k) -> (b, h, q, k)>
#row = affine_map<(b, h, q, k) -> (b, h, q)>
#flat = affine_map<(n, q, k) -> (n, q, k)>
#flat_row = affine_map<(n, q, k) -> (n, q)>
func.func @divided(%q: tensor<?x3x?x4xf32>, %k: tensor<?x3x4x?xf32>, %v: tensor<?x3x?x4xf32>) -> tensor<?x3x?x4xf32> {
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
  %scaled = linalg.generic {indexing_maps = [#pair, #pair], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%heads : tensor<?x3x?x?xf32>) outs(%e : tensor<?x3x?x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %c = arith.constant 2.0 : f32
    %0 = arith.divf %a, %c : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?x?xf32>
  %low = linalg.fill ins(%lowest : f32) outs(%r : tensor<?x3x?xf32>) -> tensor<?x3x?xf32>
  %max = linalg.generic {indexing_maps = [#pair, #row], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%scaled : tensor<?x3x?x?xf32>) outs(%low : tensor<?x3x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.maximumf %o, %a : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?xf32>
  %difference = linalg.generic {indexing_maps = [#pair, #row, #pair], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%scaled, %max : tensor<?x3x?x?xf32>, tensor<?x3x?xf32>) outs(%e : tensor<?x3x?x?xf32>) {
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

// CHECK-LABEL: func @roots_and_mask
// CHECK: winnow.attention %arg0, %{{.*}}, %arg2, scale 2.500000e-01 captures(%arg3 : tensor<?x?xf32>) [#{{.*}}]
// CHECK-SAME: score {
// CHECK: ^bb0(%[[SCORE:[a-z0-9]*]]: f32, {{.*}}, %[[MASK:[a-z0-9]*]]: f32):
// CHECK: %[[NEW:.*]] = arith.addf %[[SCORE]], %[[MASK]] : f32
// CHECK: winnow.yield %[[NEW]] : f32
func.func @roots_and_mask(%q: tensor<?x3x?x4xf32>, %k: tensor<?x3x4x?xf32>, %v: tensor<?x3x?x4xf32>, %mask: tensor<?x?xf32>) -> tensor<?x3x?x4xf32> {
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
  %qe = tensor.empty(%batch, %queries) : tensor<?x3x?x4xf32>
  %ke = tensor.empty(%batch, %keys) : tensor<?x3x4x?xf32>
  %qs = linalg.generic {indexing_maps = [#pair, #pair], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%q : tensor<?x3x?x4xf32>) outs(%qe : tensor<?x3x?x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    %c = arith.constant 0.5 : f32
    %0 = arith.mulf %a, %c : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?x4xf32>
  %ks = linalg.generic {indexing_maps = [#pair, #pair], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%k : tensor<?x3x4x?xf32>) outs(%ke : tensor<?x3x4x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %c = arith.constant 0.5 : f32
    %0 = arith.mulf %a, %c : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x4x?xf32>
  %qn = tensor.collapse_shape %qs [[0, 1], [2], [3]] : tensor<?x3x?x4xf32> into tensor<?x?x4xf32>
  %kn = tensor.collapse_shape %ks [[0, 1], [2], [3]] : tensor<?x3x4x?xf32> into tensor<?x4x?xf32>
  %se = tensor.empty(%n, %queries, %keys) : tensor<?x?x?xf32>
  %sz = linalg.fill ins(%zero : f32) outs(%se : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %products = linalg.batch_matmul ins(%qn, %kn : tensor<?x?x4xf32>, tensor<?x4x?xf32>) outs(%sz : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %heads = tensor.expand_shape %products [[0, 1], [2], [3]] output_shape [%batch, 3, %queries, %keys] : tensor<?x?x?xf32> into tensor<?x3x?x?xf32>
  %masked = linalg.generic {indexing_maps = [#pair, affine_map<(b, h, q, k) -> (q, k)>, #pair], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%heads, %mask : tensor<?x3x?x?xf32>, tensor<?x?xf32>) outs(%e : tensor<?x3x?x?xf32>) {
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

// Two steps: a choice by a mask for each batch and key, then a factor that is no scale any more.
// CHECK-LABEL: func @chosen
// CHECK: winnow.attention {{.*}}, scale 1.000000e+00 captures(%arg3 : tensor<?x?xi1>)
// CHECK: %[[CHOICE:.*]] = arith.select
// CHECK: %[[PRODUCT:.*]] = arith.mulf %[[CHOICE]], %{{.*}} : f32
// CHECK: winnow.yield %[[PRODUCT]] : f32
#pair = affine_map<(b, h, q, k) -> (b, h, q, k)>
#row = affine_map<(b, h, q, k) -> (b, h, q)>
#flat = affine_map<(n, q, k) -> (n, q, k)>
#flat_row = affine_map<(n, q, k) -> (n, q)>
func.func @chosen(%q: tensor<?x3x?x4xf32>, %k: tensor<?x3x4x?xf32>, %v: tensor<?x3x?x4xf32>, %mask: tensor<?x?xi1>) -> tensor<?x3x?x4xf32> {
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
  %chosen_ = linalg.generic {indexing_maps = [affine_map<(b, h, q, k) -> (b, k)>, #pair, #pair], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%mask, %heads : tensor<?x?xi1>, tensor<?x3x?x?xf32>) outs(%e : tensor<?x3x?x?xf32>) {
  ^bb0(%m: i1, %a: f32, %o: f32):
    %c = arith.constant -1.0e9 : f32
    %0 = arith.select %m, %a, %c : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?x?xf32>
  %scaled = linalg.generic {indexing_maps = [#pair, #pair], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%chosen_ : tensor<?x3x?x?xf32>) outs(%e : tensor<?x3x?x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %c = arith.constant 2.0 : f32
    %0 = arith.mulf %a, %c : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?x?xf32>
  %low = linalg.fill ins(%lowest : f32) outs(%r : tensor<?x3x?xf32>) -> tensor<?x3x?xf32>
  %max = linalg.generic {indexing_maps = [#pair, #row], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%scaled : tensor<?x3x?x?xf32>) outs(%low : tensor<?x3x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.maximumf %o, %a : f32
    linalg.yield %0 : f32
  } -> tensor<?x3x?xf32>
  %difference = linalg.generic {indexing_maps = [#pair, #row, #pair], iterator_types = ["parallel", "parallel", "parallel", "parallel"]} ins(%scaled, %max : tensor<?x3x?x?xf32>, tensor<?x3x?xf32>) outs(%e : tensor<?x3x?x?xf32>) {
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

// One dimension for batches and heads throughout: a single head.
// CHECK-LABEL: func @single
// CHECK: %[[QUERY:.*]] = tensor.expand_shape %arg0 {{\[\[}}0, 1], [2], [3]] {{.*}} into tensor<?x1x?x4xf32>
// CHECK: %[[A:.*]] = winnow.attention %[[QUERY]], %{{.*}}, %{{.*}}, scale 1.000000e+00 : tensor<?x1x?x4xf32>
// CHECK: tensor.collapse_shape %[[A]] {{\[\[}}0, 1], [2], [3]]
#pair = affine_map<(b, h, q, k) -> (b, h, q, k)>
#row = affine_map<(b, h, q, k) -> (b, h, q)>
#flat = affine_map<(n, q, k) -> (n, q, k)>
#flat_row = affine_map<(n, q, k) -> (n, q)>
func.func @single(%q: tensor<?x?x4xf32>, %k: tensor<?x4x?xf32>, %v: tensor<?x?x4xf32>) -> tensor<?x?x4xf32> {
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %n = tensor.dim %q, %c0 : tensor<?x?x4xf32>
  %queries = tensor.dim %q, %c1 : tensor<?x?x4xf32>
  %keys = tensor.dim %k, %c2 : tensor<?x4x?xf32>
  %e = tensor.empty(%n, %queries, %keys) : tensor<?x?x?xf32>
  %r = tensor.empty(%n, %queries) : tensor<?x?xf32>
  %sz = linalg.fill ins(%zero : f32) outs(%e : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %s = linalg.batch_matmul ins(%q, %k : tensor<?x?x4xf32>, tensor<?x4x?xf32>) outs(%sz : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  %low = linalg.fill ins(%lowest : f32) outs(%r : tensor<?x?xf32>) -> tensor<?x?xf32>
  %max = linalg.generic {indexing_maps = [#flat, #flat_row], iterator_types = ["parallel", "parallel", "reduction"]} ins(%s : tensor<?x?x?xf32>) outs(%low : tensor<?x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.maximumf %o, %a : f32
    linalg.yield %0 : f32
  } -> tensor<?x?xf32>
  %difference = linalg.generic {indexing_maps = [#flat, #flat_row, #flat], iterator_types = ["parallel", "parallel", "parallel"]} ins(%s, %max : tensor<?x?x?xf32>, tensor<?x?xf32>) outs(%e : tensor<?x?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.subf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<?x?x?xf32>
  %exp = linalg.generic {indexing_maps = [#flat, #flat], iterator_types = ["parallel", "parallel", "parallel"]} ins(%difference : tensor<?x?x?xf32>) outs(%e : tensor<?x?x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = math.exp %a : f32
    linalg.yield %0 : f32
  } -> tensor<?x?x?xf32>
  %nothing = linalg.fill ins(%zero : f32) outs(%r : tensor<?x?xf32>) -> tensor<?x?xf32>
  %sum = linalg.generic {indexing_maps = [#flat, #flat_row], iterator_types = ["parallel", "parallel", "reduction"]} ins(%exp : tensor<?x?x?xf32>) outs(%nothing : tensor<?x?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %o, %a : f32
    linalg.yield %0 : f32
  } -> tensor<?x?xf32>
  %weights = linalg.generic {indexing_maps = [#flat, #flat_row, #flat], iterator_types = ["parallel", "parallel", "parallel"]} ins(%exp, %sum : tensor<?x?x?xf32>, tensor<?x?xf32>) outs(%e : tensor<?x?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.divf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<?x?x?xf32>
  %ye = tensor.empty(%n, %queries) : tensor<?x?x4xf32>
  %yz = linalg.fill ins(%zero : f32) outs(%ye : tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  %y = linalg.batch_matmul ins(%weights, %v : tensor<?x?x?xf32>, tensor<?x?x4xf32>) outs(%yz : tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}
