// The budget is met with the least error, to the byte; everything else stays f32.
// RUN: %winnow-opt %s --winnow-assign-precision="budget-bytes=319" | FileCheck %s --check-prefixes=CHECK,B
// RUN: %winnow-opt %s --winnow-assign-precision="budget-bytes=256" | FileCheck %s --check-prefixes=CHECK,AB
// RUN: %winnow-opt %s --winnow-assign-precision="budget=0.8" | FileCheck %s --check-prefixes=CHECK,AB
// RUN: %winnow-opt %s --winnow-assign-precision="budget-bytes=255" | FileCheck %s --check-prefixes=CHECK,ABC
// RUN: %winnow-opt %s --winnow-assign-precision="all=i8 max-error=0.008" | FileCheck %s --check-prefixes=CHECK,ABC
// RUN: %winnow-opt %s --winnow-assign-precision="all=i8" | FileCheck %s --check-prefixes=CHECK,ALL
// RUN: %winnow-opt %s --winnow-assign-precision="budget-bytes=320" | FileCheck %s --check-prefixes=CHECK,NONE
// RUN: %winnow-opt %s --winnow-assign-precision | FileCheck %s --check-prefixes=CHECK,NONE
// RUN: %winnow-opt %s --winnow-assign-precision="all=f32 budget-bytes=1" | FileCheck %s --check-prefixes=CHECK,NONE

// Columns of 127 and three r have the error sqrt(3) r / 127: a .0041, b 0, c .0068, d .0100.
// CHECK: winnow.precision_report = {
// B-SAME: budget_bytes = 319 : i64, bytes = 288 : i64, f32_bytes = 320 : i64
// AB-SAME: budget_bytes = 256 : i64, bytes = 256 : i64
// ABC-SAME: bytes = 224 : i64
// ALL-SAME: bytes = 144 : i64
// NONE-SAME: bytes = 320 : i64

// CHECK-LABEL: @layers
// B: winnow.matmul {{.*}}precision<f32>
// B: winnow.matmul {{.*}}precision<i8>
// B-COUNT-2: winnow.matmul {{.*}}precision<f32>
// AB-COUNT-2: winnow.matmul {{.*}}precision<i8>
// AB-COUNT-2: winnow.matmul {{.*}}precision<f32>
// ABC-COUNT-3: winnow.matmul {{.*}}precision<i8>
// ABC: winnow.matmul {{.*}}precision<f32>
// ALL-COUNT-4: winnow.matmul {{.*}}precision<i8>
// NONE-COUNT-4: winnow.matmul {{.*}}precision<f32>
// CHECK: winnow.matmul {{.*}}precision<f32>
func.func @layers(%x: tensor<?x4xf32>, %y: tensor<?x8xf32>, %v: tensor<4x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  %a = arith.constant dense<[[127.0, 127.0, 127.0, 127.0], [0.3, 0.3, 0.3, 0.3], [0.3, 0.3, 0.3, 0.3], [0.3, 0.3, 0.3, 0.3]]> : tensor<4x4xf32>
  %b = arith.constant dense<[[127.0, 127.0, 127.0, 127.0], [3.0, 3.0, 3.0, 3.0], [3.0, 3.0, 3.0, 3.0], [3.0, 3.0, 3.0, 3.0]]> : tensor<4x4xf32>
  %c = arith.constant dense<[[127.0, 127.0, 127.0, 127.0], [0.5, 0.5, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5]]> : tensor<4x4xf32>
  %d = arith.constant dense<[[127.0, 127.0, 127.0, 127.0], [0.48, 0.48, 0.48, 0.48], [0.48, 0.48, 0.48, 0.48], [0.48, 0.48, 0.48, 0.48],
                             [0.48, 0.48, 0.48, 0.48], [0.48, 0.48, 0.48, 0.48], [0.48, 0.48, 0.48, 0.48], [0.48, 0.48, 0.48, 0.48]]> : tensor<8x4xf32>
  %0 = winnow.matmul %x, %a : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
  %1 = winnow.matmul %0, %b : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
  %2 = winnow.matmul %1, %c : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
  %3 = winnow.matmul %y, %d : tensor<?x8xf32>, tensor<8x4xf32> -> tensor<?x4xf32>
  %4 = winnow.matmul %2, %v : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
  return %3, %4 : tensor<?x4xf32>, tensor<?x4xf32>
}
