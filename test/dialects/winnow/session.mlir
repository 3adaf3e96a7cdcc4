// Parameters and states print what they parse.
// RUN: %winnow-opt %s | %winnow-opt | FileCheck %s

// CHECK: winnow.parameter @beta = 3.000000e-01 : f32
winnow.parameter @beta = 0.3 : f32
// CHECK: winnow.parameter @memory.working = 10240 : i64
winnow.parameter @memory.working = 10240 : i64
// CHECK: winnow.state @history : tensor<?x64xf32> sizes [@memory.working] = 0.000000e+00 : f32
winnow.state @history : tensor<?x64xf32> sizes [@memory.working] = 0.0 : f32
// CHECK: winnow.state @archive : tensor<4xf32> in host = 0.000000e+00 : f32
winnow.state @archive : tensor<4xf32> in host = 0.0 : f32
// The default is not printed.
// CHECK: winnow.state @near : tensor<4xf32> = 0.000000e+00 : f32
winnow.state @near : tensor<4xf32> in device = 0.0 : f32
// CHECK: winnow.state @calls : tensor<i64> = 1 : i64
winnow.state @calls : tensor<i64> = 1 : i64

// CHECK-LABEL: func.func @example
func.func @example() -> (tensor<f32>, index, tensor<?x64xf32>) {
  // CHECK: winnow.parameter.get @beta : tensor<f32>
  %beta = winnow.parameter.get @beta : tensor<f32>
  // CHECK: winnow.parameter.get @memory.working : index
  %rows = winnow.parameter.get @memory.working : index
  // CHECK: %[[H:.*]] = winnow.state.read @history : tensor<?x64xf32>
  %history = winnow.state.read @history : tensor<?x64xf32>
  // CHECK: winnow.state.write @history, %[[H]] : tensor<?x64xf32>
  winnow.state.write @history, %history : tensor<?x64xf32>
  return %beta, %rows, %history : tensor<f32>, index, tensor<?x64xf32>
}
