// A conditional subgraph becomes a plan.if: its kernels write the result in place, what is yielded otherwise is
// computed in the second branch, and no transient buffer outlives its branch.
// RUN: %winnow-opt %s --winnow-dispatch | FileCheck %s

#id = affine_map<(i) -> (i)>

// CHECK-LABEL: plan.func @main
// CHECK-DAG: %[[C:.*]] = plan.input 0
// CHECK-DAG: %[[X:.*]] = plan.input 1
// CHECK-DAG: %[[W:.*]] = plan.load
// CHECK-DAG: %[[Y:.*]] = plan.output 0
// CHECK-NOT: plan.alloc
// CHECK: plan.if %[[C]] {
// CHECK-NEXT: %[[T:.*]] = plan.alloc
// CHECK-NEXT: plan.dispatch @kernels::@[[SQUARE:.*]] extents({{.*}}) buffers(%[[X]], %[[T]])
// CHECK-NEXT: plan.dispatch @kernels::@{{.*}} buffers(%[[T]], %[[W]], %[[Y]])
// CHECK-NEXT: plan.release %[[T]]
// CHECK-NEXT: } else {
// CHECK-NEXT: plan.dispatch @kernels::@{{.*}} buffers(%[[Y]])
// CHECK-NEXT: }
// CHECK-NEXT: }
func.func @main(%c: tensor<i1>, %x: tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %e = tensor.empty(%n) : tensor<?xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  %0 = winnow.when %c otherwise(%zeros : tensor<?xf32>) {
    %w = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
    %square = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
        ins(%x : tensor<?xf32>) outs(%e : tensor<?xf32>) {
    ^bb0(%a: f32, %o: f32):
      %p = arith.mulf %a, %a : f32
      linalg.yield %p : f32
    } -> tensor<?xf32>
    %y = linalg.generic {indexing_maps = [#id], iterator_types = ["parallel"]} outs(%e : tensor<?xf32>) {
    ^bb0(%o: f32):
      %i = linalg.index 0 : index
      %c3 = arith.constant 3 : index
      %j = arith.andi %i, %c3 : index
      %a = tensor.extract %square[%i] : tensor<?xf32>
      %b = tensor.extract %w[%j] : tensor<4xf32>
      %s = arith.addf %a, %b : f32
      linalg.yield %s : f32
    } -> tensor<?xf32>
    winnow.yield %y : tensor<?xf32>
  }
  return %0 : tensor<?xf32>
}
