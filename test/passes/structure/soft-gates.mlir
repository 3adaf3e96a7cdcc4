// A soft gate becomes a hard one only when asked for, and the remark calls it an approximation.
// RUN: %winnow-opt %s --winnow-structure-gates=soft-gates=topk:4 | FileCheck %s --check-prefix=TOPK
// RUN: %winnow-opt %s --winnow-structure-gates=soft-gates=threshold:0.25 | FileCheck %s --check-prefix=THRESHOLD
// RUN: %winnow-opt %s --winnow-structure-gates=soft-gates=topk:15 | FileCheck %s --check-prefix=DENSE
// RUN: %winnow-opt %s --winnow-structure-gates=soft-gates=topk:4 --remarks-filter=structure -o /dev/null 2>&1 \
// RUN:   | FileCheck %s --check-prefix=REMARK
// RUN: not %winnow-opt %s --winnow-structure-gates=soft-gates=topk:0 2>&1 | FileCheck %s --check-prefix=ERROR
// RUN: not %winnow-opt %s --winnow-structure-gates=soft-gates=threshold:x 2>&1 | FileCheck %s --check-prefix=ERROR
// RUN: not %winnow-opt %s --winnow-structure-gates=soft-gates=half 2>&1 | FileCheck %s --check-prefix=ERROR

// TOPK: %[[S:.*]] = winnow.select.topk %[[GATE:.*]], k = 4 : tensor<?x16xf32> -> !winnow.selection<?x16, 4>
// TOPK: winnow.gather %{{.*}}, %[[S]]
// TOPK: winnow.gather %[[GATE]], %[[S]]
// TOPK: winnow.scatter %{{.*}}, %[[S]]
// THRESHOLD: winnow.select.threshold %{{.*}}, gt 2.500000e-01
// DENSE-NOT: winnow
// REMARK: an approximation, since the gate is soft: the 4 highest
// ERROR: soft-gates is '{{.*}}', but must be none, topk:K with K at least 1, or threshold:T
func.func @soft(%x: tensor<?x16xf32>, %gate: tensor<?x16xf32>, %w: tensor<16x4xf32>, %init: tensor<?x4xf32>)
    -> tensor<?x4xf32> {
  %zero = arith.constant 0.0 : f32
  %y = winnow.channel_gate %x, %gate : tensor<?x16xf32>, tensor<?x16xf32>
  %z = linalg.fill ins(%zero : f32) outs(%init : tensor<?x4xf32>) -> tensor<?x4xf32>
  %0 = linalg.matmul ins(%y, %w : tensor<?x16xf32>, tensor<16x4xf32>) outs(%z : tensor<?x4xf32>) -> tensor<?x4xf32>
  return %0 : tensor<?x4xf32>
}
