// The name of a state that is already taken.
// RUN: %winnow-opt %s --winnow-expand-memories --verify-diagnostics

winnow.parameter @size = 4 : i64
winnow.state @history.instant.mass : tensor<f32> = 0.0 : f32
// expected-error @+1 {{memory @history is kept in a state @history.instant.mass, but there is another symbol of this name}}
winnow.memory @history : !winnow.memory<2x3xf32, instant @size, working @size>
