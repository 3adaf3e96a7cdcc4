// What the definitions of selections compute: ties, NaN, nothing and everything selected, no rows, k above
// the universe.
// RUN: %lower-definitions %s | %run | FileCheck %s

func.func private @printMemrefI32(tensor<*xi32>)
func.func private @printMemrefF32(tensor<*xf32>)

// Prints the counts, the positions (which use nothing beyond a count), and the mask.
func.func @print(%s: !winnow.selection<?x?, ?>) {
  %counts = winnow.selection.counts %s : !winnow.selection<?x?, ?> -> tensor<?xi32>
  %positions = winnow.selection.positions %s : !winnow.selection<?x?, ?> -> tensor<?x?xi32>
  %0 = tensor.cast %counts : tensor<?xi32> to tensor<*xi32>
  %1 = tensor.cast %positions : tensor<?x?xi32> to tensor<*xi32>
  call @printMemrefI32(%0) : (tensor<*xi32>) -> ()
  call @printMemrefI32(%1) : (tensor<*xi32>) -> ()
  return
}

func.func @top_2(%scores: tensor<?x5xf32>) {
  %s = winnow.select.topk %scores, k = 2 : tensor<?x5xf32> -> !winnow.selection<?x5, 2>
  %i = winnow.selection.indices %s : !winnow.selection<?x5, 2> -> tensor<?x2xi32>
  %c = winnow.selection.counts %s : !winnow.selection<?x5, 2> -> tensor<?xi32>
  %p = winnow.selection.positions %s : !winnow.selection<?x5, 2> -> tensor<?x5xi32>
  %0 = tensor.cast %i : tensor<?x2xi32> to tensor<*xi32>
  %1 = tensor.cast %c : tensor<?xi32> to tensor<*xi32>
  %2 = tensor.cast %p : tensor<?x5xi32> to tensor<*xi32>
  call @printMemrefI32(%0) : (tensor<*xi32>) -> ()
  call @printMemrefI32(%1) : (tensor<*xi32>) -> ()
  call @printMemrefI32(%2) : (tensor<*xi32>) -> ()
  return
}

func.func @threshold(%scores: tensor<?x5xf32>) {
  %s = winnow.select.threshold %scores, gt 0.5 : tensor<?x5xf32> -> !winnow.selection<?x5, 5>
  %t = winnow.select.threshold %scores, ge 0.5 : tensor<?x5xf32> -> !winnow.selection<?x5, 5>
  %c = winnow.selection.counts %s : !winnow.selection<?x5, 5> -> tensor<?xi32>
  %d = winnow.selection.counts %t : !winnow.selection<?x5, 5> -> tensor<?xi32>
  %p = winnow.selection.positions %t : !winnow.selection<?x5, 5> -> tensor<?x5xi32>
  %0 = tensor.cast %c : tensor<?xi32> to tensor<*xi32>
  %1 = tensor.cast %d : tensor<?xi32> to tensor<*xi32>
  %2 = tensor.cast %p : tensor<?x5xi32> to tensor<*xi32>
  call @printMemrefI32(%0) : (tensor<*xi32>) -> ()
  call @printMemrefI32(%1) : (tensor<*xi32>) -> ()
  call @printMemrefI32(%2) : (tensor<*xi32>) -> ()
  return
}

// The universe is known at run time only, and smaller than k.
func.func @top_4_dynamic(%scores: tensor<?x?xf32>) {
  %s = winnow.select.topk %scores, k = 4 : tensor<?x?xf32> -> !winnow.selection<?x?, 4>
  %c = winnow.selection.counts %s : !winnow.selection<?x?, 4> -> tensor<?xi32>
  %m = winnow.selection.to_mask %s : !winnow.selection<?x?, 4> -> tensor<?x?xi1>
  %again = winnow.selection.from_mask %m : tensor<?x?xi1> -> !winnow.selection<?x?, ?>
  %0 = tensor.cast %c : tensor<?xi32> to tensor<*xi32>
  call @printMemrefI32(%0) : (tensor<*xi32>) -> ()
  call @print(%again) : (!winnow.selection<?x?, ?>) -> ()
  return
}

func.func @main() {
  %scores = arith.constant dense<[[0.5, 0.9, 0.9, 0.9, 0.1], [0x7FC00000, -1.0, 0x7FC00000, 0x7FC00000, 0xFF800000],
                                  [0x7FC00000, 0x7FC00000, 0x7FC00000, 0x7FC00000, 0x7FC00000],
                                  [0.0, -0.0, 0x7F800000, 0.0, 2.0], [1.0, 2.0, 3.0, 4.0, 5.0]]> : tensor<5x5xf32>
  %dynamic = tensor.cast %scores : tensor<5x5xf32> to tensor<?x5xf32>
  // CHECK: sizes = [5, 2]
  // CHECK-NEXT: [1,   2]
  // CHECK-NEXT: [1,   4]
  // CHECK-NEXT: [0,   1]
  // CHECK-NEXT: [2,   4]
  // CHECK-NEXT: [3,   4]
  // CHECK: [2,  2,  2,  2,  2]
  // CHECK: [-1,   0,   1,   -1,   -1]
  // CHECK-NEXT: [-1,   0,   -1,   -1,   1]
  // CHECK-NEXT: [0,   1,   -1,   -1,   -1]
  // CHECK-NEXT: [-1,   -1,   0,   -1,   1]
  // CHECK-NEXT: [-1,   -1,   -1,   0,   1]
  call @top_2(%dynamic) : (tensor<?x5xf32>) -> ()
  // CHECK: [3,  0,  0,  2,  5]
  // CHECK: [4,  0,  0,  2,  5]
  // CHECK: [0,   1,   2,   3,   -1]
  // CHECK-NEXT: [-1,   -1,   -1,   -1,   -1]
  // CHECK-NEXT: [-1,   -1,   -1,   -1,   -1]
  // CHECK-NEXT: [-1,   -1,   0,   -1,   1]
  // CHECK-NEXT: [0,   1,   2,   3,   4]
  call @threshold(%dynamic) : (tensor<?x5xf32>) -> ()
  %few = arith.constant dense<[[1.0, 3.0, 2.0], [0x7FC00000, 0.0, 0.0]]> : tensor<2x3xf32>
  %few_dynamic = tensor.cast %few : tensor<2x3xf32> to tensor<?x?xf32>
  // CHECK: [3,  3]
  // CHECK: [3,  3]
  // CHECK: [0,   1,   2]
  // CHECK-NEXT: [0,   1,   2]
  call @top_4_dynamic(%few_dynamic) : (tensor<?x?xf32>) -> ()
  %none = tensor.empty() : tensor<0x5xf32>
  %none_dynamic = tensor.cast %none : tensor<0x5xf32> to tensor<?x5xf32>
  // CHECK: sizes = [0, 2]
  // CHECK: sizes = [0]
  // CHECK: sizes = [0, 5]
  call @top_2(%none_dynamic) : (tensor<?x5xf32>) -> ()
  return
}
