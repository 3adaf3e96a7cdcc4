// The passes that turn bufferized kernels into LLVM IR for NVPTX: plain SIMT code, one item for each thread.
#ifndef WINNOW_PASSES_LOWERTOPTX_PASSES
#define WINNOW_PASSES_LOWERTOPTX_PASSES

include "mlir/Pass/PassBase.td"

def OutlinePTXKernels : Pass<"winnow-outline-ptx-kernels", "mlir::ModuleOp"> {
  let summary = "moves the kernels of a module into a gpu.module";
  let description = [{
    Moves every `func.func` with the attribute `winnow.kernel`, and the constants that it reads, into one
    `gpu.module`, where the passes after this one work. Other functions are left alone. A kernel that has
    results, an argument that is neither a memref nor an `index`, or a call is an error.

    ```mlir
    func.func private @k(%x: memref<?xf32>) attributes {winnow.kernel} { ... }
    ```

    becomes

    ```mlir
    gpu.module @kernels {
      func.func @k(%x: memref<?xf32>) attributes {winnow.kernel} { ... }
    }
    ```

    Nothing happens in a module without kernels.
  }];
  let dependentDialects = ["mlir::gpu::GPUDialect"];
}

def MapItemsToThreads : Pass<"winnow-map-items-to-threads", "mlir::func::FuncOp"> {
  let summary = "gives each thread one item of a kernel's scf.forall";
  let description = [{
    Replaces the one top-level `scf.forall` of a kernel by its body for the item
    `%ctaid.x * threads + %tid.x`, in row-major order over the loop's counts `ceil((ub - lb) / step)`; a
    thread beyond the last item does nothing. Bounds may be dynamic: upstream's mapping takes static,
    normalized loops only.

    ```mlir
    scf.forall (%i, %j) = (0, 0) to (%n, 64) step (1, 8) { ... }
    ```

    becomes

    ```mlir
    %item = ...             // from nvvm.read.ptx.sreg.ctaid.x and .tid.x
    %inside = arith.cmpi ult, %item, %items : index
    scf.if %inside {
      %j0 = arith.remui %item, %c8
      ...
    }
    ```

    Loops nested inside the item stay with the thread.
  }];
  let options = [Option<"threads", "threads", "int64_t", "128", "Threads in a block">];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::scf::SCFDialect", "mlir::NVVM::NVVMDialect"];
}

def LinalgToThreadLoops : Pass<"winnow-linalg-to-thread-loops", "mlir::func::FuncOp"> {
  let summary = "lowers linalg on buffers to a thread's loops, with accumulators in registers";
  let description = [{
    Turns every linalg operation and `memref.copy` into serial loops. Parallel dimensions are the outer
    loops, reductions the inner ones, and a result that does not depend on the reduction is carried by the
    inner loops as a value, so that memory is read once before and written once after them. Parallel
    dimensions with few points (`unroll`) are written out inside the reduction, which is then shared by the
    accumulators. A multiplication that feeds a floating-point accumulator becomes `math.fma`: exactly one
    for each multiply-add.

    ```mlir
    linalg.matmul ins(%a, %b : memref<1x?xf32, ...>, memref<?x1xf32, ...>) outs(%c : memref<1x1xf32, ...>)
    ```

    becomes

    ```mlir
    %init = memref.load %c[%c0, %c0]
    %sum = scf.for %k = %c0 to %n step %c1 iter_args(%acc = %init) -> f32 {
      ...
      %next = math.fma %x, %y, %acc : f32
      scf.yield %next : f32
    }
    memref.store %sum, %c[%c0, %c0]
    ```

    It does not tile, fuse or vectorize: that is the work of the phase before.
  }];
  let options = [Option<"unroll", "unroll", "int64_t", "16",
                        "The most points of parallel dimensions to write out">];
  let dependentDialects = ["mlir::affine::AffineDialect", "mlir::arith::ArithDialect",
                           "mlir::linalg::LinalgDialect", "mlir::math::MathDialect",
                           "mlir::memref::MemRefDialect", "mlir::scf::SCFDialect"];
}

def HoistLocals : Pass<"winnow-hoist-locals", "mlir::func::FuncOp"> {
  let summary = "moves a kernel's local buffers to its entry";
  let description = [{
    Moves every `memref.alloca` of a kernel to the function's entry, where LLVM can turn it into registers;
    elsewhere it would be a dynamic allocation, which PTX lacks. A local buffer of dynamic or excessive
    size (`limit` bytes), and any allocation on a heap, is an error.
  }];
  let options = [Option<"limit", "limit", "int64_t", "65536", "The most bytes of one local buffer">];
  let dependentDialects = ["mlir::memref::MemRefDialect"];
}

def ExpandPTXMath : Pass<"winnow-expand-ptx-math", "mlir::func::FuncOp"> {
  let summary = "expands math operations to what PTX instructions compute";
  let description = [{
    Replaces the functions of the `math` dialect by arithmetic, polynomials and the functions that PTX has
    as instructions, so that no device library is needed, and so for integer division that rounds up or down and
    for sums over the lanes of a warp (`gpu.subgroup_reduce`). Half-precision values are computed in f32. The
    error of each expansion is listed in `lib/MathExpansions/MathExpansions.h`. What is left must be an operation that the code
    generator knows; any other one is an error that names it: LLVM would abort.
  }];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::math::MathDialect", "mlir::scf::SCFDialect",
                           "mlir::vector::VectorDialect", "mlir::NVVM::NVVMDialect"];
}

def LowerKernelBoundary : Pass<"winnow-lower-kernel-boundary", "mlir::func::FuncOp"> {
  let summary = "replaces a kernel's memref arguments by pointers and sizes";
  let description = [{
    Rewrites the signature to what a launch passes: one pointer for each buffer, then a 64-bit integer for
    each dynamic dimension, in order, then the `index` arguments. A memref argument would become a
    descriptor of five and more parameters and lose `noalias`.

    ```mlir
    func.func @k(%x: memref<?x8xf32>, %n: index)
    ```

    becomes

    ```mlir
    func.func @k(%x: !llvm.ptr {llvm.noalias, llvm.align = 4}, %d0: i64, %n: i64)
    ```
  }];
  let dependentDialects = ["mlir::arith::ArithDialect", "mlir::memref::MemRefDialect",
                           "mlir::LLVM::LLVMDialect"];
}

def MarkPTXKernels : Pass<"winnow-mark-ptx-kernels", "mlir::gpu::GPUModuleOp"> {
  let summary = "marks LLVM functions as PTX entries with a fixed block size";
  let description = [{
    Gives each `llvm.func` with the attribute `winnow.kernel` the attributes `nvvm.kernel` and
    `nvvm.reqntid`, which the LLVM dialect takes on its own functions only. An operation that no code
    can be generated for is an error here, since LLVM would abort on it.
  }];
  let options = [Option<"threads", "threads", "int64_t", "128", "Threads in a block">];
  let dependentDialects = ["mlir::NVVM::NVVMDialect"];
}

#endif // WINNOW_PASSES_LOWERTOPTX_PASSES
