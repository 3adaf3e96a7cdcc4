// Why: row programs with serial loops: softmax (three passes over a dynamic row) and the selection of the k
// highest entries, whose loop carries values and whose position depends on data.
// RUN: winnow-ptx-image %s | FileCheck %s
// RUN: %if ptxas %{ winnow-ptx-image --ptxas %s | FileCheck %s --check-prefix=RESOURCES %}

// CHECK-LABEL: .visible .entry softmax(
// CHECK-NOT:   .local
// CHECK-NOT:   call
// CHECK:       ex2.approx.f32
// CHECK:       div.rn.f32
// CHECK-LABEL: .visible .entry topk(
// CHECK-NOT:   .local
// CHECK:       st.global.b32
// RESOURCES-DAG: softmax: {{.*}} registers, 0 bytes stack, 0 bytes spilled
// RESOURCES-DAG: topk: {{.*}} registers, 0 bytes stack, 0 bytes spilled
#row = affine_map<(i, j) -> (i, j)>
#one = affine_map<(i, j) -> (i)>
func.func private @softmax(%x: memref<?x?xf32>, %out: memref<?x?xf32>)
    attributes {winnow.kernel, winnow.tile = array<i64: 1>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %n = memref.dim %out, %c0 : memref<?x?xf32>
  %m = memref.dim %out, %c1 : memref<?x?xf32>
  scf.forall (%i) in (%n) {
    %xs = memref.subview %x[%i, 0] [1, %m] [1, 1] : memref<?x?xf32> to memref<1x?xf32, strided<[?, 1], offset: ?>>
    %os = memref.subview %out[%i, 0] [1, %m] [1, 1] : memref<?x?xf32> to memref<1x?xf32, strided<[?, 1], offset: ?>>
    %high = memref.alloca() : memref<1xf32>
    %sum = memref.alloca() : memref<1xf32>
    linalg.fill ins(%lowest : f32) outs(%high : memref<1xf32>)
    linalg.fill ins(%zero : f32) outs(%sum : memref<1xf32>)
    linalg.generic {indexing_maps = [#row, #one], iterator_types = ["parallel", "reduction"]}
        ins(%xs : memref<1x?xf32, strided<[?, 1], offset: ?>>) outs(%high : memref<1xf32>) {
    ^bb0(%v: f32, %acc: f32):
      %next = arith.maximumf %v, %acc : f32
      linalg.yield %next : f32
    }
    linalg.generic {indexing_maps = [#row, #one, #one], iterator_types = ["parallel", "reduction"]}
        ins(%xs, %high : memref<1x?xf32, strided<[?, 1], offset: ?>>, memref<1xf32>) outs(%sum : memref<1xf32>) {
    ^bb0(%v: f32, %top: f32, %acc: f32):
      %shifted = arith.subf %v, %top : f32
      %exp = math.exp %shifted : f32
      %next = arith.addf %acc, %exp : f32
      linalg.yield %next : f32
    }
    linalg.generic {indexing_maps = [#row, #one, #one, #row], iterator_types = ["parallel", "parallel"]}
        ins(%xs, %high, %sum : memref<1x?xf32, strided<[?, 1], offset: ?>>, memref<1xf32>, memref<1xf32>)
        outs(%os : memref<1x?xf32, strided<[?, 1], offset: ?>>) {
    ^bb0(%v: f32, %top: f32, %total: f32, %old: f32):
      %shifted = arith.subf %v, %top : f32
      %exp = math.exp %shifted : f32
      %result = arith.divf %exp, %total : f32
      linalg.yield %result : f32
    }
  }
  return
}

// The indices of each row's 4 highest scores, ascending; of equal scores the lower index wins.
func.func private @topk(%scores: memref<?x?xf32>, %indices: memref<?x4xi32>, %counts: memref<?xi32>)
    attributes {winnow.kernel, winnow.tile = array<i64: 1>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %k = arith.constant 4 : index
  %n = memref.dim %scores, %c0 : memref<?x?xf32>
  %m = memref.dim %scores, %c1 : memref<?x?xf32>
  scf.forall (%i) in (%n) {
    %found = scf.for %j = %c0 to %m step %c1 iter_args(%count = %c0) -> index {
      %score = memref.load %scores[%i, %j] : memref<?x?xf32>
      %rank = scf.for %o = %c0 to %m step %c1 iter_args(%better = %c0) -> index {
        %other = memref.load %scores[%i, %o] : memref<?x?xf32>
        %higher = arith.cmpf ogt, %other, %score : f32
        %equal = arith.cmpf oeq, %other, %score : f32
        %before = arith.cmpi slt, %o, %j : index
        %tie = arith.andi %equal, %before : i1
        %wins = arith.ori %higher, %tie : i1
        %more = arith.addi %better, %c1 : index
        %next = arith.select %wins, %more, %better : index
        scf.yield %next : index
      }
      %chosen = arith.cmpi slt, %rank, %k : index
      %next = scf.if %chosen -> index {
        %entry = arith.index_cast %j : index to i32
        memref.store %entry, %indices[%i, %count] : memref<?x4xi32>
        %more = arith.addi %count, %c1 : index
        scf.yield %more : index
      } else {
        scf.yield %count : index
      }
      scf.yield %next : index
    }
    %total = arith.index_cast %found : index to i32
    memref.store %total, %counts[%i] : memref<?xi32>
  }
  return
}
