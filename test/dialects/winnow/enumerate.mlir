// The enumeration of a mask: its form, and one case for each constraint.
// RUN: %winnow-opt %s --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func.func @static
// CHECK: winnow.selection.enumerate %{{.*}} : tensor<?x64xi1> -> tensor<?x16xi32>, tensor<?xi32>
func.func @static(%m: tensor<?x64xi1>) -> (tensor<?x16xi32>, tensor<?xi32>) {
  %i, %c = winnow.selection.enumerate %m : tensor<?x64xi1> -> tensor<?x16xi32>, tensor<?xi32>
  return %i, %c : tensor<?x16xi32>, tensor<?xi32>
}

// CHECK-LABEL: func.func @dynamic
// CHECK: winnow.selection.enumerate %{{.*}} : tensor<3x?xi1> -> tensor<3x?xi32>, tensor<3xi32>
func.func @dynamic(%m: tensor<3x?xi1>) -> (tensor<3x?xi32>, tensor<3xi32>) {
  %i, %c = winnow.selection.enumerate %m : tensor<3x?xi1> -> tensor<3x?xi32>, tensor<3xi32>
  return %i, %c : tensor<3x?xi32>, tensor<3xi32>
}

// A capacity that neither the type nor the mask tells.
// CHECK-LABEL: func.func @given
// CHECK: winnow.selection.enumerate %{{.*}} capacity(%{{.*}}) : tensor<3x64xi1> -> tensor<3x?xi32>, tensor<3xi32>
func.func @given(%m: tensor<3x64xi1>, %k: index) -> (tensor<3x?xi32>, tensor<3xi32>) {
  %i, %c = winnow.selection.enumerate %m capacity(%k) : tensor<3x64xi1> -> tensor<3x?xi32>, tensor<3xi32>
  return %i, %c : tensor<3x?xi32>, tensor<3xi32>
}

// -----

// C3
func.func @told(%m: tensor<3x64xi1>, %k: index) {
  // expected-error @+1 {{has an operand 'capacity', but dimension 1 of indices is 16 (C3)}}
  %i, %c = winnow.selection.enumerate %m capacity(%k) : tensor<3x64xi1> -> tensor<3x16xi32>, tensor<3xi32>
  return
}

// -----

// C1
func.func @rows(%m: tensor<3x64xi1>) {
  // expected-error @+1 {{(C1)}}
  %i, %c = winnow.selection.enumerate %m : tensor<3x64xi1> -> tensor<4x16xi32>, tensor<3xi32>
  return
}

// -----

// C1
func.func @counts(%m: tensor<3x64xi1>) {
  // expected-error @+1 {{(C1)}}
  %i, %c = winnow.selection.enumerate %m : tensor<3x64xi1> -> tensor<3x16xi32>, tensor<4xi32>
  return
}

// -----

// C2
func.func @capacity(%m: tensor<3x64xi1>) {
  // expected-error @+1 {{(C2)}}
  %i, %c = winnow.selection.enumerate %m : tensor<3x64xi1> -> tensor<3x?xi32>, tensor<3xi32>
  return
}

// -----

// The mask is a mask.
func.func @mask(%m: tensor<3x64xi8>) {
  // expected-error @+1 {{operand #0 must be 2D tensor of 1-bit signless integer values}}
  %i, %c = winnow.selection.enumerate %m : tensor<3x64xi8> -> tensor<3x16xi32>, tensor<3xi32>
  return
}
