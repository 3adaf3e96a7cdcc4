// A whole function becomes code with the reference boundary: inputs, weights and outputs as buffers, their
// dynamic extents, and the caller's allocator. Executed by Inputs/pipeline.c.
// RUN: %winnow-opt %s --winnow-reference -o %t.mlir
// RUN: FileCheck %s --input-file=%t.mlir
// RUN: mlir-translate --mlir-to-llvmir %t.mlir | llc --mcpu=x86-64-v3 -O2 --filetype=obj --relocation-model=pic -o %t.o
// RUN: cc -shared -nostdlib -Wl,--no-undefined %t.o -o %t.so
// RUN: cc %S/Inputs/pipeline.c %t.o -o %t && %t | FileCheck %s --check-prefix=RAN

// CHECK: llvm.func @main_reference(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr) attributes {winnow.weights = [dense<{{\[}}[1.000000e+00, -2.000000e+00], [3.000000e+00, 4.000000e+00]]> : tensor<2x2xf32>]}
// CHECK-NOT: llvm.func

// RAN: 0.0000 3.0000
// RAN-NEXT: 0.0000 0.0000
// RAN-NEXT: 7.0000 6.0000
// RAN-NEXT: mask 0 1 0 0 1 1
// RAN-NEXT: tanh -0.7616 0.6351 0.4621 -1.0000 0.7616 0.9640

func.func @main_reference(%x: tensor<?x2xf32>) -> (tensor<?x2xf32>, tensor<?x2xi1>, tensor<?x2xf32>) {
  %w = arith.constant dense<[[1.0, -2.0], [3.0, 4.0]]> : tensor<2x2xf32>
  %s = winnow.select.threshold %x, gt 0.0 : tensor<?x2xf32> -> !winnow.selection<?x2, 2>
  %0 = winnow.gather %x, %s : tensor<?x2xf32>, !winnow.selection<?x2, 2> -> tensor<?x2xf32>
  %1 = winnow.matmul %0, %w inputs(%s : !winnow.selection<?x2, 2>)
      : tensor<?x2xf32>, tensor<2x2xf32> -> tensor<?x2xf32>
  %t = winnow.select.threshold %1, gt 2.5 : tensor<?x2xf32> -> !winnow.selection<?x2, 2>
  %2 = winnow.gather %1, %t : tensor<?x2xf32>, !winnow.selection<?x2, 2> -> tensor<?x2xf32>
  %3 = winnow.scatter %2, %t : tensor<?x2xf32>, !winnow.selection<?x2, 2> -> tensor<?x2xf32>
  %mask = winnow.selection.to_mask %t : !winnow.selection<?x2, 2> -> tensor<?x2xi1>
  %tanh = math.tanh %x : tensor<?x2xf32>
  return %3, %mask, %tanh : tensor<?x2xf32>, tensor<?x2xi1>, tensor<?x2xf32>
}
