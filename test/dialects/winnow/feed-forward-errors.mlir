// One case for each constraint of feed-forward layers, grouped products and experts.
// RUN: %winnow-opt %s --split-input-file --verify-diagnostics

// ffn, C1
func.func @f(%x: tensor<?x32xf32>, %up: tensor<64x256xf32>, %down: tensor<256x64xf32>) {
  // expected-error @+1 {{dimension 1 of 'x' is 32, but dimension 0 of 'up' is 64 (C1)}}
  %0 = winnow.ffn %x, %up, %down activation(relu) : tensor<?x32xf32>, tensor<64x256xf32>, tensor<256x64xf32> -> tensor<?x64xf32>
  return
}

// -----

// ffn, C1
func.func @f(%x: tensor<?x64xf32>, %up: tensor<64x256xf32>, %down: tensor<128x64xf32>) {
  // expected-error @+1 {{dimension 0 of 'down' is 128, but dimension 1 of 'up' is 256 (C1)}}
  %0 = winnow.ffn %x, %up, %down activation(relu) : tensor<?x64xf32>, tensor<64x256xf32>, tensor<128x64xf32> -> tensor<?x64xf32>
  return
}

// -----

// ffn, C2
func.func @f(%x: tensor<?x64xf32>, %up: tensor<64x256xf32>, %down: tensor<256x64xf32>, %g: tensor<64x128xf32>) {
  // expected-error @+1 {{dimension 1 of 'gate' is 128, but dimension 1 of 'up' is 256 (C2)}}
  %0 = winnow.ffn %x, %up, %down gate(%g : tensor<64x128xf32>) activation(relu) : tensor<?x64xf32>, tensor<64x256xf32>, tensor<256x64xf32> -> tensor<?x64xf32>
  return
}

// -----

// ffn, C3
func.func @f(%x: tensor<?x64xf32>, %up: tensor<64x256xf32>, %down: tensor<256x64xf32>, %s: !winnow.selection<?x128, 16>) {
  // expected-error @+1 {{dimension 1 of 'up' is 256, but the universe of 'neurons' is 128 (C3)}}
  %0 = winnow.ffn %x, %up, %down neurons(%s : !winnow.selection<?x128, 16>) activation(relu) : tensor<?x64xf32>, tensor<64x256xf32>, tensor<256x64xf32> -> tensor<?x64xf32>
  return
}

// -----

// ffn, C3
func.func @f(%x: tensor<3x64xf32>, %up: tensor<64x256xf32>, %down: tensor<256x64xf32>, %s: !winnow.selection<2x256, 16>) {
  // expected-error @+1 {{dimension 0 of 'x' is 3, but the number of rows of 'neurons' is 2 (C3)}}
  %0 = winnow.ffn %x, %up, %down neurons(%s : !winnow.selection<2x256, 16>) activation(relu) : tensor<3x64xf32>, tensor<64x256xf32>, tensor<256x64xf32> -> tensor<3x64xf32>
  return
}

// -----

// ffn, C4
func.func @f(%x: tensor<?x64xf32>, %up: tensor<64x256xf32>, %down: tensor<256x64xf32>) {
  // expected-error @+1 {{dimension 1 of 'result' is 32, but dimension 1 of 'down' is 64 (C4)}}
  %0 = winnow.ffn %x, %up, %down activation(relu) : tensor<?x64xf32>, tensor<64x256xf32>, tensor<256x64xf32> -> tensor<?x32xf32>
  return
}

// -----

// ffn, C4
func.func @f(%x: tensor<3x64xf32>, %up: tensor<64x256xf32>, %down: tensor<256x64xf32>) {
  // expected-error @+1 {{dimension 0 of 'result' is 2, but dimension 0 of 'x' is 3 (C4)}}
  %0 = winnow.ffn %x, %up, %down activation(relu) : tensor<3x64xf32>, tensor<64x256xf32>, tensor<256x64xf32> -> tensor<2x64xf32>
  return
}

// -----

