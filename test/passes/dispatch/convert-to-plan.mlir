// Calls of kernels become dispatches over buffers; a reshape disappears, a value that two kernels share
// gets a buffer with a life of its own, and what is returned unchanged is copied.
// RUN: %winnow-opt %s --winnow-convert-to-plan --canonicalize --cse --winnow-plan-buffers | FileCheck %s

// CHECK: plan.func @main
// CHECK-SAME: #plan.signature<"x", tensor<?x4x8xf32>, "batch", "", "">
// CHECK-SAME: #plan.signature<"y", tensor<?x32xf32>, "batch", "">
// CHECK-DAG: %[[C128:.*]] = arith.constant 128 : index
// CHECK: %[[N:.*]] = plan.input_dimension 0, 0
// CHECK: %[[BYTES:.*]] = arith.muli %[[N]], %[[C128]]
// CHECK: %[[X:.*]] = plan.input 0
// CHECK: %[[T:.*]] = plan.alloc %[[BYTES]]
// CHECK: plan.dispatch @kernels::@k extents(%[[N]], %{{.*}}) buffers(%[[X]], %[[T]]) sizes(%[[N]], %[[N]])
// CHECK: %[[Y:.*]] = plan.output 0(%[[N]], %{{.*}})
// CHECK: plan.dispatch @kernels::@k extents(%[[N]], %{{.*}}) buffers(%[[T]], %[[Y]])
// CHECK-NEXT: plan.release %[[T]]
// CHECK: %[[Z:.*]] = plan.output 1
// CHECK: plan.copy %[[Z]], %[[X]]
// CHECK: module @kernels
// CHECK: func.func private @k
func.func private @k(tensor<?x32xf32>, tensor<?x32xf32>) -> tensor<?x32xf32>
    attributes {winnow.kernel, winnow.inputs = 1 : i64, winnow.domain = 1 : i64}
func.func @main(%x: tensor<?x4x8xf32> {winnow.name = "x", winnow.dims = ["batch", "", ""]})
    -> (tensor<?x32xf32> {winnow.name = "y", winnow.dims = ["batch", ""]}, tensor<?x4x8xf32>) {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x4x8xf32>
  %flat = tensor.collapse_shape %x [[0], [1, 2]] : tensor<?x4x8xf32> into tensor<?x32xf32>
  %e = tensor.empty(%n) : tensor<?x32xf32>
  %a = call @k(%flat, %e) : (tensor<?x32xf32>, tensor<?x32xf32>) -> tensor<?x32xf32>
  %b = call @k(%a, %e) : (tensor<?x32xf32>, tensor<?x32xf32>) -> tensor<?x32xf32>
  return %b, %x : tensor<?x32xf32>, tensor<?x4x8xf32>
}
