// What accumulates in 16 bits accumulates in f32 and is rounded once; what is exact or elementwise stays.
// RUN: %winnow-opt %s --pass-pipeline="builtin.module(func.func(winnow-widen-accumulators))" | FileCheck %s

// CHECK-LABEL: @product
// CHECK: %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
// CHECK: %[[INIT:.*]] = linalg.fill ins(%[[ZERO]] : f32) outs(%{{.*}} : tensor<?x4xf32>)
// CHECK: %[[SUM:.*]] = linalg.matmul ins(%{{.*}} : tensor<?x8xf16>, tensor<8x4xf16>) outs(%[[INIT]] : tensor<?x4xf32>)
// CHECK: %[[Y:.*]] = linalg.generic {{.*}} ins(%[[SUM]] : tensor<?x4xf32>) outs(%{{.*}} : tensor<?x4xf16>)
// CHECK: arith.truncf
// CHECK: return %[[Y]]
func.func @product(%x: tensor<?x8xf16>, %w: tensor<8x4xf16>, %e: tensor<?x4xf16>) -> tensor<?x4xf16> {
  %zero = arith.constant 0.0 : f16
  %i = linalg.fill ins(%zero : f16) outs(%e : tensor<?x4xf16>) -> tensor<?x4xf16>
  %0 = linalg.matmul ins(%x, %w : tensor<?x8xf16>, tensor<8x4xf16>) outs(%i : tensor<?x4xf16>) -> tensor<?x4xf16>
  return %0 : tensor<?x4xf16>
}

// Attributes stay, and what is added to is widened.
// CHECK-LABEL: @convolution
// CHECK: %[[INIT:.*]] = linalg.generic {{.*}} ins(%{{.*}} : tensor<1x2x3x3xbf16>) outs(%{{.*}} : tensor<1x2x3x3xf32>)
// CHECK: arith.extf
// CHECK: linalg.conv_2d_nchw_fchw {{{.*}}strides = dense<2>{{.*}}} ins(%{{.*}} : tensor<1x1x7x7xbf16>, tensor<2x1x3x3xbf16>) outs(%[[INIT]] : tensor<1x2x3x3xf32>)
func.func @convolution(%x: tensor<1x1x7x7xbf16>, %w: tensor<2x1x3x3xbf16>, %i: tensor<1x2x3x3xbf16>) -> tensor<1x2x3x3xbf16> {
  %0 = linalg.conv_2d_nchw_fchw {strides = dense<2> : vector<2xi64>, dilations = dense<1> : vector<2xi64>}
      ins(%x, %w : tensor<1x1x7x7xbf16>, tensor<2x1x3x3xbf16>) outs(%i : tensor<1x2x3x3xbf16>) -> tensor<1x2x3x3xbf16>
  return %0 : tensor<1x2x3x3xbf16>
}

// Products are not rounded before they are added.
// CHECK-LABEL: @dot
// CHECK: ^bb0(%[[A:.*]]: f16, %[[B:.*]]: f16, %[[ACC:.*]]: f32):
// CHECK: %[[WA:.*]] = arith.extf %[[A]]
// CHECK: %[[WB:.*]] = arith.extf %[[B]]
// CHECK: %[[P:.*]] = arith.mulf %[[WA]], %[[WB]] : f32
// CHECK: %[[S:.*]] = arith.addf %[[ACC]], %[[P]] : f32
// CHECK: linalg.yield %[[S]]
func.func @dot(%a: tensor<?x?xf16>, %b: tensor<?x?xf16>, %i: tensor<?xf16>) -> tensor<?xf16> {
  %0 = linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>],
                       iterator_types = ["parallel", "reduction"]}
      ins(%a, %b : tensor<?x?xf16>, tensor<?x?xf16>) outs(%i : tensor<?xf16>) {
  ^bb0(%x: f16, %y: f16, %acc: f16):
    %p = arith.mulf %x, %y : f16
    %s = arith.addf %p, %acc : f16
    linalg.yield %s : f16
  } -> tensor<?xf16>
  return %0 : tensor<?xf16>
}

// CHECK-LABEL: @reduce
// CHECK: arith.addf %{{.*}} : f32
// CHECK-NOT: linalg.reduce
// CHECK: return
func.func @reduce(%a: tensor<?x?xbf16>, %i: tensor<?xbf16>) -> tensor<?xbf16> {
  %0 = linalg.reduce { arith.addf } ins(%a : tensor<?x?xbf16>) outs(%i : tensor<?xbf16>) dimensions = [1]
  return %0 : tensor<?xbf16>
}

// CHECK-LABEL: @must_not_widen
// CHECK-NOT: extf
// CHECK-NOT: truncf
func.func @must_not_widen(%a: tensor<?x?xbf16>, %i: tensor<?xbf16>, %x: tensor<?x8xf32>, %w: tensor<8x4xf32>, %y: tensor<?x4xf32>)
    -> (tensor<?xbf16>, tensor<?x4xf32>, tensor<?x?xbf16>) {
  %0 = linalg.reduce { arith.maximumf } ins(%a : tensor<?x?xbf16>) outs(%i : tensor<?xbf16>) dimensions = [1]
  %1 = linalg.matmul ins(%x, %w : tensor<?x8xf32>, tensor<8x4xf32>) outs(%y : tensor<?x4xf32>) -> tensor<?x4xf32>
  %2 = arith.addf %a, %a : tensor<?x?xbf16>
  return %0, %1, %2 : tensor<?xbf16>, tensor<?x4xf32>, tensor<?x?xbf16>
}
