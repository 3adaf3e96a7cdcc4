// One case for each constraint of the operations on sparse codes.
// RUN: %winnow-opt %s --split-input-file --verify-diagnostics

// sparse_encode, C1
func.func @f(%x: tensor<5x16xf32>, %d: tensor<64x8xf32>) {
  // expected-error @+1 {{dimension 1 of 'dictionary' is 8, but dimension 1 of 'vectors' is 16 (C1)}}
  %i, %c = winnow.sparse_encode %x, %d, atoms 2 : tensor<5x16xf32>, tensor<64x8xf32> -> tensor<5x2xi32>, tensor<5x2xf32>
  return
}

// -----

// sparse_encode, C2
func.func @f(%x: tensor<5x16xf32>, %d: tensor<64x16xf32>) {
  // expected-error @+1 {{atoms is 0, but must be from 1 to 32 (C2)}}
  %i, %c = winnow.sparse_encode %x, %d, atoms 0 : tensor<5x16xf32>, tensor<64x16xf32> -> tensor<5x0xi32>, tensor<5x0xf32>
  return
}

// -----

// sparse_encode, C2
func.func @f(%x: tensor<5x16xf32>, %d: tensor<64x16xf32>) {
  // expected-error @+1 {{atoms is 33, but must be from 1 to 32 (C2)}}
  %i, %c = winnow.sparse_encode %x, %d, atoms 33 : tensor<5x16xf32>, tensor<64x16xf32> -> tensor<5x33xi32>, tensor<5x33xf32>
  return
}

// -----

// sparse_encode, C3
func.func @f(%x: tensor<5x16xf32>, %d: tensor<64x16xf32>) {
  // expected-error @+1 {{but must be from 0 to below 1 (C3)}}
  %i, %c = winnow.sparse_encode %x, %d, atoms 2 {tolerance = 1.0 : f32} : tensor<5x16xf32>, tensor<64x16xf32> -> tensor<5x2xi32>, tensor<5x2xf32>
  return
}

// -----

// sparse_encode, C3
func.func @f(%x: tensor<5x16xf32>, %d: tensor<64x16xf32>) {
  // expected-error @+1 {{but must be from 0 to below 1 (C3)}}
  %i, %c = winnow.sparse_encode %x, %d, atoms 2 {tolerance = -0.5 : f32} : tensor<5x16xf32>, tensor<64x16xf32> -> tensor<5x2xi32>, tensor<5x2xf32>
  return
}

// -----

// sparse_encode, C3: NaN
func.func @f(%x: tensor<5x16xf32>, %d: tensor<64x16xf32>) {
  // expected-error @+1 {{but must be from 0 to below 1 (C3)}}
  %i, %c = winnow.sparse_encode %x, %d, atoms 2 {tolerance = 0x7FC00000 : f32} : tensor<5x16xf32>, tensor<64x16xf32> -> tensor<5x2xi32>, tensor<5x2xf32>
  return
}

// -----

// sparse_encode, C4
func.func @f(%x: tensor<5x16xf32>, %d: tensor<64x16xf32>) {
  // expected-error @+1 {{dimension 0 of 'indices' is 4, but dimension 0 of 'vectors' is 5 (C4)}}
  %i, %c = winnow.sparse_encode %x, %d, atoms 2 : tensor<5x16xf32>, tensor<64x16xf32> -> tensor<4x2xi32>, tensor<5x2xf32>
  return
}

// -----

// sparse_encode, C4
func.func @f(%x: tensor<5x16xf32>, %d: tensor<64x16xf32>) {
  // expected-error @+1 {{dimension 1 of 'coefficients' is 3, but 'atoms' is 2 (C4)}}
  %i, %c = winnow.sparse_encode %x, %d, atoms 2 : tensor<5x16xf32>, tensor<64x16xf32> -> tensor<5x2xi32>, tensor<5x3xf32>
  return
}

// -----

// sparse_encode, element types
func.func @f(%x: tensor<5x16xf32>, %d: tensor<64x16xf16>) {
  // expected-error @+1 {{failed to verify that all of {vectors, dictionary, coefficients} have same element type}}
  %i, %c = winnow.sparse_encode %x, %d, atoms 2 : tensor<5x16xf32>, tensor<64x16xf16> -> tensor<5x2xi32>, tensor<5x2xf32>
  return
}

// -----

// sparse_decode, C1
func.func @f(%i: tensor<5x2xi32>, %c: tensor<5x3xf32>, %d: tensor<64x16xf32>) {
  // expected-error @+1 {{dimension 1 of 'coefficients' is 3, but dimension 1 of 'indices' is 2 (C1)}}
  %y = winnow.sparse_decode %i, %c, %d : tensor<5x2xi32>, tensor<5x3xf32>, tensor<64x16xf32> -> tensor<5x16xf32>
  return
}

// -----

// sparse_decode, C2
func.func @f(%i: tensor<5x2xi32>, %c: tensor<5x2xf32>, %d: tensor<64x16xf32>) {
  // expected-error @+1 {{dimension 0 of 'result' is 6, but dimension 0 of 'indices' is 5 (C2)}}
  %y = winnow.sparse_decode %i, %c, %d : tensor<5x2xi32>, tensor<5x2xf32>, tensor<64x16xf32> -> tensor<6x16xf32>
  return
}

// -----

// sparse_decode, C2
func.func @f(%i: tensor<5x2xi32>, %c: tensor<5x2xf32>, %d: tensor<64x16xf32>) {
  // expected-error @+1 {{dimension 1 of 'result' is 8, but dimension 1 of 'dictionary' is 16 (C2)}}
  %y = winnow.sparse_decode %i, %c, %d : tensor<5x2xi32>, tensor<5x2xf32>, tensor<64x16xf32> -> tensor<5x8xf32>
  return
}
