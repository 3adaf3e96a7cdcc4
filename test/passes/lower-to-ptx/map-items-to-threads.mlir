// Why: upstream maps only loops of static extents to threads, and winnow's extents are dynamic.
// RUN: %winnow-opt %s --pass-pipeline='builtin.module(func.func(winnow-map-items-to-threads{threads=64}))' | FileCheck %s

// CHECK-LABEL: func.func @rows(
// CHECK-SAME:    %[[X:.*]]: memref<?x6xf32>, %[[N:.*]]: index
// CHECK-DAG:     %[[BLOCK:.*]] = nvvm.read.ptx.sreg.ctaid.x
// CHECK-DAG:     %[[THREAD:.*]] = nvvm.read.ptx.sreg.tid.x
// CHECK-DAG:     %[[WIDTH:.*]] = arith.constant 64 : index
// CHECK:         arith.muli %{{.*}}, %[[WIDTH]]
// CHECK:         %[[INSIDE:.*]] = arith.cmpi ult
// CHECK:         scf.if %[[INSIDE]]
// CHECK-DAG:       arith.remui
// CHECK-DAG:       arith.divui
// CHECK:           memref.store {{.*}} %[[X]]
// CHECK-NOT:     scf.forall
func.func @rows(%x: memref<?x6xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  scf.forall (%i, %j) = (0, 0) to (%n, 6) step (1, 2) {
    memref.store %zero, %x[%i, %j] : memref<?x6xf32>
  }
  return
}

// A loop nested in the item stays a loop.
// CHECK-LABEL: func.func @nested
// CHECK:         scf.if
// CHECK:           scf.forall
func.func @nested(%x: memref<?x6xf32>, %n: index) {
  %zero = arith.constant 0.0 : f32
  scf.forall (%i) in (%n) {
    scf.forall (%j) in (6) {
      memref.store %zero, %x[%i, %j] : memref<?x6xf32>
    }
  }
  return
}
