// One case for each constraint of memories and of the operations on them.
// RUN: %winnow-opt %s --split-input-file --verify-diagnostics

// the type, C1
// expected-error @+1 {{a memory is 0x4, but its extents must be at least 1 (C1)}}
func.func private @f() -> !winnow.memory<0x4xf32, instant @i, working @w>

// -----

// the type
// expected-error @+1 {{a memory has 2 extents, heads and width, but found 3}}
func.func private @f() -> !winnow.memory<2x4x4xf32, instant @i, working @w>

// -----

// the type, C2
// expected-error @+1 {{a memory has element type 'i8', but one of f32, f16 and bf16 was expected (C2)}}
func.func private @f() -> !winnow.memory<2x4xi8, instant @i, working @w>

// -----

// the type, C3
// expected-error @+1 {{a page has 0 places, but a number from 1 to 1024 was expected (C3)}}
func.func private @f() -> !winnow.memory<2x4xf32, instant @i, working @w, page 0>

// -----

// memory, C1
winnow.parameter @i = 4 : i64
// expected-error @+1 {{names @w, but there is no such winnow.parameter of type i64 (C1)}}
winnow.memory @m : !winnow.memory<2x4xf32, instant @i, working @w>

// -----

// memory, C1
winnow.parameter @i = 4.0 : f32
// expected-error @+1 {{names @i, but there is no such winnow.parameter of type i64 (C1)}}
winnow.memory @m : !winnow.memory<2x4xf32, instant @i, working @i>

// -----

// append, C1
func.func @f(%k: tensor<2x?x4xf32>) {
  // expected-error @+1 {{names @m, but there is no such winnow.memory (C1)}}
  %0 = winnow.memory.append @m, %k, %k : tensor<2x?x4xf32>, tensor<2x?x4xf32> -> tensor<i64>
  return
}

// -----

// append, C2
winnow.parameter @i = 4 : i64
winnow.memory @m : !winnow.memory<2x4xf32, instant @i, working @i>
func.func @f(%k: tensor<2x?x4xf16>) {
  // expected-error @+1 {{'keys' has element type 'f16', but the memory's is 'f32' (C2)}}
  %0 = winnow.memory.append @m, %k, %k : tensor<2x?x4xf16>, tensor<2x?x4xf16> -> tensor<i64>
  return
}

// -----

// append, C2
winnow.parameter @i = 4 : i64
winnow.memory @m : !winnow.memory<2x4xf32, instant @i, working @i>
func.func @f(%k: tensor<2x?x4xf32>, %v: tensor<2x?x5xf32>) {
  // expected-error @+1 {{dimension 2 of 'values' is 5, but the memory's width is 4 (C2)}}
  %0 = winnow.memory.append @m, %k, %v : tensor<2x?x4xf32>, tensor<2x?x5xf32> -> tensor<i64>
  return
}

// -----

// append, C2
winnow.parameter @i = 4 : i64
winnow.memory @m : !winnow.memory<2x4xf32, instant @i, working @i>
func.func @f(%k: tensor<3x?x4xf32>) {
  // expected-error @+1 {{dimension 0 of 'keys' is 3, but the number of the memory's heads is 2 (C2)}}
  %0 = winnow.memory.append @m, %k, %k : tensor<3x?x4xf32>, tensor<3x?x4xf32> -> tensor<i64>
  return
}

// -----

// append, C2
winnow.parameter @i = 4 : i64
winnow.memory @m : !winnow.memory<2x4xf32, instant @i, working @i>
func.func @f(%k: tensor<2x5x4xf32>, %v: tensor<2x6x4xf32>) {
  // expected-error @+1 {{dimension 1 of 'values' is 6, but dimension 1 of 'keys' is 5 (C2)}}
  %0 = winnow.memory.append @m, %k, %v : tensor<2x5x4xf32>, tensor<2x6x4xf32> -> tensor<i64>
  return
}

// -----

