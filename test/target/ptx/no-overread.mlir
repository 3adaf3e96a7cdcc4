// Why: three neighbouring loads must not become one of four, which would read behind the end of the buffer. The
// simulator, like compute-sanitizer, reports such a read; it was found there.
// RUN: winnow-ptx-image %s | FileCheck %s

// CHECK-LABEL: .visible .entry sum(
// CHECK-NOT:   ld.global{{.*}}.v4
// CHECK-COUNT-3: ld.global.nc.b32
// CHECK:       ret;
func.func private @sum(%x: memref<3xf32>, %out: memref<f32>) attributes {winnow.kernel, winnow.tile = array<i64>} {
  scf.forall (%i) in (1) {
    linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> ()>], iterator_types = ["reduction"]}
        ins(%x : memref<3xf32>) outs(%out : memref<f32>) {
    ^bb0(%in: f32, %sum: f32):
      %next = arith.addf %sum, %in : f32
      linalg.yield %next : f32
    }
  }
  return
}
