// What a host kernel may not be or do.
// RUN: %winnow-opt %s --winnow-expose-host-kernels --split-input-file --verify-diagnostics

// expected-error@+1 {{'func.func' op is a kernel and must have exactly one scf.forall over its items, but has 0}}
func.func @no_items(%x: memref<4xf32>) attributes {winnow.kernel} {
  return
}

// -----

// expected-error@+1 {{argument 0 must be a memref with identity layout, but is 'memref<4xf32, strided<[2]>>'}}
func.func @strided(%x: memref<4xf32, strided<[2]>>) attributes {winnow.kernel} {
  scf.forall (%i) in (4) {
  }
  return
}

// -----

// expected-error@+1 {{argument 0 must be a memref or an index, but is 'f32'}}
func.func @scalar(%x: f32) attributes {winnow.kernel} {
  scf.forall (%i) in (4) {
  }
  return
}

// -----

func.func @heap(%x: memref<4xf32>) attributes {winnow.kernel} {
  scf.forall (%i) in (4) {
    // expected-error@+1 {{in kernel 'heap', but a kernel may not use the heap}}
    %t = memref.alloc() : memref<4xf32>
  }
  return
}

// -----

func.func @dynamic(%n: index) attributes {winnow.kernel} {
  scf.forall (%i) in (4) {
    // expected-error@+1 {{in kernel 'dynamic' must have a static shape and identity layout}}
    %t = memref.alloca(%n) : memref<?xf32>
  }
  return
}

// -----

// expected-error@+1 {{kernel 'large' needs 4000000 bytes of stack, but at most 1048576 are allowed}}
func.func @large(%n: index) attributes {winnow.kernel} {
  scf.forall (%i) in (4) {
    %t = memref.alloca() : memref<1000000xf32>
  }
  return
}
