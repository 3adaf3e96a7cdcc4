// One case for each constraint of loops and host values.
// RUN: %winnow-opt %s --split-input-file --verify-diagnostics

// loop, C1
func.func @arguments(%n: index, %x: tensor<4xf32>) {
  // expected-error @+1 {{needs a region with the arguments}}
  %0 = winnow.loop %n initial(%x : tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%i: index, %a: tensor<5xf32>):
    winnow.yield %x : tensor<4xf32>
  }
  return
}

// -----

// loop, C2
func.func @yielded(%n: index, %x: tensor<4xf32>) {
  // expected-error @+1 {{(C2)}}
  %0 = winnow.loop %n initial(%x : tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%i: index, %a: tensor<4xf32>):
    winnow.yield
  }
  return
}

// -----

// loop, C2
func.func @condition(%n: index, %c: tensor<i1>, %x: tensor<4xf32>) {
  // expected-error @+1 {{(C2)}}
  %0 = winnow.loop %n while(%c) initial(%x : tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%i: index, %a: tensor<4xf32>):
    winnow.yield %a : tensor<4xf32>
  }
  return
}

// -----

func.func @results(%n: index, %x: tensor<4xf32>) {
  // expected-error @+1 {{has results of}}
  %0 = winnow.loop %n initial(%x : tensor<4xf32>) -> tensor<?xf32> {
  ^bb0(%i: index, %a: tensor<4xf32>):
    winnow.yield %a : tensor<4xf32>
  }
  return
}
