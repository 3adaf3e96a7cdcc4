// One case for each constraint of gather, scatter, gates and quantization.
// RUN: %winnow-opt %s --split-input-file --verify-diagnostics

// gather, C1
func.func @f(%x: tensor<3xf32>, %s: !winnow.selection<3x64, 16>) {
  // expected-error @+1 {{'source' has rank 1, but at least 2 is expected (C1)}}
  %0 = winnow.gather %x, %s : tensor<3xf32>, !winnow.selection<3x64, 16> -> tensor<3x16xf32>
  return
}

// -----

// gather, C1
func.func @f(%x: tensor<2x64xf32>, %s: !winnow.selection<3x64, 16>) {
  // expected-error @+1 {{dimension 0 of 'source' is 2, but the selection's number of rows is 3 (C1)}}
  %0 = winnow.gather %x, %s : tensor<2x64xf32>, !winnow.selection<3x64, 16> -> tensor<2x16xf32>
  return
}

// -----

// gather, C1
func.func @f(%x: tensor<3x32xf32>, %s: !winnow.selection<3x64, 16>) {
  // expected-error @+1 {{dimension 1 of 'source' is 32, but the selection's universe is 64 (C1)}}
  %0 = winnow.gather %x, %s : tensor<3x32xf32>, !winnow.selection<3x64, 16> -> tensor<3x16xf32>
  return
}

// -----

// gather, C1: a shared table has no rows
func.func @f(%x: tensor<3x64xf32>, %s: !winnow.selection<3x64, 16>) {
  // expected-error @+1 {{dimension 0 of 'source' is 3, but the selection's universe is 64 (C1)}}
  %0 = winnow.gather %x, %s shared : tensor<3x64xf32>, !winnow.selection<3x64, 16> -> tensor<3x16x64xf32>
  return
}

// -----

// gather, C2
func.func @f(%x: tensor<3x64x8xf32>, %s: !winnow.selection<3x64, 16>) {
  // expected-error @+1 {{'result' has rank 2, but 3 is expected (C2)}}
  %0 = winnow.gather %x, %s : tensor<3x64x8xf32>, !winnow.selection<3x64, 16> -> tensor<3x16xf32>
  return
}

// -----

// gather, C2
func.func @f(%x: tensor<3x64x8xf32>, %s: !winnow.selection<3x64, 16>) {
  // expected-error @+1 {{dimension 1 of 'result' is 64, but the selection's capacity is 16 (C2)}}
  %0 = winnow.gather %x, %s : tensor<3x64x8xf32>, !winnow.selection<3x64, 16> -> tensor<3x64x8xf32>
  return
}

// -----

// gather, C2
func.func @f(%x: tensor<3x64x8xf32>, %s: !winnow.selection<3x64, 16>) {
  // expected-error @+1 {{dimension 2 of 'result' is 9, but dimension 2 of 'source' is 8 (C2)}}
  %0 = winnow.gather %x, %s : tensor<3x64x8xf32>, !winnow.selection<3x64, 16> -> tensor<3x16x9xf32>
  return
}

// -----

// gather: one element type
func.func @f(%x: tensor<3x64xf32>, %s: !winnow.selection<3x64, 16>) {
  // expected-error @+1 {{failed to verify that all of {source, result} have same element type}}
  %0 = winnow.gather %x, %s : tensor<3x64xf32>, !winnow.selection<3x64, 16> -> tensor<3x16xf16>
  return
}

// -----

// scatter, C1
func.func @f(%x: tensor<3x64xf32>, %s: !winnow.selection<3x64, 16>) {
  // expected-error @+1 {{dimension 1 of 'source' is 64, but the selection's capacity is 16 (C1)}}
  %0 = winnow.scatter %x, %s : tensor<3x64xf32>, !winnow.selection<3x64, 16> -> tensor<3x64xf32>
  return
}

// -----

// scatter, C1
func.func @f(%x: tensor<2x16xf32>, %s: !winnow.selection<3x64, 16>) {
  // expected-error @+1 {{dimension 0 of 'source' is 2, but the selection's number of rows is 3 (C1)}}
  %0 = winnow.scatter %x, %s : tensor<2x16xf32>, !winnow.selection<3x64, 16> -> tensor<3x64xf32>
  return
}

// -----

