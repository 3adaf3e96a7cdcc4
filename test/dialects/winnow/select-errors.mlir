// One case for each constraint of the operations that select.
// RUN: %winnow-opt %s --split-input-file --verify-diagnostics

// C1
func.func @f(%x: tensor<4xf32>) {
  // expected-error @+1 {{'winnow.select.topk' op operand #0 must be 2D tensor of floating-point values}}
  %0 = winnow.select.topk %x, k = 2 : tensor<4xf32> -> !winnow.selection<4x4, 2>
  return
}

// -----

// C2
func.func @f(%x: tensor<?x64xf32>) {
  // expected-error @+1 {{k is 0, but must be at least 1 (C2)}}
  %0 = winnow.select.topk %x, k = 0 : tensor<?x64xf32> -> !winnow.selection<?x64, 0>
  return
}

// -----

// C3
func.func @f(%x: tensor<4x64xf32>) {
  // expected-error @+1 {{dimension 0 of 'scores' is 4, but the result's number of rows is 5 (C3)}}
  %0 = winnow.select.topk %x, k = 2 : tensor<4x64xf32> -> !winnow.selection<5x64, 2>
  return
}

// -----

// C3
func.func @f(%x: tensor<4x64xf32>) {
  // expected-error @+1 {{dimension 1 of 'scores' is 64, but the result's universe is 32 (C3)}}
  %0 = winnow.select.topk %x, k = 2 : tensor<4x64xf32> -> !winnow.selection<4x32, 2>
  return
}

// -----

// C4
func.func @f(%x: tensor<?x64xf32>) {
  // expected-error @+1 {{the result's capacity must be 64 in '!winnow.selection<?x64, 16>' (C4)}}
  %0 = winnow.select.topk %x, k = 99 : tensor<?x64xf32> -> !winnow.selection<?x64, 16>
  return
}

// -----

// C4
func.func @f(%x: tensor<?x?xf32>) {
  // expected-error @+1 {{the result's capacity must be 9 in '!winnow.selection<?x?, ?>' (C4)}}
  %0 = winnow.select.topk %x, k = 9 : tensor<?x?xf32> -> !winnow.selection<?x?, ?>
  return
}

// -----

// threshold, C1
func.func @f(%x: tensor<?x64xi32>) {
  // expected-error @+1 {{'winnow.select.threshold' op operand #0 must be 2D tensor of floating-point values}}
  %0 = winnow.select.threshold %x, gt 0.5 : tensor<?x64xi32> -> !winnow.selection<?x64, 64>
  return
}

// -----

// threshold, C2
func.func @f(%x: tensor<?x64xf32>) {
  // expected-error @+1 {{threshold is not a number (C2)}}
  %0 = winnow.select.threshold %x, gt 0x7FF8000000000000 : tensor<?x64xf32> -> !winnow.selection<?x64, 64>
  return
}

// -----

// threshold, C3
func.func @f(%x: tensor<?x64xf32>) {
  // expected-error @+1 {{dimension 1 of 'scores' is 64, but the result's universe is 32 (C3)}}
  %0 = winnow.select.threshold %x, gt 0.5 : tensor<?x64xf32> -> !winnow.selection<?x32, 32>
  return
}

// -----

// threshold, C4
func.func @f(%x: tensor<?x64xf32>) {
  // expected-error @+1 {{the result's capacity differs from its universe in '!winnow.selection<?x64, 16>' (C4)}}
  %0 = winnow.select.threshold %x, gt 0.5 : tensor<?x64xf32> -> !winnow.selection<?x64, 16>
  return
}

// -----

// An unknown comparison.
func.func @f(%x: tensor<?x64xf32>) {
  // expected-error @+1 {{one of the following enum values for attribute 'comparison' [gt, ge]}}
  %0 = winnow.select.threshold %x, lt 0.5 : tensor<?x64xf32> -> !winnow.selection<?x64, 64>
  return
}

// -----

// blocks, C1
func.func @f(%q: tensor<2x3x8xf32>, %k: tensor<2x5x8xf16>) {
  // expected-error @+1 {{'keys' has element type 'f16', but 'queries' has 'f32' (C1)}}
  %0 = winnow.select.blocks %q, %k, k = 2 : tensor<2x3x8xf32>, tensor<2x5x8xf16> -> !winnow.selection<6x5, 2>
  return
}

// -----

// blocks, C2
func.func @f(%q: tensor<2x3x8xf32>, %k: tensor<2x5x8xf32>) {
  // expected-error @+1 {{k is 0, but must be at least 1 (C2)}}
  %0 = winnow.select.blocks %q, %k, k = 0 : tensor<2x3x8xf32>, tensor<2x5x8xf32> -> !winnow.selection<6x5, 0>
  return
}

// -----

// blocks, C3
func.func @f(%q: tensor<2x3x8xf32>, %k: tensor<1x5x8xf32>) {
  // expected-error @+1 {{dimension 0 of 'keys' is 1, but dimension 0 of 'queries' is 2 (C3)}}
  %0 = winnow.select.blocks %q, %k, k = 2 : tensor<2x3x8xf32>, tensor<1x5x8xf32> -> !winnow.selection<6x5, 2>
  return
}

// -----

// blocks, C3
func.func @f(%q: tensor<2x3x8xf32>, %k: tensor<2x5x4xf32>) {
  // expected-error @+1 {{dimension 2 of 'keys' is 4, but dimension 2 of 'queries' is 8 (C3)}}
  %0 = winnow.select.blocks %q, %k, k = 2 : tensor<2x3x8xf32>, tensor<2x5x4xf32> -> !winnow.selection<6x5, 2>
  return
}

// -----

// blocks, C4
func.func @f(%q: tensor<2x3x8xf32>, %k: tensor<2x5x8xf32>) {
  // expected-error @+1 {{the result's number of rows is 5, but the number of query blocks is 6 (C4)}}
  %0 = winnow.select.blocks %q, %k, k = 2 : tensor<2x3x8xf32>, tensor<2x5x8xf32> -> !winnow.selection<5x5, 2>
  return
}

// -----

// blocks, C4
func.func @f(%q: tensor<2x3x8xf32>, %k: tensor<2x5x8xf32>) {
  // expected-error @+1 {{dimension 1 of 'keys' is 5, but the result's universe is 6 (C4)}}
  %0 = winnow.select.blocks %q, %k, k = 2 : tensor<2x3x8xf32>, tensor<2x5x8xf32> -> !winnow.selection<6x6, 2>
  return
}

// -----

// blocks, C5
func.func @f(%q: tensor<2x3x8xf32>, %k: tensor<2x5x8xf32>) {
  // expected-error @+1 {{the result's capacity must be 5 in '!winnow.selection<6x5, 4>' (C5)}}
  %0 = winnow.select.blocks %q, %k, k = 9 : tensor<2x3x8xf32>, tensor<2x5x8xf32> -> !winnow.selection<6x5, 4>
  return
}