// ffn, C5
func.func @f(%x: tensor<?x64xf32>, %up: tensor<64x256xf16>, %down: tensor<256x64xf32>) {
  // expected-error @+1 {{'up' has element type 'f16', but 'x' has 'f32' (C5)}}
  %0 = winnow.ffn %x, %up, %down activation(relu) : tensor<?x64xf32>, tensor<64x256xf16>, tensor<256x64xf32> -> tensor<?x64xf32>
  return
}

// -----

// grouped_matmul, C1
func.func @f(%x: tensor<5x8xf32>, %w: tensor<4x8x3xf32>, %g: !winnow.selection<6x4, 2, columns>) {
  // expected-error @+1 {{dimension 0 of 'x' is 5, but the number of rows of 'groups' is 6 (C1)}}
  %0 = winnow.grouped_matmul %x, %w groups(%g : !winnow.selection<6x4, 2, columns>) : tensor<5x8xf32>, tensor<4x8x3xf32> -> tensor<12x3xf32>
  return
}

// -----

// grouped_matmul, C1
func.func @f(%x: tensor<6x8xf32>, %w: tensor<4x8x3xf32>, %g: !winnow.selection<6x4, 2, columns>) {
  // expected-error @+1 {{dimension 0 of 'x' is 6, but the rows of 'groups' times its capacity is 12 (C1)}}
  %0 = winnow.grouped_matmul %x, %w groups(%g : !winnow.selection<6x4, 2, columns>) grouped : tensor<6x8xf32>, tensor<4x8x3xf32> -> tensor<12x3xf32>
  return
}

// -----

// grouped_matmul, C2
func.func @f(%x: tensor<6x8xf32>, %w: tensor<5x8x3xf32>, %g: !winnow.selection<6x4, 2, columns>) {
  // expected-error @+1 {{dimension 0 of 'weights' is 5, but the universe of 'groups' is 4 (C2)}}
  %0 = winnow.grouped_matmul %x, %w groups(%g : !winnow.selection<6x4, 2, columns>) : tensor<6x8xf32>, tensor<5x8x3xf32> -> tensor<12x3xf32>
  return
}

// -----

// grouped_matmul, C2
func.func @f(%x: tensor<6x8xf32>, %w: tensor<4x7x3xf32>, %g: !winnow.selection<6x4, 2, columns>) {
  // expected-error @+1 {{dimension 1 of 'weights' is 7, but dimension 1 of 'x' is 8 (C2)}}
  %0 = winnow.grouped_matmul %x, %w groups(%g : !winnow.selection<6x4, 2, columns>) : tensor<6x8xf32>, tensor<4x7x3xf32> -> tensor<12x3xf32>
  return
}

// -----

// grouped_matmul, C3
func.func @f(%x: tensor<6x8xf32>, %w: tensor<4x8x3xf32>, %g: !winnow.selection<6x4, 2, columns>) {
  // expected-error @+1 {{dimension 0 of 'result' is 6, but the rows of 'groups' times its capacity is 12 (C3)}}
  %0 = winnow.grouped_matmul %x, %w groups(%g : !winnow.selection<6x4, 2, columns>) : tensor<6x8xf32>, tensor<4x8x3xf32> -> tensor<6x3xf32>
  return
}

// -----

// grouped_matmul, C3
func.func @f(%x: tensor<6x8xf32>, %w: tensor<4x8x3xf32>, %g: !winnow.selection<6x4, 2, columns>) {
  // expected-error @+1 {{dimension 1 of 'result' is 4, but dimension 2 of 'weights' is 3 (C3)}}
  %0 = winnow.grouped_matmul %x, %w groups(%g : !winnow.selection<6x4, 2, columns>) : tensor<6x8xf32>, tensor<4x8x3xf32> -> tensor<12x4xf32>
  return
}

// -----

// grouped_matmul, C4
func.func @f(%x: tensor<6x8xf32>, %w: tensor<4x8x3xf16>, %g: !winnow.selection<6x4, 2, columns>) {
  // expected-error @+1 {{'weights' has element type 'f16', but 'x' has 'f32' (C4)}}
  %0 = winnow.grouped_matmul %x, %w groups(%g : !winnow.selection<6x4, 2, columns>) : tensor<6x8xf32>, tensor<4x8x3xf16> -> tensor<12x3xf32>
  return
}

