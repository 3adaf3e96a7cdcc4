// One case for each constraint of parameters and states.
// RUN: %winnow-opt %s --split-input-file --verify-diagnostics

// parameter, C1
// expected-error @+1 {{has the default 1 : i8, but a number of type f32, f64 or i64 is expected (C1)}}
winnow.parameter @beta = 1 : i8

// -----

// parameter, C1
// expected-error @+1 {{which is not a number (C1)}}
winnow.parameter @beta = 0x7F800000 : f32

// -----

// parameter.get, C1
func.func @get() -> tensor<f32> {
  // expected-error @+1 {{names @beta, but there is no such winnow.parameter (C1)}}
  %0 = winnow.parameter.get @beta : tensor<f32>
  return %0 : tensor<f32>
}

// -----

// parameter.get, C2
// expected-note @+1 {{declared here}}
winnow.parameter @beta = 0.3 : f32
func.func @get() -> index {
  // expected-error @+1 {{has type 'index', but parameter @beta is a 'f32' (C2)}}
  %0 = winnow.parameter.get @beta : index
  return %0 : index
}

// -----

// state, C1
// expected-error @+1 {{has element type 'i16', but one of f64, f32, f16, bf16, i64, i32, i8 and i1 is expected (C1)}}
winnow.state @history : tensor<4xi16> = 0 : i16

// -----

// state, C2
// expected-error @+1 {{names 0 sizes, but its type has 1 dynamic dimensions (C2)}}
winnow.state @history : tensor<?xf32> = 0.0 : f32

// -----

// state, C2
winnow.parameter @rows = 1.0 : f32
// expected-error @+1 {{names @rows, but there is no such winnow.parameter of type i64 (C2)}}
winnow.state @history : tensor<?xf32> sizes [@rows] = 0.0 : f32

// -----

// state, C3
// expected-error @+1 {{begins with 0 : i32, but its element type is 'f32' (C3)}}
winnow.state @history : tensor<4xf32> = 0 : i32

// -----

// state.read, C1
func.func @read() -> tensor<4xf32> {
  // expected-error @+1 {{names @history, but there is no such winnow.state (C1)}}
  %0 = winnow.state.read @history : tensor<4xf32>
  return %0 : tensor<4xf32>
}

// -----

// state.write, C1
// expected-note @+1 {{declared here}}
winnow.state @history : tensor<4xf32> = 0.0 : f32
func.func @write(%x: tensor<5xf32>) {
  // expected-error @+1 {{has type 'tensor<5xf32>', but state @history is a 'tensor<4xf32>' (C1)}}
  winnow.state.write @history, %x : tensor<5xf32>
  return
}
