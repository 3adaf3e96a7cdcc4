// Constants are packed at compile time, and what is packed and unpacked cancels where nothing is lost.
// RUN: %winnow-opt %s --canonicalize --split-input-file | FileCheck %s

// Ties keep the lower index, NaN comes first, zeros are kept where there is nothing else. Bits, per column:
// places 0 and 1; 1 and 3; 0 and 3.
// CHECK-LABEL: @groups
// CHECK-DAG: %[[VALUES:.*]] = arith.constant dense<{{\[}}[1.000000e+00, -7.000000e+00, 0x7FC00000], [1.000000e+00, 5.000000e+00, 9.000000e+00]]> : tensor<2x3xf32>
// CHECK-DAG: %[[WORDS:.*]] = arith.constant dense<{{\[}}[4, 13, 12]]> : tensor<1x3xi32>
// CHECK: winnow.packed.assemble %[[VALUES]], %[[WORDS]]
// CHECK-NOT: winnow.compress
func.func @groups() -> !winnow.packed<4x3xf32, #winnow.nm<2:4>> {
  %w = arith.constant dense<[[1.0, 2.0, 0x7FC00000], [1.0, -7.0, 0.0], [1.0, 0.0, -8.0], [1.0, 5.0, 9.0]]>
      : tensor<4x3xf32>
  %0 = winnow.compress %w : tensor<4x3xf32> -> !winnow.packed<4x3xf32, #winnow.nm<2:4>>
  return %0 : !winnow.packed<4x3xf32, #winnow.nm<2:4>>
}

// -----

// CHECK-LABEL: @blocks
// CHECK-DAG: %[[VALUES:.*]] = arith.constant dense<{{\[}}{{\[}}[3, 0]], {{\[}}[1, 2]], {{\[}}[0, 0]]]> : tensor<3x1x2xi8>
// CHECK-DAG: %[[ROWS:.*]] = arith.constant dense<[1, 0, 0]> : tensor<3xi32>
// CHECK-DAG: %[[OFFSETS:.*]] = arith.constant dense<[0, 1, 2]> : tensor<3xi32>
// CHECK: winnow.packed.assemble %[[VALUES]], %[[ROWS]], %[[OFFSETS]]
func.func @blocks() -> !winnow.packed<2x4xi8, #winnow.blocks<1x2, 3>> {
  %w = arith.constant dense<[[0, 0, 1, 2], [3, 0, 0, 0]]> : tensor<2x4xi8>
  %0 = winnow.compress %w : tensor<2x4xi8> -> !winnow.packed<2x4xi8, #winnow.blocks<1x2, 3>>
  return %0 : !winnow.packed<2x4xi8, #winnow.blocks<1x2, 3>>
}

// -----

// In the order of the columns; what has no room is left out.
// CHECK-LABEL: @entries
// CHECK-DAG: %[[VALUES:.*]] = arith.constant dense<[3.000000e+00, 1.000000e+00]> : tensor<2xf16>
// CHECK-DAG: %[[ROWS:.*]] = arith.constant dense<[1, 0]> : tensor<2xi32>
// CHECK-DAG: %[[COLUMNS:.*]] = arith.constant dense<[0, 1]> : tensor<2xi32>
// CHECK: winnow.packed.assemble %[[VALUES]], %[[ROWS]], %[[COLUMNS]]
func.func @entries() -> !winnow.packed<2x3xf16, #winnow.coo<2>> {
  %w = arith.constant dense<[[0.0, 1.0, 2.0], [3.0, -0.0, 0.0]]> : tensor<2x3xf16>
  %0 = winnow.compress %w : tensor<2x3xf16> -> !winnow.packed<2x3xf16, #winnow.coo<2>>
  return %0 : !winnow.packed<2x3xf16, #winnow.coo<2>>
}

// -----

// Behind the last entry stands the number of columns; a splat is a constant like others.
// CHECK-LABEL: @spare
// CHECK-DAG: arith.constant dense<3> : tensor<6xi32>
func.func @spare() -> !winnow.packed<2x3xf32, #winnow.coo> {
  %w = arith.constant dense<0.0> : tensor<2x3xf32>
  %0 = winnow.compress %w : tensor<2x3xf32> -> !winnow.packed<2x3xf32, #winnow.coo>
  return %0 : !winnow.packed<2x3xf32, #winnow.coo>
}

// -----

// CHECK-LABEL: @unpacked
// CHECK-DAG: arith.constant dense<{{\[}}[0.000000e+00], [5.000000e+00], [0.000000e+00], [-6.000000e+00]]> : tensor<4x1xbf16>
// CHECK-DAG: arith.constant dense<{{\[}}[0, 7], [8, 0]]> : tensor<2x2xi8>
// CHECK-NOT: winnow
func.func @unpacked() -> (tensor<4x1xbf16>, tensor<2x2xi8>) {
  %w = arith.constant dense<[[1.0], [5.0], [2.0], [-6.0]]> : tensor<4x1xbf16>
  %0 = winnow.compress %w : tensor<4x1xbf16> -> !winnow.packed<4x1xbf16, #winnow.nm<2:4>>
  %1 = winnow.expand %0 : !winnow.packed<4x1xbf16, #winnow.nm<2:4>> -> tensor<4x1xbf16>
  %v = arith.constant dense<[[0, 7], [8, 0]]> : tensor<2x2xi8>
  %2 = winnow.compress %v : tensor<2x2xi8> -> !winnow.packed<2x2xi8, #winnow.coo<2>>
  %3 = winnow.expand %2 : !winnow.packed<2x2xi8, #winnow.coo<2>> -> tensor<2x2xi8>
  return %1, %3 : tensor<4x1xbf16>, tensor<2x2xi8>
}

