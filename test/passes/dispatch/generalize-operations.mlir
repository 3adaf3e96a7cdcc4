// Named operations, slices, insertions, concatenations and generated tensors become linalg.generic, which reads
// by index what it moves; fills and paddings stay, and so does a strided insertion.
// RUN: %winnow-opt %s --winnow-generalize-operations --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @named
// CHECK: linalg.fill
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "parallel", "reduction"]
// CHECK-NOT: linalg.matmul
func.func @named(%x: tensor<?x8xf32>, %w: tensor<8x4xf32>, %e: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %zero = arith.constant 0.0 : f32
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<?x4xf32>) -> tensor<?x4xf32>
  %y = linalg.matmul ins(%x, %w : tensor<?x8xf32>, tensor<8x4xf32>) outs(%f : tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// -----

// A slice that drops a dimension, strides, and starts where a value says.
// CHECK: #[[STRIDED:.*]] = affine_map<()[s0, s1] -> (s0 + s1 * 2)>
// CHECK-LABEL: func.func @slice
// CHECK-SAME: %[[X:.*]]: tensor<?x8xf32>, %[[N:.*]]: index, %[[FROM:.*]]: index
// CHECK: %[[E:.*]] = tensor.empty(%[[N]]) : tensor<?xf32>
// CHECK: linalg.generic {{.*}}outs(%[[E]] : tensor<?xf32>)
// CHECK: %[[I:.*]] = linalg.index 0
// CHECK: %[[ROW:.*]] = affine.apply #[[STRIDED]]()[%[[FROM]], %[[I]]]
// CHECK: %[[V:.*]] = tensor.extract %[[X]][%[[ROW]], %c3]
// CHECK: linalg.yield %[[V]]
func.func @slice(%x: tensor<?x8xf32>, %n: index, %from: index) -> tensor<?xf32> {
  %y = tensor.extract_slice %x[%from, 3] [%n, 1] [2, 1] : tensor<?x8xf32> to tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

// A chain of insertions into nothing is one operation: the last insertion is looked at first.
// CHECK-LABEL: func.func @insertions
// CHECK-SAME: %[[A:.*]]: tensor<2xf32>, %[[B:.*]]: tensor<3xf32>
// CHECK: linalg.generic
// CHECK: arith.cmpi ult, %{{.*}}, %c3
// CHECK: scf.if
// CHECK: tensor.extract %[[B]]
// CHECK: arith.cmpi ult, %{{.*}}, %c2
// CHECK: scf.if
// CHECK: tensor.extract %[[A]]
// CHECK-NOT: linalg.generic
// CHECK-NOT: tensor.insert_slice
func.func @insertions(%a: tensor<2xf32>, %b: tensor<3xf32>) -> tensor<5xf32> {
  %e = tensor.empty() : tensor<5xf32>
  %first = tensor.insert_slice %a into %e[0] [2] [1] : tensor<2xf32> into tensor<5xf32>
  %both = tensor.insert_slice %b into %first[2] [3] [1] : tensor<3xf32> into tensor<5xf32>
  return %both : tensor<5xf32>
}

// -----

// CHECK-LABEL: func.func @strided_insertion
// CHECK: tensor.insert_slice
// CHECK-NOT: linalg.generic
func.func @strided_insertion(%a: tensor<2xf32>, %x: tensor<5xf32>) -> tensor<5xf32> {
  %y = tensor.insert_slice %a into %x[0] [2] [2] : tensor<2xf32> into tensor<5xf32>
  return %y : tensor<5xf32>
}

// -----

// The second input begins where the first one ends, which only its size tells.
// CHECK-LABEL: func.func @concatenation
// CHECK-SAME: %[[A:.*]]: tensor<4x?xf32>, %[[B:.*]]: tensor<4x3xf32>
// CHECK: %[[SIZE:.*]] = tensor.dim %[[A]]
// CHECK: linalg.generic
// CHECK: %[[LATER:.*]] = arith.cmpi uge, %{{.*}}, %[[SIZE]]
// CHECK: scf.if %[[LATER]]
// CHECK: tensor.extract %[[B]]
// CHECK: else
// CHECK: tensor.extract %[[A]]
func.func @concatenation(%a: tensor<4x?xf32>, %b: tensor<4x3xf32>) -> tensor<4x?xf32> {
  %y = tensor.concat dim(1) %a, %b : (tensor<4x?xf32>, tensor<4x3xf32>) -> tensor<4x?xf32>
  return %y : tensor<4x?xf32>
}

// -----

// CHECK-LABEL: func.func @generated
// CHECK: linalg.generic
// CHECK: %[[I:.*]] = linalg.index 0
// CHECK: %[[V:.*]] = arith.index_cast %[[I]]
// CHECK: linalg.yield %[[V]]
func.func @generated(%n: index) -> tensor<?xi64> {
  %y = tensor.generate %n {
  ^bb0(%i: index):
    %v = arith.index_cast %i : index to i64
    tensor.yield %v : i64
  } : tensor<?xi64>
  return %y : tensor<?xi64>
}

// -----

// What the host knows goes into the kernel as an index, or is repeated there.
// CHECK-LABEL: func.func @elements
// CHECK: %[[N:.*]] = arith.index_cast %{{.*}} : i64 to index
// CHECK: linalg.generic
// CHECK: %[[I:.*]] = linalg.index 0
// CHECK: arith.cmpi eq, %[[I]], %c0
// CHECK: %[[SIZE:.*]] = arith.index_cast %[[N]] : index to i64
// CHECK: arith.select %{{.*}}, %[[SIZE]], %c7_i64
// CHECK-NOT: tensor.from_elements
func.func @elements(%n: index) -> tensor<2xi64> {
  %c7 = arith.constant 7 : i64
  %size = arith.index_cast %n : index to i64
  %y = tensor.from_elements %size, %c7 : tensor<2xi64>
  return %y : tensor<2xi64>
}

// -----

// CHECK-LABEL: func.func @splat
// CHECK: %[[N:.*]] = arith.index_cast %{{.*}} : i32 to index
// CHECK: linalg.generic
// CHECK: %[[SIZE:.*]] = arith.index_cast %[[N]] : index to i32
// CHECK: linalg.yield %[[SIZE]]
func.func @splat(%n: index) -> tensor<?xi32> {
  %size = arith.index_cast %n : index to i32
  %y = tensor.splat %size[%n] : tensor<?xi32>
  return %y : tensor<?xi32>
}

// -----

// Padding has tiles of its own, and selections keep their operations.
// CHECK-LABEL: func.func @kept
// CHECK: tensor.pad
// CHECK: winnow.matmul
// CHECK-NOT: linalg.generic
func.func @kept(%x: tensor<4x8xf32>, %w: tensor<10x4xf32>, %s: !winnow.selection<4x4, 2>) -> tensor<4x2xf32> {
  %zero = arith.constant 0.0 : f32
  %p = tensor.pad %x low[0, 1] high[0, 1] {
  ^bb0(%i: index, %j: index):
    tensor.yield %zero : f32
  } : tensor<4x8xf32> to tensor<4x10xf32>
  %y = winnow.matmul %p, %w outputs(%s : !winnow.selection<4x4, 2>)
      : tensor<4x10xf32>, tensor<10x4xf32> -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// -----

// A reduction over no entries is what it starts with; over some number of entries it is computed.
// CHECK-LABEL: func.func @empty_reduction
// CHECK-SAME: %{{.*}}, %[[E:.*]]: tensor<3x4xf32>
// CHECK: %[[F:.*]] = linalg.fill {{.*}} outs(%[[E]]
// CHECK-NOT: linalg.generic
// CHECK: return %[[F]]
func.func @empty_reduction(%x: tensor<3x0xf32>, %w: tensor<0x4xf32>, %e: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %one = arith.constant 1.0 : f32
  %f = linalg.fill ins(%one : f32) outs(%e : tensor<3x4xf32>) -> tensor<3x4xf32>
  %y = linalg.matmul ins(%x, %w : tensor<3x0xf32>, tensor<0x4xf32>) outs(%f : tensor<3x4xf32>) -> tensor<3x4xf32>
  return %y : tensor<3x4xf32>
}

// -----

// A padding of nothing reads by index, too.
// CHECK-LABEL: func.func @empty_padding
// CHECK-NOT: tensor.pad
// CHECK: linalg.generic
func.func @empty_padding(%x: tensor<2x0xf32>) -> tensor<4x3xf32> {
  %one = arith.constant 1.0 : f32
  %y = tensor.pad %x low[1, 1] high[1, 2] {
  ^bb0(%i: index, %j: index):
    tensor.yield %one : f32
  } : tensor<2x0xf32> to tensor<4x3xf32>
  return %y : tensor<4x3xf32>
}
