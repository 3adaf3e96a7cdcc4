// Every choice leaves a remark with its reason, bytes and error.
// RUN: %winnow-opt %s --winnow-assign-precision="budget-bytes=160 max-error=0.006" --remarks-filter=precision -o /dev/null 2>&1 | FileCheck %s
// RUN: %winnow-opt %s --winnow-assign-precision --remarks-filter=precision -o /dev/null 2>&1 | FileCheck %s --check-prefix=NONE

// CHECK: [Passed] AssignPrecision | Category:precision | Function=layers | {{.*}}Bytes=32, BytesF32=64, Error=0.00e+00, Remark="first is i8: it saves bytes at the least error"
// CHECK: [Missed] AssignPrecision | Category:precision | Function=layers | {{.*}}Bytes=64, BytesF32=64, Error=5.46e-03, Remark="second is f32: the budget is met without it"
// CHECK: [Missed] {{.*}} Remark="third is f32: its error 6.82e-03 is above the largest allowed, 6.00e-03"
// CHECK: [Missed] {{.*}} Remark="winnow.matmul is f32: its weights are not constant"
// NONE: Remark="first is f32: no budget is set"
func.func @layers(%x: tensor<?x4xf32>, %v: tensor<4x4xf32>) -> tensor<?x4xf32> {
  %a = arith.constant dense<127.0> : tensor<4x4xf32>
  %b = arith.constant dense<[[127.0, 127.0, 127.0, 127.0], [0.4, 0.4, 0.4, 0.4], [0.4, 0.4, 0.4, 0.4], [0.4, 0.4, 0.4, 0.4]]> : tensor<4x4xf32>
  %c = arith.constant dense<[[127.0, 127.0, 127.0, 127.0], [0.5, 0.5, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5]]> : tensor<4x4xf32>
  %0 = winnow.matmul %x, %a : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32> loc("first")
  %1 = winnow.matmul %0, %b : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32> loc("second")
  %2 = winnow.matmul %1, %c : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32> loc("third")
  %3 = winnow.matmul %2, %v : tensor<?x4xf32>, tensor<4x4xf32> -> tensor<?x4xf32>
  return %3 : tensor<?x4xf32>
}
