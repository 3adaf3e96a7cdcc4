// Experts of which the gates are mostly zero become winnow.experts: as a dimension of the tensors, or one after another.
// RUN: %winnow-opt %s --winnow-raise-experts --canonicalize --remarks-filter=raise --remark-format=emitRemark 2>&1 \
// RUN:   | FileCheck %s

// CHECK: remark: {{.*}}recognized 6 experts, of which a token has 2
// CHECK: remark: {{.*}}recognized 6 experts, of which a token has 3
// CHECK: remark: {{.*}}recognized 2 experts, of which a token has 1
#te = affine_map<(t, e) -> (t, e)>
#eto = affine_map<(e, t, o) -> (e, t, o)>
#column = affine_map<(t, o) -> (o)>
#row = affine_map<(t, o) -> (t)>

// CHECK-LABEL: func @batched
// CHECK: %[[S:.*]] = winnow.select.topk %arg1, k = 2
// CHECK: %[[Y:.*]] = winnow.experts %arg0, %arg2, %arg3, %{{.*}} routing(%[[S]] : !winnow.selection<?x6, 2>) activation(relu)
// CHECK-NOT: linalg
// CHECK: return %[[Y]]
func.func @batched(%x: tensor<?x4xf32>, %scores: tensor<?x6xf32>, %w: tensor<6x4x5xf32>, %v: tensor<6x5x3xf32>) -> tensor<?x3xf32> {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x4xf32>
  %s = winnow.select.topk %scores, k = 2 : tensor<?x6xf32> -> !winnow.selection<?x6, 2>
  %mask = winnow.selection.to_mask %s : !winnow.selection<?x6, 2> -> tensor<?x6xi1>
  %ge = tensor.empty(%n) : tensor<?x6xf32>
  %gates = linalg.generic {indexing_maps = [#te, #te, #te], iterator_types = ["parallel", "parallel"]} ins(%mask, %scores : tensor<?x6xi1>, tensor<?x6xf32>) outs(%ge : tensor<?x6xf32>) {
  ^bb0(%m: i1, %a: f32, %o: f32):
    %0 = arith.select %m, %a, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<?x6xf32>
  %he = tensor.empty(%n) : tensor<6x?x5xf32>
  %hz = linalg.fill ins(%zero : f32) outs(%he : tensor<6x?x5xf32>) -> tensor<6x?x5xf32>
  %up = linalg.generic {indexing_maps = [affine_map<(e, t, f, d) -> (t, d)>, affine_map<(e, t, f, d) -> (e, d, f)>, affine_map<(e, t, f, d) -> (e, t, f)>], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%x, %w : tensor<?x4xf32>, tensor<6x4x5xf32>) outs(%hz : tensor<6x?x5xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %o, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<6x?x5xf32>
  %hidden = linalg.generic {indexing_maps = [#eto, #eto], iterator_types = ["parallel", "parallel", "parallel"]} ins(%up : tensor<6x?x5xf32>) outs(%he : tensor<6x?x5xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.maximumf %a, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<6x?x5xf32>
  %ye = tensor.empty(%n) : tensor<6x?x3xf32>
  %yz = linalg.fill ins(%zero : f32) outs(%ye : tensor<6x?x3xf32>) -> tensor<6x?x3xf32>
  %out = linalg.batch_matmul ins(%hidden, %v : tensor<6x?x5xf32>, tensor<6x5x3xf32>) outs(%yz : tensor<6x?x3xf32>) -> tensor<6x?x3xf32>
  %weighted = linalg.generic {indexing_maps = [#eto, affine_map<(e, t, o) -> (t, e)>, #eto], iterator_types = ["parallel", "parallel", "parallel"]} ins(%out, %gates : tensor<6x?x3xf32>, tensor<?x6xf32>) outs(%ye : tensor<6x?x3xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.mulf %a, %b : f32 // weighted
    linalg.yield %0 : f32
  } -> tensor<6x?x3xf32>
  %se = tensor.empty(%n) : tensor<?x3xf32>
  %sz = linalg.fill ins(%zero : f32) outs(%se : tensor<?x3xf32>) -> tensor<?x3xf32>
  %y = linalg.generic {indexing_maps = [#eto, affine_map<(e, t, o) -> (t, o)>], iterator_types = ["reduction", "parallel", "parallel"]} ins(%weighted : tensor<6x?x3xf32>) outs(%sz : tensor<?x3xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %o, %a : f32
    linalg.yield %0 : f32
  } -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}

// The half of all experts, another activation, and gates that are multiplied.
// CHECK-LABEL: func @silu
// CHECK: winnow.experts %arg0, %arg2, %arg3, %{{.*}} routing(%{{.*}} : !winnow.selection<?x6, 3>) activation(silu)
func.func @silu(%x: tensor<?x4xf32>, %scores: tensor<?x6xf32>, %w: tensor<6x4x5xf32>, %v: tensor<6x5x3xf32>) -> tensor<?x3xf32> {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x4xf32>
  %s = winnow.select.topk %scores, k = 3 : tensor<?x6xf32> -> !winnow.selection<?x6, 3>
  %mask = winnow.selection.to_mask %s : !winnow.selection<?x6, 3> -> tensor<?x6xi1>
  %ge = tensor.empty(%n) : tensor<?x6xf32>
  %gates = linalg.generic {indexing_maps = [#te, #te, #te], iterator_types = ["parallel", "parallel"]} ins(%mask, %scores : tensor<?x6xi1>, tensor<?x6xf32>) outs(%ge : tensor<?x6xf32>) {
  ^bb0(%m: i1, %a: f32, %o: f32):
    %f = arith.uitofp %m : i1 to f32
    %0 = arith.mulf %f, %a : f32
    linalg.yield %0 : f32
  } -> tensor<?x6xf32>
  %he = tensor.empty(%n) : tensor<6x?x5xf32>
  %hz = linalg.fill ins(%zero : f32) outs(%he : tensor<6x?x5xf32>) -> tensor<6x?x5xf32>
  %up = linalg.generic {indexing_maps = [affine_map<(e, t, f, d) -> (t, d)>, affine_map<(e, t, f, d) -> (e, d, f)>, affine_map<(e, t, f, d) -> (e, t, f)>], iterator_types = ["parallel", "parallel", "parallel", "reduction"]} ins(%x, %w : tensor<?x4xf32>, tensor<6x4x5xf32>) outs(%hz : tensor<6x?x5xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.mulf %a, %b : f32
    %1 = arith.addf %o, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<6x?x5xf32>
  %hidden = linalg.generic {indexing_maps = [#eto, #eto], iterator_types = ["parallel", "parallel", "parallel"]} ins(%up : tensor<6x?x5xf32>) outs(%he : tensor<6x?x5xf32>) {
  ^bb0(%a: f32, %o: f32):
    %minus = arith.negf %a : f32
    %exp = math.exp %minus : f32
    %one = arith.constant 1.0 : f32
    %sum = arith.addf %exp, %one : f32
    %0 = arith.divf %a, %sum : f32
    linalg.yield %0 : f32
  } -> tensor<6x?x5xf32>
  %ye = tensor.empty(%n) : tensor<6x?x3xf32>
  %yz = linalg.fill ins(%zero : f32) outs(%ye : tensor<6x?x3xf32>) -> tensor<6x?x3xf32>
  %out = linalg.batch_matmul ins(%hidden, %v : tensor<6x?x5xf32>, tensor<6x5x3xf32>) outs(%yz : tensor<6x?x3xf32>) -> tensor<6x?x3xf32>
  %weighted = linalg.generic {indexing_maps = [#eto, affine_map<(e, t, o) -> (t, e)>, #eto], iterator_types = ["parallel", "parallel", "parallel"]} ins(%out, %gates : tensor<6x?x3xf32>, tensor<?x6xf32>) outs(%ye : tensor<6x?x3xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.mulf %a, %b : f32 // weighted
    linalg.yield %0 : f32
  } -> tensor<6x?x3xf32>
  %se = tensor.empty(%n) : tensor<?x3xf32>
  %sz = linalg.fill ins(%zero : f32) outs(%se : tensor<?x3xf32>) -> tensor<?x3xf32>
  %y = linalg.generic {indexing_maps = [#eto, affine_map<(e, t, o) -> (t, o)>], iterator_types = ["reduction", "parallel", "parallel"]} ins(%weighted : tensor<6x?x3xf32>) outs(%sz : tensor<?x3xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.addf %o, %a : f32
    linalg.yield %0 : f32
  } -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}

// Weights and biases are stacked; what is added besides stays.
// CHECK-LABEL: func @unrolled
// CHECK-DAG: %[[W:.*]] = arith.constant dense<{{\[\[\[}}1.000000e+00, {{.*}}2.000000e+00{{\]\]\]}}> : tensor<2x4x5xf32>
// CHECK-DAG: %[[B:.*]] = arith.constant dense<{{\[\[}}1.500000e+00, {{.*}}2.500000e+00{{\]\]}}> : tensor<2x5xf32>
// CHECK: %[[Y:.*]] = winnow.experts %arg0, %[[W]], %{{.*}}, %{{.*}} routing(%{{.*}} : !winnow.selection<?x2, 1>) up_bias(%[[B]] : tensor<2x5xf32>) activation(relu)
// CHECK: %[[SUM:.*]] = linalg.generic {{.*}} ins(%[[Y]], %arg2 : tensor<?x3xf32>, tensor<?x3xf32>)
// CHECK: return %[[SUM]]
func.func @unrolled(%x: tensor<?x4xf32>, %scores: tensor<?x2xf32>, %shared: tensor<?x3xf32>) -> tensor<?x3xf32> {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %w0 = arith.constant dense<1.0> : tensor<4x5xf32>
  %b0 = arith.constant dense<1.5> : tensor<5xf32>
  %v0 = arith.constant dense<-1.0> : tensor<5x3xf32>
  %w1 = arith.constant dense<2.0> : tensor<4x5xf32>
  %b1 = arith.constant dense<2.5> : tensor<5xf32>
  %v1 = arith.constant dense<-2.0> : tensor<5x3xf32>
  %n = tensor.dim %x, %c0 : tensor<?x4xf32>
  %s = winnow.select.topk %scores, k = 1 : tensor<?x2xf32> -> !winnow.selection<?x2, 1>
  %mask = winnow.selection.to_mask %s : !winnow.selection<?x2, 1> -> tensor<?x2xi1>
  %ge = tensor.empty(%n) : tensor<?x2xf32>
  %gates = linalg.generic {indexing_maps = [#te, #te, #te], iterator_types = ["parallel", "parallel"]} ins(%mask, %scores : tensor<?x2xi1>, tensor<?x2xf32>) outs(%ge : tensor<?x2xf32>) {
  ^bb0(%m: i1, %a: f32, %o: f32):
    %f = arith.uitofp %m : i1 to f32
    %0 = arith.mulf %f, %a : f32
    linalg.yield %0 : f32
  } -> tensor<?x2xf32>
  %ye = tensor.empty(%n) : tensor<?x3xf32>
  %yz = linalg.fill ins(%zero : f32) outs(%ye : tensor<?x3xf32>) -> tensor<?x3xf32>
  %hz0 = tensor.empty(%n) : tensor<?x5xf32>
  %h0s = linalg.fill ins(%zero : f32) outs(%hz0 : tensor<?x5xf32>) -> tensor<?x5xf32>
  %h0p = linalg.matmul ins(%x, %w0 : tensor<?x4xf32>, tensor<4x5xf32>) outs(%h0s : tensor<?x5xf32>) -> tensor<?x5xf32>
  %h0b = linalg.generic {indexing_maps = [#te, #column, #te], iterator_types = ["parallel", "parallel"]} ins(%h0p, %b0 : tensor<?x5xf32>, tensor<5xf32>) outs(%hz0 : tensor<?x5xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.addf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<?x5xf32>
  %h0 = linalg.generic {indexing_maps = [#te, #te], iterator_types = ["parallel", "parallel"]} ins(%h0b : tensor<?x5xf32>) outs(%hz0 : tensor<?x5xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.maximumf %a, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<?x5xf32>
  %o0 = linalg.matmul ins(%h0, %v0 : tensor<?x5xf32>, tensor<5x3xf32>) outs(%yz : tensor<?x3xf32>) -> tensor<?x3xf32>
  %g0s = tensor.extract_slice %gates[0, 0] [%n, 1] [1, 1] : tensor<?x2xf32> to tensor<?x1xf32>
  %g0 = tensor.collapse_shape %g0s [[0, 1]] : tensor<?x1xf32> into tensor<?xf32>
  %t0 = linalg.generic {indexing_maps = [#row, #te, #te], iterator_types = ["parallel", "parallel"]} ins(%g0, %o0 : tensor<?xf32>, tensor<?x3xf32>) outs(%ye : tensor<?x3xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.mulf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<?x3xf32>
  %hz1 = tensor.empty(%n) : tensor<?x5xf32>
  %h1s = linalg.fill ins(%zero : f32) outs(%hz1 : tensor<?x5xf32>) -> tensor<?x5xf32>
  %h1p = linalg.matmul ins(%x, %w1 : tensor<?x4xf32>, tensor<4x5xf32>) outs(%h1s : tensor<?x5xf32>) -> tensor<?x5xf32>
  %h1b = linalg.generic {indexing_maps = [#te, #column, #te], iterator_types = ["parallel", "parallel"]} ins(%h1p, %b1 : tensor<?x5xf32>, tensor<5xf32>) outs(%hz1 : tensor<?x5xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.addf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<?x5xf32>
  %h1 = linalg.generic {indexing_maps = [#te, #te], iterator_types = ["parallel", "parallel"]} ins(%h1b : tensor<?x5xf32>) outs(%hz1 : tensor<?x5xf32>) {
  ^bb0(%a: f32, %o: f32):
    %0 = arith.maximumf %a, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<?x5xf32>
  %o1 = linalg.matmul ins(%h1, %v1 : tensor<?x5xf32>, tensor<5x3xf32>) outs(%yz : tensor<?x3xf32>) -> tensor<?x3xf32>
  %g1s = tensor.extract_slice %gates[0, 1] [%n, 1] [1, 1] : tensor<?x2xf32> to tensor<?x1xf32>
  %g1 = tensor.collapse_shape %g1s [[0, 1]] : tensor<?x1xf32> into tensor<?xf32>
  %t1 = linalg.generic {indexing_maps = [#row, #te, #te], iterator_types = ["parallel", "parallel"]} ins(%g1, %o1 : tensor<?xf32>, tensor<?x3xf32>) outs(%ye : tensor<?x3xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.mulf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<?x3xf32>
  %sum = linalg.generic {indexing_maps = [#te, #te, #te], iterator_types = ["parallel", "parallel"]} ins(%shared, %t0 : tensor<?x3xf32>, tensor<?x3xf32>) outs(%ye : tensor<?x3xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.addf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<?x3xf32>
  %y = linalg.generic {indexing_maps = [#te, #te, #te], iterator_types = ["parallel", "parallel"]} ins(%sum, %t1 : tensor<?x3xf32>, tensor<?x3xf32>) outs(%ye : tensor<?x3xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %0 = arith.addf %a, %b : f32
    linalg.yield %0 : f32
  } -> tensor<?x3xf32>
  return %y : tensor<?x3xf32>
}
