// The operations on sparse codes survive a round trip, with static and dynamic extents, tell their shapes, and a code
// without atoms stands for zeros.
// RUN: %winnow-opt %s | %winnow-opt | FileCheck %s
// RUN: %winnow-opt %s --mlir-print-op-generic | %winnow-opt | FileCheck %s
// RUN: %winnow-opt %s --resolve-ranked-shaped-type-result-dims | FileCheck %s --check-prefix=SHAPE
// RUN: %winnow-opt %s --canonicalize | FileCheck %s --check-prefix=FOLD

// CHECK-LABEL: @encode
// CHECK: winnow.sparse_encode %{{.*}}, %{{.*}}, atoms 8 : tensor<?x64xf32>, tensor<4096x64xf32> -> tensor<?x8xi32>, tensor<?x8xf32>
// CHECK: winnow.sparse_encode %{{.*}}, %{{.*}}, atoms 32 {tolerance = {{.*}} : f32} : tensor<5x16xf16>, tensor<?x?xf16> -> tensor<5x32xi32>, tensor<?x?xf16>
// SHAPE-LABEL: @encode
// SHAPE: %[[ROWS:.*]] = tensor.dim %arg0, %c0
// SHAPE: return %[[ROWS]], %c32
func.func @encode(%vectors: tensor<?x64xf32>, %dictionary: tensor<4096x64xf32>, %others: tensor<5x16xf16>,
                  %any: tensor<?x?xf16>) -> (index, index) {
  %indices, %coefficients = winnow.sparse_encode %vectors, %dictionary, atoms 8
      : tensor<?x64xf32>, tensor<4096x64xf32> -> tensor<?x8xi32>, tensor<?x8xf32>
  %i, %c = winnow.sparse_encode %others, %any, atoms 32 {tolerance = 0.0 : f32}
      : tensor<5x16xf16>, tensor<?x?xf16> -> tensor<5x32xi32>, tensor<?x?xf16>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %rows = tensor.dim %indices, %c0 : tensor<?x8xi32>
  %slots = tensor.dim %c, %c1 : tensor<?x?xf16>
  return %rows, %slots : index, index
}

// CHECK-LABEL: @decode
// CHECK: winnow.sparse_decode %{{.*}}, %{{.*}}, %{{.*}} : tensor<?x8xi32>, tensor<?x8xf32>, tensor<4096x64xf32> -> tensor<?x64xf32>
// CHECK: winnow.sparse_decode %{{.*}}, %{{.*}}, %{{.*}} : tensor<?x?xi32>, tensor<?x?xbf16>, tensor<?x?xbf16> -> tensor<?x?xbf16>
// SHAPE-LABEL: @decode
// SHAPE-DAG: %[[ROWS:.*]] = tensor.dim %arg0, %c0
// SHAPE-DAG: %[[WIDTH:.*]] = tensor.dim %arg5, %c1
// SHAPE: return %[[ROWS]], %[[WIDTH]]
func.func @decode(%indices: tensor<?x8xi32>, %coefficients: tensor<?x8xf32>, %dictionary: tensor<4096x64xf32>,
                  %i: tensor<?x?xi32>, %c: tensor<?x?xbf16>, %any: tensor<?x?xbf16>) -> (index, index) {
  %vectors = winnow.sparse_decode %indices, %coefficients, %dictionary
      : tensor<?x8xi32>, tensor<?x8xf32>, tensor<4096x64xf32> -> tensor<?x64xf32>
  %others = winnow.sparse_decode %i, %c, %any
      : tensor<?x?xi32>, tensor<?x?xbf16>, tensor<?x?xbf16> -> tensor<?x?xbf16>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %rows = tensor.dim %vectors, %c0 : tensor<?x64xf32>
  %width = tensor.dim %others, %c1 : tensor<?x?xbf16>
  return %rows, %width : index, index
}

// FOLD-LABEL: @no_atoms
// FOLD: %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : tensor<2x4xf32>
// FOLD: return %[[ZERO]]
func.func @no_atoms(%c: tensor<2x3xf32>, %d: tensor<8x4xf32>) -> tensor<2x4xf32> {
  %i = arith.constant dense<-1> : tensor<2x3xi32>
  %y = winnow.sparse_decode %i, %c, %d : tensor<2x3xi32>, tensor<2x3xf32>, tensor<8x4xf32> -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// One index is an atom's; of how many zeros there are, the type does not tell.
// FOLD-LABEL: @some_atoms
// FOLD: winnow.sparse_decode
// FOLD: winnow.sparse_decode
func.func @some_atoms(%c: tensor<1x2xf32>, %d: tensor<8x4xf32>, %any: tensor<8x?xf32>)
    -> (tensor<1x4xf32>, tensor<1x?xf32>) {
  %one = arith.constant dense<[[-1, 0]]> : tensor<1x2xi32>
  %none = arith.constant dense<-1> : tensor<1x2xi32>
  %x = winnow.sparse_decode %one, %c, %d : tensor<1x2xi32>, tensor<1x2xf32>, tensor<8x4xf32> -> tensor<1x4xf32>
  %y = winnow.sparse_decode %none, %c, %any : tensor<1x2xi32>, tensor<1x2xf32>, tensor<8x?xf32> -> tensor<1x?xf32>
  return %x, %y : tensor<1x4xf32>, tensor<1x?xf32>
}
