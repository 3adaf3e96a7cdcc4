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

def VectorizeForHost : Pass<"winnow-vectorize-for-host"> {
  let summary = "turns linalg operations on memrefs into loops over register blocks of vectors";
  let description = [{
    Each operation becomes loops around a block of its iteration space that is computed in registers. One
    dimension is laid along the lanes of vectors: a parallel one in which the results are contiguous, or a
    contiguous reduction, whose lanes are combined at the end. Rows that are shorter than a vector share one.
    A block has several vectors, and several points of other parallel dimensions, so that operands are used more
    than once and sums do not wait for each other; the sizes come from a model of the machine. Sums are carried by
    the loops over reductions as separate vectors of one dimension, since LLVM spills what has more.

    Extents may be dynamic; the remainder is one masked vector where the target has masks, else narrower
    vectors and scalars. Bodies may contain index arithmetic and loads: what is the same for all lanes is computed
    once. Operations whose body has control flow over lanes, or whose addresses are not linear, become
    scalar loops.

    ```mlir
    linalg.matmul ins(%a, %b : memref<16x512xf32>, memref<512x128xf32>) outs(%c : memref<16x128xf32>)
    // becomes
    scf.for %i = 0 to 16 step 4 {
      scf.for %j = 0 to 128 step 64 {
        %sums:16 = scf.for %k = 0 to 512 step 1 iter_args(...) -> (vector<16xf32>, ...)
    ```
  }];
  let options = [Option<"targetName", "target", "std::string", "\"native\"",
                        "host target: native, x86-64-v2, x86-64-v3, x86-64-v4 or aarch64">];
  let dependentDialects = ["mlir::affine::AffineDialect", "mlir::arith::ArithDialect",
                           "mlir::linalg::LinalgDialect", "mlir::memref::MemRefDialect",
                           "mlir::scf::SCFDialect", "mlir::vector::VectorDialect"];
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
    and bit operations on scalars or vectors: `exp`, `log`, `tanh`, `erf`, `pow`, `sin`, remainders and their kin
    in single precision; half precision is computed in single. The errors are listed in
    `lib/MathExpansions/MathExpansions.h`. What is rare (angles above 8192, quotients of 29 bits and more) is
    computed in a branch that is taken when any lane of a vector needs it. What has no expansion (double precision, mostly)
    is an error that names the operation. Without `fma`, fused multiply-adds become two operations.
  }];
  let options = [Option<"fma", "fma", "bool", "true", "the CPU has fused multiply-add instructions">];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::math::MathDialect", "mlir::scf::SCFDialect",
                           "mlir::vector::VectorDialect"];
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
