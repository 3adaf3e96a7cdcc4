// Why: element types as they lie in memory (an i1 is a byte), broadcast operands, and dynamic shapes.
// RUN: winnow-ptx-image %s | FileCheck %s
// RUN: %if ptxas %{ winnow-ptx-image --ptxas %s | FileCheck %s --check-prefix=RESOURCES %}

// CHECK-LABEL: .visible .entry select(
// CHECK:       ld.global.nc.{{[bsu]}}8
// CHECK:       st.global.b32
// CHECK-LABEL: .visible .entry compare(
// CHECK:       ld.global.nc.b64
// CHECK:       st.global.b8
// CHECK-LABEL: .visible .entry halves(
// CHECK:       ld.global.nc.b16
// CHECK:       st.global.b16
// RESOURCES-DAG: select: {{.*}} registers, 0 bytes stack, 0 bytes spilled
// RESOURCES-DAG: compare: {{.*}} registers, 0 bytes stack, 0 bytes spilled
// RESOURCES-DAG: halves: {{.*}} registers, 0 bytes stack, 0 bytes spilled
func.func private @select(%mask: memref<?xi1>, %x: memref<?x?xf32>, %bias: memref<?xf32>, %out: memref<?x?xf32>)
    attributes {winnow.kernel, winnow.tile = array<i64: 1, 1>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %n = memref.dim %out, %c0 : memref<?x?xf32>
  %m = memref.dim %out, %c1 : memref<?x?xf32>
  scf.forall (%i, %j) in (%n, %m) {
    %ms = memref.subview %mask[%i] [1] [1] : memref<?xi1> to memref<1xi1, strided<[1], offset: ?>>
    %xs = memref.subview %x[%i, %j] [1, 1] [1, 1] : memref<?x?xf32> to memref<1x1xf32, strided<[?, 1], offset: ?>>
    %bs = memref.subview %bias[%j] [1] [1] : memref<?xf32> to memref<1xf32, strided<[1], offset: ?>>
    %os = memref.subview %out[%i, %j] [1, 1] [1, 1] : memref<?x?xf32> to memref<1x1xf32, strided<[?, 1], offset: ?>>
    linalg.generic {indexing_maps = [affine_map<(i, j) -> (i)>, affine_map<(i, j) -> (i, j)>,
                                     affine_map<(i, j) -> (j)>, affine_map<(i, j) -> (i, j)>],
                    iterator_types = ["parallel", "parallel"]}
        ins(%ms, %xs, %bs : memref<1xi1, strided<[1], offset: ?>>, memref<1x1xf32, strided<[?, 1], offset: ?>>,
            memref<1xf32, strided<[1], offset: ?>>) outs(%os : memref<1x1xf32, strided<[?, 1], offset: ?>>) {
    ^bb0(%keep: i1, %value: f32, %add: f32, %old: f32):
      %sum = arith.addf %value, %add : f32
      %result = arith.select %keep, %sum, %zero : f32
      linalg.yield %result : f32
    }
  }
  return
}

func.func private @compare(%x: memref<?xi64>, %y: memref<?xi64>, %out: memref<?xi1>)
    attributes {winnow.kernel, winnow.tile = array<i64: 1>} {
  %c0 = arith.constant 0 : index
  %n = memref.dim %out, %c0 : memref<?xi1>
  scf.forall (%i) in (%n) {
    %a = memref.load %x[%i] : memref<?xi64>
    %b = memref.load %y[%i] : memref<?xi64>
    %d = arith.floordivsi %a, %b : i64
    %r = arith.remsi %a, %b : i64
    %less = arith.cmpi slt, %d, %r : i64
    memref.store %less, %out[%i] : memref<?xi1>
  }
  return
}

func.func private @halves(%x: memref<?xf16>, %y: memref<?xbf16>, %out: memref<?xf16>, %wide: memref<?xbf16>)
    attributes {winnow.kernel, winnow.tile = array<i64: 1>} {
  %c0 = arith.constant 0 : index
  %n = memref.dim %out, %c0 : memref<?xf16>
  scf.forall (%i) in (%n) {
    %a = memref.load %x[%i] : memref<?xf16>
    %b = memref.load %y[%i] : memref<?xbf16>
    %b32 = arith.extf %b : bf16 to f32
    %b16 = arith.truncf %b32 : f32 to f16
    %sum = arith.addf %a, %b16 : f16
    %result = math.exp %sum : f16
    memref.store %result, %out[%i] : memref<?xf16>
    %square = arith.mulf %b, %b : bf16
    memref.store %square, %wide[%i] : memref<?xbf16>
  }
  return
}
