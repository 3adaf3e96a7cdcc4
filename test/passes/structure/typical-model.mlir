// The typical gated model: two convolutions with bias and relu, the first gated by a top-k of given scores, the
// second by a threshold on scores computed from the first's result; then mean and linear. All that is gated is
// computed compactly, end to end.
// RUN: %winnow-opt %s --winnow-raise --winnow-structure | FileCheck %s
// RUN: %winnow-opt %s --winnow-raise --winnow-structure --remarks-filter=structure -o /dev/null 2>&1 \
// RUN:   | FileCheck %s --check-prefix=REMARK

#all = affine_map<(d0, d1, d2, d3) -> (d0, d1, d2, d3)>
#channel = affine_map<(d0, d1, d2, d3) -> (d0, d1)>
#shared = affine_map<(d0, d1, d2, d3) -> (d1)>
#id = affine_map<(d0, d1) -> (d0, d1)>
#bias = affine_map<(d0, d1) -> (d1)>

// REMARK-COUNT-2: the gate selects channels: exactly those that its mask sets
// REMARK: winnow.conv2d computes at most 24 of 64 output channels
// REMARK: winnow.matmul reads at most 24 of 64 input channels
// REMARK: winnow.conv2d reads at most 24 of 64 input channels and computes at most 48 of 48 output channels
// REMARK: winnow.matmul reads at most 48 of 48 input channels
// REMARK-NOT: stops