// -----

// Groups are columns.
func.func @f(%x: tensor<6x8xf32>, %w: tensor<4x8x3xf32>, %g: !winnow.selection<6x4, 2>) {
  // expected-error @+1 {{operand #2 must be selection in the form columns}}
  %0 = winnow.grouped_matmul %x, %w groups(%g : !winnow.selection<6x4, 2>) : tensor<6x8xf32>, tensor<4x8x3xf32> -> tensor<12x3xf32>
  return
}

// -----

// experts, C1
func.func @f(%x: tensor<5x8xf32>, %up: tensor<4x8x16xf32>, %down: tensor<4x16x8xf32>, %gates: tensor<6x4xf32>, %r: !winnow.selection<6x4, 2>) {
  // expected-error @+1 {{dimension 0 of 'x' is 5, but the number of rows of 'routing' is 6 (C1)}}
  %0 = winnow.experts %x, %up, %down, %gates routing(%r : !winnow.selection<6x4, 2>) activation(relu) : tensor<5x8xf32>, tensor<4x8x16xf32>, tensor<4x16x8xf32>, tensor<6x4xf32> -> tensor<6x8xf32>
  return
}

// -----

// experts, C1
func.func @f(%x: tensor<6x8xf32>, %up: tensor<3x8x16xf32>, %down: tensor<4x16x8xf32>, %gates: tensor<6x4xf32>, %r: !winnow.selection<6x4, 2>) {
  // expected-error @+1 {{dimension 0 of 'up' is 3, but the universe of 'routing' is 4 (C1)}}
  %0 = winnow.experts %x, %up, %down, %gates routing(%r : !winnow.selection<6x4, 2>) activation(relu) : tensor<6x8xf32>, tensor<3x8x16xf32>, tensor<4x16x8xf32>, tensor<6x4xf32> -> tensor<6x8xf32>
  return
}

// -----

// experts, C2
func.func @f(%x: tensor<6x8xf32>, %up: tensor<4x7x16xf32>, %down: tensor<4x16x8xf32>, %gates: tensor<6x4xf32>, %r: !winnow.selection<6x4, 2>) {
  // expected-error @+1 {{dimension 1 of 'up' is 7, but dimension 1 of 'x' is 8 (C2)}}
  %0 = winnow.experts %x, %up, %down, %gates routing(%r : !winnow.selection<6x4, 2>) activation(relu) : tensor<6x8xf32>, tensor<4x7x16xf32>, tensor<4x16x8xf32>, tensor<6x4xf32> -> tensor<6x8xf32>
  return
}

// -----

// experts, C3
func.func @f(%x: tensor<6x8xf32>, %up: tensor<4x8x16xf32>, %down: tensor<5x16x8xf32>, %gates: tensor<6x4xf32>, %r: !winnow.selection<6x4, 2>) {
  // expected-error @+1 {{dimension 0 of 'down' is 5, but dimension 0 of 'up' is 4 (C3)}}
  %0 = winnow.experts %x, %up, %down, %gates routing(%r : !winnow.selection<6x4, 2>) activation(relu) : tensor<6x8xf32>, tensor<4x8x16xf32>, tensor<5x16x8xf32>, tensor<6x4xf32> -> tensor<6x8xf32>
  return
}

// -----

// experts, C3
func.func @f(%x: tensor<6x8xf32>, %up: tensor<4x8x16xf32>, %down: tensor<4x15x8xf32>, %gates: tensor<6x4xf32>, %r: !winnow.selection<6x4, 2>) {
  // expected-error @+1 {{dimension 1 of 'down' is 15, but dimension 2 of 'up' is 16 (C3)}}
  %0 = winnow.experts %x, %up, %down, %gates routing(%r : !winnow.selection<6x4, 2>) activation(relu) : tensor<6x8xf32>, tensor<4x8x16xf32>, tensor<4x15x8xf32>, tensor<6x4xf32> -> tensor<6x8xf32>
  return
}

// -----

