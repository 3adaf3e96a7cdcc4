// A call of a function outside of the image is an error that names the function.
// RUN: not winnow-host-image %s -o %t.so 2>&1 | FileCheck %s
// CHECK: error: host code may not call functions outside of the image, but refers to: elsewhere

func.func private @elsewhere(%x: f32) -> f32

func.func @k(%x: memref<?xf32>) attributes {winnow.kernel} {
  %c0 = arith.constant 0 : index
  scf.forall (%i) in (4) {
    %v = memref.load %x[%c0] : memref<?xf32>
    %e = func.call @elsewhere(%v) : (f32) -> f32
    memref.store %e, %x[%c0] : memref<?xf32>
  }
  return
}
