// A function of several blocks is no program.
// RUN: %winnow-opt %s --winnow-outline-dispatches --verify-diagnostics

// expected-error @+1 {{function main has control flow between blocks, but a program of one block was expected}}
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  cf.br ^next
^next:
  return %x : tensor<4xf32>
}