// append, C3
winnow.parameter @i = 4 : i64
winnow.memory @m : !winnow.memory<2x4xf32, instant @i, working @i>
func.func @f(%k: tensor<2x5x4xf32>, %a: tensor<6xi1>) {
  // expected-error @+1 {{dimension 0 of 'anchored' is 6, but dimension 1 of 'keys' is 5 (C3)}}
  %0 = winnow.memory.append @m, %k, %k anchored(%a : tensor<6xi1>) : tensor<2x5x4xf32>, tensor<2x5x4xf32> -> tensor<i64>
  return
}

// -----

// append, C4
winnow.parameter @i = 4 : i64
winnow.memory @m : !winnow.memory<2x4xf32, instant @i, working @i>
func.func @f(%k: tensor<2x5x4xf32>, %c: tensor<i1>, %z: tensor<i64>) {
  %0 = winnow.when %c otherwise(%z : tensor<i64>) {
    // expected-error @+1 {{stands inside 'winnow.when', but the top level of a function was expected (C4)}}
    %1 = winnow.memory.append @m, %k, %k : tensor<2x5x4xf32>, tensor<2x5x4xf32> -> tensor<i64>
    winnow.yield %1 : tensor<i64>
  }
  return
}

// -----

// anchor, C1
func.func @f(%p: tensor<?xi64>) {
  // expected-error @+1 {{names @m, but there is no such winnow.memory (C1)}}
  winnow.memory.anchor @m, %p : tensor<?xi64>
  return
}

// -----

// anchor, C2
winnow.parameter @i = 4 : i64
winnow.memory @m : !winnow.memory<2x4xf32, instant @i, working @i>
func.func @f(%p: tensor<?xi64>, %c: tensor<i1>, %z: tensor<i64>) {
  %0 = winnow.when %c otherwise(%z : tensor<i64>) {
    // expected-error @+1 {{stands inside 'winnow.when', but the top level of a function was expected (C2)}}
    winnow.memory.anchor @m, %p : tensor<?xi64>
    winnow.yield %z : tensor<i64>
  }
  return
}

// -----

// select, C1
func.func @f(%q: tensor<2x?x4xf32>) {
  // expected-error @+1 {{names @m, but there is no such winnow.memory (C1)}}
  %0 = winnow.memory.select @m, %q, k = 2 : tensor<2x?x4xf32> -> !winnow.selection<?x?, 2>
  return
}

// -----

// select, C2
winnow.parameter @i = 4 : i64
winnow.memory @m : !winnow.memory<2x4xf32, instant @i, working @i>
func.func @f(%q: tensor<3x?x4xf32>) {
  // expected-error @+1 {{dimension 0 of 'query' is 3, but a static multiple of the memory's 2 heads was expected (C2)}}
  %0 = winnow.memory.select @m, %q, k = 2 : tensor<3x?x4xf32> -> !winnow.selection<?x?, 2>
  return
}

// -----

// select, C3
winnow.parameter @i = 4 : i64
winnow.memory @m : !winnow.memory<2x4xf32, instant @i, working @i>
func.func @f(%q: tensor<2x?x4xf32>) {
  // expected-error @+1 {{'k' is 0, but must be at least 1 (C3)}}
  %0 = winnow.memory.select @m, %q, k = 0 : tensor<2x?x4xf32> -> !winnow.selection<?x?, 0>
  return
}

// -----

// select, C4
winnow.parameter @i = 4 : i64
winnow.memory @m : !winnow.memory<2x4xf32, instant @i, working @i>
func.func @f(%q: tensor<2x5x4xf32>) {
  // expected-error @+1 {{has type '!winnow.selection<?x?, 2>', but '!winnow.selection<10x?, 2>' was expected (C4)}}
  %0 = winnow.memory.select @m, %q, k = 2 : tensor<2x5x4xf32> -> !winnow.selection<?x?, 2>
  return
}

// -----

