// What the definitions of the parts of columns compute, which no device but the reference would otherwise do.
// RUN: %lower-definitions %s | %run | FileCheck %s

func.func private @printMemrefI32(tensor<*xi32>)

func.func @print(%values: tensor<?xi32>) {
  %0 = tensor.cast %values : tensor<?xi32> to tensor<*xi32>
  call @printMemrefI32(%0) : (tensor<*xi32>) -> ()
  return
}

func.func @columns(%mask: tensor<?x4xi1>, %counts: tensor<4xi32>, %size: index) {
  %offsets = winnow.selection.accumulate %counts : tensor<4xi32> -> tensor<5xi32>
  %members = winnow.selection.enumerate_columns %mask, %offsets size(%size) : tensor<?x4xi1>, tensor<5xi32> -> tensor<?xi32>
  %0 = tensor.cast %offsets : tensor<5xi32> to tensor<?xi32>
  call @print(%0) : (tensor<?xi32>) -> ()
  call @print(%members) : (tensor<?xi32>) -> ()
  return
}

// A capacity that is below the mask's: further entries are dropped from the indices.
func.func @given(%mask: tensor<?x4xi1>, %capacity: index) {
  %i, %c = winnow.selection.enumerate %mask capacity(%capacity) : tensor<?x4xi1> -> tensor<?x?xi32>, tensor<?xi32>
  %0 = tensor.cast %i : tensor<?x?xi32> to tensor<*xi32>
  call @printMemrefI32(%0) : (tensor<*xi32>) -> ()
  return
}

func.func @main() {
  %mask = arith.constant dense<[[true, false, false, true], [false, false, false, true], [true, false, false, true]]> : tensor<3x4xi1>
  %dynamic = tensor.cast %mask : tensor<3x4xi1> to tensor<?x4xi1>
  %counts = arith.constant dense<[2, 0, 0, 3]> : tensor<4xi32>
  %size = arith.constant 5 : index
  %capacity = arith.constant 2 : index
  // CHECK: [0,  2,  2,  2,  5]
  // CHECK: [0,  2,  0,  1,  2]
  call @columns(%dynamic, %counts, %size) : (tensor<?x4xi1>, tensor<4xi32>, index) -> ()
  // CHECK: sizes = [3, 2]
  // CHECK: [0,   3]
  // CHECK-NEXT: [3,   0]
  // CHECK-NEXT: [0,   3]
  call @given(%dynamic, %capacity) : (tensor<?x4xi1>, index) -> ()
  return
}
