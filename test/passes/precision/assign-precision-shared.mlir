// Weights that several operations read change together or not at all, and given marks are kept.
// RUN: %winnow-opt %s --winnow-assign-precision="all=i8" --split-input-file | FileCheck %s

// Counted once: 64 bytes become 32.
// CHECK: bytes = 32 : i64, f32_bytes = 64 : i64
// CHECK-LABEL: @tied
// CHECK-COUNT-2: winnow.matmul {{.*}}precision<i8>
func.func @tied(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %w = arith.constant dense<1.0> : tensor<4x4xf32>
  %again = arith.constant dense<1.0> : tensor<4x4xf32>
  %0 = winnow.matmul %x, %w : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
  %1 = winnow.matmul %0, %again : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}

// -----

// CHECK: reason = "'func.return' reads its weights as f32"
// CHECK-LABEL: @also_returned
// CHECK: winnow.matmul {{.*}}precision<f32>
func.func @also_returned(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<4x4xf32>) {
  %w = arith.constant dense<1.0> : tensor<4x4xf32>
  %0 = winnow.matmul %x, %w : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
  return %0, %w : tensor<?x4xf32>, tensor<4x4xf32>
}

// -----

// The first is marked, so the second, which shares its weights, gains nothing.
// CHECK: reason = "it was marked before"
// CHECK-SAME: reason = "'first' keeps its weights as f32"
// CHECK-SAME: name = "third", {{.*}} reason = "it was marked before"
// CHECK-LABEL: @marked
// CHECK-COUNT-2: winnow.matmul {{.*}}precision<f32>
// CHECK: winnow.matmul {{.*}}precision<i8>
func.func @marked(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %w = arith.constant dense<1.0> : tensor<4x4xf32>
  %v = arith.constant dense<[[127.0, 127.0, 127.0, 127.0], [9.4, 0.4, 0.4, 0.4], [0.4, 0.4, 0.4, 0.4], [0.4, 0.4, 0.4, 0.4]]> : tensor<4x4xf32>
  %0 = winnow.matmul %x, %w {winnow.precision = #winnow.precision<f32>}
      : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32> loc("first")
  %1 = winnow.matmul %0, %w : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
  %2 = winnow.matmul %1, %v {winnow.precision = #winnow.precision<i8>}
      : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32> loc("third")
  return %2 : tensor<?x4xf32>
}
