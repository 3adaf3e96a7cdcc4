// Why: the launch passes pointers, then the dynamic dimensions in order, then the index arguments. A memref
// argument would become a descriptor of five or more parameters and lose noalias.
// RUN: %winnow-opt %s --pass-pipeline='builtin.module(func.func(winnow-lower-kernel-boundary))' | FileCheck %s

// CHECK-LABEL: func.func @k(
// CHECK-SAME:    %[[X:[^:]*]]: !llvm.ptr {llvm.align = 4 : i64, llvm.noalias}
// CHECK-SAME:    %[[Y:[^:]*]]: !llvm.ptr {llvm.align = 1 : i64, llvm.noalias}
// CHECK-SAME:    %[[X0:[^:]*]]: i64, %[[X2:[^:]*]]: i64, %[[N:[^:]*]]: i64)
// CHECK:         %[[SIZE0:.*]] = arith.index_cast %[[X0]]
// CHECK:         %[[SIZE2:.*]] = arith.index_cast %[[X2]]
// CHECK:         %[[STRIDE:.*]] = arith.muli %[[SIZE2]], %{{.*}}
// CHECK:         memref.reinterpret_cast {{.*}} sizes: [%[[SIZE0]], 3, %[[SIZE2]]], strides: [%[[STRIDE]], %[[SIZE2]], 1]
// CHECK:         %[[COUNT:.*]] = arith.index_cast %[[N]]
func.func @k(%x: memref<?x3x?xf32>, %n: index, %y: memref<i8>) attributes {winnow.kernel} {
  %c0 = arith.constant 0 : index
  %v = memref.load %x[%n, %c0, %c0] : memref<?x3x?xf32>
  %b = arith.fptosi %v : f32 to i8
  memref.store %b, %y[] : memref<i8>
  return
}