// experts, C4
func.func @f(%x: tensor<6x8xf32>, %up: tensor<4x8x16xf32>, %down: tensor<4x16x8xf32>, %gates: tensor<7x4xf32>, %r: !winnow.selection<6x4, 2>) {
  // expected-error @+1 {{dimension 0 of 'gates' is 7, but the number of rows of 'routing' is 6 (C4)}}
  %0 = winnow.experts %x, %up, %down, %gates routing(%r : !winnow.selection<6x4, 2>) activation(relu) : tensor<6x8xf32>, tensor<4x8x16xf32>, tensor<4x16x8xf32>, tensor<7x4xf32> -> tensor<6x8xf32>
  return
}

// -----

// experts, C4
func.func @f(%x: tensor<6x8xf32>, %up: tensor<4x8x16xf32>, %down: tensor<4x16x8xf32>, %gates: tensor<6x3xf32>, %r: !winnow.selection<6x4, 2>) {
  // expected-error @+1 {{dimension 1 of 'gates' is 3, but the universe of 'routing' is 4 (C4)}}
  %0 = winnow.experts %x, %up, %down, %gates routing(%r : !winnow.selection<6x4, 2>) activation(relu) : tensor<6x8xf32>, tensor<4x8x16xf32>, tensor<4x16x8xf32>, tensor<6x3xf32> -> tensor<6x8xf32>
  return
}

// -----

// experts, C5
func.func @f(%x: tensor<6x8xf32>, %up: tensor<4x8x16xf32>, %down: tensor<4x16x8xf32>, %gates: tensor<6x4xf32>, %r: !winnow.selection<6x4, 2>) {
  // expected-error @+1 {{dimension 0 of 'result' is 7, but dimension 0 of 'x' is 6 (C5)}}
  %0 = winnow.experts %x, %up, %down, %gates routing(%r : !winnow.selection<6x4, 2>) activation(relu) : tensor<6x8xf32>, tensor<4x8x16xf32>, tensor<4x16x8xf32>, tensor<6x4xf32> -> tensor<7x8xf32>
  return
}

// -----

// experts, C5
func.func @f(%x: tensor<6x8xf32>, %up: tensor<4x8x16xf32>, %down: tensor<4x16x8xf32>, %gates: tensor<6x4xf32>, %r: !winnow.selection<6x4, 2>) {
  // expected-error @+1 {{dimension 1 of 'result' is 9, but dimension 2 of 'down' is 8 (C5)}}
  %0 = winnow.experts %x, %up, %down, %gates routing(%r : !winnow.selection<6x4, 2>) activation(relu) : tensor<6x8xf32>, tensor<4x8x16xf32>, tensor<4x16x8xf32>, tensor<6x4xf32> -> tensor<6x9xf32>
  return
}

// -----

// experts, C6
func.func @f(%x: tensor<6x8xf32>, %up: tensor<4x8x16xf32>, %down: tensor<4x16x8xf32>, %gates: tensor<6x4xbf16>, %r: !winnow.selection<6x4, 2>) {
  // expected-error @+1 {{'gates' has element type 'bf16', but 'x' has 'f32' (C6)}}
  %0 = winnow.experts %x, %up, %down, %gates routing(%r : !winnow.selection<6x4, 2>) activation(relu) : tensor<6x8xf32>, tensor<4x8x16xf32>, tensor<4x16x8xf32>, tensor<6x4xbf16> -> tensor<6x8xf32>
  return
}

// -----

// experts, C6
func.func @f(%x: tensor<6x8xf32>, %up: tensor<4x8x16xf32>, %down: tensor<4x16x8xf32>, %gates: tensor<6x4xf32>, %r: !winnow.selection<6x4, 2>, %b: tensor<4x8xf16>) {
  // expected-error @+1 {{'down_bias' has element type 'f16', but 'x' has 'f32' (C6)}}
  %0 = winnow.experts %x, %up, %down, %gates routing(%r : !winnow.selection<6x4, 2>) down_bias(%b : tensor<4x8xf16>) activation(relu) : tensor<6x8xf32>, tensor<4x8x16xf32>, tensor<4x16x8xf32>, tensor<6x4xf32> -> tensor<6x8xf32>
  return
}

