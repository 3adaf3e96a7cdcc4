// The operations on the forms of a selection survive a round trip, with static and dynamic extents.
// RUN: %winnow-opt %s | %winnow-opt | FileCheck %s
// RUN: %winnow-opt %s --mlir-print-op-generic | %winnow-opt | FileCheck %s

// CHECK-LABEL: @columns
// CHECK: winnow.selection.convert %{{.*}} : !winnow.selection<?x64, 16> -> !winnow.selection<?x64, 16, columns>
// CHECK: winnow.selection.offsets %{{.*}} : !winnow.selection<?x64, 16, columns> -> tensor<65xi32>
// CHECK: winnow.selection.members %{{.*}} : !winnow.selection<?x64, 16, columns> -> tensor<?xi32>
// CHECK: winnow.selection.assemble_columns %{{.*}}, %{{.*}} rows(%{{.*}}) : tensor<65xi32>, tensor<?xi32> -> !winnow.selection<?x64, 16, columns>
// CHECK: winnow.selection.assemble_columns %{{.*}}, %{{.*}} rows(%{{.*}}) capacity(%{{.*}}) : tensor<65xi32>, tensor<?xi32> -> !winnow.selection<?x?, ?, columns>
func.func @columns(%s: !winnow.selection<?x64, 16>, %r: index, %k: index)
    -> (!winnow.selection<?x64, 16, columns>, !winnow.selection<?x?, ?, columns>) {
  %c = winnow.selection.convert %s : !winnow.selection<?x64, 16> -> !winnow.selection<?x64, 16, columns>
  %o = winnow.selection.offsets %c : !winnow.selection<?x64, 16, columns> -> tensor<65xi32>
  %m = winnow.selection.members %c : !winnow.selection<?x64, 16, columns> -> tensor<?xi32>
  %0 = winnow.selection.assemble_columns %o, %m rows(%r)
      : tensor<65xi32>, tensor<?xi32> -> !winnow.selection<?x64, 16, columns>
  %1 = winnow.selection.assemble_columns %o, %m rows(%r) capacity(%k)
      : tensor<65xi32>, tensor<?xi32> -> !winnow.selection<?x?, ?, columns>
  return %0, %1 : !winnow.selection<?x64, 16, columns>, !winnow.selection<?x?, ?, columns>
}

// CHECK-LABEL: @bitmap
// CHECK: winnow.selection.convert %{{.*}} : !winnow.selection<8x72, 16> -> !winnow.selection<8x72, 16, bitmap>
// CHECK: winnow.selection.words %{{.*}} : !winnow.selection<8x72, 16, bitmap> -> tensor<8x3xi32>
// CHECK: winnow.selection.assemble_bitmap %{{.*}} : tensor<8x3xi32> -> !winnow.selection<8x72, 16, bitmap>
// CHECK: winnow.selection.assemble_bitmap %{{.*}} universe(%{{.*}}) capacity(%{{.*}}) : tensor<8x3xi32> -> !winnow.selection<8x?, ?, bitmap>
func.func @bitmap(%s: !winnow.selection<8x72, 16>, %n: index, %k: index)
    -> (!winnow.selection<8x72, 16, bitmap>, !winnow.selection<8x?, ?, bitmap>) {
  %b = winnow.selection.convert %s : !winnow.selection<8x72, 16> -> !winnow.selection<8x72, 16, bitmap>
  %w = winnow.selection.words %b : !winnow.selection<8x72, 16, bitmap> -> tensor<8x3xi32>
  %0 = winnow.selection.assemble_bitmap %w : tensor<8x3xi32> -> !winnow.selection<8x72, 16, bitmap>
  %1 = winnow.selection.assemble_bitmap %w universe(%n) capacity(%k)
      : tensor<8x3xi32> -> !winnow.selection<8x?, ?, bitmap>
  return %0, %1 : !winnow.selection<8x72, 16, bitmap>, !winnow.selection<8x?, ?, bitmap>
}

