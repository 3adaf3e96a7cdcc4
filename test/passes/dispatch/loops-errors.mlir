// Loops that a plan cannot have are refused where they are.
// RUN: %winnow-opt %s --winnow-dispatch --split-input-file --verify-diagnostics

func.func @conditional(%c: tensor<i1>, %n: tensor<?xf32>, %x: tensor<4xf32>) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %count = tensor.dim %n, %c0 : tensor<?xf32>
  %0 = winnow.when %c otherwise(%x : tensor<4xf32>) {
    // expected-error @+1 {{is a loop inside a conditional subgraph, where none can run}}
    %1 = winnow.loop %count initial(%x : tensor<4xf32>) -> tensor<4xf32> {
    ^bb0(%i: index, %a: tensor<4xf32>):
      winnow.yield %a : tensor<4xf32>
    }
    winnow.yield %1 : tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}
