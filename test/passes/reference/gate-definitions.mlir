// What the definitions of gates and quantization compute: ties to even, rows of zeros, NaN and infinities,
// and nothing from beyond a count.
// RUN: %lower-definitions %s | %run | FileCheck %s

func.func private @printMemrefF32(tensor<*xf32>)
func.func private @printMemrefI32(tensor<*xi32>)

func.func @print(%values: tensor<?x?xi8>, %scale: tensor<?xf32>) {
  %wide = arith.extsi %values : tensor<?x?xi8> to tensor<?x?xi32>
  %0 = tensor.cast %scale : tensor<?xf32> to tensor<*xf32>
  %1 = tensor.cast %wide : tensor<?x?xi32> to tensor<*xi32>
  call @printMemrefF32(%0) : (tensor<*xf32>) -> ()
  call @printMemrefI32(%1) : (tensor<*xi32>) -> ()
  return
}

func.func @quantize(%x: tensor<?x?xf32>) {
  %values, %scale = winnow.quantize %x : tensor<?x?xf32> -> tensor<?x?xi8>, tensor<?xf32>
  call @print(%values, %scale) : (tensor<?x?xi8>, tensor<?xf32>) -> ()
  return
}

func.func @main() {
  // CHECK: sizes = [1, 2, 1, 2]
  // CHECK: [2,    4]
  // CHECK: [1.5,    2]
  %x = arith.constant dense<[[[[1.0, 2.0]], [[3.0, 4.0]]]]> : tensor<1x2x1x2xf32>
  %g = arith.constant dense<[[2.0, 0.5]]> : tensor<1x2xf32>
  %0 = winnow.channel_gate %x, %g : tensor<1x2x1x2xf32>, tensor<1x2xf32>
  %1 = tensor.cast %0 : tensor<1x2x1x2xf32> to tensor<*xf32>
  call @printMemrefF32(%1) : (tensor<*xf32>) -> ()

  // CHECK: [1,  0.5,  0,  inf,  1]
  // CHECK: [-127,   0,   2,   -2]
  // CHECK-NEXT: [127,   2,   4,   -124]
  // CHECK-NEXT: [0,   0,   0,   0]
  // CHECK-NEXT: [0,   0,   0,   0]
  // CHECK-NEXT: [0,   127,   0,   -1]
  %values = arith.constant dense<[[-127.0, 0.5, 1.5, -2.5], [63.5, 1.25, 1.75, -62.25], [0.0, -0.0, 0.0, 0.0],
      [0x7F800000, 1.0, 0xFF800000, 5.0], [0x7FC00000, 127.0, 0.25, -0.75]]> : tensor<5x4xf32>
  %dynamic = tensor.cast %values : tensor<5x4xf32> to tensor<?x?xf32>
  call @quantize(%dynamic) : (tensor<?x?xf32>) -> ()

  // CHECK: sizes = [0]
  // CHECK: sizes = [0, 4]
  %none = tensor.empty() : tensor<0x4xf32>
  %none_dynamic = tensor.cast %none : tensor<0x4xf32> to tensor<?x?xf32>
  call @quantize(%none_dynamic) : (tensor<?x?xf32>) -> ()

  // Beyond the counts stand an infinity and a NaN.
  // CHECK: [0.5,  0]
  // CHECK: [127
  %indices = arith.constant dense<[[1, 0], [0, 0]]> : tensor<2x2xi32>
  %counts = arith.constant dense<[1, 0]> : tensor<2xi32>
  %s = winnow.selection.assemble %indices, %counts : tensor<2x2xi32>, tensor<2xi32> -> !winnow.selection<2x4, 2>
  %compact = arith.constant dense<[[63.5, 0x7F800000], [7.0, 0x7FC00000]]> : tensor<2x2xf32>
  %2, %3 = winnow.quantize %compact active(%s : !winnow.selection<2x4, 2>)
      : tensor<2x2xf32> -> tensor<2x2xi8>, tensor<2xf32>
  %4 = tensor.cast %2 : tensor<2x2xi8> to tensor<?x?xi8>
  %5 = tensor.cast %3 : tensor<2xf32> to tensor<?xf32>
  call @print(%4, %5) : (tensor<?x?xi8>, tensor<?xf32>) -> ()
  return
}
