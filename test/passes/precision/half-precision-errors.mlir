// What is marked f16 or bf16 and cannot be is an error that says why.
// RUN: %winnow-opt %s --winnow-realize-precision --split-input-file --verify-diagnostics

func.func @variable(%x: tensor<?x4xf32>, %w: tensor<4x2xf32>) -> tensor<?x2xf32> {
  // expected-error@+1 {{'winnow.matmul' op is marked f16, but its weights are not constant}}
  %0 = winnow.matmul %x, %w {winnow.precision = #winnow.precision<f16>}
      : tensor<?x4xf32>, tensor<4x2xf32> -> tensor<?x2xf32>
  return %0 : tensor<?x2xf32>
}

// -----

func.func @elementwise(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // expected-error@+1 {{'math.exp' op is marked bf16, but only matrix products and convolutions have a 16-bit form}}
  %0 = math.exp %x {winnow.precision = #winnow.precision<bf16>} : tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}

// -----

func.func @range(%x: tensor<?x4xf32>) -> tensor<?x2xf32> {
  %w = arith.constant dense<7.0e4> : tensor<4x2xf32>
  // expected-error@+1 {{'winnow.matmul' op is marked f16, but its weights are beyond the range of f16}}
  %0 = winnow.matmul %x, %w {winnow.precision = #winnow.precision<f16>}
      : tensor<?x4xf32>, tensor<4x2xf32> -> tensor<?x2xf32>
  return %0 : tensor<?x2xf32>
}