// -----

// experts, C7
func.func @f(%x: tensor<6x8xf32>, %up: tensor<4x8x16xf32>, %down: tensor<4x16x8xf32>, %gates: tensor<6x4xf32>, %r: !winnow.selection<6x4, 2>, %g: tensor<4x8x15xf32>) {
  // expected-error @+1 {{dimension 2 of 'gate' is 15, but dimension 2 of 'up' is 16 (C7)}}
  %0 = winnow.experts %x, %up, %down, %gates routing(%r : !winnow.selection<6x4, 2>) gate(%g : tensor<4x8x15xf32>) activation(relu) : tensor<6x8xf32>, tensor<4x8x16xf32>, tensor<4x16x8xf32>, tensor<6x4xf32> -> tensor<6x8xf32>
  return
}

// -----

// experts, C7
func.func @f(%x: tensor<6x8xf32>, %up: tensor<4x8x16xf32>, %down: tensor<4x16x8xf32>, %gates: tensor<6x4xf32>, %r: !winnow.selection<6x4, 2>, %b: tensor<4x16xf32>) {
  // expected-error @+1 {{has a 'gate_bias', but no 'gate' (C7)}}
  %0 = winnow.experts %x, %up, %down, %gates routing(%r : !winnow.selection<6x4, 2>) gate_bias(%b : tensor<4x16xf32>) activation(relu) : tensor<6x8xf32>, tensor<4x8x16xf32>, tensor<4x16x8xf32>, tensor<6x4xf32> -> tensor<6x8xf32>
  return
}

// -----

// experts, C8
func.func @f(%x: tensor<6x8xf32>, %up: tensor<4x8x16xf32>, %down: tensor<4x16x8xf32>, %gates: tensor<6x4xf32>, %r: !winnow.selection<6x4, 2>, %b: tensor<3x16xf32>) {
  // expected-error @+1 {{dimension 0 of 'up_bias' is 3, but dimension 0 of 'up' is 4 (C8)}}
  %0 = winnow.experts %x, %up, %down, %gates routing(%r : !winnow.selection<6x4, 2>) up_bias(%b : tensor<3x16xf32>) activation(relu) : tensor<6x8xf32>, tensor<4x8x16xf32>, tensor<4x16x8xf32>, tensor<6x4xf32> -> tensor<6x8xf32>
  return
}

// -----

// experts, C8
func.func @f(%x: tensor<6x8xf32>, %up: tensor<4x8x16xf32>, %down: tensor<4x16x8xf32>, %gates: tensor<6x4xf32>, %r: !winnow.selection<6x4, 2>, %g: tensor<4x8x16xf32>, %b: tensor<4x17xf32>) {
  // expected-error @+1 {{dimension 1 of 'gate_bias' is 17, but dimension 2 of 'gate' is 16 (C8)}}
  %0 = winnow.experts %x, %up, %down, %gates routing(%r : !winnow.selection<6x4, 2>) gate(%g : tensor<4x8x16xf32>) gate_bias(%b : tensor<4x17xf32>) activation(relu) : tensor<6x8xf32>, tensor<4x8x16xf32>, tensor<4x16x8xf32>, tensor<6x4xf32> -> tensor<6x8xf32>
  return
}

// -----

// experts, C8
func.func @f(%x: tensor<6x8xf32>, %up: tensor<4x8x16xf32>, %down: tensor<4x16x8xf32>, %gates: tensor<6x4xf32>, %r: !winnow.selection<6x4, 2>, %b: tensor<4x16xf32>) {
  // expected-error @+1 {{dimension 1 of 'down_bias' is 16, but dimension 2 of 'down' is 8 (C8)}}
  %0 = winnow.experts %x, %up, %down, %gates routing(%r : !winnow.selection<6x4, 2>) down_bias(%b : tensor<4x16xf32>) activation(relu) : tensor<6x8xf32>, tensor<4x8x16xf32>, tensor<4x16x8xf32>, tensor<6x4xf32> -> tensor<6x8xf32>
  return
}
