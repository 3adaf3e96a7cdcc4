// Every form is made of the mask and read back from it; blocks become scores and a top-k.
// RUN: %winnow-opt %s --pass-pipeline="builtin.module(func.func(winnow-expand-selections))" --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @columns
// CHECK-SAME: (%[[M:.*]]: tensor<?x64xi1>)
// CHECK: %[[COUNTS:.*]] = linalg.generic
// CHECK: -> tensor<64xi32>
// CHECK: %[[O:.*]] = winnow.selection.accumulate %[[COUNTS]] : tensor<64xi32> -> tensor<65xi32>
// CHECK: %[[MEMBERS:.*]] = winnow.selection.enumerate_columns %[[M]], %[[O]] size(%{{.*}}) : tensor<?x64xi1>, tensor<65xi32> -> tensor<?xi32>
// CHECK: return %[[O]], %[[MEMBERS]]
func.func @columns(%m: tensor<?x64xi1>) -> (tensor<65xi32>, tensor<?xi32>) {
  %s = winnow.selection.from_mask %m : tensor<?x64xi1> -> !winnow.selection<?x64, 64>
  %c = winnow.selection.convert %s : !winnow.selection<?x64, 64> -> !winnow.selection<?x64, 64, columns>
  %0 = winnow.selection.offsets %c : !winnow.selection<?x64, 64, columns> -> tensor<65xi32>
  %1 = winnow.selection.members %c : !winnow.selection<?x64, 64, columns> -> tensor<?xi32>
  return %0, %1 : tensor<65xi32>, tensor<?xi32>
}

// -----

// Members ascend, so a row is found by halving.
// CHECK-LABEL: func.func @search
// CHECK: linalg.generic
// CHECK: scf.while
// CHECK: -> tensor<8x64xi1>
// CHECK: winnow.selection.enumerate %{{.*}} : tensor<8x64xi1> -> tensor<8x4xi32>, tensor<8xi32>
func.func @search(%o: tensor<65xi32>, %m: tensor<32xi32>) -> (tensor<8x4xi32>, tensor<8xi32>) {
  %c = winnow.selection.assemble_columns %o, %m : tensor<65xi32>, tensor<32xi32> -> !winnow.selection<8x64, 4, columns>
  %s = winnow.selection.convert %c : !winnow.selection<8x64, 4, columns> -> !winnow.selection<8x64, 4>
  %0 = winnow.selection.indices %s : !winnow.selection<8x64, 4> -> tensor<8x4xi32>
  %1 = winnow.selection.counts %s : !winnow.selection<8x64, 4> -> tensor<8xi32>
  return %0, %1 : tensor<8x4xi32>, tensor<8xi32>
}

// -----

// The capacity of a bitmap is not in its words, so it is handed on.
// CHECK-LABEL: func.func @capacity
// CHECK-SAME: %[[K:[a-z0-9]+]]: index
// CHECK: arith.shrui
// CHECK: winnow.selection.enumerate %{{.*}} capacity(%[[K]]) : tensor<8x72xi1> -> tensor<8x?xi32>, tensor<8xi32>
func.func @capacity(%w: tensor<8x3xi32>, %k: index) -> tensor<8x?xi32> {
  %b = winnow.selection.assemble_bitmap %w capacity(%k) : tensor<8x3xi32> -> !winnow.selection<8x72, ?, bitmap>
  %s = winnow.selection.convert %b : !winnow.selection<8x72, ?, bitmap> -> !winnow.selection<8x72, ?>
  %0 = winnow.selection.indices %s : !winnow.selection<8x72, ?> -> tensor<8x?xi32>
  return %0 : tensor<8x?xi32>
}

// -----

// The union is a reduction over the rows, and the counts by entry of columns are differences.
// CHECK-LABEL: func.func @union
// CHECK: arith.ori
// CHECK: winnow.selection.enumerate %{{.*}} : tensor<1x64xi1> -> tensor<1x32xi32>, tensor<1xi32>
// CHECK: arith.subi
// CHECK: -> tensor<64xi32>
func.func @union(%o: tensor<65xi32>, %m: tensor<32xi32>) -> (tensor<1x32xi32>, tensor<64xi32>) {
  %c = winnow.selection.assemble_columns %o, %m : tensor<65xi32>, tensor<32xi32> -> !winnow.selection<8x64, 4, columns>
  %u = winnow.selection.union %c : !winnow.selection<8x64, 4, columns> -> !winnow.selection<1x64, 32>
  %0 = winnow.selection.indices %u : !winnow.selection<1x64, 32> -> tensor<1x32xi32>
  %1 = winnow.selection.entry_counts %c : !winnow.selection<8x64, 4, columns> -> tensor<64xi32>
  return %0, %1 : tensor<1x32xi32>, tensor<64xi32>
}

// -----

// CHECK-LABEL: func.func @blocks
// CHECK: iterator_types = ["parallel", "parallel", "parallel", "reduction"]
// CHECK: tensor.collapse_shape
// CHECK: winnow.selection.enumerate %{{.*}} : tensor<12x5xi1> -> tensor<12x2xi32>, tensor<12xi32>
// CHECK-NOT: winnow.select.blocks
func.func @blocks(%q: tensor<4x3x8xf16>, %k: tensor<4x5x8xf16>) -> tensor<12x2xi32> {
  %s = winnow.select.blocks %q, %k, k = 2 : tensor<4x3x8xf16>, tensor<4x5x8xf16> -> !winnow.selection<12x5, 2>
  %0 = winnow.selection.indices %s : !winnow.selection<12x5, 2> -> tensor<12x2xi32>
  return %0 : tensor<12x2xi32>
}
