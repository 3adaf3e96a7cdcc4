// What stays dense when weights are pruned, each with its reason, and what cannot be asked for.
// RUN: %winnow-opt %s --winnow-prune-weights=prune=2:4 --remarks-filter=structure -o /dev/null 2>&1 | FileCheck %s
// RUN: %winnow-opt %s --winnow-prune-weights=prune=2:4 | FileCheck %s --check-prefix=REPORT
// RUN: %winnow-opt %s --winnow-prune-weights="prune=2:4 max-error=0.3" --remarks-filter=structure -o /dev/null 2>&1 \
// RUN:   | FileCheck %s --check-prefix=BOUND
// RUN: %winnow-opt %s --winnow-prune-weights="prune=2:4 max-error=0" --remarks-filter=structure -o /dev/null 2>&1 \
// RUN:   | FileCheck %s --check-prefix=EXACT
// RUN: %winnow-opt %s --winnow-prune-weights=prune=coo:0.9 --remarks-filter=structure -o /dev/null 2>&1 \
// RUN:   | FileCheck %s --check-prefix=LARGER
// RUN: %winnow-opt %s --winnow-prune-weights=prune=blocks:3x1:0.5 --remarks-filter=structure -o /dev/null 2>&1 \
// RUN:   | FileCheck %s --check-prefix=EXTENTS
// RUN: not %winnow-opt %s --winnow-prune-weights=prune=1:4 2>&1 | FileCheck %s --check-prefix=ERROR
// RUN: not %winnow-opt %s --winnow-prune-weights=prune=blocks:4x4 2>&1 | FileCheck %s --check-prefix=ERROR
// RUN: not %winnow-opt %s --winnow-prune-weights=prune=blocks:0x4:0.5 2>&1 | FileCheck %s --check-prefix=ERROR
// RUN: not %winnow-opt %s --winnow-prune-weights=prune=coo:0 2>&1 | FileCheck %s --check-prefix=ERROR
// RUN: not %winnow-opt %s --winnow-prune-weights=prune=coo:nan 2>&1 | FileCheck %s --check-prefix=ERROR
// RUN: not %winnow-opt %s --winnow-prune-weights="prune=2:4 max-error=-1" 2>&1 | FileCheck %s --check-prefix=NEGATIVE

