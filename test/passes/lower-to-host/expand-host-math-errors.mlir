// A function that would need a C library is an error that names it.
// RUN: %winnow-opt %s --winnow-expand-host-math --split-input-file --verify-diagnostics

func.func @double(%x: f64) -> f64 {
  // expected-error@+1 {{'math.sin' op on 'f64' has no expansion for host code, which may not call a C library}}
  %0 = math.sin %x : f64
  return %0 : f64
}
