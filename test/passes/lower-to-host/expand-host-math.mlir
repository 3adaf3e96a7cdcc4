// Functions without an instruction become arithmetic, on scalars and vectors; others stay.
// RUN: %winnow-opt %s --winnow-expand-host-math | FileCheck %s
// RUN: %winnow-opt %s --winnow-expand-host-math=fma=false | FileCheck %s --check-prefix=NO-FMA

// CHECK-LABEL: @expanded
// NO-FMA-LABEL: @expanded
// CHECK-NOT: math.{{(exp|log|tanh|powf|erf|sin|cos|atan|rsqrt)}}
// CHECK: math.fma
// NO-FMA-NOT: math.fma
func.func @expanded(%x: vector<8xf32>, %s: f32) -> (vector<8xf32>, f32) {
  %0 = math.exp %x : vector<8xf32>
  %1 = math.exp2 %0 : vector<8xf32>
  %2 = math.log10 %1 : vector<8xf32>
  %3 = math.tanh %2 : vector<8xf32>
  %4 = math.powf %3, %0 : vector<8xf32>
  %5 = math.erf %4 : vector<8xf32>
  %6 = math.atan2 %5, %0 : vector<8xf32>
  %7 = math.sin %s : f32
  %8 = math.cosh %7 : f32
  %9 = math.rsqrt %8 : f32
  return %6, %9 : vector<8xf32>, f32
}

// CHECK-LABEL: @kept
// CHECK: math.sqrt
// CHECK: math.floor
// CHECK: math.roundeven
func.func @kept(%x: f64) -> f64 {
  %0 = math.sqrt %x : f64
  %1 = math.floor %0 : f64
  %2 = math.roundeven %1 : f64
  return %2 : f64
}