// CHECK: [Passed] PruneWeights | Category:structure | {{.*}}Bytes=80, BytesDense=128, Error=4.47e-01, Remark="pruned is packed as #winnow.nm<2:4>: entries of the least magnitude go"
// CHECK: [Passed] {{.*}}Error=0.00e+00, Remark="exact is packed as #winnow.nm<2:4>: its weights have the structure already"
// CHECK: [Missed] {{.*}}Remark="unfinished stays dense: its weights are not finite"
// CHECK: [Missed] {{.*}}Remark="input stays dense: its weights are not constant"
// CHECK: [Missed] {{.*}}Remark="returned stays dense: 'func.return' reads its weights as they are"
// CHECK: [Missed] {{.*}}Remark="mixed stays dense: its operands and its result have different element types"
// CHECK: [Missed] {{.*}}Remark="odd stays dense: a packed matrix has 6 rows, but a multiple of its group of 4 was expected (C4)"
// CHECK: [Missed] {{.*}}Remark="selected stays dense: it has a selection, which a product with packed weights does not take"
// REPORT: winnow.pruning_report = [
// REPORT-SAME: {bytes = 128 : i64, error = {{0.447.*}} : f64, name = "pruned", packed_bytes = 80 : i64, reason = "entries of the least magnitude go", structure = "#winnow.nm<2:4>"}
// REPORT-SAME: name = "unfinished", packed_bytes = 0 : i64, reason = "its weights are not finite", structure = "dense"}
// BOUND: [Missed] {{.*}}Remark="pruned stays dense: its error 4.47e-01 is above the largest allowed, 3.00e-01"
// EXACT: [Missed] {{.*}}Remark="pruned stays dense: its error 4.47e-01 is above the largest allowed, 0.00e+00"
// EXACT: [Passed] {{.*}}Remark="exact is packed
// LARGER: [Missed] {{.*}}Remark="pruned stays dense: its weights take 128 bytes dense and 348 packed"
// EXTENTS: [Missed] {{.*}}Remark="pruned stays dense: a packed matrix is 8x4, but multiples of its blocks of 3x1 were expected (C5)"
// ERROR: error: prune is '{{.*}}', but must be none, 2:4, blocks:RxC:DENSITY or coo:DENSITY, where DENSITY is above 0 and at most 1
// NEGATIVE: error: max-error is {{-1.*}}, but must be at least 0
func.func @main(%x: tensor<?x8xf32>, %v: tensor<8x4xf32>, %i: tensor<?x4xf32>, %h: tensor<?x8xf16>, %z: tensor<?x6xf32>,
                %s: !winnow.selection<?x4, 2>)
    -> (tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<8x4xf32>,
        tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x2xf32>) {
  %pruned = arith.constant dense<[[1.0, 1.0, 1.0, 1.0], [2.0, 2.0, 2.0, 2.0], [1.0, 1.0, 1.0, 1.0], [2.0, 2.0, 2.0, 2.0],
                                  [2.0, 2.0, 2.0, 2.0], [1.0, 1.0, 1.0, 1.0], [2.0, 2.0, 2.0, 2.0], [1.0, 1.0, 1.0, 1.0]]>
      : tensor<8x4xf32>
  %exact = arith.constant dense<[[1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0],
                                 [0.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0]]>
      : tensor<8x4xf32>
  %infinite = arith.constant dense<0x7F800000> : tensor<8x4xf32>
  %returned = arith.constant dense<3.0> : tensor<8x4xf32>
  %half = arith.constant dense<5.0> : tensor<8x4xf32>
  %odd = arith.constant dense<3.0> : tensor<6x4xf32>
  %other = arith.constant dense<4.0> : tensor<8x4xf32>
  %0 = linalg.matmul ins(%x, %pruned : tensor<?x8xf32>, tensor<8x4xf32>) outs(%i : tensor<?x4xf32>) -> tensor<?x4xf32> loc("pruned")
  %1 = linalg.matmul ins(%x, %exact : tensor<?x8xf32>, tensor<8x4xf32>) outs(%i : tensor<?x4xf32>) -> tensor<?x4xf32> loc("exact")
  %2 = linalg.matmul ins(%x, %infinite : tensor<?x8xf32>, tensor<8x4xf32>) outs(%i : tensor<?x4xf32>) -> tensor<?x4xf32> loc("unfinished")
  %3 = linalg.matmul ins(%x, %v : tensor<?x8xf32>, tensor<8x4xf32>) outs(%i : tensor<?x4xf32>) -> tensor<?x4xf32> loc("input")
  %4 = linalg.matmul ins(%x, %returned : tensor<?x8xf32>, tensor<8x4xf32>) outs(%i : tensor<?x4xf32>) -> tensor<?x4xf32> loc("returned")
  %5 = linalg.matmul ins(%h, %half : tensor<?x8xf16>, tensor<8x4xf32>) outs(%i : tensor<?x4xf32>) -> tensor<?x4xf32> loc("mixed")
  %6 = linalg.matmul ins(%z, %odd : tensor<?x6xf32>, tensor<6x4xf32>) outs(%i : tensor<?x4xf32>) -> tensor<?x4xf32> loc("odd")
  %7 = winnow.matmul %x, %other outputs(%s : !winnow.selection<?x4, 2>) : tensor<?x8xf32>, tensor<8x4xf32> -> tensor<?x2xf32> loc("selected")
  return %0, %1, %2, %3, %4, %returned, %5, %6, %7
      : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<8x4xf32>,
        tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x2xf32>
}
