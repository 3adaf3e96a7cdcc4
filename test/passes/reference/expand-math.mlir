// Math functions become arithmetic that is right at the edges too; nothing of a library is left. Rounding is an
// instruction.
// RUN: %winnow-opt %s --winnow-expand-math | FileCheck %s --check-prefix=ARITHMETIC
// RUN: %lower-definitions %s | %run | FileCheck %s

// ARITHMETIC-LABEL: func.func @functions
// ARITHMETIC-NOT: math.{{exp|log|tanh|erf|powf|sin}}
// ARITHMETIC-NOT: arith.remf
// ARITHMETIC: return
func.func private @printMemrefF32(tensor<*xf32>)

func.func @functions(%x: f32, %y: f32) -> (f32, f32, f32, f32, f32, f32, f32, f32) {
  %0 = math.exp %x : f32
  %1 = math.log10 %x : f32
  %2 = math.tanh %x : f32
  %3 = math.erf %x : f32
  %4 = math.powf %x, %y : f32
  %5 = math.sin %x : f32
  %6 = math.roundeven %x : f32
  %7 = arith.remf %x, %y : f32
  return %0, %1, %2, %3, %4, %5, %6, %7 : f32, f32, f32, f32, f32, f32, f32, f32
}

func.func @power(%x: f32, %y: f32) -> f32 {
  %0 = math.powf %x, %y : f32
  return %0 : f32
}

func.func @print(%x: f32, %y: f32) {
  %r:8 = call @functions(%x, %y) : (f32, f32) -> (f32, f32, f32, f32, f32, f32, f32, f32)
  %t = tensor.from_elements %r#0, %r#1, %r#2, %r#3, %r#4, %r#5, %r#6, %r#7 : tensor<8xf32>
  %u = tensor.cast %t : tensor<8xf32> to tensor<*xf32>
  call @printMemrefF32(%u) : (tensor<*xf32>) -> ()
  return
}

func.func @main() {
  // CHECK: [12.1825,  0.39794,  0.986614,  0.999593,  3.95285,  0.598472,  2,  1]
  %a = arith.constant 2.5 : f32
  %b = arith.constant 1.5 : f32
  call @print(%a, %b) : (f32, f32) -> ()
  // CHECK: [0.0183156,  nan,  -0.999329,  -1,  -64,  0.756802,  -4,  -1]
  %c = arith.constant -4.0 : f32
  %d = arith.constant 3.0 : f32
  call @print(%c, %d) : (f32, f32) -> ()
  // CHECK: [inf,  inf,  1,  1,  inf,
  %e = arith.constant 0x7F800000 : f32
  call @print(%e, %d) : (f32, f32) -> ()
  // CHECK: [1,  -inf,  0,  0,  0,  0,  0,  0]
  %f = arith.constant 0.0 : f32
  call @print(%f, %d) : (f32, f32) -> ()
  // CHECK: inf,  0.909297,  2,  2]
  %g = arith.constant 0x7F800000 : f32
  %h = arith.constant 2.0 : f32
  call @print(%h, %g) : (f32, f32) -> ()
  // Powers of a negative number: odd, fractional, infinite; of zero to nothing.
  // CHECK: [-0.00195{{[0-9]*}},  nan,  1,  1,  -8]
  %minus_8 = arith.constant -8.0 : f32
  %minus_3 = arith.constant -3.0 : f32
  %minus_1 = arith.constant -1.0 : f32
  %minus_2 = arith.constant -2.0 : f32
  %0 = call @power(%minus_8, %minus_3) : (f32, f32) -> f32
  %1 = call @power(%minus_8, %b) : (f32, f32) -> f32
  %2 = call @power(%minus_1, %g) : (f32, f32) -> f32
  %3 = call @power(%f, %f) : (f32, f32) -> f32
  %4 = math.powf %minus_2, %d : f32
  %t = tensor.from_elements %0, %1, %2, %3, %4 : tensor<5xf32>
  %u = tensor.cast %t : tensor<5xf32> to tensor<*xf32>
  call @printMemrefF32(%u) : (tensor<*xf32>) -> ()
  return
}
