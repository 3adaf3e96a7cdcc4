// Selections that are made and undone cancel, and contractions without one become linalg's.
// RUN: %winnow-opt %s --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: @gather_of_scatter
// CHECK-SAME: (%[[X:.*]]: tensor<?x16x8xf32>
// CHECK-NEXT: return %[[X]]
func.func @gather_of_scatter(%x: tensor<?x16x8xf32>, %s: !winnow.selection<?x64, 16>) -> tensor<?x16x8xf32> {
  %0 = winnow.scatter %x, %s : tensor<?x16x8xf32>, !winnow.selection<?x64, 16> -> tensor<?x64x8xf32>
  %1 = winnow.gather %0, %s : tensor<?x64x8xf32>, !winnow.selection<?x64, 16> -> tensor<?x16x8xf32>
  return %1 : tensor<?x16x8xf32>
}

// -----

// Another selection takes other entries, and scatter of gather clears what is not selected.
// CHECK-LABEL: @must_not_cancel
// CHECK: winnow.scatter
// CHECK: winnow.gather
// CHECK: winnow.scatter
func.func @must_not_cancel(%x: tensor<?x16xf32>, %s: !winnow.selection<?x64, 16>,
                           %t: !winnow.selection<?x64, 16>) -> tensor<?x64xf32> {
  %0 = winnow.scatter %x, %s : tensor<?x16xf32>, !winnow.selection<?x64, 16> -> tensor<?x64xf32>
  %1 = winnow.gather %0, %t : tensor<?x64xf32>, !winnow.selection<?x64, 16> -> tensor<?x16xf32>
  %2 = winnow.scatter %1, %t : tensor<?x16xf32>, !winnow.selection<?x64, 16> -> tensor<?x64xf32>
  return %2 : tensor<?x64xf32>
}

// -----

// CHECK-LABEL: @masks
// CHECK-SAME: (%[[MASK:.*]]: tensor<?x64xi1>, %[[S:.*]]: !winnow.selection<?x64, 64>, %[[T:.*]]: !winnow.selection<?x64, 16>)
// CHECK-NEXT: %[[SMALLER:.*]] = winnow.selection.to_mask %[[T]]
// CHECK-NEXT: %[[KEPT:.*]] = winnow.selection.from_mask %[[SMALLER]]
// CHECK-NEXT: return %[[MASK]], %[[S]], %[[KEPT]]
func.func @masks(%mask: tensor<?x64xi1>, %s: !winnow.selection<?x64, 64>, %t: !winnow.selection<?x64, 16>)
    -> (tensor<?x64xi1>, !winnow.selection<?x64, 64>, !winnow.selection<?x64, 64>) {
  %0 = winnow.selection.from_mask %mask : tensor<?x64xi1> -> !winnow.selection<?x64, 64>
  %1 = winnow.selection.to_mask %0 : !winnow.selection<?x64, 64> -> tensor<?x64xi1>
  %2 = winnow.selection.to_mask %s : !winnow.selection<?x64, 64> -> tensor<?x64xi1>
  %3 = winnow.selection.from_mask %2 : tensor<?x64xi1> -> !winnow.selection<?x64, 64>
  %4 = winnow.selection.to_mask %t : !winnow.selection<?x64, 16> -> tensor<?x64xi1>
  %5 = winnow.selection.from_mask %4 : tensor<?x64xi1> -> !winnow.selection<?x64, 64>
  return %1, %3, %5 : tensor<?x64xi1>, !winnow.selection<?x64, 64>, !winnow.selection<?x64, 64>
}

// -----

