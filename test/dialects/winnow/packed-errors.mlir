// One case for each constraint of packed types and of the operations on them.
// RUN: %winnow-opt %s --split-input-file --verify-diagnostics

// nm, C1
// expected-error @+1 {{the structure is 1:4, but only 2:4 is known (C1)}}
func.func private @f(!winnow.packed<64x64xf32, #winnow.nm<1:4>>)

// -----

// blocks, C1
// expected-error @+1 {{a block is 0x4, but its extents must be at least 1 (C1)}}
func.func private @f(!winnow.packed<64x64xf32, #winnow.blocks<0x4>>)

// -----

// blocks, C1
// expected-error @+1 {{the capacity is 0, but must be at least 1 (C1)}}
func.func private @f(!winnow.packed<64x64xf32, #winnow.blocks<4x4, 0>>)

// -----

// A block has two extents.
// expected-error @+1 {{a block has 2 extents, rows and columns, but found 3}}
func.func private @f(!winnow.packed<64x64xf32, #winnow.blocks<4x4x4>>)

// -----

// coo, C1
// expected-error @+1 {{the capacity is -3, but must be at least 1 (C1)}}
func.func private @f(!winnow.packed<64x64xf32, #winnow.coo<-3>>)

// -----

// A matrix has two extents.
// expected-error @+1 {{a packed matrix has 2 extents, rows and columns, but found 3}}
func.func private @f(!winnow.packed<2x64x64xf32, #winnow.coo>)

// -----

// packed, C1
// expected-error @+1 {{a packed matrix is 0x64, but its extents must be at least 1 (C1)}}
func.func private @f(!winnow.packed<0x64xf32, #winnow.coo>)

// -----

// packed, C2
// expected-error @+1 {{a packed matrix has element type 'f64', but one of f32, f16, bf16 and i8 was expected (C2)}}
func.func private @f(!winnow.packed<64x64xf64, #winnow.coo>)

// -----

// packed, C3
// expected-error @+1 {{a packed matrix has the structure 7 : i64, but one of #winnow.nm, #winnow.blocks and #winnow.coo was expected (C3)}}
func.func private @f(!winnow.packed<64x64xf32, 7>)

// -----

// packed, C4
// expected-error @+1 {{a packed matrix has 66 rows, but a multiple of its group of 4 was expected (C4)}}
func.func private @f(!winnow.packed<66x64xf32, #winnow.nm<2:4>>)

// -----

// packed, C5
// expected-error @+1 {{a packed matrix is 64x60, but multiples of its blocks of 16x16 were expected (C5)}}
func.func private @f(!winnow.packed<64x60xf32, #winnow.blocks<16x16>>)

// -----

// packed, C6
// expected-error @+1 {{the capacity is 9, but must be at most 8 (C6)}}
func.func private @f(!winnow.packed<64x32xf32, #winnow.blocks<16x16, 9>>)

// -----

// packed, C6
// expected-error @+1 {{a packed matrix is 65536x65536, but its entries must fit 31 bits (C6)}}
func.func private @f(!winnow.packed<65536x65536xf32, #winnow.coo<3>>)

// -----

// compress, C1
func.func @f(%w: tensor<64x32xf32>) {
  // expected-error @+1 {{'x' is 'tensor<64x32xf32>', but 'tensor<64x32xf16>' was expected (C1)}}
  %0 = winnow.compress %w : tensor<64x32xf32> -> !winnow.packed<64x32xf16, #winnow.nm<2:4>>
  return
}

// -----

// compress takes what has a static shape.
func.func @f(%w: tensor<?x32xf32>) {
  // expected-error @+1 {{operand #0 must be statically shaped tensor of}}
  %0 = winnow.compress %w : tensor<?x32xf32> -> !winnow.packed<64x32xf32, #winnow.nm<2:4>>
  return
}

// -----

// expand, C1
func.func @f(%w: !winnow.packed<64x32xf32, #winnow.coo>) {
  // expected-error @+1 {{'result' is 'tensor<32x64xf32>', but 'tensor<64x32xf32>' was expected (C1)}}
  %0 = winnow.expand %w : !winnow.packed<64x32xf32, #winnow.coo> -> tensor<32x64xf32>
  return
}

// -----

// packed.parts, C1
func.func @f(%w: !winnow.packed<64x32xf32, #winnow.nm<2:4>>) {
  // expected-error @+1 {{part 1 is 'tensor<1x32xi32>', but 'tensor<2x32xi32>' was expected (C1)}}
  %0:2 = winnow.packed.parts %w : !winnow.packed<64x32xf32, #winnow.nm<2:4>> -> tensor<32x32xf32>, tensor<1x32xi32>
  return
}

// -----

// packed.assemble, C1
func.func @f(%v: tensor<32x32xf32>) {
  // expected-error @+1 {{has 1 parts, but '!winnow.packed<64x32xf32, #winnow.nm<2:4>>' has 2 (C1)}}
  %0 = winnow.packed.assemble %v : tensor<32x32xf32> -> !winnow.packed<64x32xf32, #winnow.nm<2:4>>
  return
}

// -----

// packed.matmul, C1
func.func @f(%x: tensor<?x32xf32>, %w: !winnow.packed<64x32xf32, #winnow.coo>) {
  // expected-error @+1 {{dimension 1 of 'x' is 32, but the number of rows of 'weights' is 64 (C1)}}
  %0 = winnow.packed.matmul %x, %w : tensor<?x32xf32>, !winnow.packed<64x32xf32, #winnow.coo> -> tensor<?x32xf32>
  return
}

// -----

// packed.matmul, C2
func.func @f(%x: tensor<3x64xf32>, %w: !winnow.packed<64x32xf32, #winnow.coo>) {
  // expected-error @+1 {{dimension 0 of 'result' is 4, but dimension 0 of 'x' is 3 (C2)}}
  %0 = winnow.packed.matmul %x, %w : tensor<3x64xf32>, !winnow.packed<64x32xf32, #winnow.coo> -> tensor<4x32xf32>
  return
}

// -----

// packed.matmul, C2
func.func @f(%x: tensor<3x64xf32>, %w: !winnow.packed<64x32xf32, #winnow.coo>) {
  // expected-error @+1 {{dimension 1 of 'result' is 64, but the number of columns of 'weights' is 32 (C2)}}
  %0 = winnow.packed.matmul %x, %w : tensor<3x64xf32>, !winnow.packed<64x32xf32, #winnow.coo> -> tensor<3x64xf32>
  return
}

// -----

// packed.matmul, C3
func.func @f(%x: tensor<?x64xf16>, %w: !winnow.packed<64x32xf32, #winnow.coo>) {
  // expected-error @+1 {{'weights' has element type 'f32', but 'x' has 'f16' (C3)}}
  %0 = winnow.packed.matmul %x, %w : tensor<?x64xf16>, !winnow.packed<64x32xf32, #winnow.coo> -> tensor<?x32xf16>
  return
}

// -----

// packed.matmul, C3
func.func @f(%x: tensor<?x64xf16>, %w: !winnow.packed<64x32xf16, #winnow.coo>) {
  // expected-error @+1 {{'result' has element type 'bf16', but 'f16' is expected (C3)}}
  %0 = winnow.packed.matmul %x, %w : tensor<?x64xf16>, !winnow.packed<64x32xf16, #winnow.coo> -> tensor<?x32xbf16>
  return
}