// -----

// CHECK-LABEL: @nothing_lost
// CHECK-SAME: (%[[W:.*]]: tensor<4x4xf32>, %[[P:.*]]: !winnow.packed<4x4xf32, #winnow.nm<2:4>>)
// CHECK-NEXT: return %[[W]], %[[W]], %[[P]]
func.func @nothing_lost(%w: tensor<4x4xf32>, %p: !winnow.packed<4x4xf32, #winnow.nm<2:4>>)
    -> (tensor<4x4xf32>, tensor<4x4xf32>, !winnow.packed<4x4xf32, #winnow.nm<2:4>>) {
  %0 = winnow.compress %w : tensor<4x4xf32> -> !winnow.packed<4x4xf32, #winnow.blocks<2x2>>
  %1 = winnow.expand %0 : !winnow.packed<4x4xf32, #winnow.blocks<2x2>> -> tensor<4x4xf32>
  %2 = winnow.compress %w : tensor<4x4xf32> -> !winnow.packed<4x4xf32, #winnow.coo<16>>
  %3 = winnow.expand %2 : !winnow.packed<4x4xf32, #winnow.coo<16>> -> tensor<4x4xf32>
  %4 = winnow.expand %p : !winnow.packed<4x4xf32, #winnow.nm<2:4>> -> tensor<4x4xf32>
  %5 = winnow.compress %4 : tensor<4x4xf32> -> !winnow.packed<4x4xf32, #winnow.nm<2:4>>
  return %1, %3, %5 : tensor<4x4xf32>, tensor<4x4xf32>, !winnow.packed<4x4xf32, #winnow.nm<2:4>>
}

// -----

// Pruning to 2:4 and a capacity may lose something, and another structure is another matrix.
// CHECK-LABEL: @must_not_cancel
// CHECK-COUNT-3: winnow.expand
// CHECK: winnow.compress
func.func @must_not_cancel(%w: tensor<4x4xf32>, %p: !winnow.packed<4x4xf32, #winnow.coo>)
    -> (tensor<4x4xf32>, tensor<4x4xf32>, !winnow.packed<4x4xf32, #winnow.nm<2:4>>) {
  %0 = winnow.compress %w : tensor<4x4xf32> -> !winnow.packed<4x4xf32, #winnow.nm<2:4>>
  %1 = winnow.expand %0 : !winnow.packed<4x4xf32, #winnow.nm<2:4>> -> tensor<4x4xf32>
  %2 = winnow.compress %w : tensor<4x4xf32> -> !winnow.packed<4x4xf32, #winnow.blocks<2x2, 3>>
  %3 = winnow.expand %2 : !winnow.packed<4x4xf32, #winnow.blocks<2x2, 3>> -> tensor<4x4xf32>
  %4 = winnow.expand %p : !winnow.packed<4x4xf32, #winnow.coo> -> tensor<4x4xf32>
  %5 = winnow.compress %4 : tensor<4x4xf32> -> !winnow.packed<4x4xf32, #winnow.nm<2:4>>
  return %1, %3, %5 : tensor<4x4xf32>, tensor<4x4xf32>, !winnow.packed<4x4xf32, #winnow.nm<2:4>>
}

// -----

// Parts that no compression makes are left to the run.
// CHECK-LABEL: @bad_parts
// CHECK: winnow.expand
func.func @bad_parts(%v: tensor<1xf32>) -> tensor<2x2xf32> {
  %values = arith.constant dense<1.0> : tensor<1xf32>
  %rows = arith.constant dense<5> : tensor<1xi32>
  %columns = arith.constant dense<0> : tensor<1xi32>
  %p = winnow.packed.assemble %values, %rows, %columns
      : tensor<1xf32>, tensor<1xi32>, tensor<1xi32> -> !winnow.packed<2x2xf32, #winnow.coo<1>>
  %0 = winnow.expand %p : !winnow.packed<2x2xf32, #winnow.coo<1>> -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// -----

// CHECK-LABEL: @parts
// CHECK-SAME: (%[[V:.*]]: tensor<2x4xf32>, %[[I:.*]]: tensor<1x4xi32>, %[[P:.*]]: !winnow.packed<4x4xf32, #winnow.nm<2:4>>)
// CHECK-NEXT: return %[[V]], %[[I]], %[[P]]
func.func @parts(%v: tensor<2x4xf32>, %i: tensor<1x4xi32>, %p: !winnow.packed<4x4xf32, #winnow.nm<2:4>>)
    -> (tensor<2x4xf32>, tensor<1x4xi32>, !winnow.packed<4x4xf32, #winnow.nm<2:4>>) {
  %0 = winnow.packed.assemble %v, %i
      : tensor<2x4xf32>, tensor<1x4xi32> -> !winnow.packed<4x4xf32, #winnow.nm<2:4>>
  %1:2 = winnow.packed.parts %0 : !winnow.packed<4x4xf32, #winnow.nm<2:4>> -> tensor<2x4xf32>, tensor<1x4xi32>
  %2:2 = winnow.packed.parts %p : !winnow.packed<4x4xf32, #winnow.nm<2:4>> -> tensor<2x4xf32>, tensor<1x4xi32>
  %3 = winnow.packed.assemble %2#0, %2#1
      : tensor<2x4xf32>, tensor<1x4xi32> -> !winnow.packed<4x4xf32, #winnow.nm<2:4>>
  return %1#0, %1#1, %3 : tensor<2x4xf32>, tensor<1x4xi32>, !winnow.packed<4x4xf32, #winnow.nm<2:4>>
}
