// One case for each constraint of the matrix product and the convolution.
// RUN: %winnow-opt %s --split-input-file --verify-diagnostics

// matmul, C1
func.func @f(%x: tensor<3x64xf32>, %w: tensor<64x32xf32>, %s: !winnow.selection<3x64, 16>, %t: !winnow.selection<3x32, 8>) {
  // expected-error @+1 {{dimension 1 of 'x' is 64, but the capacity of 'inputs' is 16 (C1)}}
  %0 = winnow.matmul %x, %w inputs(%s : !winnow.selection<3x64, 16>) : tensor<3x64xf32>, tensor<64x32xf32> -> tensor<3x32xf32>
  return
}

// -----

// matmul, C1
func.func @f(%x: tensor<3x16xf32>, %w: tensor<64x32xf32>, %s: !winnow.selection<3x64, 16>, %t: !winnow.selection<3x32, 8>) {
  // expected-error @+1 {{dimension 1 of 'x' is 16, but dimension 0 of 'weights' is 64 (C1)}}
  %0 = winnow.matmul %x, %w : tensor<3x16xf32>, tensor<64x32xf32> -> tensor<3x32xf32>
  return
}

// -----

// matmul, C2
func.func @f(%x: tensor<3x16xf32>, %w: tensor<32x32xf32>, %s: !winnow.selection<3x64, 16>, %t: !winnow.selection<3x32, 8>) {
  // expected-error @+1 {{dimension 0 of 'weights' is 32, but the universe of 'inputs' is 64 (C2)}}
  %0 = winnow.matmul %x, %w inputs(%s : !winnow.selection<3x64, 16>) : tensor<3x16xf32>, tensor<32x32xf32> -> tensor<3x32xf32>
  return
}

// -----

// matmul, C2
func.func @f(%x: tensor<3x64xf32>, %w: tensor<64x64xf32>, %s: !winnow.selection<3x64, 16>, %t: !winnow.selection<3x32, 8>) {
  // expected-error @+1 {{dimension 1 of 'weights' is 64, but the universe of 'outputs' is 32 (C2)}}
  %0 = winnow.matmul %x, %w outputs(%t : !winnow.selection<3x32, 8>) : tensor<3x64xf32>, tensor<64x64xf32> -> tensor<3x8xf32>
  return
}

// -----

// matmul, C3
func.func @f(%x: tensor<2x16xf32>, %w: tensor<64x32xf32>, %s: !winnow.selection<3x64, 16>, %t: !winnow.selection<3x32, 8>) {
  // expected-error @+1 {{dimension 0 of 'x' is 2, but the number of rows of 'inputs' is 3 (C3)}}
  %0 = winnow.matmul %x, %w inputs(%s : !winnow.selection<3x64, 16>) : tensor<2x16xf32>, tensor<64x32xf32> -> tensor<2x32xf32>
  return
}

// -----

// matmul, C3
func.func @f(%x: tensor<2x64xf32>, %w: tensor<64x32xf32>, %s: !winnow.selection<3x64, 16>, %t: !winnow.selection<3x32, 8>) {
  // expected-error @+1 {{dimension 0 of 'x' is 2, but the number of rows of 'outputs' is 3 (C3)}}
  %0 = winnow.matmul %x, %w outputs(%t : !winnow.selection<3x32, 8>) : tensor<2x64xf32>, tensor<64x32xf32> -> tensor<2x8xf32>
  return
}

// -----

// matmul, C4
func.func @f(%x: tensor<3x64xf32>, %w: tensor<64x32xf32>, %s: !winnow.selection<3x64, 16>, %t: !winnow.selection<3x32, 8>) {
  // expected-error @+1 {{dimension 1 of 'result' is 32, but the capacity of 'outputs' is 8 (C4)}}
  %0 = winnow.matmul %x, %w outputs(%t : !winnow.selection<3x32, 8>) : tensor<3x64xf32>, tensor<64x32xf32> -> tensor<3x32xf32>
  return
}

// -----

// matmul, C4
func.func @f(%x: tensor<3x64xf32>, %w: tensor<64x32xf32>, %s: !winnow.selection<3x64, 16>, %t: !winnow.selection<3x32, 8>) {
  // expected-error @+1 {{dimension 1 of 'result' is 8, but dimension 1 of 'weights' is 32 (C4)}}
  %0 = winnow.matmul %x, %w : tensor<3x64xf32>, tensor<64x32xf32> -> tensor<3x8xf32>
  return
}

// -----

