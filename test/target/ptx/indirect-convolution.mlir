// Why: a convolution whose input and output channels are selected reads its weights by index, and an item
// beyond the row's count computes nothing at all.
// RUN: winnow-ptx-image %s | FileCheck %s
// RUN: %if ptxas %{ winnow-ptx-image --ptxas %s | FileCheck %s --check-prefix=RESOURCES %}

// CHECK-LABEL: .visible .entry indirect(
// CHECK-NOT:   .local
// CHECK:       ld.global.nc.b32
// CHECK:       fma.rn.f32
// CHECK:       st.global.b32
// CHECK-NOT:   st.global
// CHECK:       ret;
// RESOURCES: indirect: {{.*}} registers, 0 bytes stack, 0 bytes spilled
#window = affine_map<(b, k, h, v, j, y, x) -> (b, j, h + y, v + x)>
#input = affine_map<(b, k, h, v, j, y, x) -> (b, j)>
#output = affine_map<(b, k, h, v, j, y, x) -> (b, k)>
#result = affine_map<(b, k, h, v, j, y, x) -> (b, k, h, v)>
func.func private @indirect(%x: memref<?x3x6x6xf32>, %w: memref<8x5x3x3xf32>, %in: memref<?x3xi32>,
                            %inCounts: memref<?xi32>, %outputs: memref<?x4xi32>, %outCounts: memref<?xi32>,
                            %result: memref<?x4x4x4xf32>)
    attributes {winnow.kernel, winnow.tile = array<i64: 1, 1, 1, 1>} {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = memref.dim %result, %c0 : memref<?x4x4x4xf32>
  scf.forall (%b, %k, %h, %v) in (%n, 4, 4, 4) {
    %outCount32 = memref.load %outCounts[%b] : memref<?xi32>
    %outCount = arith.index_cast %outCount32 : i32 to index
    %active = arith.cmpi slt, %k, %outCount : index
    scf.if %active {
      %count32 = memref.load %inCounts[%b] : memref<?xi32>
      %count = arith.index_cast %count32 : i32 to index
      %xs = memref.subview %x[%b, 0, %h, %v] [1, %count, 3, 3] [1, 1, 1, 1]
          : memref<?x3x6x6xf32> to memref<1x?x3x3xf32, strided<[108, 36, 6, 1], offset: ?>>
      %ins = memref.subview %in[%b, 0] [1, %count] [1, 1] : memref<?x3xi32> to memref<1x?xi32, strided<[3, 1], offset: ?>>
      %outs = memref.subview %outputs[%b, %k] [1, 1] [1, 1] : memref<?x4xi32> to memref<1x1xi32, strided<[4, 1], offset: ?>>
      %os = memref.subview %result[%b, %k, %h, %v] [1, 1, 1, 1] [1, 1, 1, 1]
          : memref<?x4x4x4xf32> to memref<1x1x1x1xf32, strided<[64, 16, 4, 1], offset: ?>>
      %t = memref.alloca() : memref<1x1x1x1xf32>
      %shape = memref.alloca() : memref<3x3xf32>
      linalg.fill ins(%zero : f32) outs(%t : memref<1x1x1x1xf32>)
      linalg.generic {indexing_maps = [#window, #input, #output, affine_map<(b, k, h, v, j, y, x) -> (y, x)>, #result],
          iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]}
          ins(%xs, %ins, %outs, %shape : memref<1x?x3x3xf32, strided<[108, 36, 6, 1], offset: ?>>,
              memref<1x?xi32, strided<[3, 1], offset: ?>>, memref<1x1xi32, strided<[4, 1], offset: ?>>, memref<3x3xf32>)
          outs(%t : memref<1x1x1x1xf32>) {
      ^bb0(%value: f32, %channel: i32, %filter: i32, %unused: f32, %acc: f32):
        %y = linalg.index 5 : index
        %z = linalg.index 6 : index
        %i = arith.index_cast %channel : i32 to index
        %o = arith.index_cast %filter : i32 to index
        %weight = memref.load %w[%o, %i, %y, %z] : memref<8x5x3x3xf32>
        %product = arith.mulf %value, %weight : f32
        %sum = arith.addf %acc, %product : f32
        linalg.yield %sum : f32
      }
      memref.copy %t, %os : memref<1x1x1x1xf32> to memref<1x1x1x1xf32, strided<[64, 16, 4, 1], offset: ?>>
    }
  }
  return
}
