// What a session keeps becomes arguments and results: each parameter once, a state as an argument where it is read
// before it is written, and as a result where it is written; reads and writes keep their order.
// RUN: %winnow-opt %s --winnow-thread-session | FileCheck %s

winnow.parameter @beta = 0.3 : f32
winnow.parameter @rows = 4 : i64
winnow.state @sum : tensor<?xf32> sizes [@rows] = 0.0 : f32
winnow.state @last : tensor<?xf32> sizes [@rows] = 0.0 : f32

func.func private @compute(tensor<?xf32>, tensor<f32>, index) -> tensor<?xf32>

// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[X:.*]]: tensor<?xf32>, %[[SUM:.*]]: tensor<?xf32> {winnow.state = @sum}, %[[BETA:.*]]: tensor<f32> {winnow.parameter = @beta}, %[[ROWS:.*]]: tensor<i64> {winnow.parameter = @rows})
// CHECK-SAME: -> (tensor<?xf32>, tensor<?xf32> {winnow.state = @sum}, tensor<?xf32> {winnow.state = @last})
// CHECK: %[[N64:.*]] = tensor.extract %[[ROWS]][]
// CHECK: %[[N:.*]] = arith.index_cast %[[N64]]
// CHECK: %[[A:.*]] = call @compute(%[[SUM]], %[[BETA]], %[[N]])
// CHECK: %[[B:.*]] = call @compute(%[[A]], %[[BETA]], %[[N]])
// CHECK: return %[[A]], %[[B]], %[[X]]
func.func @main(%x: tensor<?xf32>) -> tensor<?xf32> {
  %before = winnow.state.read @sum : tensor<?xf32>
  %beta = winnow.parameter.get @beta : tensor<f32>
  %n = winnow.parameter.get @rows : index
  %a = func.call @compute(%before, %beta, %n) : (tensor<?xf32>, tensor<f32>, index) -> tensor<?xf32>
  winnow.state.write @sum, %a : tensor<?xf32>
  %after = winnow.state.read @sum : tensor<?xf32>
  %again = winnow.parameter.get @beta : tensor<f32>
  %m = winnow.parameter.get @rows : index
  %b = func.call @compute(%after, %again, %m) : (tensor<?xf32>, tensor<f32>, index) -> tensor<?xf32>
  winnow.state.write @sum, %b : tensor<?xf32>
  winnow.state.write @last, %x : tensor<?xf32>
  return %after : tensor<?xf32>
}

// A function that uses none stays as it is.
// CHECK-LABEL: func.func @plain(%{{.*}}: tensor<?xf32>) -> tensor<?xf32> {
func.func @plain(%x: tensor<?xf32>) -> tensor<?xf32> {
  return %x : tensor<?xf32>
}