// matmul, C4
func.func @f(%x: tensor<3x64xf32>, %w: tensor<64x32xf32>, %s: !winnow.selection<3x64, 16>, %t: !winnow.selection<3x32, 8>) {
  // expected-error @+1 {{dimension 0 of 'result' is 4, but dimension 0 of 'x' is 3 (C4)}}
  %0 = winnow.matmul %x, %w : tensor<3x64xf32>, tensor<64x32xf32> -> tensor<4x32xf32>
  return
}

// -----

// matmul, C5
func.func @f(%x: tensor<?x64xf16>, %w: tensor<64x32xf16>) {
  // expected-error @+1 {{'result' has element type 'bf16', but 'f16' is expected (C5)}}
  %0 = winnow.matmul %x, %w : tensor<?x64xf16>, tensor<64x32xf16> -> tensor<?x32xbf16>
  return
}

// -----

// matmul, C5
func.func @f(%x: tensor<3x64xf32>, %w: tensor<64x32xf16>, %s: !winnow.selection<3x64, 16>, %t: !winnow.selection<3x32, 8>) {
  // expected-error @+1 {{'weights' has element type 'f16', but 'x' has 'f32' (C5)}}
  %0 = winnow.matmul %x, %w : tensor<3x64xf32>, tensor<64x32xf16> -> tensor<3x32xf32>
  return
}

// -----

// matmul, C5
func.func @f(%x: tensor<3x64xi8>, %w: tensor<64x32xi8>, %s: !winnow.selection<3x64, 16>, %t: !winnow.selection<3x32, 8>) {
  // expected-error @+1 {{'result' has element type 'f32', but 'i32' is expected (C5)}}
  %0 = winnow.matmul %x, %w : tensor<3x64xi8>, tensor<64x32xi8> -> tensor<3x32xf32>
  return
}

// -----

// conv2d, C1
func.func @f(%x: tensor<3x64x8x8xf32>, %w: tensor<32x64x3x3xf32>, %s: !winnow.selection<3x64, 16>, %t: !winnow.selection<3x32, 8>) {
  // expected-error @+1 {{dimension 1 of 'x' is 64, but the capacity of 'inputs' is 16 (C1)}}
  %0 = winnow.conv2d %x, %w inputs(%s : !winnow.selection<3x64, 16>) : tensor<3x64x8x8xf32>, tensor<32x64x3x3xf32> -> tensor<3x32x6x6xf32>
  return
}

// -----

// conv2d, C1
func.func @f(%x: tensor<3x32x8x8xf32>, %w: tensor<32x64x3x3xf32>, %s: !winnow.selection<3x64, 16>, %t: !winnow.selection<3x32, 8>) {
  // expected-error @+1 {{dimension 1 of 'x' is 32, but dimension 1 of 'weights' is 64 (C1)}}
  %0 = winnow.conv2d %x, %w : tensor<3x32x8x8xf32>, tensor<32x64x3x3xf32> -> tensor<3x32x6x6xf32>
  return
}

// -----

// conv2d, C2
func.func @f(%x: tensor<3x64x8x8xf32>, %w: tensor<64x64x3x3xf32>, %s: !winnow.selection<3x64, 16>, %t: !winnow.selection<3x32, 8>) {
  // expected-error @+1 {{dimension 0 of 'weights' is 64, but the universe of 'outputs' is 32 (C2)}}
  %0 = winnow.conv2d %x, %w outputs(%t : !winnow.selection<3x32, 8>) : tensor<3x64x8x8xf32>, tensor<64x64x3x3xf32> -> tensor<3x8x6x6xf32>
  return
}

// -----

// conv2d, C3
func.func @f(%x: tensor<2x64x8x8xf32>, %w: tensor<32x64x3x3xf32>, %s: !winnow.selection<3x64, 16>, %t: !winnow.selection<3x32, 8>) {
  // expected-error @+1 {{dimension 0 of 'x' is 2, but the number of rows of 'outputs' is 3 (C3)}}
  %0 = winnow.conv2d %x, %w outputs(%t : !winnow.selection<3x32, 8>) : tensor<2x64x8x8xf32>, tensor<32x64x3x3xf32> -> tensor<2x8x6x6xf32>
  return
}

// -----

// conv2d, C4
func.func @f(%x: tensor<3x64x8x8xf32>, %w: tensor<32x64x3x3xf32>, %s: !winnow.selection<3x64, 16>, %t: !winnow.selection<3x32, 8>) {
  // expected-error @+1 {{dimension 1 of 'result' is 32, but the capacity of 'outputs' is 8 (C4)}}
  %0 = winnow.conv2d %x, %w outputs(%t : !winnow.selection<3x32, 8>) : tensor<3x64x8x8xf32>, tensor<32x64x3x3xf32> -> tensor<3x32x6x6xf32>
  return
}

