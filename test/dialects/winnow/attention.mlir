// Attention survives a round trip, with and without captures, active blocks and a score region; what says
// nothing is dropped.
// RUN: %winnow-opt %s | %winnow-opt | FileCheck %s
// RUN: %winnow-opt %s --mlir-print-op-generic | %winnow-opt | FileCheck %s
// RUN: %winnow-opt %s --canonicalize | FileCheck %s --check-prefix=CANONICAL

// CHECK-LABEL: @plain
// CHECK: winnow.attention %{{.*}}, %{{.*}}, %{{.*}}, scale 1.250000e-01 : tensor<?x8x?x64xf16>, tensor<?x2x?x64xf16>, tensor<?x2x?x32xf16> -> tensor<?x8x?x32xf16>
func.func @plain(%query: tensor<?x8x?x64xf16>, %key: tensor<?x2x?x64xf16>, %value: tensor<?x2x?x32xf16>)
    -> tensor<?x8x?x32xf16> {
  %y = winnow.attention %query, %key, %value, scale 0.125
      : tensor<?x8x?x64xf16>, tensor<?x2x?x64xf16>, tensor<?x2x?x32xf16> -> tensor<?x8x?x32xf16>
  return %y : tensor<?x8x?x32xf16>
}

// The operation's documented example.
// CHECK-LABEL: @documented
// CHECK: captures(%{{.*}} : tensor<8xf32>) [#map] : tensor<?x8x?x64xf32>
// CHECK-SAME: score {
// CHECK: ^bb0(%{{.*}}: f32, %{{.*}}: index, %{{.*}}: index, %{{.*}}: index, %{{.*}}: index, %{{.*}}: f32):
// CHECK: winnow.yield %{{.*}} : f32
func.func @documented(%query: tensor<?x8x?x64xf32>, %key: tensor<?x2x?x64xf32>, %value: tensor<?x2x?x64xf32>,
                      %slope: tensor<8xf32>) -> tensor<?x8x?x64xf32> {
  %y = winnow.attention %query, %key, %value, scale 0.125
      captures(%slope : tensor<8xf32>) [affine_map<(b, h, q, k) -> (h)>]
      : tensor<?x8x?x64xf32>, tensor<?x2x?x64xf32>, tensor<?x2x?x64xf32> -> tensor<?x8x?x64xf32>
      score {
  ^bb0(%score: f32, %b: index, %h: index, %q: index, %k: index, %s: f32):
    %distance = arith.subi %k, %q : index
    %signed = arith.index_cast %distance : index to i32
    %float = arith.sitofp %signed : i32 to f32
    %bias = arith.mulf %s, %float : f32
    %new = arith.addf %score, %bias : f32
    winnow.yield %new : f32
  }
  return %y : tensor<?x8x?x64xf32>
}

// CHECK-LABEL: @active
// CHECK: active(%{{.*}} : !winnow.selection<32x4, 4>) {key_block = 32 : i64, query_block = 16 : i64}
func.func @active(%query: tensor<2x8x32x64xf32>, %key: tensor<2x8x100x64xf32>, %s: !winnow.selection<32x4, 4>)
    -> tensor<2x8x32x64xf32> {
  %y = winnow.attention %query, %key, %key, scale 0.125 active(%s : !winnow.selection<32x4, 4>)
      {key_block = 32 : i64, query_block = 16 : i64}
      : tensor<2x8x32x64xf32>, tensor<2x8x100x64xf32>, tensor<2x8x100x64xf32> -> tensor<2x8x32x64xf32>
  return %y : tensor<2x8x32x64xf32>
}

// Every block is active: the selection goes.
// CANONICAL-LABEL: @full
// CANONICAL-NOT: active
// CANONICAL: winnow.attention %{{.*}}, %{{.*}}, %{{.*}}, scale 1.250000e-01 : tensor<1x1x64x8xf32>
func.func @full(%x: tensor<1x1x64x8xf32>) -> tensor<1x1x64x8xf32> {
  %mask = arith.constant dense<true> : tensor<1x1xi1>
  %s = winnow.selection.from_mask %mask : tensor<1x1xi1> -> !winnow.selection<1x1, 1>
  %y = winnow.attention %x, %x, %x, scale 0.125 active(%s : !winnow.selection<1x1, 1>)
      : tensor<1x1x64x8xf32>, tensor<1x1x64x8xf32>, tensor<1x1x64x8xf32> -> tensor<1x1x64x8xf32>
  return %y : tensor<1x1x64x8xf32>
}

// Of two captures one is used; its element stays with it.
// CANONICAL-LABEL: @one_used
// CANONICAL: captures(%arg2 : tensor<1xf32>)
// CANONICAL: ^bb0(%[[SCORE:.*]]: f32, %{{.*}}: index, %{{.*}}: index, %{{.*}}: index, %{{.*}}: index, %[[USED:[a-z0-9]*]]: f32):
// CANONICAL: arith.addf %[[SCORE]], %[[USED]]
func.func @one_used(%x: tensor<1x1x64x8xf32>, %a: tensor<64xi1>, %b: tensor<1xf32>) -> tensor<1x1x64x8xf32> {
  %y = winnow.attention %x, %x, %x, scale 0.125 captures(%a, %b : tensor<64xi1>, tensor<1xf32>)
      [affine_map<(b, h, q, k) -> (k)>, affine_map<(b, h, q, k) -> (b)>]
      : tensor<1x1x64x8xf32>, tensor<1x1x64x8xf32>, tensor<1x1x64x8xf32> -> tensor<1x1x64x8xf32> score {
  ^bb0(%score: f32, %b_: index, %h: index, %q: index, %k: index, %unused: i1, %used: f32):
    %new = arith.addf %score, %used : f32
    winnow.yield %new : f32
  }
  return %y : tensor<1x1x64x8xf32>
}

// A region that changes nothing goes with what it captures.
// CANONICAL-LABEL: @unchanged
// CANONICAL: winnow.attention
// CANONICAL-NOT: score {
// CANONICAL: return
func.func @unchanged(%x: tensor<1x1x64x8xf32>, %a: tensor<64xi1>) -> tensor<1x1x64x8xf32> {
  %y = winnow.attention %x, %x, %x, scale 0.125 captures(%a : tensor<64xi1>) [affine_map<(b, h, q, k) -> (k)>]
      : tensor<1x1x64x8xf32>, tensor<1x1x64x8xf32>, tensor<1x1x64x8xf32> -> tensor<1x1x64x8xf32> score {
  ^bb0(%score: f32, %b: index, %h: index, %q: index, %k: index, %unused: i1):
    winnow.yield %score : f32
  }
  return %y : tensor<1x1x64x8xf32>
}
