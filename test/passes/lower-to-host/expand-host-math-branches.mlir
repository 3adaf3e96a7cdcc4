// Angles and quotients too large for the short way take a branch when any lane needs it: a vector of ordinary
// numbers does not pay for them, and scalars branch on themselves.
// RUN: %winnow-opt %s --winnow-expand-host-math | FileCheck %s

// CHECK-LABEL: @sine
// CHECK:         %[[ANY:.+]] = vector.reduction <or>, %{{.+}} : vector<8xi1> into i1
// CHECK:         scf.if %[[ANY]] -> (vector<8xi32>, vector<8xf32>)
// CHECK:           arith.extf %{{.+}} : vector<8xf32> to vector<8xf64>
func.func @sine(%x: vector<8xf32>) -> vector<8xf32> {
  %0 = math.sin %x : vector<8xf32>
  return %0 : vector<8xf32>
}

// CHECK-LABEL: @remainder
// CHECK:         scf.if %{{.+}} -> (f64)
// CHECK-NOT:     arith.remf
func.func @remainder(%x: f32, %y: f32) -> f32 {
  %0 = arith.remf %x, %y : f32
  return %0 : f32
}

// The long division of f64 has as many steps as the lane that needs most.
// CHECK-LABEL: @wide_remainder
// CHECK:         scf.while
// CHECK:           vector.reduction <or>
// CHECK:           arith.remui
// CHECK-NOT:     arith.remf
func.func @wide_remainder(%x: vector<4xf64>, %y: vector<4xf64>) -> vector<4xf64> {
  %0 = arith.remf %x, %y : vector<4xf64>
  return %0 : vector<4xf64>
}

// All lanes of a vector of rank 2 are asked at once.
// CHECK-LABEL: @rows
// CHECK:         vector.shape_cast %{{.+}} : vector<2x4xi1> to vector<8xi1>
// CHECK-NOT:     arith.remf
func.func @rows(%x: vector<2x4xf32>) -> vector<2x4xf32> {
  %0 = arith.remf %x, %x : vector<2x4xf32>
  return %0 : vector<2x4xf32>
}

// A known exponent is a product; a half is a root, of -inf and -0 too.
// CHECK-LABEL: @known_exponents
// CHECK-COUNT-2: arith.mulf
// CHECK-NOT:     arith.mulf
// CHECK:         arith.select
// CHECK-NEXT:    arith.addf
// CHECK-NEXT:    math.sqrt
// CHECK-NEXT:    return
func.func @known_exponents(%x: vector<8xf32>) -> vector<8xf32> {
  %four = arith.constant dense<4.0> : vector<8xf32>
  %half = arith.constant dense<0.5> : vector<8xf32>
  %0 = math.powf %x, %four : vector<8xf32>
  %1 = math.powf %0, %half : vector<8xf32>
  return %1 : vector<8xf32>
}
