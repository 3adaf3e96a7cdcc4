// The operations that make selections, take them apart and convert them survive a round trip, with static
// and dynamic extents.
// RUN: %winnow-opt %s | %winnow-opt | FileCheck %s
// RUN: %winnow-opt %s --mlir-print-op-generic | %winnow-opt | FileCheck %s

// CHECK-LABEL: @topk
// CHECK: winnow.select.topk %{{.*}}, k = 16 : tensor<?x64xf32> -> !winnow.selection<?x64, 16>
// CHECK: winnow.select.topk %{{.*}}, k = 16 : tensor<4x?xf16> -> !winnow.selection<4x?, 16>
// CHECK: winnow.select.topk %{{.*}}, k = 99 : tensor<0x64xf32> -> !winnow.selection<0x64, 64>
func.func @topk(%a: tensor<?x64xf32>, %b: tensor<4x?xf16>, %c: tensor<0x64xf32>)
    -> (!winnow.selection<?x64, 16>, !winnow.selection<4x?, 16>, !winnow.selection<0x64, 64>) {
  %0 = winnow.select.topk %a, k = 16 : tensor<?x64xf32> -> !winnow.selection<?x64, 16>
  %1 = winnow.select.topk %b, k = 16 : tensor<4x?xf16> -> !winnow.selection<4x?, 16>
  %2 = winnow.select.topk %c, k = 99 : tensor<0x64xf32> -> !winnow.selection<0x64, 64, rows>
  return %0, %1, %2 : !winnow.selection<?x64, 16>, !winnow.selection<4x?, 16>, !winnow.selection<0x64, 64>
}

// CHECK-LABEL: @threshold
// CHECK: winnow.select.threshold %{{.*}}, gt 5.000000e-01 : tensor<?x64xf32> -> !winnow.selection<?x64, 64>
// CHECK: winnow.select.threshold %{{.*}}, ge 0.000000e+00 : tensor<?x?xf32> -> !winnow.selection<?x?, ?>
func.func @threshold(%a: tensor<?x64xf32>, %b: tensor<?x?xf32>)
    -> (!winnow.selection<?x64, 64>, !winnow.selection<?x?, ?>) {
  %0 = winnow.select.threshold %a, gt 0.5 : tensor<?x64xf32> -> !winnow.selection<?x64, 64>
  %1 = winnow.select.threshold %b, ge 0.0 : tensor<?x?xf32> -> !winnow.selection<?x?, ?>
  return %0, %1 : !winnow.selection<?x64, 64>, !winnow.selection<?x?, ?>
}

// CHECK-LABEL: @masks
// CHECK: winnow.selection.from_mask %{{.*}} : tensor<?x64xi1> -> !winnow.selection<?x64, 64>
// CHECK: winnow.selection.to_mask %{{.*}} : !winnow.selection<?x64, 16> -> tensor<?x64xi1>
func.func @masks(%mask: tensor<?x64xi1>, %s: !winnow.selection<?x64, 16>)
    -> (!winnow.selection<?x64, 64>, tensor<?x64xi1>) {
  %0 = winnow.selection.from_mask %mask : tensor<?x64xi1> -> !winnow.selection<?x64, 64>
  %1 = winnow.selection.to_mask %s : !winnow.selection<?x64, 16> -> tensor<?x64xi1>
  return %0, %1 : !winnow.selection<?x64, 64>, tensor<?x64xi1>
}

// CHECK-LABEL: @parts
// CHECK: winnow.selection.indices %{{.*}} : !winnow.selection<?x64, 16> -> tensor<?x16xi32>
// CHECK: winnow.selection.counts %{{.*}} : !winnow.selection<?x64, 16> -> tensor<?xi32>
// CHECK: winnow.selection.positions %{{.*}} : !winnow.selection<?x64, 16> -> tensor<?x64xi32>
// CHECK: winnow.selection.assemble %{{.*}}, %{{.*}} : tensor<?x16xi32>, tensor<?xi32> -> !winnow.selection<?x32, 16>
// CHECK: winnow.selection.assemble %{{.*}}, %{{.*}} universe(%{{.*}}) : tensor<?x16xi32>, tensor<?xi32> -> !winnow.selection<?x?, 16>
func.func @parts(%s: !winnow.selection<?x64, 16>, %n: index)
    -> (!winnow.selection<?x32, 16>, !winnow.selection<?x?, 16>, tensor<?x64xi32>) {
  %indices = winnow.selection.indices %s : !winnow.selection<?x64, 16> -> tensor<?x16xi32>
  %counts = winnow.selection.counts %s : !winnow.selection<?x64, 16> -> tensor<?xi32>
  %positions = winnow.selection.positions %s : !winnow.selection<?x64, 16> -> tensor<?x64xi32>
  %0 = winnow.selection.assemble %indices, %counts
      : tensor<?x16xi32>, tensor<?xi32> -> !winnow.selection<?x32, 16>
  %1 = winnow.selection.assemble %indices, %counts universe(%n)
      : tensor<?x16xi32>, tensor<?xi32> -> !winnow.selection<?x?, 16>
  return %0, %1, %positions : !winnow.selection<?x32, 16>, !winnow.selection<?x?, 16>, tensor<?x64xi32>
}
