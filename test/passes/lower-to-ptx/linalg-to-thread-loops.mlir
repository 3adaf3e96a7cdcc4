// Why: a reduction that reads and writes memory at each step costs twice the traffic of its operands, and
// the number of executed fma is how skipped work is measured: one for each multiply-add.
// RUN: %winnow-opt %s --pass-pipeline='builtin.module(func.func(winnow-linalg-to-thread-loops))' | FileCheck %s

// CHECK-LABEL: func.func @matmul(
// CHECK-SAME:    %[[A:.*]]: memref<1x?xf32>, %[[B:.*]]: memref<?x1xf32>, %[[C:.*]]: memref<1x1xf32>
// CHECK:         %[[INIT:.*]] = memref.load %[[C]]
// CHECK:         %[[SUM:.*]] = scf.for {{.*}} iter_args(%[[ACC:.*]] = %[[INIT]]) -> (f32)
// CHECK-NOT:       memref.load %[[C]]
// CHECK-DAG:       %[[X:.*]] = memref.load %[[A]]
// CHECK-DAG:       %[[Y:.*]] = memref.load %[[B]]
// CHECK:           %[[NEXT:.*]] = math.fma %[[X]], %[[Y]], %[[ACC]] : f32
// CHECK-NOT:       arith.mulf
// CHECK:           scf.yield %[[NEXT]]
// CHECK:         memref.store %[[SUM]], %[[C]]
func.func @matmul(%a: memref<1x?xf32>, %b: memref<?x1xf32>, %c: memref<1x1xf32>) {
  linalg.matmul ins(%a, %b : memref<1x?xf32>, memref<?x1xf32>) outs(%c : memref<1x1xf32>)
  return
}

// Two columns share the reduction: one load of the left operand's element, two accumulators.
// CHECK-LABEL: func.func @two_columns
// CHECK:         scf.for {{.*}} iter_args({{.*}}) -> (f32, f32)
// CHECK-COUNT-2:   math.fma
// CHECK:         }
// CHECK-COUNT-2: memref.store
func.func @two_columns(%a: memref<1x?xf32>, %b: memref<?x2xf32>, %c: memref<1x2xf32>) {
  linalg.matmul ins(%a, %b : memref<1x?xf32>, memref<?x2xf32>) outs(%c : memref<1x2xf32>)
  return
}

// Integers: no fma, and nested reductions hand the accumulator on.
// CHECK-LABEL: func.func @int8_sum
// CHECK:         %[[OUTER:.*]] = scf.for {{.*}} iter_args({{.*}}) -> (i32)
// CHECK:           %[[INNER:.*]] = scf.for {{.*}} iter_args({{.*}}) -> (i32)
// CHECK:             arith.extsi
// CHECK:             arith.addi
// CHECK:           scf.yield %[[INNER]]
// CHECK:         memref.store %[[OUTER]]
func.func @int8_sum(%x: memref<?x?xi8>, %sum: memref<i32>) {
  linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> ()>],
                  iterator_types = ["reduction", "reduction"]}
      ins(%x : memref<?x?xi8>) outs(%sum : memref<i32>) {
  ^bb0(%v: i8, %acc: i32):
    %wide = arith.extsi %v : i8 to i32
    %next = arith.addi %acc, %wide : i32
    linalg.yield %next : i32
  }
  return
}

// A result that depends on the reduction's position stays in memory.
// CHECK-LABEL: func.func @running_maximum
// CHECK:         scf.for
// CHECK-NOT:     iter_args
// CHECK:         memref.store
func.func @running_maximum(%x: memref<?xf32>, %y: memref<?xf32>) {
  linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>],
                  iterator_types = ["reduction"]} ins(%x : memref<?xf32>) outs(%y : memref<?xf32>) {
  ^bb0(%v: f32, %old: f32):
    %next = arith.maximumf %v, %old : f32
    linalg.yield %next : f32
  }
  return
}
