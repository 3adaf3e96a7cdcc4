// What a plan cannot express is an error at the operation.
// RUN: %winnow-opt %s --winnow-convert-to-plan --split-input-file --verify-diagnostics

// expected-error @+1 {{function main takes or returns 'index', but ranked tensors were expected}}
func.func @main(%n: index) {
  return
}

// -----

func.func private @g(tensor<4xf32>) -> tensor<4xf32> attributes {winnow.kernel, winnow.inputs = 1 : i64, winnow.domain = 0 : i64}
func.func @other(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{calls other, but only kernels can be called here}}
  %y = call @other(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func private @k(tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    attributes {winnow.kernel, winnow.inputs = 1 : i64, winnow.domain = 1 : i64}
func.func @main() -> tensor<4xf32> {
  %e = tensor.empty() : tensor<4xf32>
  // expected-error @+1 {{operand 0 has no contents when the kernel reads it}}
  %y = call @k(%e, %e) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @main() -> tensor<4xf32> {
  %e = tensor.empty() : tensor<4xf32>
  // expected-error @+1 {{output 0 has no contents when the function returns it}}
  return %e : tensor<4xf32>
}

// -----

func.func @main(%x: tensor<?xf32>, %d: tensor<1xf32>) -> tensor<?xf32> {
  %c1 = arith.constant 1 : index
  // expected-error @+1 {{takes dimension 1 of a tensor of rank 1}}
  %n = tensor.dim %x, %c1 : tensor<?xf32>
  return %x : tensor<?xf32>
}

// -----

func.func @main(%x: tensor<4xf32>) -> tensor<2xf32> {
  %c0 = arith.constant 0 : index
  // expected-error @+1 {{needs an element of type 'f32' of a tensor on the host, where only integers are used}}
  %a = tensor.extract %x[%c0] : tensor<4xf32>
  %y = tensor.from_elements %a, %a : tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

func.func private @k(tensor<4xf32>, tensor<4xf32>, i32) -> tensor<4xf32>
    attributes {winnow.kernel, winnow.inputs = 1 : i64, winnow.domain = 1 : i64}
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %c = arith.constant 3 : i32
  %e = tensor.empty() : tensor<4xf32>
  // expected-error @+1 {{a kernel needs a scalar of type 'i32' from the host, but only sizes are known there}}
  %y = call @k(%x, %e, %c) : (tensor<4xf32>, tensor<4xf32>, i32) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @main(%x: tensor<1xf32>) -> tensor<2xf32> {
  %a = arith.constant 1.0 : f32
  // expected-error @+1 {{'tensor.from_elements' cannot be compiled: expected operations of linalg}}
  %y = tensor.from_elements %a, %a : tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

func.func @main(%c: tensor<i1>, %x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{result 0 has no contents}}
  %y = winnow.when %c otherwise(%x : tensor<4xf32>) {
    %e = tensor.empty() : tensor<4xf32>
    winnow.yield %e : tensor<4xf32>
  }
  return %y : tensor<4xf32>
}

// -----

func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %c = tensor.empty() : tensor<i1>
  // expected-error @+1 {{has a condition without contents}}
  %y = winnow.when %c otherwise(%x : tensor<4xf32>) {
    winnow.yield %x : tensor<4xf32>
  }
  return %y : tensor<4xf32>
}

// -----

winnow.state @sum : tensor<4xf32> = 0.0 : f32
func.func @main() -> (tensor<4xf32> {winnow.state = @sum}) {
  %e = tensor.empty() : tensor<4xf32>
  // expected-error @+1 {{state @sum has no contents when it is written}}
  return %e : tensor<4xf32>
}
