// One case for each constraint of normalizations.
// RUN: %winnow-opt %s --split-input-file --verify-diagnostics

// C1: rank
func.func @f(%x: tensor<f32>) {
  // expected-error @+1 {{'x' has rank 0, but at least 1 is expected (C1)}}
  %0 = winnow.normalize %x epsilon 0.0 : tensor<f32>
  return
}

// -----

// C1: known
func.func @f(%x: tensor<4x?xf32>) {
  // expected-error @+1 {{the last dimension of 'x', of type 'tensor<4x?xf32>', must be known and at least 1 (C1)}}
  %0 = winnow.normalize %x epsilon 0.0 : tensor<4x?xf32>
  return
}

// -----

// C1: not empty
func.func @f(%x: tensor<4x0xf32>) {
  // expected-error @+1 {{the last dimension of 'x', of type 'tensor<4x0xf32>', must be known and at least 1 (C1)}}
  %0 = winnow.normalize %x epsilon 0.0 : tensor<4x0xf32>
  return
}

// -----

// C2: scale
func.func @f(%x: tensor<4x8xf32>, %g: tensor<4xf32>) {
  // expected-error @+1 {{'scale' is of type 'tensor<4xf32>', but the last dimension of 'x' is 8 (C2)}}
  %0 = winnow.normalize %x scale(%g : tensor<4xf32>) epsilon 0.0 : tensor<4x8xf32>
  return
}

// -----

// C2: bias, of a size that is not known
func.func @f(%x: tensor<4x8xf32>, %b: tensor<?xf32>) {
  // expected-error @+1 {{'bias' is of type 'tensor<?xf32>', but the last dimension of 'x' is 8 (C2)}}
  %0 = winnow.normalize %x bias(%b : tensor<?xf32>) epsilon 0.0 : tensor<4x8xf32>
  return
}

// -----

// C3
func.func @f(%x: tensor<4x8xf16>, %g: tensor<8xf32>) {
  // expected-error @+1 {{'scale' has element type 'f32', but 'x' has 'f16' (C3)}}
  %0 = winnow.normalize %x scale(%g : tensor<8xf32>) epsilon 0.0 : tensor<4x8xf16>
  return
}

// -----

// C4: negative
func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{epsilon is -1.000000e+00, but must be finite and not negative (C4)}}
  %0 = winnow.normalize %x epsilon -1.0 : tensor<4x8xf32>
  return
}

// -----

// C4: infinite
func.func @f(%x: tensor<4x8xf32>) {
  // expected-error @+1 {{epsilon is INF, but must be finite and not negative (C4)}}
  %0 = winnow.normalize %x epsilon 0x7F800000 : tensor<4x8xf32>
  return
}
