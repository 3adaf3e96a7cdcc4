// Why: the whole path for a fused matrix product of dynamic sizes: plain parameters, one fma for each
// multiply-add, read-only operands through the non-coherent cache, no local memory, no calls.
// RUN: winnow-ptx-image %s | FileCheck %s
// RUN: %if ptxas %{ winnow-ptx-image --ptxas %s | FileCheck %s --check-prefix=RESOURCES %}
// RUN: winnow-ptx-image --chip=sm_90a %s | FileCheck %s --check-prefixes=CHECK,HOPPER
// RUN: %if ptxas %{ winnow-ptx-image --chip=sm_90a --ptxas %s | FileCheck %s --check-prefix=RESOURCES %}

// HOPPER: .target sm_90a

// CHECK-LABEL: .visible .entry matmul(
// CHECK-NEXT:    .param .u64 .ptr .align 4 matmul_param_0,
// CHECK-NEXT:    .param .u64 .ptr .align 4 matmul_param_1,
// CHECK-NEXT:    .param .u64 .ptr .align 4 matmul_param_2,
// CHECK-NEXT:    .param .u64 matmul_param_3,
// CHECK:         .param .u64 matmul_param_8
// CHECK:       .reqntid 128
// CHECK-NOT:   .local
// CHECK-NOT:   call
// CHECK:       ld.global.nc.b32
// CHECK:       fma.rn.f32
// CHECK:       st.global.b32
// CHECK-NOT:   st.global
// CHECK:       ret;
// RESOURCES: matmul: {{.*}} registers, 0 bytes stack, 0 bytes spilled
func.func private @matmul(%a: memref<?x?xf32>, %b: memref<?x?xf32>, %out: memref<?x?xf32>) attributes {winnow.kernel, winnow.tile = array<i64: 1, 1>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %m = memref.dim %out, %c0 : memref<?x?xf32>
  %n = memref.dim %out, %c1 : memref<?x?xf32>
  %k = memref.dim %a, %c1 : memref<?x?xf32>
  scf.forall (%i, %j) = (0, 0) to (%m, %n) step (1, 1) {
    %as = memref.subview %a[%i, 0] [1, %k] [1, 1] : memref<?x?xf32> to memref<1x?xf32, strided<[?, 1], offset: ?>>
    %bs = memref.subview %b[0, %j] [%k, 1] [1, 1] : memref<?x?xf32> to memref<?x1xf32, strided<[?, 1], offset: ?>>
    %os = memref.subview %out[%i, %j] [1, 1] [1, 1] : memref<?x?xf32> to memref<1x1xf32, strided<[?, 1], offset: ?>>
    %t = memref.alloca() : memref<1x1xf32>
    linalg.fill ins(%zero : f32) outs(%t : memref<1x1xf32>)
    linalg.matmul ins(%as, %bs : memref<1x?xf32, strided<[?, 1], offset: ?>>, memref<?x1xf32, strided<[?, 1], offset: ?>>) outs(%t : memref<1x1xf32>)
    linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      ins(%t : memref<1x1xf32>) outs(%os : memref<1x1xf32, strided<[?, 1], offset: ?>>) {
    ^bb0(%x: f32, %o: f32):
      %r = arith.maximumf %x, %zero : f32
      linalg.yield %r : f32
    }
  }
  return
}
