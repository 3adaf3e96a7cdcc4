// The passes that take a tiled kernel on memrefs down to the LLVM dialect for a host CPU.
#ifndef WINNOW_LOWER_TO_HOST_PASSES_TD
#define WINNOW_LOWER_TO_HOST_PASSES_TD

include "mlir/Pass/PassBase.td"

def GeneralizeCopies : Pass<"winnow-generalize-copies"> {
  let summary = "makes copies between memrefs generic operations";
  let description = [{
    `memref.copy` of anything but dense buffers would become a call of MLIR's runtime library. As a
    `linalg.generic` it is vectorized like any other element-wise operation.
  }];
  let dependentDialects = ["mlir::linalg::LinalgDialect"];
}

def ExposeHostKernels : Pass<"winnow-expose-host-kernels", "mlir::ModuleOp"> {
  let summary = "gives kernels the boundary at which the runtime calls them";
  let description = [{
    Replaces each function with the attribute `winnow.kernel` by two. `NAME.items` is internal; it gets plain
    pointers that do not alias, the sizes, and a range of items, and runs the body of the kernel's
    `scf.forall` for each item of the range in row-major order. `NAME` is exported; it takes pointers and
    sizes out of the arrays that the runtime passes:

    ```
    void NAME(void *const *buffers, const int64_t *sizes, int64_t begin, int64_t end)
    ```

    where `sizes` holds each dynamic dimension of each buffer, in order, and then the `index` arguments.
    The memrefs that the body works on are made from the pointers, and stack allocations move out of the
    loop. A kernel that allocates on the heap, or more than 1 MiB on the stack, is an error.

    ```mlir
    func.func @k(%x: memref<?xf32>) attributes {winnow.kernel, winnow.tile = array<i64: 16>} {
      %c0 = arith.constant 0 : index
      %n = memref.dim %x, %c0 : memref<?xf32>
      scf.forall (%i) = (0) to (%n) step (16) { ... }
      return
    }
    // becomes
    func.func private @k.items(%x: !llvm.ptr {llvm.noalias}, %n: index, %begin: index, %end: index)
    func.func @k(%buffers: !llvm.ptr, %sizes: !llvm.ptr, %begin: i64, %end: i64)
    ```
  }];
  let dependentDialects = ["mlir::LLVM::LLVMDialect", "mlir::affine::AffineDialect", "mlir::arith::ArithDialect",
                           "mlir::memref::MemRefDialect", "mlir::scf::SCFDialect"];
}

def ExpandHostMath : Pass<"winnow-expand-host-math"> {
  let summary = "replaces mathematical functions by arithmetic";
  let description = [{
    An image imports no C library, so every function that the CPU has no instruction for becomes polynomials
    and bit operations on scalars or vectors: `exp`, `log`, `tanh`, `erf`, `pow`, `sin` and their kin in
    single precision; half precision is computed in single. What has no expansion (double precision, mostly)
    is an error that names the operation. Without `fma`, fused multiply-adds become two operations.
  }];
  let options = [Option<"fma", "fma", "bool", "true", "the CPU has fused multiply-add instructions">];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::math::MathDialect", "mlir::vector::VectorDialect"];
}

def AllowContraction : Pass<"winnow-allow-contraction"> {
  let summary = "lets products be added without rounding in between";
  let description = [{
    Marks floating additions, subtractions and multiplications with `contract`, so that the code generator
    may form fused multiply-adds; it does not otherwise.
  }];
  let dependentDialects = ["mlir::arith::ArithDialect"];
}

#endif
