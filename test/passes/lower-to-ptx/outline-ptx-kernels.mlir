// Why: kernels leave the module for one of their own, with the constants that they read; host code stays.
// RUN: %winnow-opt %s --winnow-outline-ptx-kernels | FileCheck %s

// CHECK:       memref.global "private" constant @table
// CHECK-NOT:   func.func private @k
// CHECK:       func.func @main
// CHECK:       gpu.module @kernels
// CHECK:         memref.global "private" constant @table
// CHECK:         func.func @k(%{{.*}}: memref<?xf32>, %{{.*}}: index) attributes {winnow.kernel}
memref.global "private" constant @table : memref<4xf32> = dense<[1.0, 2.0, 3.0, 4.0]>

func.func private @k(%x: memref<?xf32>, %n: index) attributes {winnow.kernel} {
  %c0 = arith.constant 0 : index
  %table = memref.get_global @table : memref<4xf32>
  scf.forall (%i) in (%n) {
    %v = memref.load %table[%c0] : memref<4xf32>
    memref.store %v, %x[%i] : memref<?xf32>
  }
  return
}

func.func @main() {
  return
}
