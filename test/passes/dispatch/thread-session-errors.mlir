// What cannot be threaded through a function is an error.
// RUN: %winnow-opt %s --winnow-thread-session --split-input-file --verify-diagnostics

winnow.state @sum : tensor<4xf32> = 0.0 : f32
func.func @region(%c: tensor<i1>, %x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = winnow.when %c otherwise(%x : tensor<4xf32>) {
    // expected-error @+1 {{writes state @sum inside 'winnow.when', but a state is written at the function's top level only: write what the region yields}}
    winnow.state.write @sum, %x : tensor<4xf32>
    winnow.yield %x : tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}

// -----

winnow.parameter @beta = 0.3 : f32
// expected-error @+1 {{function called uses what a session keeps, and so cannot be called by another}}
func.func @called() -> tensor<f32> {
  %0 = winnow.parameter.get @beta : tensor<f32>
  return %0 : tensor<f32>
}
func.func @main() -> tensor<f32> {
  %0 = func.call @called() : () -> tensor<f32>
  return %0 : tensor<f32>
}
