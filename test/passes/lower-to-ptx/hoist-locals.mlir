// Why: an alloca that is not at the entry is a dynamic allocation for LLVM, and never becomes a register.
// RUN: %winnow-opt %s --pass-pipeline='builtin.module(func.func(winnow-hoist-locals))' | FileCheck %s

// CHECK-LABEL: func.func @k
// CHECK-NEXT:    memref.alloca() : memref<4xf32>
// CHECK-NEXT:    memref.alloca() : memref<2xi32>
// CHECK-NEXT:    scf.for
// CHECK-NOT:     memref.alloca
// CHECK:         return
func.func @k(%x: memref<?xf32>, %n: index, %lower: index, %step: index) {
  scf.for %i = %lower to %n step %step {
    memref.alloca_scope {
      %t = memref.alloca() : memref<4xf32>
      %u = memref.alloca() : memref<2xi32>
      %v = memref.load %t[%i] : memref<4xf32>
      memref.store %v, %x[%i] : memref<?xf32>
      %w = memref.load %u[%i] : memref<2xi32>
      memref.store %w, %u[%i] : memref<2xi32>
    }
  }
  return
}