// CHECK-LABEL: func.func @main(
// CHECK-SAME: %[[X:.*]]: tensor<?x32x8x8xf32>, %[[SCORES:.*]]: tensor<?x64xf32>
// CHECK-NOT: linalg.conv_2d
// CHECK-NOT: tensor.pad
// CHECK-NOT: winnow.scatter
// CHECK: %[[S:.*]] = winnow.select.topk %[[SCORES]], k = 24
// CHECK: %[[C1:.*]] = winnow.conv2d %[[X]], %{{.*}} outputs(%[[S]] : !winnow.selection<?x64, 24>) {padding = array<i64: 1, 1, 1, 1>}
// CHECK: %[[B1:.*]] = winnow.gather %{{.*}}, %[[S]] shared : tensor<64xf32>
// CHECK: %[[Y1:.*]] = linalg.generic {{.*}} ins(%[[C1]], %[[B1]] : tensor<?x24x8x8xf32>, tensor<?x24xf32>)
// CHECK: %[[SUM:.*]] = linalg.generic {{.*}} ins(%[[Y1]] : tensor<?x24x8x8xf32>) outs(%{{.*}} : tensor<?x24xf32>)
// CHECK: %[[MEAN:.*]] = linalg.generic {{.*}} ins(%[[SUM]] : tensor<?x24xf32>)
// CHECK: %[[SCORES2:.*]] = winnow.matmul %[[MEAN]], %{{.*}} inputs(%[[S]] : !winnow.selection<?x64, 24>)
// CHECK: %[[T:.*]] = winnow.select.threshold %[[SCORES2]], gt 0.0
// CHECK: %[[C2:.*]] = winnow.conv2d %[[Y1]], %{{.*}} inputs(%[[S]] : !winnow.selection<?x64, 24>) outputs(%[[T]] : !winnow.selection<?x48, 48>) {padding = array<i64: 1, 1, 1, 1>}
// CHECK: linalg.generic {{.*}} ins(%[[C2]], %{{.*}} : tensor<?x48x8x8xf32>, tensor<?x48xf32>)
// CHECK: winnow.matmul %{{.*}}, %{{.*}} inputs(%[[T]] : !winnow.selection<?x48, 48>) : tensor<?x48xf32>, tensor<48x10xf32>
// CHECK-NOT: winnow.scatter
func.func @main(%x: tensor<?x32x8x8xf32>, %scores: tensor<?x64xf32>, %w1: tensor<64x32x3x3xf32>, %b1: tensor<64xf32>,
                %v: tensor<64x48xf32>, %w2: tensor<48x64x3x3xf32>, %b2: tensor<48xf32>, %fc: tensor<48x10xf32>)
    -> tensor<?x10xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %area = arith.constant 64.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x32x8x8xf32>
  %e64 = tensor.empty(%n) : tensor<?x64xf32>
  %z64 = linalg.fill ins(%zero : f32) outs(%e64 : tensor<?x64xf32>) -> tensor<?x64xf32>
  %e48 = tensor.empty(%n) : tensor<?x48xf32>
  %z48 = linalg.fill ins(%zero : f32) outs(%e48 : tensor<?x48xf32>) -> tensor<?x48xf32>
  %s = winnow.select.topk %scores, k = 24 : tensor<?x64xf32> -> !winnow.selection<?x64, 24>
  %m1 = winnow.selection.to_mask %s : !winnow.selection<?x64, 24> -> tensor<?x64xi1>
  %g1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%m1 : tensor<?x64xi1>) outs(%e64 : tensor<?x64xf32>) {
  ^bb0(%in: i1, %acc: f32):
    %f = arith.uitofp %in : i1 to f32
    linalg.yield %f : f32
  } -> tensor<?x64xf32>

  %p1 = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%i: index, %j: index, %k: index, %l: index):
    tensor.yield %zero : f32
  } : tensor<?x32x8x8xf32> to tensor<?x32x10x10xf32>
  %e1 = tensor.empty(%n) : tensor<?x64x8x8xf32>
  %i1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<?x64x8x8xf32>) -> tensor<?x64x8x8xf32>
  %conv1 = linalg.conv_2d_nchw_fchw ins(%p1, %w1 : tensor<?x32x10x10xf32>, tensor<64x32x3x3xf32>)
      outs(%i1 : tensor<?x64x8x8xf32>) -> tensor<?x64x8x8xf32>
  %relu1 = linalg.generic {indexing_maps = [#all, #shared, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%conv1, %b1 : tensor<?x64x8x8xf32>, tensor<64xf32>) outs(%e1 : tensor<?x64x8x8xf32>) {
  ^bb0(%in: f32, %b: f32, %acc: f32):
    %a = arith.addf %in, %b : f32
    %r = arith.maximumf %a, %zero : f32
    linalg.yield %r : f32
  } -> tensor<?x64x8x8xf32>
  %y1 = linalg.generic {indexing_maps = [#all, #channel, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%relu1, %g1 : tensor<?x64x8x8xf32>, tensor<?x64xf32>) outs(%e1 : tensor<?x64x8x8xf32>) {
  ^bb0(%in: f32, %g: f32, %acc: f32):
    %p = arith.mulf %in, %g : f32
    linalg.yield %p : f32
  } -> tensor<?x64x8x8xf32>

  %sum1 = linalg.generic {indexing_maps = [#all, #channel],
      iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%y1 : tensor<?x64x8x8xf32>) outs(%z64 : tensor<?x64xf32>) {
  ^bb0(%in: f32, %acc: f32):
    %s1 = arith.addf %acc, %in : f32
    linalg.yield %s1 : f32
  } -> tensor<?x64xf32>
  %mean1 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%sum1 : tensor<?x64xf32>) outs(%e64 : tensor<?x64xf32>) {
  ^bb0(%in: f32, %acc: f32):
    %d = arith.divf %in, %area : f32
    linalg.yield %d : f32
  } -> tensor<?x64xf32>
  %scores2 = linalg.matmul ins(%mean1, %v : tensor<?x64xf32>, tensor<64x48xf32>) outs(%z48 : tensor<?x48xf32>)
      -> tensor<?x48xf32>
  %em = tensor.empty(%n) : tensor<?x48xi1>
  %m2 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%scores2 : tensor<?x48xf32>) outs(%em : tensor<?x48xi1>) {
  ^bb0(%in: f32, %acc: i1):
    %c = arith.cmpf olt, %zero, %in : f32
    linalg.yield %c : i1
  } -> tensor<?x48xi1>
  %g2 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%m2 : tensor<?x48xi1>) outs(%e48 : tensor<?x48xf32>) {
  ^bb0(%in: i1, %acc: f32):
    %f = arith.uitofp %in : i1 to f32
    linalg.yield %f : f32
  } -> tensor<?x48xf32>

  %p2 = tensor.pad %y1 low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%i: index, %j: index, %k: index, %l: index):
    tensor.yield %zero : f32
  } : tensor<?x64x8x8xf32> to tensor<?x64x10x10xf32>
  %e2 = tensor.empty(%n) : tensor<?x48x8x8xf32>
  %i2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<?x48x8x8xf32>) -> tensor<?x48x8x8xf32>
  %conv2 = linalg.conv_2d_nchw_fchw ins(%p2, %w2 : tensor<?x64x10x10xf32>, tensor<48x64x3x3xf32>)
      outs(%i2 : tensor<?x48x8x8xf32>) -> tensor<?x48x8x8xf32>
  %relu2 = linalg.generic {indexing_maps = [#all, #shared, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%conv2, %b2 : tensor<?x48x8x8xf32>, tensor<48xf32>) outs(%e2 : tensor<?x48x8x8xf32>) {
  ^bb0(%in: f32, %b: f32, %acc: f32):
    %a = arith.addf %in, %b : f32
    %r = arith.maximumf %a, %zero : f32
    linalg.yield %r : f32
  } -> tensor<?x48x8x8xf32>
  %y2 = linalg.generic {indexing_maps = [#all, #channel, #all],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%relu2, %g2 : tensor<?x48x8x8xf32>, tensor<?x48xf32>) outs(%e2 : tensor<?x48x8x8xf32>) {
  ^bb0(%in: f32, %g: f32, %acc: f32):
    %p = arith.mulf %in, %g : f32
    linalg.yield %p : f32
  } -> tensor<?x48x8x8xf32>
  %sum2 = linalg.generic {indexing_maps = [#all, #channel],
      iterator_types = ["parallel", "parallel", "reduction", "reduction"]}
      ins(%y2 : tensor<?x48x8x8xf32>) outs(%z48 : tensor<?x48xf32>) {
  ^bb0(%in: f32, %acc: f32):
    %s2 = arith.addf %acc, %in : f32
    linalg.yield %s2 : f32
  } -> tensor<?x48xf32>
  %e10 = tensor.empty(%n) : tensor<?x10xf32>
  %z10 = linalg.fill ins(%zero : f32) outs(%e10 : tensor<?x10xf32>) -> tensor<?x10xf32>
  %y = linalg.matmul ins(%sum2, %fc : tensor<?x48xf32>, tensor<48x10xf32>) outs(%z10 : tensor<?x10xf32>)
      -> tensor<?x10xf32>
  return %y : tensor<?x10xf32>
}