// Counts by row and by entry, and masks, can be read from every form; a union has one row.
// CHECK-LABEL: @readers
// CHECK: winnow.selection.counts %{{.*}} : !winnow.selection<8x64, 4, columns> -> tensor<8xi32>
// CHECK: winnow.selection.entry_counts %{{.*}} : !winnow.selection<?x72, ?, bitmap> -> tensor<72xi32>
// CHECK: winnow.selection.to_mask %{{.*}} : !winnow.selection<?x72, ?, bitmap> -> tensor<?x72xi1>
// CHECK: winnow.selection.union %{{.*}} : !winnow.selection<8x64, 4, columns> -> !winnow.selection<1x64, 32>
// CHECK: winnow.selection.union %{{.*}} : !winnow.selection<?x72, ?, bitmap> -> !winnow.selection<1x72, 72>
func.func @readers(%a: !winnow.selection<8x64, 4, columns>, %b: !winnow.selection<?x72, ?, bitmap>)
    -> (tensor<8xi32>, tensor<72xi32>, tensor<?x72xi1>, !winnow.selection<1x64, 32>, !winnow.selection<1x72, 72>) {
  %0 = winnow.selection.counts %a : !winnow.selection<8x64, 4, columns> -> tensor<8xi32>
  %1 = winnow.selection.entry_counts %b : !winnow.selection<?x72, ?, bitmap> -> tensor<72xi32>
  %2 = winnow.selection.to_mask %b : !winnow.selection<?x72, ?, bitmap> -> tensor<?x72xi1>
  %3 = winnow.selection.union %a : !winnow.selection<8x64, 4, columns> -> !winnow.selection<1x64, 32>
  %4 = winnow.selection.union %b : !winnow.selection<?x72, ?, bitmap> -> !winnow.selection<1x72, 72>
  return %0, %1, %2, %3, %4
      : tensor<8xi32>, tensor<72xi32>, tensor<?x72xi1>, !winnow.selection<1x64, 32>, !winnow.selection<1x72, 72>
}

// CHECK-LABEL: @blocks
// CHECK: winnow.select.blocks %{{.*}}, %{{.*}}, k = 8 : tensor<4x?x64xf32>, tensor<4x32x64xf32> -> !winnow.selection<?x32, 8>
// CHECK: winnow.select.blocks %{{.*}}, %{{.*}}, k = 8 : tensor<2x3x?xf16>, tensor<2x?x?xf16> -> !winnow.selection<6x?, 8>
func.func @blocks(%q: tensor<4x?x64xf32>, %k: tensor<4x32x64xf32>, %r: tensor<2x3x?xf16>, %l: tensor<2x?x?xf16>)
    -> (!winnow.selection<?x32, 8>, !winnow.selection<6x?, 8>) {
  %0 = winnow.select.blocks %q, %k, k = 8 : tensor<4x?x64xf32>, tensor<4x32x64xf32> -> !winnow.selection<?x32, 8>
  %1 = winnow.select.blocks %r, %l, k = 8 : tensor<2x3x?xf16>, tensor<2x?x?xf16> -> !winnow.selection<6x?, 8>
  return %0, %1 : !winnow.selection<?x32, 8>, !winnow.selection<6x?, 8>
}

// What kernels make columns of.
// CHECK-LABEL: @kernels
// CHECK: winnow.selection.accumulate %{{.*}} : tensor<64xi32> -> tensor<65xi32>
// CHECK: winnow.selection.enumerate_columns %{{.*}}, %{{.*}} : tensor<8x64xi1>, tensor<65xi32> -> tensor<128xi32>
// CHECK: winnow.selection.enumerate_columns %{{.*}}, %{{.*}} size(%{{.*}}) : tensor<8x64xi1>, tensor<65xi32> -> tensor<?xi32>
func.func @kernels(%m: tensor<8x64xi1>, %c: tensor<64xi32>, %n: index) -> (tensor<128xi32>, tensor<?xi32>) {
  %o = winnow.selection.accumulate %c : tensor<64xi32> -> tensor<65xi32>
  %0 = winnow.selection.enumerate_columns %m, %o : tensor<8x64xi1>, tensor<65xi32> -> tensor<128xi32>
  %1 = winnow.selection.enumerate_columns %m, %o size(%n) : tensor<8x64xi1>, tensor<65xi32> -> tensor<?xi32>
  return %0, %1 : tensor<128xi32>, tensor<?xi32>
}
