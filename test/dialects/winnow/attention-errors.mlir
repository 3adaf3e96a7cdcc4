// One case for each constraint of attention.
// RUN: %winnow-opt %s --split-input-file --verify-diagnostics

// C1: batches
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<3x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error @+1 {{dimension 0 of 'key' is 3, but dimension 0 of 'query' is 2 (C1)}}
  %0 = winnow.attention %q, %k, %v, scale 0.25 : tensor<2x4x8x16xf32>, tensor<3x2x9x16xf32>, tensor<2x2x9x24xf32> -> tensor<2x4x8x24xf32>
  return
}

// -----

// C1: batches
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<3x2x9x24xf32>) {
  // expected-error @+1 {{dimension 0 of 'value' is 3, but dimension 0 of 'query' is 2 (C1)}}
  %0 = winnow.attention %q, %k, %v, scale 0.25 : tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<3x2x9x24xf32> -> tensor<2x4x8x24xf32>
  return
}

// -----

// C1: heads
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x1x9x24xf32>) {
  // expected-error @+1 {{dimension 1 of 'value' is 1, but dimension 1 of 'key' is 2 (C1)}}
  %0 = winnow.attention %q, %k, %v, scale 0.25 : tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x1x9x24xf32> -> tensor<2x4x8x24xf32>
  return
}

// -----

// C1: keys
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x8x24xf32>) {
  // expected-error @+1 {{dimension 2 of 'value' is 8, but dimension 2 of 'key' is 9 (C1)}}
  %0 = winnow.attention %q, %k, %v, scale 0.25 : tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x8x24xf32> -> tensor<2x4x8x24xf32>
  return
}

// -----

// C1: widths
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x8xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error @+1 {{dimension 3 of 'key' is 8, but dimension 3 of 'query' is 16 (C1)}}
  %0 = winnow.attention %q, %k, %v, scale 0.25 : tensor<2x4x8x16xf32>, tensor<2x2x9x8xf32>, tensor<2x2x9x24xf32> -> tensor<2x4x8x24xf32>
  return
}

// -----

// C2
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x3x9x16xf32>, %v: tensor<2x3x9x24xf32>) {
  // expected-error @+1 {{dimension 1 of 'query' is 4, but a multiple of dimension 1 of 'key', which is 3, is expected (C2)}}
  %0 = winnow.attention %q, %k, %v, scale 0.25 : tensor<2x4x8x16xf32>, tensor<2x3x9x16xf32>, tensor<2x3x9x24xf32> -> tensor<2x4x8x24xf32>
  return
}

// -----

// C2: no head to read
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x0x9x16xf32>, %v: tensor<2x0x9x24xf32>) {
  // expected-error @+1 {{dimension 1 of 'query' is 4, but a multiple of dimension 1 of 'key', which is 0, is expected (C2)}}
  %0 = winnow.attention %q, %k, %v, scale 0.25 : tensor<2x4x8x16xf32>, tensor<2x0x9x16xf32>, tensor<2x0x9x24xf32> -> tensor<2x4x8x24xf32>
  return
}

// -----

// C3
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error @+1 {{dimension 2 of 'result' is 9, but dimension 2 of 'query' is 8 (C3)}}
  %0 = winnow.attention %q, %k, %v, scale 0.25 : tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32> -> tensor<2x4x9x24xf32>
  return
}

// -----

// C3
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error @+1 {{dimension 3 of 'result' is 16, but dimension 3 of 'value' is 24 (C3)}}
  %0 = winnow.attention %q, %k, %v, scale 0.25 : tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32> -> tensor<2x4x8x16xf32>
  return
}

// -----

// C4
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error @+1 {{scale is not finite, but a number is expected (C4)}}
  %0 = winnow.attention %q, %k, %v, scale 0x7F800000 : tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32> -> tensor<2x4x8x24xf32>
  return
}

// -----

// C4
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error @+1 {{key_block is 0, but a number from 1 to 1024 is expected (C4)}}
  %0 = winnow.attention %q, %k, %v, scale 0.25 {key_block = 0 : i64} : tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32> -> tensor<2x4x8x24xf32>
  return
}

// -----

// C4
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error @+1 {{query_block is 1025, but a number from 1 to 1024 is expected (C4)}}
  %0 = winnow.attention %q, %k, %v, scale 0.25 {query_block = 1025 : i64} : tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32> -> tensor<2x4x8x24xf32>
  return
}

// -----

// C5: number of maps
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>, %f: tensor<4xf32>) {
  // expected-error @+1 {{1 tensors are captured, but there are 2 maps (C5)}}
  %0 = winnow.attention %q, %k, %v, scale 0.25 captures(%f : tensor<4xf32>) [affine_map<(b, h, q, k) -> (h)>, affine_map<(b, h, q, k) -> (h)>] : tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32> -> tensor<2x4x8x24xf32> score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index, %x: f32):
    winnow.yield %s : f32
  }
  return
}

// -----

// C5: dimensions
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>, %f: tensor<4xf32>) {
  // expected-error @+1 {{map 0 of captures is affine_map<(d0, d1) -> (d1)>, but different ones of four dimensions are expected as results (C5)}}
  %0 = winnow.attention %q, %k, %v, scale 0.25 captures(%f : tensor<4xf32>) [affine_map<(b, h) -> (h)>] : tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32> -> tensor<2x4x8x24xf32> score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index, %x: f32):
    winnow.yield %s : f32
  }
  return
}

