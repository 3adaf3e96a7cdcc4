// Why: what else a kernel's body may hold: constants of the module, while loops, parallel loops inside the
// item, temporaries of a bounded size with the strides of their actual one, reshaped views, affine bounds.
// RUN: winnow-ptx-image %s | FileCheck %s
// RUN: %if ptxas %{ winnow-ptx-image --ptxas %s | FileCheck %s --check-prefix=RESOURCES %}

// CHECK:       .global .align 4 .b8 primes[16]
// CHECK-LABEL: .visible .entry collatz(
// CHECK-NOT:   call
// CHECK:       ret;
// CHECK-LABEL: .visible .entry edges(
// CHECK-NOT:   call
// CHECK:       ret;
// RESOURCES-DAG: collatz: {{.*}} registers, 0 bytes stack, 0 bytes spilled
// RESOURCES-DAG: edges: {{.*}} registers
memref.global "private" constant @primes : memref<4xi32> = dense<[2, 3, 5, 7]>

// The steps that 3n + 1 takes to reach 1, times a prime that the item's number chooses.
func.func private @collatz(%x: memref<?x2xi64>, %steps: memref<?x2xi32>)
    attributes {winnow.kernel, winnow.tile = array<i64: 1, 2>} {
  %c0 = arith.constant 0 : index
  %n = memref.dim %x, %c0 : memref<?x2xi64>
  %table = memref.get_global @primes : memref<4xi32>
  %flat = memref.collapse_shape %x [[0, 1]] : memref<?x2xi64> into memref<?xi64>
  scf.forall (%i, %j) = (0, 0) to (%n, 2) step (1, 2) {
    scf.forall (%k) in (2) {
      %zero = arith.constant 0 : i32
      %one = arith.constant 1 : i32
      %one64 = arith.constant 1 : i64
      %two64 = arith.constant 2 : i64
      %three64 = arith.constant 3 : i64
      %position = affine.apply affine_map<(i, k) -> (i * 2 + k)>(%i, %k)
      %start = memref.load %flat[%position] : memref<?xi64>
      %end:2 = scf.while (%value = %start, %count = %zero) : (i64, i32) -> (i64, i32) {
        %more = arith.cmpi sgt, %value, %one64 : i64
        scf.condition(%more) %value, %count : i64, i32
      } do {
      ^bb0(%value: i64, %count: i32):
        %odd = arith.remsi %value, %two64 : i64
        %isOdd = arith.cmpi eq, %odd, %one64 : i64
        %next = scf.if %isOdd -> i64 {
          %triple = arith.muli %value, %three64 : i64
          %result = arith.addi %triple, %one64 : i64
          scf.yield %result : i64
        } else {
          %result = arith.divsi %value, %two64 : i64
          scf.yield %result : i64
        }
        %counted = arith.addi %count, %one : i32
        scf.yield %next, %counted : i64, i32
      }
      %entry = affine.apply affine_map<(p) -> (p mod 4)>(%position)
      %prime = memref.load %table[%entry] : memref<4xi32>
      %result = arith.muli %end#1, %prime : i32
      memref.store %result, %steps[%i, %k] : memref<?x2xi32>
    }
  }
  return
}

// A tile of 2 x 4 that is cut at the edges, through a temporary.
func.func private @edges(%x: memref<?x?xf32>, %out: memref<?x?xf32>, %scale: index)
    attributes {winnow.kernel, winnow.tile = array<i64: 2, 4>} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %x, %c0 : memref<?x?xf32>
  %m = memref.dim %x, %c1 : memref<?x?xf32>
  scf.forall (%i, %j) = (0, 0) to (%n, %m) step (2, 4) {
    %rows = affine.min affine_map<(i)[n] -> (2, n - i)>(%i)[%n]
    %columns = affine.min affine_map<(j)[m] -> (4, m - j)>(%j)[%m]
    %xs = memref.subview %x[%i, %j] [%rows, %columns] [1, 1]
        : memref<?x?xf32> to memref<?x?xf32, strided<[?, 1], offset: ?>>
    %os = memref.subview %out[%i, %j] [%rows, %columns] [1, 1]
        : memref<?x?xf32> to memref<?x?xf32, strided<[?, 1], offset: ?>>
    %storage = memref.alloca() {alignment = 64 : i64} : memref<2x4xf32>
    %view = memref.reinterpret_cast %storage to offset: [0], sizes: [%rows, %columns], strides: [%columns, 1]
        : memref<2x4xf32> to memref<?x?xf32, strided<[?, 1]>>
    %temporary = memref.cast %view : memref<?x?xf32, strided<[?, 1]>> to memref<?x?xf32, strided<[?, ?]>>
    memref.copy %xs, %temporary
        : memref<?x?xf32, strided<[?, 1], offset: ?>> to memref<?x?xf32, strided<[?, ?]>>
    linalg.generic {indexing_maps = [affine_map<(r, c) -> (r, c)>, affine_map<(r, c) -> (r, c)>],
                    iterator_types = ["parallel", "parallel"]}
        ins(%temporary : memref<?x?xf32, strided<[?, ?]>>) outs(%os : memref<?x?xf32, strided<[?, 1], offset: ?>>) {
    ^bb0(%value: f32, %old: f32):
      %integer = arith.index_cast %scale : index to i64
      %factor = arith.sitofp %integer : i64 to f32
      %result = arith.mulf %value, %factor : f32
      linalg.yield %result : f32
    }
  }
  return
}
