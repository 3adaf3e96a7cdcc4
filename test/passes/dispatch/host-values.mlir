// Integers that are taken out of tensors become host values and, in the plan, reads: what depends on one follows it, and
// what does not is before everything.
// RUN: %winnow-opt %s --pass-pipeline="builtin.module(func.func(winnow-number-host-values))" | FileCheck %s --check-prefix=NUMBERED
// RUN: %winnow-opt %s --winnow-dispatch | FileCheck %s

// NUMBERED-LABEL: func.func @main
// NUMBERED: winnow.host_value %{{.*}}[] number 0 : tensor<i64>
// NUMBERED: tensor.extract %{{.*}}[%{{.*}}] : tensor<?xf32>

// CHECK-LABEL: plan.func @main
// CHECK-DAG: %[[C2:.*]] = arith.constant 2 : index
// CHECK-DAG: %[[N:.*]] = plan.input 1
// CHECK: %[[SIZE:.*]] = plan.read %[[N]][%{{.*}}] : i64
// CHECK: plan.check
// CHECK-SAME: "n is odd"
// CHECK: plan.output 0(%[[SIZE]])
func.func @main(%x: tensor<?xf32>, %n: tensor<i64>) -> tensor<?xf32> {
  %given = tensor.extract %n[] : tensor<i64>
  %size = arith.index_cast %given : i64 to index
  %c2 = arith.constant 2 : index
  %c0 = arith.constant 0 : index
  %rest = arith.remsi %size, %c2 : index
  %even = arith.cmpi eq, %rest, %c0 : index
  cf.assert %even, "n is odd"
  %e = tensor.empty(%size) : tensor<?xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>], iterator_types = ["parallel"]} outs(%e : tensor<?xf32>) {
  ^bb0(%o: f32):
    %first = tensor.extract %x[%c0] : tensor<?xf32>
    linalg.yield %first : f32
  } -> tensor<?xf32>
  return %y : tensor<?xf32>
}
