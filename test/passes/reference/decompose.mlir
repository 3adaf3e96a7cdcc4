// A selection becomes the values that stand for it, in signatures, calls and control flow too.
// RUN: %winnow-opt %s --winnow-decompose | FileCheck %s

// CHECK-LABEL: func.func @signature(
// CHECK-SAME: %[[I:.*]]: tensor<?x16xi32>, %[[C:.*]]: tensor<?xi32>) -> (tensor<?x16xi32>, tensor<?xi32>)
// CHECK-NEXT: return %[[I]], %[[C]]
func.func @signature(%s: !winnow.selection<?x64, 16>) -> !winnow.selection<?x64, 16> {
  return %s : !winnow.selection<?x64, 16>
}

// CHECK-LABEL: func.func @dynamic_universe(
// CHECK-SAME: %[[I:.*]]: tensor<?x16xi32>, %[[C:.*]]: tensor<?xi32>, %[[N:.*]]: index)
// CHECK: tensor.empty(%{{.*}}, %[[N]])
func.func @dynamic_universe(%s: !winnow.selection<?x?, 16>) -> tensor<?x?xi1> {
  %0 = winnow.selection.to_mask %s : !winnow.selection<?x?, 16> -> tensor<?x?xi1>
  return %0 : tensor<?x?xi1>
}

// CHECK-LABEL: func.func @control_flow
// CHECK: %[[IF:.*]]:2 = scf.if %{{.*}} -> (tensor<?x16xi32>, tensor<?xi32>)
// CHECK: %[[CALL:.*]]:2 = {{.*}}call @signature(%[[IF]]#0, %[[IF]]#1)
// CHECK: return %[[CALL]]#1
func.func @control_flow(%c: i1, %s: !winnow.selection<?x64, 16>, %t: !winnow.selection<?x64, 16>)
    -> tensor<?xi32> {
  %0 = scf.if %c -> !winnow.selection<?x64, 16> {
    scf.yield %s : !winnow.selection<?x64, 16>
  } else {
    scf.yield %t : !winnow.selection<?x64, 16>
  }
  %1 = call @signature(%0) : (!winnow.selection<?x64, 16>) -> !winnow.selection<?x64, 16>
  %2 = winnow.selection.counts %1 : !winnow.selection<?x64, 16> -> tensor<?xi32>
  return %2 : tensor<?xi32>
}

// What is computed is upstream's alone.
// CHECK-LABEL: func.func @contraction
// CHECK-NOT: winnow
// CHECK: linalg.conv_2d_nchw_fchw
// CHECK-NOT: winnow
func.func @contraction(%x: tensor<?x16x8x8xbf16>, %w: tensor<32x64x3x3xbf16>, %s: !winnow.selection<?x64, 16>,
                       %t: !winnow.selection<?x32, 8>) -> tensor<?x8x8x8xbf16> {
  %0 = winnow.conv2d %x, %w inputs(%s : !winnow.selection<?x64, 16>) outputs(%t : !winnow.selection<?x32, 8>)
      {padding = array<i64: 1, 1, 1, 1>}
      : tensor<?x16x8x8xbf16>, tensor<32x64x3x3xbf16> -> tensor<?x8x8x8xbf16>
  return %0 : tensor<?x8x8x8xbf16>
}

// A conditional subgraph is an scf.if, whose branches hold the definitions of what is in it.
// CHECK-LABEL: func.func @when
// CHECK: %[[HOLDS:.*]] = tensor.extract %{{.*}}[] : tensor<i1>
// CHECK: %[[R:.*]] = scf.if %[[HOLDS]] -> (tensor<2x64xf32>) {
// CHECK: scf.if
// CHECK: linalg.generic
// CHECK: } else {
// CHECK: scf.yield %{{.*}} : tensor<2x64xf32>
// CHECK-NOT: winnow
// CHECK: return %[[R]]
func.func @when(%c: tensor<i1>, %d: tensor<i1>, %x: tensor<2x64xf32>, %g: tensor<2x64xf32>) -> tensor<2x64xf32> {
  %0 = winnow.when %c otherwise(%x : tensor<2x64xf32>) {
    %1 = winnow.when %d otherwise(%g : tensor<2x64xf32>) {
      %2 = winnow.channel_gate %x, %g : tensor<2x64xf32>, tensor<2x64xf32>
      winnow.yield %2 : tensor<2x64xf32>
    }
    winnow.yield %1 : tensor<2x64xf32>
  }
  return %0 : tensor<2x64xf32>
}