// scatter, C1
func.func @f(%x: tensor<3xf32>, %s: !winnow.selection<3x64, 16>) {
  // expected-error @+1 {{'source' has rank 1, but at least 2 is expected (C1)}}
  %0 = winnow.scatter %x, %s : tensor<3xf32>, !winnow.selection<3x64, 16> -> tensor<3x64xf32>
  return
}

// -----

// scatter, C2
func.func @f(%x: tensor<3x16xf32>, %s: !winnow.selection<3x64, 16>) {
  // expected-error @+1 {{dimension 1 of 'result' is 16, but the selection's universe is 64 (C2)}}
  %0 = winnow.scatter %x, %s : tensor<3x16xf32>, !winnow.selection<3x64, 16> -> tensor<3x16xf32>
  return
}

// -----

// channel_gate, C1
func.func @f(%x: tensor<3xf32>, %g: tensor<3x4xf32>) {
  // expected-error @+1 {{'x' has rank 1, but at least 2 is expected (C1)}}
  %0 = winnow.channel_gate %x, %g : tensor<3xf32>, tensor<3x4xf32>
  return
}

// -----

// channel_gate, C2
func.func @f(%x: tensor<3x4x8xf32>, %g: tensor<3x5xf32>) {
  // expected-error @+1 {{dimension 1 of 'gate' is 5, but dimension 1 of 'x' is 4 (C2)}}
  %0 = winnow.channel_gate %x, %g : tensor<3x4x8xf32>, tensor<3x5xf32>
  return
}

// -----

// quantize, C1
func.func @f(%x: tensor<3xf32>) {
  // expected-error @+1 {{'x' has rank 1, but at least 2 is expected (C1)}}
  %0, %1 = winnow.quantize %x : tensor<3xf32> -> tensor<3xi8>, tensor<3xf32>
  return
}

// -----

// quantize, C1
func.func @f(%x: tensor<3x4xf16>) {
  // expected-error @+1 {{operand #0 must be ranked tensor of 32-bit float values}}
  %0, %1 = winnow.quantize %x : tensor<3x4xf16> -> tensor<3x4xi8>, tensor<3xf32>
  return
}

// -----

// quantize, C1
func.func @f(%x: tensor<3x4xf32>) {
  // expected-error @+1 {{'values' has rank 3, but 'x' has rank 2 (C1)}}
  %0, %1 = winnow.quantize %x : tensor<3x4xf32> -> tensor<3x4x1xi8>, tensor<3xf32>
  return
}

// -----

// quantize, C1
func.func @f(%x: tensor<3x4xf32>) {
  // expected-error @+1 {{dimension 1 of 'values' is 5, but dimension 1 of 'x' is 4 (C1)}}
  %0, %1 = winnow.quantize %x : tensor<3x4xf32> -> tensor<3x5xi8>, tensor<3xf32>
  return
}

// -----

// quantize, C2
func.func @f(%x: tensor<3x4xf32>) {
  // expected-error @+1 {{dimension 0 of 'scale' is 4, but dimension 0 of 'x' is 3 (C2)}}
  %0, %1 = winnow.quantize %x : tensor<3x4xf32> -> tensor<3x4xi8>, tensor<4xf32>
  return
}

// -----

// quantize, C3
func.func @f(%x: tensor<3x64xf32>, %s: !winnow.selection<3x64, 16>) {
  // expected-error @+1 {{dimension 1 of 'x' is 64, but the selection's capacity is 16 (C3)}}
  %0, %1 = winnow.quantize %x active(%s : !winnow.selection<3x64, 16>) : tensor<3x64xf32> -> tensor<3x64xi8>, tensor<3xf32>
  return
}

// -----

// quantize, C3
func.func @f(%x: tensor<2x16xf32>, %s: !winnow.selection<3x64, 16>) {
  // expected-error @+1 {{dimension 0 of 'x' is 2, but the selection's number of rows is 3 (C3)}}
  %0, %1 = winnow.quantize %x active(%s : !winnow.selection<3x64, 16>) : tensor<2x16xf32> -> tensor<2x16xi8>, tensor<2xf32>
  return
}

// -----

// The precision is of its own kind.
func.func @f(%x: tensor<3x4xf32>, %g: tensor<3x4xf32>) {
  // expected-error @+1 {{attribute 'winnow.precision' is "i8", but must be a #winnow.precision}}
  %0 = winnow.channel_gate %x, %g {winnow.precision = "i8"} : tensor<3x4xf32>, tensor<3x4xf32>
  return
}
