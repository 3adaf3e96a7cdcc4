// One case for each constraint of conditional subgraphs.
// RUN: %winnow-opt %s --split-input-file --verify-diagnostics

// C1
func.func @condition(%c: tensor<2xi1>, %x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{operand #0 must be scalar tensor of i1, but got 'tensor<2xi1>'}}
  %0 = "winnow.when"(%c, %x) ({
    winnow.yield %x : tensor<4xf32>
  }) : (tensor<2xi1>, tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// C2
func.func @number(%c: tensor<i1>, %x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{yields 2 values, but 'otherwise' has 1 (C2)}}
  %0 = winnow.when %c otherwise(%x : tensor<4xf32>) {
    winnow.yield %x, %x : tensor<4xf32>, tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}

// -----

// C2
func.func @type(%c: tensor<i1>, %x: tensor<4xf32>, %y: tensor<?xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{yields 'tensor<?xf32>' as result 0, but 'otherwise' has 'tensor<4xf32>' there (C2)}}
  %0 = winnow.when %c otherwise(%x : tensor<4xf32>) {
    winnow.yield %y : tensor<?xf32>
  }
  return %0 : tensor<4xf32>
}

// -----

// The results have the types of the alternatives.
func.func @result(%c: tensor<i1>, %x: tensor<4xf32>) -> tensor<?xf32> {
  // expected-error @+2 {{failed to infer returned types}}
  // expected-error @+1 {{op inferred type(s) 'tensor<4xf32>' are incompatible with return type(s) of operation 'tensor<?xf32>'}}
  %0 = "winnow.when"(%c, %x) ({
    winnow.yield %x : tensor<4xf32>
  }) : (tensor<i1>, tensor<4xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

func.func @elsewhere(%x: tensor<4xf32>) {
  // expected-error @+1 {{expects parent op to be one of 'winnow.attention, winnow.loop, winnow.when'}}
  winnow.yield %x : tensor<4xf32>
}
