// One case for each constraint of modalities and the operations on them.
// RUN: %winnow-opt %s --split-input-file --verify-diagnostics

// modalities, C1
// expected-error @+1 {{modalities have no name, but at least one is expected (C1)}}
func.func private @f() attributes {x = #winnow.modalities<>}

// -----

// modalities, C2
// expected-error @+1 {{modalities name "text" twice, but different names are expected (C2)}}
func.func private @f() attributes {x = #winnow.modalities<text, image, text>}

// -----

// segments, C1
func.func @f(%l: tensor<4x2xi32>) {
  // expected-error @+1 {{dimension 1 of 'lengths' is 2, but the number of modalities is 3 (C1)}}
  %i, %o = winnow.segments %l of <text, image, audio> : tensor<4x2xi32> -> tensor<4x9xi32>, tensor<4x3xi32>
  return
}

// -----

// segments, C1
func.func @f(%l: tensor<4x2xi32>) {
  // expected-error @+1 {{dimension 1 of 'offsets' is 2, but the number of modalities and one more is 3 (C1)}}
  %i, %o = winnow.segments %l of <text, image> : tensor<4x2xi32> -> tensor<4x9xi32>, tensor<4x2xi32>
  return
}

// -----

// segments, C2
func.func @f(%l: tensor<4x2xi32>) {
  // expected-error @+1 {{dimension 0 of 'ids' is 3, but dimension 0 of 'lengths' is 4 (C2)}}
  %i, %o = winnow.segments %l of <text, image> : tensor<4x2xi32> -> tensor<3x9xi32>, tensor<4x3xi32>
  return
}

// -----

// segments, C2
func.func @f(%l: tensor<4x2xi32>) {
  // expected-error @+1 {{dimension 0 of 'offsets' is 5, but dimension 0 of 'lengths' is 4 (C2)}}
  %i, %o = winnow.segments %l of <text, image> : tensor<4x2xi32> -> tensor<4x9xi32>, tensor<5x3xi32>
  return
}

// -----

// segments, C3
func.func @f(%l: tensor<4x2xi32>) {
  // expected-error @+1 {{'ids' has a dynamic number of tokens, but 'tokens' is not given (C3)}}
  %i, %o = winnow.segments %l of <text, image> : tensor<4x2xi32> -> tensor<4x?xi32>, tensor<4x3xi32>
  return
}

// -----

// segments, C3
func.func @f(%l: tensor<4x2xi32>, %n: index) {
  // expected-error @+1 {{'tokens' is given, but the type of 'ids' says that there are 9 (C3)}}
  %i, %o = winnow.segments %l of <text, image> tokens(%n) : tensor<4x2xi32> -> tensor<4x9xi32>, tensor<4x3xi32>
  return
}

// -----

// align, C1
func.func @f(%x: tensor<4x700xf32>, %p: tensor<768x512xf32>) {
  // expected-error @+1 {{the features of 'image' have width 700, but its projection takes width 768 (C1)}}
  %0 = winnow.align %x, %p of "image" : tensor<4x700xf32>, tensor<768x512xf32> -> tensor<4x512xf32>
  return
}

// -----

// align, C2
func.func @f(%x: tensor<4x768xf32>, %p: tensor<768x512xf32>) {
  // expected-error @+1 {{dimension 0 of 'result' is 5, but dimension 0 of 'features' is 4 (C2)}}
  %0 = winnow.align %x, %p of "image" : tensor<4x768xf32>, tensor<768x512xf32> -> tensor<5x512xf32>
  return
}

// -----

// align, C2
func.func @f(%x: tensor<4x768xf32>, %p: tensor<768x512xf32>) {
  // expected-error @+1 {{dimension 1 of 'result' is 256, but dimension 1 of 'projection' is 512 (C2)}}
  %0 = winnow.align %x, %p of "image" : tensor<4x768xf32>, tensor<768x512xf32> -> tensor<4x256xf32>
  return
}

// -----

// align, C3
func.func @f(%x: tensor<4x8xf32>, %p: tensor<8x8xf32>) {
  // expected-error @+1 {{modality is empty, but a name is expected (C3)}}
  %0 = winnow.align %x, %p of "" : tensor<4x8xf32>, tensor<8x8xf32> -> tensor<4x8xf32>
  return
}

// -----

// align, C4
func.func @f(%x: tensor<4x8xf32>, %p: tensor<8x8xf32>) {
  // expected-error @+1 {{epsilon is not a positive number (C4)}}
  %0 = winnow.align %x, %p of "image" {epsilon = 0.0 : f32} : tensor<4x8xf32>, tensor<8x8xf32> -> tensor<4x8xf32>
  return
}

// -----

// contrast, C1: both encoders are named, and where they were aligned
func.func @f(%x: tensor<4x8xf32>, %p: tensor<8x512xf32>, %y: tensor<4x9xf32>, %r: tensor<9x256xf32>, %t: tensor<f32>) {
  // expected-note @+1 {{'text' is aligned to width 512 here}}
  %a = winnow.align %x, %p of "text" : tensor<4x8xf32>, tensor<8x512xf32> -> tensor<4x512xf32>
  // expected-note @+1 {{'image' is aligned to width 256 here}}
  %b = winnow.align %y, %r of "image" : tensor<4x9xf32>, tensor<9x256xf32> -> tensor<4x256xf32>
  // expected-error @+1 {{compares "text" of width 512 with "image" of width 256, but encodings of one width are expected (C1)}}
  %0 = winnow.contrast %a, %b, %t of <text, image> : tensor<4x512xf32>, tensor<4x256xf32>, tensor<f32> -> tensor<4x4xf32>
  return
}

// -----

// contrast, C2
func.func @f(%a: tensor<4x8xf32>, %b: tensor<5x8xf32>, %t: tensor<f32>) {
  // expected-error @+1 {{dimension 1 of 'result' is 4, but dimension 0 of 'b' is 5 (C2)}}
  %0 = winnow.contrast %a, %b, %t of <text, image> : tensor<4x8xf32>, tensor<5x8xf32>, tensor<f32> -> tensor<4x4xf32>
  return
}

// -----

// contrast, C2
func.func @f(%a: tensor<4x8xf32>, %b: tensor<5x8xf32>, %t: tensor<f32>) {
  // expected-error @+1 {{dimension 0 of 'result' is 5, but dimension 0 of 'a' is 4 (C2)}}
  %0 = winnow.contrast %a, %b, %t of <text, image> : tensor<4x8xf32>, tensor<5x8xf32>, tensor<f32> -> tensor<5x5xf32>
  return
}

// -----

// contrast, C3
func.func @f(%a: tensor<4x8xf32>, %t: tensor<f32>) {
  // expected-error @+1 {{names 1 modalities, but two are expected (C3)}}
  %0 = winnow.contrast %a, %a, %t of <text> : tensor<4x8xf32>, tensor<4x8xf32>, tensor<f32> -> tensor<4x4xf32>
  return
}
