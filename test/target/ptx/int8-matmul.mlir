// Why: int8 operands with an int32 accumulator in a register, and the scales of both applied at the end.
// RUN: winnow-ptx-image %s | FileCheck %s
// RUN: %if ptxas %{ winnow-ptx-image --ptxas %s | FileCheck %s --check-prefix=RESOURCES %}

// CHECK-LABEL: .visible .entry int8(
// CHECK-NOT:   .local
// CHECK:       ld.global.nc.{{[bs]}}8
// CHECK:       mul.wide.s16
// CHECK:       add.s32
// CHECK:       cvt.rn.f32.s32
// CHECK:       st.global.b32
// RESOURCES: int8: {{.*}} registers, 0 bytes stack, 0 bytes spilled
func.func private @int8(%x: memref<?x?xi8>, %w: memref<?x?xi8>, %xScale: memref<?xf32>, %wScale: memref<f32>,
                        %out: memref<?x?xf32>) attributes {winnow.kernel, winnow.tile = array<i64: 1, 1>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0 : i32
  %n = memref.dim %out, %c0 : memref<?x?xf32>
  %m = memref.dim %out, %c1 : memref<?x?xf32>
  %k = memref.dim %x, %c1 : memref<?x?xi8>
  scf.forall (%i, %j) in (%n, %m) {
    %xs = memref.subview %x[%i, 0] [1, %k] [1, 1] : memref<?x?xi8> to memref<1x?xi8, strided<[?, 1], offset: ?>>
    %ws = memref.subview %w[0, %j] [%k, 1] [1, 1] : memref<?x?xi8> to memref<?x1xi8, strided<[?, 1], offset: ?>>
    %t = memref.alloca() : memref<1x1xi32>
    linalg.fill ins(%zero : i32) outs(%t : memref<1x1xi32>)
    linalg.matmul ins(%xs, %ws : memref<1x?xi8, strided<[?, 1], offset: ?>>, memref<?x1xi8, strided<[?, 1], offset: ?>>)
        outs(%t : memref<1x1xi32>)
    %acc = memref.load %t[%c0, %c0] : memref<1x1xi32>
    %value = arith.sitofp %acc : i32 to f32
    %a = memref.load %xScale[%i] : memref<?xf32>
    %b = memref.load %wScale[] : memref<f32>
    %scale = arith.mulf %a, %b : f32
    %result = arith.mulf %value, %scale : f32
    memref.store %result, %out[%i, %j] : memref<?x?xf32>
  }
  return
}