// attend, C1
func.func @f(%q: tensor<2x?x4xf32>) {
  // expected-error @+1 {{names @m, but there is no such winnow.memory (C1)}}
  %0 = winnow.memory.attend @m, %q : tensor<2x?x4xf32>
  return
}

// -----

// attend, C2
winnow.parameter @i = 4 : i64
winnow.memory @m : !winnow.memory<2x4xf32, instant @i, working @i>
func.func @f(%q: tensor<?x?x4xf32>) {
  // expected-error @+1 {{dimension 0 of 'query' is dynamic, but a static multiple of the memory's 2 heads was expected (C2)}}
  %0 = winnow.memory.attend @m, %q : tensor<?x?x4xf32>
  return
}

// -----

// attend, C3
winnow.parameter @i = 4 : i64
winnow.memory @m : !winnow.memory<2x4xf32, instant @i, working @i>
func.func @f(%q: tensor<2x5x4xf32>, %s: tensor<9x?xi1>) {
  %a = winnow.selection.from_mask %s : tensor<9x?xi1> -> !winnow.selection<9x?, ?>
  // expected-error @+1 {{the number of rows of 'active' is 9, but the number of queries of all heads is 10 (C3)}}
  %0 = winnow.memory.attend @m, %q active(%a : !winnow.selection<9x?, ?>) : tensor<2x5x4xf32>
  return
}

// -----

// attend, C3
winnow.parameter @i = 4 : i64
winnow.memory @m : !winnow.memory<2x4xf32, instant @i, working @i>
func.func @f(%q: tensor<2x5x4xf32>, %s: tensor<10x7xi1>) {
  %a = winnow.selection.from_mask %s : tensor<10x7xi1> -> !winnow.selection<10x7, 7>
  // expected-error @+1 {{the universe of 'active' is 7, but a dynamic one was expected (C3)}}
  %0 = winnow.memory.attend @m, %q active(%a : !winnow.selection<10x7, 7>) : tensor<2x5x4xf32>
  return
}

// -----

// attend, C4
winnow.parameter @i = 4 : i64
winnow.memory @m : !winnow.memory<2x4xf32, instant @i, working @i>
func.func @f(%q: tensor<2x5x4xf32>) {
  // expected-error @+1 {{scale is not finite, but a number is expected (C4)}}
  %0 = winnow.memory.attend @m, %q scale 0x7F800000 : tensor<2x5x4xf32>
  return
}

// -----

// attend, C5
winnow.parameter @i = 4 : i64
winnow.memory @m : !winnow.memory<2x4xf32, instant @i, working @i>
func.func @f(%q: tensor<2x5x4xf32>, %c: tensor<i1>) {
  %0 = winnow.when %c otherwise(%q : tensor<2x5x4xf32>) {
    // expected-error @+1 {{stands inside 'winnow.when', but the top level of a function was expected (C5)}}
    %1 = winnow.memory.attend @m, %q : tensor<2x5x4xf32>
    winnow.yield %1 : tensor<2x5x4xf32>
  }
  return
}

// -----

// compact, C1
func.func @f(%n: tensor<i64>) {
  // expected-error @+1 {{names @m, but there is no such winnow.memory (C1)}}
  winnow.memory.compact @m to %n : tensor<i64>
  return
}

// -----

// compact, C2
winnow.parameter @i = 4 : i64
winnow.memory @m : !winnow.memory<2x4xf32, instant @i, working @i>
func.func @f(%c: tensor<i1>, %z: tensor<i64>) {
  %0 = winnow.when %c otherwise(%z : tensor<i64>) {
    // expected-error @+1 {{stands inside 'winnow.when', but the top level of a function was expected (C2)}}
    winnow.memory.compact @m to %z : tensor<i64>
    winnow.yield %z : tensor<i64>
  }
  return
}

// -----

// positions, C1
func.func @f() {
  // expected-error @+1 {{names @m, but there is no such winnow.memory (C1)}}
  %0 = winnow.memory.positions @m : tensor<?xi64>
  return
}
