// What cannot be cut into items is an error.
// RUN: %winnow-opt %s --winnow-tile-kernels --split-input-file --verify-diagnostics

// expected-error @+1 {{module has no winnow.target}}
module {
}

// -----

module attributes {winnow.target = "host:x86-64-v3"} {
  // expected-error @+1 {{kernel k returns what no operation in it computes}}
  func.func private @k(%x: tensor<4xf32>, %out: tensor<4xf32>) -> tensor<4xf32>
      attributes {winnow.kernel, winnow.inputs = 1 : i64, winnow.domain = 1 : i64} {
    return %x : tensor<4xf32>
  }
}
