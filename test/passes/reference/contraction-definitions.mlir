// What the definitions of gather, scatter, products and convolutions compute. Beyond a count, indices are
// out of bounds and compact values are NaN: neither may show.
// RUN: %lower-definitions %s | %run | FileCheck %s

func.func private @printMemrefF32(tensor<*xf32>)
func.func private @printMemrefI32(tensor<*xi32>)

func.func @selection() -> !winnow.selection<3x4, 2> {
  %indices = arith.constant dense<[[1, 3], [2, 77], [-5, 99]]> : tensor<3x2xi32>
  %counts = arith.constant dense<[2, 1, 0]> : tensor<3xi32>
  %s = winnow.selection.assemble %indices, %counts : tensor<3x2xi32>, tensor<3xi32> -> !winnow.selection<3x4, 2>
  return %s : !winnow.selection<3x4, 2>
}

func.func @compact() -> tensor<3x2xf32> {
  %x = arith.constant dense<[[10.0, 20.0], [30.0, 0x7FC00000], [0x7FC00000, 0x7FC00000]]> : tensor<3x2xf32>
  return %x : tensor<3x2xf32>
}

func.func @main() {
  %s = call @selection() : () -> !winnow.selection<3x4, 2>
  %x = call @compact() : () -> tensor<3x2xf32>

  // CHECK: sizes = [3, 4]
  // CHECK-NEXT: [0,   10,   0,   20]
  // CHECK-NEXT: [0,   0,   30,   0]
  // CHECK-NEXT: [0,   0,   0,   0]
  %dense = winnow.scatter %x, %s : tensor<3x2xf32>, !winnow.selection<3x4, 2> -> tensor<3x4xf32>
  %0 = tensor.cast %dense : tensor<3x4xf32> to tensor<*xf32>
  call @printMemrefF32(%0) : (tensor<*xf32>) -> ()

  // The definition fills what is unspecified with zero.
  // CHECK: sizes = [3, 2]
  // CHECK-NEXT: [2,   4]
  // CHECK-NEXT: [3,   0]
  // CHECK-NEXT: [0,   0]
  %table = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %taken = winnow.gather %table, %s shared : tensor<4xf32>, !winnow.selection<3x4, 2> -> tensor<3x2xf32>
  %1 = tensor.cast %taken : tensor<3x2xf32> to tensor<*xf32>
  call @printMemrefF32(%1) : (tensor<*xf32>) -> ()

  // CHECK: sizes = [3, 3]
  // CHECK-NEXT: [100,   170,   200]
  // CHECK-NEXT: [90,   90,   0]
  // CHECK-NEXT: [0,   0,   0]
  %w = arith.constant dense<[[1.0, 1.0, 1.0], [2.0, 3.0, 4.0], [3.0, 3.0, 0.0], [4.0, 7.0, 8.0]]> : tensor<4x3xf32>
  %product = winnow.matmul %x, %w inputs(%s : !winnow.selection<3x4, 2>)
      : tensor<3x2xf32>, tensor<4x3xf32> -> tensor<3x3xf32>
  %2 = tensor.cast %product : tensor<3x3xf32> to tensor<*xf32>
  call @printMemrefF32(%2) : (tensor<*xf32>) -> ()

  // CHECK: sizes = [3, 2]
  // CHECK-NEXT: [-1,   254]
  // CHECK-NEXT: [508,   0]
  // CHECK-NEXT: [0,   0]
  %xq = arith.constant dense<[[1, -1], [127, 127], [3, 3]]> : tensor<3x2xi8>
  %wr = arith.constant dense<[[1, 126, 2, 127], [1, 127, 2, -127]]> : tensor<2x4xi8>
  %integers = winnow.matmul %xq, %wr outputs(%s : !winnow.selection<3x4, 2>)
      : tensor<3x2xi8>, tensor<2x4xi8> -> tensor<3x2xi32>
  %3 = tensor.cast %integers : tensor<3x2xi32> to tensor<*xi32>
  call @printMemrefI32(%3) : (tensor<*xi32>) -> ()
  return
}