// -----

// conv2d, C5
func.func @f(%x: tensor<3x64x8x8xf32>, %w: tensor<32x64x3x3xf32>, %s: !winnow.selection<3x64, 16>, %t: !winnow.selection<3x32, 8>) {
  // expected-error @+1 {{'result' has element type 'f16', but 'f32' is expected (C5)}}
  %0 = winnow.conv2d %x, %w : tensor<3x64x8x8xf32>, tensor<32x64x3x3xf32> -> tensor<3x32x6x6xf16>
  return
}

// -----

// conv2d, C6
func.func @f(%x: tensor<3x64x8x8xf32>, %w: tensor<32x64x3x3xf32>, %s: !winnow.selection<3x64, 16>, %t: !winnow.selection<3x32, 8>) {
  // expected-error @+1 {{strides has 1 numbers, but 2 are expected (C6)}}
  %0 = winnow.conv2d %x, %w {strides = array<i64: 1>} : tensor<3x64x8x8xf32>, tensor<32x64x3x3xf32> -> tensor<3x32x6x6xf32>
  return
}

// -----

// conv2d, C6
func.func @f(%x: tensor<3x64x8x8xf32>, %w: tensor<32x64x3x3xf32>, %s: !winnow.selection<3x64, 16>, %t: !winnow.selection<3x32, 8>) {
  // expected-error @+1 {{strides has 0, but at least 1 is expected (C6)}}
  %0 = winnow.conv2d %x, %w {strides = array<i64: 1, 0>} : tensor<3x64x8x8xf32>, tensor<32x64x3x3xf32> -> tensor<3x32x6x6xf32>
  return
}

// -----

// conv2d, C6
func.func @f(%x: tensor<3x64x8x8xf32>, %w: tensor<32x64x3x3xf32>, %s: !winnow.selection<3x64, 16>, %t: !winnow.selection<3x32, 8>) {
  // expected-error @+1 {{dilations has -1, but at least 1 is expected (C6)}}
  %0 = winnow.conv2d %x, %w {dilations = array<i64: -1, 1>} : tensor<3x64x8x8xf32>, tensor<32x64x3x3xf32> -> tensor<3x32x6x6xf32>
  return
}

// -----

// conv2d, C6
func.func @f(%x: tensor<3x64x8x8xf32>, %w: tensor<32x64x3x3xf32>, %s: !winnow.selection<3x64, 16>, %t: !winnow.selection<3x32, 8>) {
  // expected-error @+1 {{padding has 2 numbers, but 4 are expected (C6)}}
  %0 = winnow.conv2d %x, %w {padding = array<i64: 1, 1>} : tensor<3x64x8x8xf32>, tensor<32x64x3x3xf32> -> tensor<3x32x6x6xf32>
  return
}

// -----

// conv2d, C6
func.func @f(%x: tensor<3x64x8x8xf32>, %w: tensor<32x64x3x3xf32>, %s: !winnow.selection<3x64, 16>, %t: !winnow.selection<3x32, 8>) {
  // expected-error @+1 {{padding has -1, but at least 0 is expected (C6)}}
  %0 = winnow.conv2d %x, %w {padding = array<i64: 1, 1, -1, 1>} : tensor<3x64x8x8xf32>, tensor<32x64x3x3xf32> -> tensor<3x32x6x6xf32>
  return
}

// -----

// conv2d, C7
func.func @f(%x: tensor<3x64x8x8xf32>, %w: tensor<32x64x3x3xf32>, %s: !winnow.selection<3x64, 16>, %t: !winnow.selection<3x32, 8>) {
  // expected-error @+1 {{dimension 2 of 'result' is 8, but the extent that the window gives is 6 (C7)}}
  %0 = winnow.conv2d %x, %w : tensor<3x64x8x8xf32>, tensor<32x64x3x3xf32> -> tensor<3x32x8x6xf32>
  return
}

// -----

// conv2d, C7
func.func @f(%x: tensor<3x64x8x1xf32>, %w: tensor<32x64x3x5xf32>, %s: !winnow.selection<3x64, 16>, %t: !winnow.selection<3x32, 8>) {
  // expected-error @+1 {{the window exceeds dimension 3 of 'x' with its padding (C7)}}
  %0 = winnow.conv2d %x, %w : tensor<3x64x8x1xf32>, tensor<32x64x3x5xf32> -> tensor<3x32x6x0xf32>
  return
}