// CHECK-LABEL: @parts
// CHECK-SAME: (%[[I:.*]]: tensor<?x16xi32>, %[[C:.*]]: tensor<?xi32>, %[[S:.*]]: !winnow.selection<?x64, 16>)
// CHECK-NEXT: return %[[I]], %[[C]], %[[S]]
func.func @parts(%i: tensor<?x16xi32>, %c: tensor<?xi32>, %s: !winnow.selection<?x64, 16>)
    -> (tensor<?x16xi32>, tensor<?xi32>, !winnow.selection<?x64, 16>) {
  %0 = winnow.selection.assemble %i, %c : tensor<?x16xi32>, tensor<?xi32> -> !winnow.selection<?x64, 16>
  %1 = winnow.selection.indices %0 : !winnow.selection<?x64, 16> -> tensor<?x16xi32>
  %2 = winnow.selection.counts %0 : !winnow.selection<?x64, 16> -> tensor<?xi32>
  %3 = winnow.selection.indices %s : !winnow.selection<?x64, 16> -> tensor<?x16xi32>
  %4 = winnow.selection.counts %s : !winnow.selection<?x64, 16> -> tensor<?xi32>
  %5 = winnow.selection.assemble %3, %4 : tensor<?x16xi32>, tensor<?xi32> -> !winnow.selection<?x64, 16>
  return %1, %2, %5 : tensor<?x16xi32>, tensor<?xi32>, !winnow.selection<?x64, 16>
}

// -----

// A top-k of everything selects everything, which says nothing, so the convolution is linalg's.
// CHECK-LABEL: @everything
// CHECK-NOT: winnow
// CHECK: %[[PAD:.*]] = tensor.pad %{{.*}} low[0, 0, 1, 1] high[0, 0, 1, 1]
// CHECK: linalg.conv_2d_nchw_fchw {{.*}} ins(%[[PAD]], %{{.*}} : tensor<?x4x10x10xf32>, tensor<4x4x3x3xf32>)
// CHECK-NOT: winnow
func.func @everything(%x: tensor<?x4x8x8xf32>, %w: tensor<4x4x3x3xf32>, %scores: tensor<?x4xf32>)
    -> tensor<?x4x8x8xf32> {
  %s = winnow.select.topk %scores, k = 9 : tensor<?x4xf32> -> !winnow.selection<?x4, 4>
  %0 = winnow.gather %x, %s : tensor<?x4x8x8xf32>, !winnow.selection<?x4, 4> -> tensor<?x4x8x8xf32>
  %1 = winnow.conv2d %0, %w inputs(%s : !winnow.selection<?x4, 4>) outputs(%s : !winnow.selection<?x4, 4>)
      {padding = array<i64: 1, 1, 1, 1>} : tensor<?x4x8x8xf32>, tensor<4x4x3x3xf32> -> tensor<?x4x8x8xf32>
  %2 = winnow.scatter %1, %s : tensor<?x4x8x8xf32>, !winnow.selection<?x4, 4> -> tensor<?x4x8x8xf32>
  return %2 : tensor<?x4x8x8xf32>
}

// -----

