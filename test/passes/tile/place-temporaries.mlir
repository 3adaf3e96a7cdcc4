// A temporary of bounded size moves to the stack; one without a bound, or too large, is an error.
// RUN: %winnow-opt %s --split-input-file --verify-diagnostics \
// RUN:   --pass-pipeline="builtin.module(func.func(winnow-place-temporaries))" | FileCheck %s

// CHECK-LABEL: func.func @static
// CHECK: memref.alloca() {alignment = 64 : i64} : memref<4x8xf32>
// CHECK-NOT: memref.dealloc
func.func @static(%v: f32) {
  %t = memref.alloc() : memref<4x8xf32>
  linalg.fill ins(%v : f32) outs(%t : memref<4x8xf32>)
  memref.dealloc %t : memref<4x8xf32>
  return
}

// A tile at the edge is a dense part of the largest one.
// CHECK-LABEL: func.func @bounded
// CHECK: %[[SIZE:.*]] = affine.min
// CHECK: %[[ALL:.*]] = memref.alloca() {{.*}} : memref<16xf32>
// CHECK: memref.reinterpret_cast %[[ALL]] to offset: [0], sizes: [%[[SIZE]]], strides: [1]
func.func @bounded(%n: index, %v: f32) {
  %size = affine.min affine_map<()[s0] -> (16, s0)>()[%n]
  %t = memref.alloc(%size) : memref<?xf32>
  linalg.fill ins(%v : f32) outs(%t : memref<?xf32>)
  return
}

// -----

func.func @unbounded(%n: index, %v: f32) {
  // expected-error @+1 {{temporary of type 'memref<?xf32>' has no constant bound in dimension 0}}
  %t = memref.alloc(%n) : memref<?xf32>
  linalg.fill ins(%v : f32) outs(%t : memref<?xf32>)
  return
}

// -----

func.func @large(%v: f32) {
  // expected-error @+1 {{needs 4194304 bytes, but an item has 524288 at most}}
  %t = memref.alloc() : memref<1024x1024xf32>
  linalg.fill ins(%v : f32) outs(%t : memref<1024x1024xf32>)
  return
}
