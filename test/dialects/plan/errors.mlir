// One case for each constraint of the plan dialect's operations.
// RUN: %winnow-opt %s --split-input-file --verify-diagnostics

// A signature names each dimension.
// expected-error @+1 {{signature names 1 dimensions, but its type has 2}}
plan.func @main inputs [#plan.signature<"x", tensor<?x64xf32>, "batch">] outputs [] {
}

// -----

// input_dimension, C1
plan.func @main inputs [#plan.signature<"x", tensor<?xf32>, "">] outputs [] {
  // expected-error @+1 {{input is 1, but the function has 1 inputs (C1)}}
  %n = plan.input_dimension 1, 0
}

// -----

// input_dimension, C1
plan.func @main inputs [#plan.signature<"x", tensor<?xf32>, "">] outputs [] {
  // expected-error @+1 {{dimension is 1, but input "x" has rank 1 (C1)}}
  %n = plan.input_dimension 0, 1
}

// -----

// input, C1
plan.func @main inputs [] outputs [] {
  // expected-error @+1 {{input is 0, but the function has 0 inputs (C1)}}
  %x = plan.input 0
}

// -----

// input, C1
// expected-error @+1 {{must be inside a plan.func (C1)}}
%x = plan.input 0

// -----

// output, C1
plan.func @main inputs [] outputs [] {
  // expected-error @+1 {{output is -1, but the function has 0 outputs (C1)}}
  %y = plan.output -1()
}

// -----

// output, C2
plan.func @main inputs [] outputs [#plan.signature<"y", tensor<?x4xf32>, "", "">] {
  %n = arith.constant 4 : index
  // expected-error @+1 {{has 1 sizes, but output "y" has rank 2 (C2)}}
  %y = plan.output 0(%n)
}

// -----

// load, C1
plan.func @main inputs [] outputs [] {
  // expected-error @+1 {{names @table, but there is no such plan.weight (C1)}}
  %w = plan.load @table
}

// -----

// release, C1
plan.func @main inputs [#plan.signature<"x", tensor<?xf32>, "">] outputs [] {
  %x = plan.input 0
  // expected-error @+1 {{operand 0 is not made by plan.alloc (C1)}}
  plan.release %x
}

// -----

// dispatch, C1
plan.func @main inputs [#plan.signature<"x", tensor<?xf32>, "">] outputs [] {
  %x = plan.input 0
  // expected-error @+1 {{has 1 buffers, but 'written' has 2 elements (C1)}}
  plan.dispatch @k extents() buffers(%x) sizes() written [false, true]
}

// -----

// if, C1
plan.func @main inputs [#plan.signature<"c", tensor<i1>>] outputs [#plan.signature<"y", tensor<f32>>] {
  %c = plan.input 0
  plan.if %c {
    // expected-error @+1 {{must not be inside a branch of plan.if (C1)}}
    %y = plan.output 0()
  }
}

// -----

// read, C1
plan.func @main inputs [#plan.signature<"x", tensor<?xf32>, "">] outputs [] {
  %x = plan.input 0
  %c0 = arith.constant 0 : index
  // expected-error @+1 {{reads 'f32', but expected i1, i8, i16, i32 or i64 (C1)}}
  %n = plan.read %x[%c0] : f32
}

// -----

// for, C1
plan.func @main inputs [] outputs [] {
  %n = arith.constant 4 : index
  // expected-error @+1 {{needs a body with one index argument (C1)}}
  plan.for %n {
  ^bb0:
  }
}

// -----

// for, C1
plan.func @main inputs [] outputs [#plan.signature<"y", tensor<f32>>] {
  %n = arith.constant 4 : index
  plan.for %n {
  ^bb0(%i: index):
    // expected-error @+1 {{must not be inside a plan.for (C1)}}
    %y = plan.output 0()
  }
}
