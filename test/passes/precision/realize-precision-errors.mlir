// What is marked i8 and cannot be is an error that says why.
// RUN: %winnow-opt %s --winnow-realize-precision --split-input-file --verify-diagnostics

func.func @variable(%x: tensor<?x4xf32>, %w: tensor<4x2xf32>) -> tensor<?x2xf32> {
  // expected-error@+1 {{'winnow.matmul' op is marked i8, but its weights are not constant}}
  %0 = winnow.matmul %x, %w {winnow.precision = #winnow.precision<i8>}
      : tensor<?x4xf32>, tensor<4x2xf32> -> tensor<?x2xf32>
  return %0 : tensor<?x2xf32>
}

// -----

func.func @elementwise(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // expected-error@+1 {{'math.exp' op is marked i8, but only matrix products and convolutions have an integer form}}
  %0 = math.exp %x {winnow.precision = #winnow.precision<i8>} : tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

// Every one of them is named.
func.func @two(%x: tensor<?x4xf32>, %z: tensor<4x?xf32>) -> (tensor<?x2xf32>, tensor<4x?xf32>) {
  %nan = arith.constant dense<0x7FC00000> : tensor<4x2xf32>
  %square = arith.constant dense<1.0> : tensor<4x4xf32>
  // expected-error@+1 {{is marked i8, but its weights are not finite}}
  %0 = winnow.matmul %x, %nan {winnow.precision = #winnow.precision<i8>}
      : tensor<?x4xf32>, tensor<4x2xf32> -> tensor<?x2xf32>
  // expected-error@+1 {{'linalg.matmul' op is marked i8, but 'linalg.matmul' has no integer form}}
  %1 = linalg.matmul indexing_maps = [affine_map<(d0, d1, d2) -> (d0, d2)>, affine_map<(d0, d1, d2) -> (d1, d2)>,
                                      affine_map<(d0, d1, d2) -> (d0, d1)>]
      {winnow.precision = #winnow.precision<i8>}
      ins(%square, %x : tensor<4x4xf32>, tensor<?x4xf32>) outs(%z : tensor<4x?xf32>) -> tensor<4x?xf32>
  return %0, %1 : tensor<?x2xf32>, tensor<4x?xf32>
}
