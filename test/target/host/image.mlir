// The image exports the kernels and nothing else, imports nothing, and does not depend on where or when it is made.
// RUN: winnow-host-image %s --target=x86-64-v2 -o %t.so && winnow-host-image %s --target=x86-64-v2 -o %t.again.so
// RUN: cmp %t.so %t.again.so
// RUN: llvm-readelf --dyn-syms --dynamic --relocs --program-headers %t.so | FileCheck %s
// RUN: winnow-host-image %s --target=aarch64 -o %t.arm.so && llvm-readelf -h %t.arm.so | FileCheck %s --check-prefix=ARM
// RUN: not winnow-opt %s --winnow-lower-to-host=target=vax 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not winnow-host-image %s --target=vax -o %t.none 2>&1 | FileCheck %s --check-prefix=UNKNOWN

// CHECK-NOT: GNU_RELRO
// CHECK-NOT: (NEEDED)
// CHECK: There are no relocations
// CHECK: Symbol table '.dynsym' contains 3 entries
// CHECK-DAG: GLOBAL DEFAULT {{.*}} copy
// CHECK-DAG: GLOBAL DEFAULT {{.*}} exponential
// ARM: Machine: AArch64
// UNKNOWN: unknown host target 'vax', expected native, x86-64-v2, x86-64-v3, x86-64-v4 or aarch64

func.func @copy(%x: memref<?x32xf16>, %y: memref<?x16xf32>) attributes {winnow.kernel} {
  %c0 = arith.constant 0 : index
  %n = memref.dim %x, %c0 : memref<?x32xf16>
  scf.forall (%i) = (0) to (%n) step (1) {
    %from = memref.subview %x[%i, 0][1, 16][1, 2] : memref<?x32xf16> to memref<16xf16, strided<[2], offset: ?>>
    %to = memref.subview %y[%i, 0][1, 16][1, 1] : memref<?x16xf32> to memref<16xf32, strided<[1], offset: ?>>
    %t = memref.alloca() : memref<16xf16>
    memref.copy %from, %t : memref<16xf16, strided<[2], offset: ?>> to memref<16xf16>
    linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}
        ins(%t : memref<16xf16>) outs(%to : memref<16xf32, strided<[1], offset: ?>>) {
    ^bb0(%a: f16, %b: f32):
      %w = arith.extf %a : f16 to f32
      linalg.yield %w : f32
    }
  }
  return
}

func.func @exponential(%x: memref<?xf32>) attributes {winnow.kernel} {
  %c0 = arith.constant 0 : index
  %n = memref.dim %x, %c0 : memref<?xf32>
  scf.forall (%i) = (0) to (%n) step (1) {
    %v = memref.load %x[%i] : memref<?xf32>
    %e = math.exp %v : f32
    memref.store %e, %x[%i] : memref<?xf32>
  }
  return
}
