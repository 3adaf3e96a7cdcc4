// Memories print what they parse, and what has no use but its effect on one stays.
// RUN: %winnow-opt %s | %winnow-opt --canonicalize --cse | FileCheck %s

winnow.parameter @memory.instant = 1024 : i64
winnow.parameter @memory.working = 10240 : i64

// CHECK: winnow.memory @history : !winnow.memory<8x64xf32, instant @memory.instant, working @memory.working, page 16>
winnow.memory @history : !winnow.memory<8x64xf32, instant @memory.instant, working @memory.working, page 16>
// The default of a page is not printed.
// CHECK: winnow.memory @plain : !winnow.memory<1x4xf16, instant @memory.instant, working @memory.working>
winnow.memory @plain : !winnow.memory<1x4xf16, instant @memory.instant, working @memory.working, page 64>

// CHECK-LABEL: func.func @example
// CHECK-SAME: (%[[K:.*]]: tensor<8x?x64xf32>, %[[F:.*]]: tensor<?xi1>, %[[Q:.*]]: tensor<16x?x64xf32>, %[[N:.*]]: tensor<i64>)
func.func @example(%keys: tensor<8x?x64xf32>, %findings: tensor<?xi1>, %query: tensor<16x?x64xf32>,
                   %target: tensor<i64>) -> (tensor<16x?x64xf32>, tensor<?xi64>) {
  // CHECK: winnow.memory.append @history, %[[K]], %[[K]] anchored(%[[F]] : tensor<?xi1>) : tensor<8x?x64xf32>, tensor<8x?x64xf32> -> tensor<i64>
  %first = winnow.memory.append @history, %keys, %keys anchored(%findings : tensor<?xi1>)
      : tensor<8x?x64xf32>, tensor<8x?x64xf32> -> tensor<i64>
  // CHECK: winnow.memory.append @history, %[[K]], %[[K]] : tensor<8x?x64xf32>, tensor<8x?x64xf32> -> tensor<i64>
  %second = winnow.memory.append @history, %keys, %keys : tensor<8x?x64xf32>, tensor<8x?x64xf32> -> tensor<i64>
  // CHECK: %[[H:.*]] = winnow.memory.positions @history : tensor<?xi64>
  %held = winnow.memory.positions @history : tensor<?xi64>
  // CHECK: winnow.memory.anchor @history, %[[H]] : tensor<?xi64>
  winnow.memory.anchor @history, %held : tensor<?xi64>
  // CHECK: %[[P:.*]] = winnow.memory.select @history, %[[Q]], k = 8 : tensor<16x?x64xf32> -> !winnow.selection<?x?, 8>
  %pages = winnow.memory.select @history, %query, k = 8 : tensor<16x?x64xf32> -> !winnow.selection<?x?, 8>
  // CHECK: winnow.memory.attend @history, %[[Q]] scale 5.000000e-01 active(%[[P]] : !winnow.selection<?x?, 8>) : tensor<16x?x64xf32>
  %some = winnow.memory.attend @history, %query scale 0.5 active(%pages : !winnow.selection<?x?, 8>) : tensor<16x?x64xf32>
  // CHECK: winnow.memory.attend @history, %[[Q]] : tensor<16x?x64xf32>
  %y = winnow.memory.attend @history, %query : tensor<16x?x64xf32>
  // CHECK: winnow.memory.compact @history to %[[N]] : tensor<i64>
  winnow.memory.compact @history to %target : tensor<i64>
  // Something was written in between.
  // CHECK: winnow.memory.positions @history
  %left = winnow.memory.positions @history : tensor<?xi64>
  // Nothing was written since.
  // CHECK-NOT: winnow.memory.positions
  %again = winnow.memory.positions @history : tensor<?xi64>
  return %y, %again : tensor<16x?x64xf32>, tensor<?xi64>
}
