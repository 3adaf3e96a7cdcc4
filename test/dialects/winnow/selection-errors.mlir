// One case for each constraint of the selection type and of the operations on selections.
// RUN: %winnow-opt %s --split-input-file --verify-diagnostics

// C2
// expected-error @+1 {{a selection's capacity is 65, but must be at most its universe 64 (C2)}}
func.func private @f(!winnow.selection<?x64, 65>)

// -----

// A selection has rows and a universe.
// expected-error @+1 {{a selection has 2 extents, rows and universe, but found 3}}
func.func private @f(!winnow.selection<2x3x4, 1>)

// -----

// A form that is unknown.
// expected-error @+1 {{expected one of [rows, columns, bitmap]}}
func.func private @f(!winnow.selection<2x3, 1, diagonals>)

// -----

// C1
// expected-error @+1 {{a selection's extent is -5, but must not be negative (C1)}}
func.func private @f(!winnow.selection<2x3, -5>)

// -----

// from_mask, C1
func.func @f(%x: tensor<?x64xf32>) {
  // expected-error @+1 {{operand #0 must be 2D tensor of 1-bit signless integer values}}
  %0 = winnow.selection.from_mask %x : tensor<?x64xf32> -> !winnow.selection<?x64, 64>
  return
}

// -----

// from_mask, C2
func.func @f(%x: tensor<3x64xi1>) {
  // expected-error @+1 {{dimension 0 of 'mask' is 3, but the result's number of rows is 4 (C2)}}
  %0 = winnow.selection.from_mask %x : tensor<3x64xi1> -> !winnow.selection<4x64, 64>
  return
}

// -----

// from_mask, C3
func.func @f(%x: tensor<3x64xi1>) {
  // expected-error @+1 {{the result's capacity differs from its universe in '!winnow.selection<3x64, ?>' (C3)}}
  %0 = winnow.selection.from_mask %x : tensor<3x64xi1> -> !winnow.selection<3x64, ?>
  return
}

// -----

// to_mask, C1
func.func @f(%s: !winnow.selection<3x64, 16>) {
  // expected-error @+1 {{dimension 0 of 'result' is 4, but the selection's number of rows is 3 (C1)}}
  %0 = winnow.selection.to_mask %s : !winnow.selection<3x64, 16> -> tensor<4x64xi1>
  return
}

// -----

// to_mask, C1
func.func @f(%s: !winnow.selection<3x64, 16>) {
  // expected-error @+1 {{dimension 1 of 'result' is 16, but the selection's universe is 64 (C1)}}
  %0 = winnow.selection.to_mask %s : !winnow.selection<3x64, 16> -> tensor<3x16xi1>
  return
}

// -----

// indices, C1
func.func @f(%s: !winnow.selection<3x64, 16>) {
  // expected-error @+1 {{dimension 0 of 'result' is 4, but the selection's number of rows is 3 (C1)}}
  %0 = winnow.selection.indices %s : !winnow.selection<3x64, 16> -> tensor<4x16xi32>
  return
}

// -----

// indices, C1
func.func @f(%s: !winnow.selection<3x64, 16>) {
  // expected-error @+1 {{dimension 1 of 'result' is 64, but the selection's capacity is 16 (C1)}}
  %0 = winnow.selection.indices %s : !winnow.selection<3x64, 16> -> tensor<3x64xi32>
  return
}

// -----

// positions, C1
func.func @f(%s: !winnow.selection<3x64, 16>) {
  // expected-error @+1 {{dimension 0 of 'result' is 4, but the selection's number of rows is 3 (C1)}}
  %0 = winnow.selection.positions %s : !winnow.selection<3x64, 16> -> tensor<4x64xi32>
  return
}

// -----

// positions, C1
func.func @f(%s: !winnow.selection<3x64, 16>) {
  // expected-error @+1 {{dimension 1 of 'result' is 16, but the selection's universe is 64 (C1)}}
  %0 = winnow.selection.positions %s : !winnow.selection<3x64, 16> -> tensor<3x16xi32>
  return
}

// -----

// counts, C1
func.func @f(%s: !winnow.selection<3x64, 16>) {
  // expected-error @+1 {{dimension 0 of 'result' is 4, but the selection's number of rows is 3 (C1)}}
  %0 = winnow.selection.counts %s : !winnow.selection<3x64, 16> -> tensor<4xi32>
  return
}

// -----

// assemble, C1
func.func @f(%i: tensor<3x8xi32>, %c: tensor<3xi32>) {
  // expected-error @+1 {{dimension 1 of 'indices' is 8, but the result's capacity is 16 (C1)}}
  %0 = winnow.selection.assemble %i, %c : tensor<3x8xi32>, tensor<3xi32> -> !winnow.selection<3x64, 16>
  return
}

// -----

// assemble, C1
func.func @f(%i: tensor<2x16xi32>, %c: tensor<3xi32>) {
  // expected-error @+1 {{dimension 0 of 'indices' is 2, but the result's number of rows is 3 (C1)}}
  %0 = winnow.selection.assemble %i, %c : tensor<2x16xi32>, tensor<3xi32> -> !winnow.selection<3x64, 16>
  return
}

// -----

// assemble, C2
func.func @f(%i: tensor<3x16xi32>, %c: tensor<2xi32>) {
  // expected-error @+1 {{dimension 0 of 'counts' is 2, but the result's number of rows is 3 (C2)}}
  %0 = winnow.selection.assemble %i, %c : tensor<3x16xi32>, tensor<2xi32> -> !winnow.selection<3x64, 16>
  return
}

// -----

// assemble, C3
func.func @f(%i: tensor<3x16xi32>, %c: tensor<3xi32>) {
  // expected-error @+1 {{needs the operand 'universe', since '!winnow.selection<3x?, 16>' does not tell it (C3)}}
  %0 = winnow.selection.assemble %i, %c : tensor<3x16xi32>, tensor<3xi32> -> !winnow.selection<3x?, 16>
  return
}

// -----

// assemble, C3
func.func @f(%i: tensor<3x16xi32>, %c: tensor<3xi32>, %n: index) {
  // expected-error @+1 {{has an operand 'universe', but '!winnow.selection<3x64, 16>' tells it already (C3)}}
  %0 = winnow.selection.assemble %i, %c universe(%n) : tensor<3x16xi32>, tensor<3xi32> -> !winnow.selection<3x64, 16>
  return
}
