// A conditional subgraph prints what it parses; its results have the types of its alternatives.
// RUN: %winnow-opt %s | %winnow-opt | FileCheck %s

// CHECK-LABEL: func.func @example
func.func @example(%hears: tensor<i1>, %audio: tensor<?x128xf32>, %w: tensor<128x64xf32>,
                   %silence: tensor<?x64xf32>) -> tensor<?x64xf32> {
  // CHECK: %[[R:.*]] = winnow.when %{{.*}} otherwise(%{{.*}} : tensor<?x64xf32>) {
  // CHECK: winnow.yield %{{.*}} : tensor<?x64xf32>
  // CHECK: return %[[R]] : tensor<?x64xf32>
  %encoded = winnow.when %hears otherwise(%silence : tensor<?x64xf32>) {
    %wide = linalg.matmul ins(%audio, %w : tensor<?x128xf32>, tensor<128x64xf32>)
                          outs(%silence : tensor<?x64xf32>) -> tensor<?x64xf32>
    winnow.yield %wide : tensor<?x64xf32>
  }
  return %encoded : tensor<?x64xf32>
}
