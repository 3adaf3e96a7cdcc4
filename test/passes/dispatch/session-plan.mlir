// In a plan, a parameter is a buffer or a size, and a state two buffers, whose sizes are parameters. A kernel
// writes the next state in place unless what it computes is an output too.
// RUN: %winnow-opt %s --winnow-dispatch | FileCheck %s

#id = affine_map<(i) -> (i)>

winnow.parameter @beta = 0.5 : f32
winnow.parameter @rows = 4 : i64
winnow.state @sum : tensor<?xf32> sizes [@rows] = 0.0 : f32
winnow.state @calls : tensor<i64> = 0 : i64

// CHECK-LABEL: plan.func @main inputs [#plan.signature<"input0", tensor<?xf32>, "">] outputs [#plan.signature<"output0", tensor<?xf32>, "">]
// CHECK-SAME: winnow.session_arguments = [@beta, @sum], winnow.session_results = [@sum]
// CHECK: %[[ROWS:.*]] = plan.parameter_value @rows
// CHECK: %[[N:.*]] = plan.input_dimension 0, 0
// CHECK: plan.check %[[N]], %[[ROWS]], "state sum is written with another size than it has"
// CHECK-DAG: %[[X:.*]] = plan.input 0
// CHECK-DAG: %[[BETA:.*]] = plan.parameter @beta
// CHECK-DAG: %[[SUM:.*]] = plan.state @sum
// CHECK-DAG: %[[Y:.*]] = plan.output 0
// CHECK: plan.dispatch @kernels::@{{.*}} buffers(%[[X]], %[[BETA]], %[[SUM]], %[[Y]])
// CHECK: %[[NEXT:.*]] = plan.next_state @sum
// CHECK: plan.copy %[[NEXT]], %[[Y]]
// CHECK-LABEL: plan.func @count
// CHECK: %[[CALLS:.*]] = plan.state @calls
// CHECK: %[[MORE:.*]] = plan.next_state @calls
// CHECK: plan.dispatch @kernels::@{{.*}} extents() buffers(%[[CALLS]], %[[MORE]])
func.func @main(%x: tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  %beta = winnow.parameter.get @beta : tensor<f32>
  %sum = winnow.state.read @sum : tensor<?xf32>
  %next = linalg.generic {indexing_maps = [#id, affine_map<(i) -> ()>, #id, #id], iterator_types = ["parallel"]}
      ins(%x, %beta, %sum : tensor<?xf32>, tensor<f32>, tensor<?xf32>) outs(%e : tensor<?xf32>) {
  ^bb0(%a: f32, %b: f32, %s: f32, %o: f32):
    %p = arith.mulf %a, %b : f32
    %t = arith.addf %p, %s : f32
    linalg.yield %t : f32
  } -> tensor<?xf32>
  winnow.state.write @sum, %next : tensor<?xf32>
  return %next : tensor<?xf32>
}

func.func @count() {
  %one = arith.constant 1 : i64
  %calls = winnow.state.read @calls : tensor<i64>
  %e = tensor.empty() : tensor<i64>
  %more = linalg.generic {indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>], iterator_types = []}
      ins(%calls : tensor<i64>) outs(%e : tensor<i64>) {
  ^bb0(%a: i64, %o: i64):
    %s = arith.addi %a, %one : i64
    linalg.yield %s : i64
  } -> tensor<i64>
  winnow.state.write @calls, %more : tensor<i64>
  return
}

// An integer parameter is a size for the host and a scalar for a kernel, which reads it itself.
// CHECK-LABEL: plan.func @compare
// CHECK: %[[ROWS:.*]] = plan.parameter_value @rows
// CHECK: %[[BUFFER:.*]] = plan.parameter @rows
// CHECK: plan.dispatch @kernels::@[[KERNEL:.*]] extents(%[[ROWS]]) buffers(%[[BUFFER]], %{{.*}})
// CHECK: func.func private @[[KERNEL]](%[[ARGUMENT:.*]]: tensor<i64>
// CHECK: linalg.generic
// CHECK: tensor.extract %[[ARGUMENT]][] : tensor<i64>
func.func @compare() -> tensor<?xi64> {
  %n = winnow.parameter.get @rows : index
  %e = tensor.empty(%n) : tensor<?xi64>
  %r = linalg.generic {indexing_maps = [#id], iterator_types = ["parallel"]} outs(%e : tensor<?xi64>) {
  ^bb0(%o: i64):
    %i = linalg.index 0 : index
    %i64 = arith.index_cast %i : index to i64
    %n64 = arith.index_cast %n : index to i64
    %left = arith.subi %n64, %i64 : i64
    linalg.yield %left : i64
  } -> tensor<?xi64>
  return %r : tensor<?xi64>
}
