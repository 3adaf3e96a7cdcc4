// Every operation of the plan dialect prints what it parses.
// RUN: %winnow-opt %s | %winnow-opt | FileCheck %s

// CHECK: plan.weight @table dense<1.000000e+00> : tensor<4xf32>
plan.weight @table dense<1.0> : tensor<4xf32>

// CHECK-LABEL: plan.func @main inputs [#plan.signature<"x", tensor<?x64xf32>, "batch", "">]
// CHECK-SAME: outputs [#plan.signature<"y", tensor<?x64xf32>, "batch", "">]
plan.func @main
    inputs [#plan.signature<"x", tensor<?x64xf32>, "batch", "">]
    outputs [#plan.signature<"y", tensor<?x64xf32>, "batch", "">] {
  // CHECK: %[[N:.*]] = plan.input_dimension 0, 0
  %n = plan.input_dimension 0, 0
  %c64 = arith.constant 64 : index
  plan.check %n, %c64, "the batch must be 64"
  // CHECK: plan.input 0
  %x = plan.input 0
  // CHECK: plan.output 0(%[[N]], %{{.*}})
  %y = plan.output 0(%n, %c64)
  // CHECK: plan.load @table
  %w = plan.load @table
  // CHECK: plan.alloc
  %t = plan.alloc %c64
  // CHECK: plan.slice
  %s = plan.slice %t, %c64, %c64
  // CHECK: plan.dispatch @kernels::@main_0 extents(%[[N]]) buffers({{.*}}) sizes({{.*}}) written [false, false, true]
  plan.dispatch @kernels::@main_0 extents(%n) buffers(%x, %w, %s) sizes(%n, %n) written [false, false, true]
  // CHECK: plan.copy
  plan.copy %y, %x
  // CHECK: plan.if %{{.*}} {
  // CHECK: plan.copy
  // CHECK: }
  plan.if %x {
    plan.copy %y, %x
  }
  // CHECK: plan.if %{{.*}} {
  // CHECK: } else {
  // CHECK: plan.copy
  // CHECK: }
  plan.if %w {
  } else {
    plan.copy %y, %x
  }
  // CHECK: plan.release
  plan.release %t
}
