// Normalizations are printed as they are read, with dynamic rows, of any rank and element type.
// RUN: %winnow-opt %s | %winnow-opt | FileCheck %s

// CHECK-LABEL: func @layer_norm
// CHECK: winnow.normalize %{{.*}} centered scale(%{{.*}} : tensor<768xf32>) bias(%{{.*}} : tensor<768xf32>) epsilon 9.99999974E-6 : tensor<?x?x768xf32>
// CHECK: winnow.normalize %{{.*}} scale(%{{.*}} : tensor<768xf32>) epsilon 9.99999997E-7 : tensor<?x?x768xf32>
func.func @layer_norm(%x: tensor<?x?x768xf32>, %g: tensor<768xf32>, %b: tensor<768xf32>) -> tensor<?x?x768xf32> {
  %y = winnow.normalize %x centered scale(%g : tensor<768xf32>) bias(%b : tensor<768xf32>) epsilon 1.0e-05
      : tensor<?x?x768xf32>
  %z = winnow.normalize %y scale(%g : tensor<768xf32>) epsilon 1.0e-06 : tensor<?x?x768xf32>
  return %z : tensor<?x?x768xf32>
}

// CHECK-LABEL: func @one_row
// CHECK: winnow.normalize %{{.*}} bias(%{{.*}} : tensor<5xf16>) epsilon 0.000000e+00 : tensor<5xf16>
func.func @one_row(%x: tensor<5xf16>, %b: tensor<5xf16>) -> tensor<5xf16> {
  %y = winnow.normalize %x bias(%b : tensor<5xf16>) epsilon 0.0 : tensor<5xf16>
  return %y : tensor<5xf16>
}
