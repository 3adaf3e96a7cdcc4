// Why: PTX has few functions as instructions and LLVM aborts on the others, so none may be left over. The
// numbers are tested in test/unit/target-ptx.
// RUN: %winnow-opt %s --pass-pipeline='builtin.module(func.func(winnow-expand-ptx-math))' | FileCheck %s

// CHECK-LABEL: func.func @exp
// CHECK-NOT:     math.exp %
// CHECK-DAG:     math.roundeven
// CHECK:         math.exp2
// CHECK:         return
func.func @exp(%x: f32) -> f32 {
  %y = math.exp %x : f32
  return %y : f32
}

// Half precision is computed in f32.
// CHECK-LABEL: func.func @half
// CHECK:         arith.extf %{{.*}} : f16 to f32
// CHECK-NOT:     math.log
// CHECK:         arith.truncf %{{.*}} : f32 to f16
func.func @half(%x: f16) -> f16 {
  %y = math.log %x : f16
  return %y : f16
}

// A constant whole exponent is a product; the general power is not.
// CHECK-LABEL: func.func @square
// CHECK-NEXT:    arith.mulf
// CHECK-NEXT:    return
func.func @square(%x: f32) -> f32 {
  %two = arith.constant 2.0 : f32
  %y = math.powf %x, %two : f32
  return %y : f32
}

// CHECK-LABEL: func.func @all
// CHECK-NOT:     math.{{(expm1|log|log1p|powf|cbrt|tanh|erf|sin|cos|atan2|rsqrt)}}
// CHECK:         return
func.func @all(%x: f32, %y: f32) -> f32 {
  %0 = math.expm1 %x : f32
  %1 = math.log %0 : f32
  %2 = math.log1p %1 : f32
  %3 = math.powf %2, %y : f32
  %4 = math.tanh %3 : f32
  %5 = math.erf %4 : f32
  %6 = math.sin %5 : f32
  %7 = math.cos %6 : f32
  %8 = math.atan2 %7, %y : f32
  %9 = math.rsqrt %8 : f32
  %10 = math.cbrt %9 : f32
  return %10 : f32
}

// What is an instruction stays: minimum and maximum with their treatment of NaN, rounding, the root.
// CHECK-LABEL: func.func @instructions
// CHECK-NEXT:    arith.maximumf
// CHECK-NEXT:    arith.minnumf
// CHECK-NEXT:    math.sqrt
// CHECK-NEXT:    math.floor
// CHECK-NEXT:    return
func.func @instructions(%x: f32, %y: f32) -> f32 {
  %0 = arith.maximumf %x, %y : f32
  %1 = arith.minnumf %0, %y : f32
  %2 = math.sqrt %1 : f32
  %3 = math.floor %2 : f32
  return %3 : f32
}

// A warp's sum: each lane adds what the lanes at five distances have.
// CHECK-LABEL: func.func @lane_sum
// CHECK-COUNT-5: nvvm.shfl.sync bfly
// CHECK-NOT:     gpu.subgroup_reduce
func.func @lane_sum(%x: f32) -> f32 {
  %y = gpu.subgroup_reduce add %x uniform : (f32) -> f32
  return %y : f32
}
