// Why: what LLVM aborts on (here a function that the back end cannot select), an unknown architecture and an
// impossible name are messages.
// RUN: split-file %s %t
// RUN: not winnow-ptx-image --lowered %t/pow.mlir 2>&1 | FileCheck %s --check-prefix=POW
// RUN: not winnow-ptx-image --lowered %t/copy.mlir --chip=sm_1 2>&1 | FileCheck %s --check-prefix=CHIP
// RUN: not winnow-ptx-image --lowered %t/copy.mlir --chip=generic 2>&1 | FileCheck %s --check-prefix=GENERIC
// RUN: not winnow-ptx-image --lowered %t/name.mlir 2>&1 | FileCheck %s --check-prefix=NAME
// RUN: not winnow-ptx-image --lowered %t/empty.mlir 2>&1 | FileCheck %s --check-prefix=EMPTY
// POW-NOT: Stack dump
// POW: error: LLVM cannot generate PTX: Cannot select: {{.*}} = fpow {{.*}}, in function k
// POW-NOT: Stack dump
// CHIP: error: unknown GPU architecture 'sm_1', expected one such as 'sm_80' or 'sm_90a'
// GENERIC: error: unknown GPU architecture 'generic'
// NAME: error: 'llvm.func' op has the name 'a b', which is no identifier in PTX
// EMPTY: error: expected one gpu.module with kernels, found 0

//--- pow.mlir
gpu.module @kernels {
  llvm.func @k(%p: !llvm.ptr) attributes {nvvm.kernel} {
    %x = llvm.load %p : !llvm.ptr -> f32
    %y = llvm.intr.pow(%x, %x) : (f32, f32) -> f32
    llvm.store %y, %p : f32, !llvm.ptr
    llvm.return
  }
}

//--- copy.mlir
gpu.module @kernels {
  llvm.func @k(%p: !llvm.ptr) attributes {nvvm.kernel} {
    llvm.return
  }
}

//--- name.mlir
gpu.module @kernels {
  llvm.func @"a b"(%p: !llvm.ptr) attributes {nvvm.kernel} {
    llvm.return
  }
}

//--- empty.mlir
module {
}
