// A loop becomes a plan.for: its carried tensors have one buffer each, rows are written in place, what the loop does not
// change is computed before it, and the values of a round that is swapped are set aside.
// RUN: %winnow-opt %s --convert-elementwise-to-linalg --winnow-dispatch --split-input-file | FileCheck %s

#id = affine_map<(i) -> (i)>

// CHECK-LABEL: plan.func @rows
// CHECK-DAG: %[[X:.*]] = plan.input 1
// CHECK: plan.copy %[[STATE:.*]], %[[X]]
// CHECK-NEXT: %[[ALL:.*]] = plan.output 0
// CHECK-NOT: plan.copy
// CHECK: plan.for %{{.*}} {
// CHECK-NEXT: ^bb0(%[[I:.*]]: index):
// CHECK: plan.dispatch @kernels::@{{.*}} buffers(%[[STATE]], %[[NEXT:[0-9]+]])
// CHECK: %[[ROW:.*]] = plan.slice %[[ALL]], %{{.*}}, %{{.*}}
// CHECK-NEXT: plan.copy %[[ROW]], %[[NEXT]]
// CHECK-NEXT: plan.copy %[[STATE]], %[[NEXT]]
func.func @rows(%rounds: tensor<i64>, %x: tensor<4xf32>) -> tensor<?x4xf32> {
  %n = tensor.extract %rounds[] : tensor<i64>
  %count = arith.index_cast %n : i64 to index
  %e = tensor.empty(%count) : tensor<?x4xf32>
  %0:2 = winnow.loop %count initial(%x, %e : tensor<4xf32>, tensor<?x4xf32>) -> tensor<4xf32>, tensor<?x4xf32> {
  ^bb0(%i: index, %a: tensor<4xf32>, %all: tensor<?x4xf32>):
    %next = arith.mulf %a, %a : tensor<4xf32>
    %more = tensor.insert_slice %next into %all[%i, 0] [1, 4] [1, 1] : tensor<4xf32> into tensor<?x4xf32>
    winnow.yield %next, %more : tensor<4xf32>, tensor<?x4xf32>
  }
  return %0#1 : tensor<?x4xf32>
}

// -----

// CHECK-LABEL: plan.func @swapped
// CHECK: plan.for
// CHECK: plan.copy %[[P:.*]], %[[B:.*]]
// CHECK: plan.copy %[[Q:.*]], %[[A:.*]]
// CHECK-NEXT: plan.copy %[[A]], %[[P]]
// CHECK: plan.copy %[[B]], %[[Q]]
func.func @swapped(%n: tensor<?xf32>, %x: tensor<4xf32>, %y: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %c0 = arith.constant 0 : index
  %count = tensor.dim %n, %c0 : tensor<?xf32>
  %0:2 = winnow.loop %count initial(%x, %y : tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>, tensor<4xf32> {
  ^bb0(%i: index, %a: tensor<4xf32>, %b: tensor<4xf32>):
    winnow.yield %b, %a : tensor<4xf32>, tensor<4xf32>
  }
  return %0#0, %0#1 : tensor<4xf32>, tensor<4xf32>
}

// -----

// The condition of the next round may be what a carried tensor held: it is copied before that one is written.
// CHECK-LABEL: plan.func @flag
// CHECK: plan.for %{{.*}} while %[[CONDITION:.*]] {
// CHECK: plan.copy %[[CONDITION]], %[[HELD:.*]]
// CHECK-NEXT: plan.copy %[[HELD]]
func.func @flag(%n: tensor<?xf32>, %on: tensor<i1>, %next: tensor<i1>) -> tensor<i1> {
  %c0 = arith.constant 0 : index
  %count = tensor.dim %n, %c0 : tensor<?xf32>
  %0 = winnow.loop %count while(%on) initial(%on : tensor<i1>) -> tensor<i1> {
  ^bb0(%i: index, %held: tensor<i1>):
    winnow.yield %held, %next : tensor<i1>, tensor<i1>
  }
  return %0 : tensor<i1>
}
