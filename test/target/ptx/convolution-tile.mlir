// Why: an item of a few elements shares its operands: four accumulators in registers, the loads of a step
// used by several fma.
// RUN: winnow-ptx-image %s | FileCheck %s
// RUN: %if ptxas %{ winnow-ptx-image --ptxas %s | FileCheck %s --check-prefix=RESOURCES %}

// CHECK-LABEL: .visible .entry conv(
// CHECK-NOT:   .local
// CHECK:       ld.global.nc
// CHECK-COUNT-36: fma.rn.f32
// CHECK-NOT:   fma.rn.f32
// CHECK-COUNT-4: st.global.b32
// CHECK-NOT:   st.global
// CHECK:       ret;
// RESOURCES: conv: {{.*}} registers, 0 bytes stack, 0 bytes spilled
func.func private @conv(%x: memref<?x16x10x10xf32>, %w: memref<32x16x3x3xf32>, %out: memref<?x32x8x8xf32>) attributes {winnow.kernel, winnow.tile = array<i64: 1, 1, 1, 4>} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = memref.dim %out, %c0 : memref<?x32x8x8xf32>
  scf.forall (%b, %c, %h, %v) = (0, 0, 0, 0) to (%n, 32, 8, 8) step (1, 1, 1, 4) {
    %xs = memref.subview %x[%b, 0, %h, %v] [1, 16, 3, 6] [1, 1, 1, 1] : memref<?x16x10x10xf32> to memref<1x16x3x6xf32, strided<[1600, 100, 10, 1], offset: ?>>
    %ws = memref.subview %w[%c, 0, 0, 0] [1, 16, 3, 3] [1, 1, 1, 1] : memref<32x16x3x3xf32> to memref<1x16x3x3xf32, strided<[144, 9, 3, 1], offset: ?>>
    %os = memref.subview %out[%b, %c, %h, %v] [1, 1, 1, 4] [1, 1, 1, 1] : memref<?x32x8x8xf32> to memref<1x1x1x4xf32, strided<[2048, 64, 8, 1], offset: ?>>
    linalg.fill ins(%zero : f32) outs(%os : memref<1x1x1x4xf32, strided<[2048, 64, 8, 1], offset: ?>>)
    linalg.conv_2d_nchw_fchw ins(%xs, %ws : memref<1x16x3x6xf32, strided<[1600, 100, 10, 1], offset: ?>>, memref<1x16x3x3xf32, strided<[144, 9, 3, 1], offset: ?>>) outs(%os : memref<1x1x1x4xf32, strided<[2048, 64, 8, 1], offset: ?>>)
  }
  return
}