// CHECK-LABEL: @dense_matmul
// CHECK: linalg.matmul {winnow.precision = #winnow.precision<i8>} ins(%{{.*}}, %{{.*}} : tensor<?x64xi8>, tensor<64x32xi8>) outs(%{{.*}} : tensor<?x32xi32>)
func.func @dense_matmul(%x: tensor<?x64xi8>, %w: tensor<64x32xi8>) -> tensor<?x32xi32> {
  %0 = winnow.matmul %x, %w {winnow.precision = #winnow.precision<i8>}
      : tensor<?x64xi8>, tensor<64x32xi8> -> tensor<?x32xi32>
  return %0 : tensor<?x32xi32>
}

// -----

// Sums of f16 stay f32 where the result is.
// CHECK-LABEL: @dense_matmul_in_f32
// CHECK: %[[SUM:.*]] = linalg.matmul ins(%{{.*}}, %{{.*}} : tensor<?x64xf16>, tensor<64x32xf16>) outs(%{{.*}} : tensor<?x32xf32>)
// CHECK-NEXT: return %[[SUM]]
func.func @dense_matmul_in_f32(%x: tensor<?x64xf16>, %w: tensor<64x32xf16>) -> tensor<?x32xf32> {
  %0 = winnow.matmul %x, %w : tensor<?x64xf16>, tensor<64x32xf16> -> tensor<?x32xf32>
  return %0 : tensor<?x32xf32>
}

// -----

// CHECK-LABEL: @open_gate
// CHECK-SAME: (%[[X:.*]]: tensor<4x2x3xf32>, %{{.*}}: tensor<4x2xf32>)
// CHECK-NEXT: %[[HALF:.*]] = arith.constant dense<5.0
// CHECK-NEXT: %[[GATED:.*]] = winnow.channel_gate %[[X]], %[[HALF]]
// CHECK-NEXT: return %[[X]], %[[GATED]]
func.func @open_gate(%x: tensor<4x2x3xf32>, %g: tensor<4x2xf32>) -> (tensor<4x2x3xf32>, tensor<4x2x3xf32>) {
  %one = arith.constant dense<1.0> : tensor<4x2xf32>
  %half = arith.constant dense<0.5> : tensor<4x2xf32>
  %0 = winnow.channel_gate %x, %one : tensor<4x2x3xf32>, tensor<4x2xf32>
  %1 = winnow.channel_gate %x, %half : tensor<4x2x3xf32>, tensor<4x2xf32>
  return %0, %1 : tensor<4x2x3xf32>, tensor<4x2x3xf32>
}

// -----

// A conversion there and back is what it began with, whatever it went through.
// CHECK-LABEL: @conversions
// CHECK-SAME: (%[[S:.*]]: !winnow.selection<?x64, 16>)
// CHECK-NEXT: %[[B:.*]] = winnow.selection.convert %[[S]] : !winnow.selection<?x64, 16> -> !winnow.selection<?x64, 16, bitmap>
// CHECK-NEXT: return %[[S]], %[[S]], %[[B]]
func.func @conversions(%s: !winnow.selection<?x64, 16>)
    -> (!winnow.selection<?x64, 16>, !winnow.selection<?x64, 16>, !winnow.selection<?x64, 16, bitmap>) {
  %same = winnow.selection.convert %s : !winnow.selection<?x64, 16> -> !winnow.selection<?x64, 16>
  %c = winnow.selection.convert %s : !winnow.selection<?x64, 16> -> !winnow.selection<?x64, 16, columns>
  %r = winnow.selection.convert %c : !winnow.selection<?x64, 16, columns> -> !winnow.selection<?x64, 16>
  %b = winnow.selection.convert %c : !winnow.selection<?x64, 16, columns> -> !winnow.selection<?x64, 16, bitmap>
  return %same, %r, %b
      : !winnow.selection<?x64, 16>, !winnow.selection<?x64, 16>, !winnow.selection<?x64, 16, bitmap>
}

// -----

// What every form tells is read from what was converted; columns keep their counts by entry.
// CHECK-LABEL: @through_conversions
// CHECK-SAME: (%[[S:.*]]: !winnow.selection<8x64, 4>)
// CHECK-DAG: %[[C:.*]] = winnow.selection.convert %[[S]] : !winnow.selection<8x64, 4> -> !winnow.selection<8x64, 4, columns>
// CHECK-DAG: winnow.selection.to_mask %[[S]]
// CHECK-DAG: winnow.selection.counts %[[S]]
// CHECK-DAG: winnow.selection.union %[[S]]
// CHECK-DAG: winnow.selection.entry_counts %[[S]]
// CHECK-DAG: winnow.selection.entry_counts %[[C]]
func.func @through_conversions(%s: !winnow.selection<8x64, 4>)
    -> (tensor<8x64xi1>, tensor<8xi32>, !winnow.selection<1x64, 32>, tensor<64xi32>, tensor<64xi32>) {
  %c = winnow.selection.convert %s : !winnow.selection<8x64, 4> -> !winnow.selection<8x64, 4, columns>
  %b = winnow.selection.convert %s : !winnow.selection<8x64, 4> -> !winnow.selection<8x64, 4, bitmap>
  %0 = winnow.selection.to_mask %c : !winnow.selection<8x64, 4, columns> -> tensor<8x64xi1>
  %1 = winnow.selection.counts %b : !winnow.selection<8x64, 4, bitmap> -> tensor<8xi32>
  %2 = winnow.selection.union %b : !winnow.selection<8x64, 4, bitmap> -> !winnow.selection<1x64, 32>
  %3 = winnow.selection.entry_counts %b : !winnow.selection<8x64, 4, bitmap> -> tensor<64xi32>
  %4 = winnow.selection.entry_counts %c : !winnow.selection<8x64, 4, columns> -> tensor<64xi32>
  return %0, %1, %2, %3, %4
      : tensor<8x64xi1>, tensor<8xi32>, !winnow.selection<1x64, 32>, tensor<64xi32>, tensor<64xi32>
}

// -----

// Parts of what was assembled, and what is assembled of parts; a dynamic extent may be another one.
// CHECK-LABEL: @parts_of_forms
// CHECK-SAME: (%[[O:.*]]: tensor<65xi32>, %[[M:.*]]: tensor<128xi32>, %[[W:.*]]: tensor<8x2xi32>, %[[C:.*]]: !winnow.selection<8x64, 16, columns>, %[[B:.*]]: !winnow.selection<8x64, 16, bitmap>
// CHECK-NEXT: return %[[O]], %[[M]], %[[W]], %[[C]], %[[B]]
func.func @parts_of_forms(%o: tensor<65xi32>, %m: tensor<128xi32>, %w: tensor<8x2xi32>,
                          %c: !winnow.selection<8x64, 16, columns>, %b: !winnow.selection<8x64, 16, bitmap>)
    -> (tensor<65xi32>, tensor<128xi32>, tensor<8x2xi32>, !winnow.selection<8x64, 16, columns>, !winnow.selection<8x64, 16, bitmap>) {
  %0 = winnow.selection.assemble_columns %o, %m : tensor<65xi32>, tensor<128xi32> -> !winnow.selection<8x64, 16, columns>
  %1 = winnow.selection.offsets %0 : !winnow.selection<8x64, 16, columns> -> tensor<65xi32>
  %2 = winnow.selection.members %0 : !winnow.selection<8x64, 16, columns> -> tensor<128xi32>
  %3 = winnow.selection.assemble_bitmap %w : tensor<8x2xi32> -> !winnow.selection<8x64, 16, bitmap>
  %4 = winnow.selection.words %3 : !winnow.selection<8x64, 16, bitmap> -> tensor<8x2xi32>
  %5 = winnow.selection.offsets %c : !winnow.selection<8x64, 16, columns> -> tensor<65xi32>
  %6 = winnow.selection.members %c : !winnow.selection<8x64, 16, columns> -> tensor<128xi32>
  %7 = winnow.selection.assemble_columns %5, %6 : tensor<65xi32>, tensor<128xi32> -> !winnow.selection<8x64, 16, columns>
  %8 = winnow.selection.words %b : !winnow.selection<8x64, 16, bitmap> -> tensor<8x2xi32>
  %9 = winnow.selection.assemble_bitmap %8 : tensor<8x2xi32> -> !winnow.selection<8x64, 16, bitmap>
  return %1, %2, %4, %7, %9
      : tensor<65xi32>, tensor<128xi32>, tensor<8x2xi32>, !winnow.selection<8x64, 16, columns>, !winnow.selection<8x64, 16, bitmap>
}

// -----

// A layer of all neurons is linalg's; one of some stays.
// CHECK-LABEL: @feed_forward
// CHECK-NOT: winnow.ffn
// CHECK: linalg.matmul
// CHECK: linalg.matmul
// CHECK: linalg.generic
// CHECK: math.exp
// CHECK: linalg.matmul
// CHECK: winnow.ffn {{.*}} neurons(
func.func @feed_forward(%x: tensor<?x8xf32>, %up: tensor<8x32xf32>, %down: tensor<32x8xf32>, %gate: tensor<8x32xf32>,
                        %scores: tensor<?x32xf32>, %some: !winnow.selection<?x32, 4>) -> tensor<?x8xf32> {
  %all = winnow.select.topk %scores, k = 99 : tensor<?x32xf32> -> !winnow.selection<?x32, 32>
  %0 = winnow.ffn %x, %up, %down gate(%gate : tensor<8x32xf32>) neurons(%all : !winnow.selection<?x32, 32>)
      activation(silu) : tensor<?x8xf32>, tensor<8x32xf32>, tensor<32x8xf32> -> tensor<?x8xf32>
  %1 = winnow.ffn %0, %up, %down neurons(%some : !winnow.selection<?x32, 4>)
      activation(silu) : tensor<?x8xf32>, tensor<8x32xf32>, tensor<32x8xf32> -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}
