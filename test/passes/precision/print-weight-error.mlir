// What 8-bit weights cost: bytes, error, and each reason why a contraction cannot have them.
// RUN: %winnow-opt %s --winnow-print-weight-error --allow-unregistered-dialect -o /dev/null 2>&1 | FileCheck %s

// Whole multiples of the scale are exact; 0.5 of it rounds to the even 0, and 1.5 to 2.
// CHECK: exact: 32 bytes, 16 as i8, error 0.00e+00
// CHECK-NEXT: ties: 32 bytes, 16 as i8, error 6.82e-03
func.func @errors(%x: tensor<?x4xf32>, %z: tensor<?x2xf32>) -> (tensor<?x2xf32>, tensor<?x2xf32>) {
  %exact = arith.constant dense<[[127.0, -254.0], [1.0, 2.0], [-5.0, 4.0], [0.0, -6.0]]> : tensor<4x2xf32>
  %ties = arith.constant dense<[[127.0, 127.0], [0.5, 1.5], [1.5, 1.5], [1.5, 2.5]]> : tensor<4x2xf32>
  %0 = linalg.matmul ins(%x, %exact : tensor<?x4xf32>, tensor<4x2xf32>) outs(%z : tensor<?x2xf32>)
      -> tensor<?x2xf32> loc("exact")
  %1 = winnow.matmul %x, %ties : tensor<?x4xf32>, tensor<4x2xf32> -> tensor<?x2xf32> loc("ties")
  return %0, %1 : tensor<?x2xf32>, tensor<?x2xf32>
}

// Channels are the first dimension of a convolution's weights. One of zeros costs nothing, a resource is read.
// CHECK-NEXT: zeros: 144 bytes, 44 as i8, error 0.00e+00
// CHECK-NEXT: channels: 16 bytes, 12 as i8, error 0.00e+00
func.func @convolutions(%x: tensor<?x2x8x8xf32>, %y: tensor<?x2x1x2xf32>, %z: tensor<?x2x6x7xf32>)
    -> (tensor<?x2x6x6xf32>, tensor<?x2x1x1xf32>) {
  %zeros = arith.constant dense<0.0> : tensor<2x2x3x3xf32>
  %channels = arith.constant dense_resource<channels> : tensor<2x1x1x2xf32>
  %0 = winnow.conv2d %x, %zeros : tensor<?x2x8x8xf32>, tensor<2x2x3x3xf32> -> tensor<?x2x6x6xf32> loc("zeros")
  %narrow = tensor.extract_slice %y[0, 0, 0, 0] [1, 1, 1, 2] [1, 1, 1, 1] : tensor<?x2x1x2xf32> to tensor<1x1x1x2xf32>
  %w = tensor.cast %narrow : tensor<1x1x1x2xf32> to tensor<?x1x1x2xf32>
  %1 = winnow.conv2d %w, %channels : tensor<?x1x1x2xf32>, tensor<2x1x1x2xf32> -> tensor<?x2x1x1xf32> loc("channels")
  return %0, %1 : tensor<?x2x6x6xf32>, tensor<?x2x1x1xf32>
}

// CHECK-NEXT: variable: 0 bytes, f32 only: its weights are not constant
// CHECK-NEXT: half: 16 bytes, f32 only: its element type is f16, but only f32 can become i8
// CHECK-NEXT: infinite: 32 bytes, f32 only: its weights are not finite
// CHECK-NEXT: missing: 32 bytes, f32 only: the values of its weights are not there
// CHECK-NEXT: narrow: 8 bytes, f32 only: its weights take 8 bytes as f32 and 10 as i8 with their scales
// CHECK-NEXT: empty: 0 bytes, f32 only: its weights take 0 bytes as f32 and 8 as i8 with their scales
// CHECK-NEXT: long: 536000 bytes, f32 only: a sum of 134000 products may exceed 32 bits
// CHECK-NEXT: batched: 32 bytes, f32 only: 'linalg.batch_matmul' has no integer form
// CHECK-NOT: bytes
func.func @obstacles(%x: tensor<?x4xf32>, %v: tensor<4x2xf32>, %h: tensor<?x4xf16>, %n: tensor<?x1xf32>,
                     %e: tensor<?x0xf32>, %l: tensor<?x134000xf32>, %b: tensor<1x3x4xf32>,
                     %z: tensor<1x3x2xf32>, %q: tensor<?x4xi8>) {
  %half = arith.constant dense<1.0> : tensor<4x2xf16>
  %infinite = arith.constant dense<[[0x7F800000, 0.0], [0.0, 0x7FC00000], [0.0, 0.0], [0.0, 0.0]]> : tensor<4x2xf32>
  %missing = arith.constant dense_resource<missing> : tensor<4x2xf32>
  %narrow = arith.constant dense<1.0> : tensor<1x2xf32>
  %empty = arith.constant dense<1.0> : tensor<0x2xf32>
  %long = arith.constant dense<1.0> : tensor<134000x1xf32>
  %batched = arith.constant dense<1.0> : tensor<1x4x2xf32>
  %already = arith.constant dense<1> : tensor<4x2xi8>
  %0 = winnow.matmul %x, %v : tensor<?x4xf32>, tensor<4x2xf32> -> tensor<?x2xf32> loc("variable")
  %1 = winnow.matmul %h, %half : tensor<?x4xf16>, tensor<4x2xf16> -> tensor<?x2xf16> loc("half")
  %2 = winnow.matmul %x, %infinite : tensor<?x4xf32>, tensor<4x2xf32> -> tensor<?x2xf32> loc("infinite")
  %3 = winnow.matmul %x, %missing : tensor<?x4xf32>, tensor<4x2xf32> -> tensor<?x2xf32> loc("missing")
  %4 = winnow.matmul %n, %narrow : tensor<?x1xf32>, tensor<1x2xf32> -> tensor<?x2xf32> loc("narrow")
  %5 = winnow.matmul %e, %empty : tensor<?x0xf32>, tensor<0x2xf32> -> tensor<?x2xf32> loc("empty")
  %6 = winnow.matmul %l, %long : tensor<?x134000xf32>, tensor<134000x1xf32> -> tensor<?x1xf32> loc("long")
  %7 = linalg.batch_matmul ins(%b, %batched : tensor<1x3x4xf32>, tensor<1x4x2xf32>)
      outs(%z : tensor<1x3x2xf32>) -> tensor<1x3x2xf32> loc("batched")
  %8 = winnow.matmul %q, %already : tensor<?x4xi8>, tensor<4x2xi8> -> tensor<?x2xi32> loc("integer")
  return
}

{-#
  dialect_resources: { builtin: { channels: "0x040000000000803f0000fe42000080400000fe43" } }
#-}