// -----

// C5: results
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>, %f: tensor<4xf32>) {
  // expected-error @+1 {{map 0 of captures is affine_map<(d0, d1, d2, d3) -> (d2 - d3)>, but different ones of four dimensions are expected as results (C5)}}
  %0 = winnow.attention %q, %k, %v, scale 0.25 captures(%f : tensor<4xf32>) [affine_map<(b, h, q, k) -> (q - k)>] : tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32> -> tensor<2x4x8x24xf32> score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index, %x: f32):
    winnow.yield %s : f32
  }
  return
}

// -----

// C5: rank
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>, %f: tensor<4xf32>) {
  // expected-error @+1 {{map 0 of captures has 2 results, but the tensor has rank 1 (C5)}}
  %0 = winnow.attention %q, %k, %v, scale 0.25 captures(%f : tensor<4xf32>) [affine_map<(b, h, q, k) -> (h, q)>] : tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32> -> tensor<2x4x8x24xf32> score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index, %x: f32):
    winnow.yield %s : f32
  }
  return
}

// -----

// C5: extent
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>, %f: tensor<4xf32>) {
  // expected-error @+1 {{dimension 0 of capture 0 is 4, but the extent of coordinate 'key' is 9 (C5)}}
  %0 = winnow.attention %q, %k, %v, scale 0.25 captures(%f : tensor<4xf32>) [affine_map<(b, h, q, k) -> (k)>] : tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32> -> tensor<2x4x8x24xf32> score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index, %x: f32):
    winnow.yield %s : f32
  }
  return
}

// -----

// C6: no region
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>, %f: tensor<4xf32>) {
  // expected-error @+1 {{1 tensors are captured, but there is no score region (C6)}}
  %0 = winnow.attention %q, %k, %v, scale 0.25 captures(%f : tensor<4xf32>) [affine_map<(b, h, q, k) -> (h)>] : tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32> -> tensor<2x4x8x24xf32>
  return
}

// -----

// C6: arguments
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>, %f: tensor<4xf32>) {
  // expected-error @+1 {{the score region takes ('f32', 'index', 'index', 'index', 'index'), but ('f32', 'index', 'index', 'index', 'index', 'f32') is expected (C6)}}
  %0 = winnow.attention %q, %k, %v, scale 0.25 captures(%f : tensor<4xf32>) [affine_map<(b, h, q, k) -> (h)>] : tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32> -> tensor<2x4x8x24xf32> score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    winnow.yield %s : f32
  }
  return
}

// -----

// C6: what it yields
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>) {
  // expected-error @+1 {{the score region does not end with winnow.yield of one f32 (C6)}}
  %0 = winnow.attention %q, %k, %v, scale 0.25 : tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32> -> tensor<2x4x8x24xf32> score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    winnow.yield %b : index
  }
  return
}

// -----

// C7
func.func @f(%q: tensor<2x4x8x16xf32>, %m: memref<f32>) {
  // expected-error @+1 {{the score region has effects on memory (C7)}}
  %0 = winnow.attention %q, %q, %q, scale 0.25
      : tensor<2x4x8x16xf32>, tensor<2x4x8x16xf32>, tensor<2x4x8x16xf32> -> tensor<2x4x8x16xf32> score {
  ^bb0(%s: f32, %b: index, %h: index, %i: index, %j: index):
    // expected-note @+1 {{by this operation}}
    memref.store %s, %m[] : memref<f32>
    winnow.yield %s : f32
  }
  return
}

// -----

// C8: rows
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>, %a: !winnow.selection<23x3, 3>) {
  // expected-error @+1 {{the number of rows of 'active' is 23, but the number of query blocks of all heads is 24 (C8)}}
  %0 = winnow.attention %q, %k, %v, scale 0.25 active(%a : !winnow.selection<23x3, 3>) {key_block = 4 : i64, query_block = 3 : i64} : tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32> -> tensor<2x4x8x24xf32>
  return
}

// -----

// C8: universe
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf32>, %v: tensor<2x2x9x24xf32>, %a: !winnow.selection<24x2, 2>) {
  // expected-error @+1 {{the universe of 'active' is 2, but the number of key blocks is 3 (C8)}}
  %0 = winnow.attention %q, %k, %v, scale 0.25 active(%a : !winnow.selection<24x2, 2>) {key_block = 4 : i64, query_block = 3 : i64} : tensor<2x4x8x16xf32>, tensor<2x2x9x16xf32>, tensor<2x2x9x24xf32> -> tensor<2x4x8x24xf32>
  return
}

// -----

// Mixed element types.
func.func @f(%q: tensor<2x4x8x16xf32>, %k: tensor<2x2x9x16xf16>) {
  // expected-error @+1 {{failed to verify that all of {query, key, value, result} have same element type}}
  %0 = winnow.attention %q, %k, %k, scale 0.25
      : tensor<2x4x8x16xf32>, tensor<2x2x9x16xf16>, tensor<2x2x9x16xf16> -> tensor<2x4x8x16xf32>
  return
}
