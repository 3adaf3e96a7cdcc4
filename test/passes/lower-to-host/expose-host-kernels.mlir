// The boundary of a host kernel: sizes of all buffers before the index arguments, items in row-major order,
// stack buffers outside of the loop.
// RUN: %winnow-opt %s --winnow-expose-host-kernels | FileCheck %s

func.func @k(%x: memref<?x4xf32>, %first: index, %y: memref<?x?xf32>)
    attributes {winnow.kernel, winnow.tile = array<i64: 2, 8>} {
  %c0 = arith.constant 0 : index
  %n = memref.dim %y, %c0 : memref<?x?xf32>
  scf.forall (%i, %j) = (0, 0) to (%n, 16) step (2, 8) {
    %t = memref.alloca() : memref<8xf32>
    %v = memref.load %x[%i, %first] : memref<?x4xf32>
    memref.store %v, %t[%c0] : memref<8xf32>
    memref.store %v, %y[%i, %j] : memref<?x?xf32>
  }
  return
}

// CHECK: func.func private @k.items(
// CHECK-SAME: %[[X:[a-z0-9]+]]: !llvm.ptr {llvm.noalias}, %[[Y:[a-z0-9]+]]: !llvm.ptr {llvm.noalias},
// CHECK-SAME: %[[X0:[a-z0-9]+]]: index, %[[Y0:[a-z0-9]+]]: index, %[[Y1:[a-z0-9]+]]: index, %[[FIRST:[a-z0-9]+]]: index,
// CHECK-SAME: %[[BEGIN:[a-z0-9]+]]: index, %[[END:[a-z0-9]+]]: index)
// CHECK-SAME: llvm.linkage = #llvm.linkage<internal>
// CHECK-NEXT: memref.alloca() {alignment = 64 : i64} : memref<8xf32>
// CHECK: %[[XM:.*]] = memref.reinterpret_cast {{.*}} sizes: [%[[X0]], 4], strides: [4, 1]
// CHECK: memref.reinterpret_cast {{.*}} sizes: [%[[Y0]], %[[Y1]]], strides: [%[[Y1]], 1]
// CHECK: affine.delinearize_index %[[BEGIN]] into
// CHECK: scf.for %{{.*}} = %[[BEGIN]] to %[[END]]
// CHECK-NOT: memref.alloca
// CHECK: memref.load %[[XM]][%{{.*}}, %[[FIRST]]]

// CHECK: func.func @k(%[[BUFFERS:.*]]: !llvm.ptr, %[[SIZES:.*]]: !llvm.ptr, %{{.*}}: i64, %{{.*}}: i64)
// CHECK-COUNT-2: llvm.getelementptr %[[BUFFERS]]
// CHECK-COUNT-4: llvm.getelementptr %[[SIZES]]
// CHECK: call @k.items
