// Why: what PTX cannot have is refused by name, before LLVM would abort on it.
// RUN: %winnow-opt %s --winnow-lower-to-ptx --split-input-file --verify-diagnostics
// RUN: not %winnow-opt %S/Inputs/fill.mlir --winnow-lower-to-ptx=threads=2048 2>&1 | FileCheck %s --check-prefix=THREADS
// THREADS: error: 'func.func' op cannot run in blocks of 2048 threads, but in 1 to 1024
// RUN: not %winnow-opt %S/Inputs/lane-sum.mlir --winnow-lower-to-ptx=threads=48 2>&1 | FileCheck %s --check-prefix=WARPS
// WARPS: error: 'func.func' op adds up what the lanes of warps have, but its blocks of 48 threads are not whole warps

// expected-error @+1 {{'func.func' op is a kernel with results, but a kernel on buffers has none}}
func.func private @results(%n: index) -> index attributes {winnow.kernel} {
  return %n : index
}

// -----

// expected-error @+1 {{'func.func' op argument 1 has the type 'f32', but a memref or an index was expected}}
func.func private @scalar(%x: memref<4xf32>, %v: f32) attributes {winnow.kernel} {
  return
}

// -----

// expected-error @+1 {{argument 0 has the type 'memref<4xf32, strided<[2]>>', but a dense layout was expected}}
func.func private @layout(%x: memref<4xf32, strided<[2]>>) attributes {winnow.kernel} {
  return
}

// -----

// expected-error @+1 {{argument 0 has the type 'memref<4xi4>', but one of the element types i1, i8, i16, i32, i64, f16, bf16, f32 and f64 was expected}}
func.func private @element(%x: memref<4xi4>) attributes {winnow.kernel} {
  return
}

// -----

// expected-error @+1 {{argument 0 has the type 'memref<4xf32, 3>', but the default memory space was expected}}
func.func private @space(%x: memref<4xf32, 3>) attributes {winnow.kernel} {
  return
}

// -----

// expected-error @+1 {{'func.func' op has 0 loops over items (scf.forall), but one was expected}}
func.func private @no_items(%x: memref<4xf32>) attributes {winnow.kernel} {
  return
}

// -----

func.func private @callee()
func.func private @calls(%x: memref<4xf32>) attributes {winnow.kernel} {
  scf.forall (%i) in (4) {
    // expected-error @+1 {{'func.call' op is a call in a kernel, but PTX kernels call nothing}}
    func.call @callee() : () -> ()
  }
  return
}

// -----

func.func private @heap(%x: memref<4xf32>, %n: index) attributes {winnow.kernel} {
  scf.forall (%i) in (4) {
    // expected-error @+1 {{'memref.alloc' op allocates on a heap, but a PTX kernel has only local buffers (memref.alloca)}}
    %t = memref.alloc(%n) : memref<?xf32>
    %v = memref.load %t[%i] : memref<?xf32>
    memref.store %v, %x[%i] : memref<4xf32>
  }
  return
}

// -----

func.func private @dynamic_local(%x: memref<4xf32>, %n: index) attributes {winnow.kernel} {
  scf.forall (%i) in (4) {
    // expected-error @+1 {{is a local buffer of the type 'memref<?xf32>', but a thread's local memory has a static, dense shape}}
    %t = memref.alloca(%n) : memref<?xf32>
    %v = memref.load %t[%i] : memref<?xf32>
    memref.store %v, %x[%i] : memref<4xf32>
  }
  return
}

// -----

func.func private @large_local(%x: memref<4xf32>) attributes {winnow.kernel} {
  scf.forall (%i) in (4) {
    // expected-error @+1 {{is a local buffer of 80000 bytes, but a thread's local memory is limited to 65536}}
    %t = memref.alloca() : memref<20000xf32>
    %v = memref.load %t[%i] : memref<20000xf32>
    memref.store %v, %x[%i] : memref<4xf32>
  }
  return
}

// -----

func.func private @no_function(%x: memref<4xf64>) attributes {winnow.kernel} {
  scf.forall (%i) in (4) {
    %v = memref.load %x[%i] : memref<4xf64>
    // expected-error @+1 {{'math.sin' op has no form in PTX for 'f64'}}
    %y = math.sin %v : f64
    memref.store %y, %x[%i] : memref<4xf64>
  }
  return
}

// -----

func.func private @tensors(%x: memref<4xf32>) attributes {winnow.kernel} {
  %zero = arith.constant 0.0 : f32
  scf.forall (%i) in (4) {
    %t = tensor.empty() : tensor<4xf32>
    // expected-error @+1 {{'linalg.fill' op has no lowering to a thread's loops: an operation of linalg on memrefs was expected}}
    %f = linalg.fill ins(%zero : f32) outs(%t : tensor<4xf32>) -> tensor<4xf32>
    %v = tensor.extract %f[%i] : tensor<4xf32>
    memref.store %v, %x[%i] : memref<4xf32>
  }
  return
}
