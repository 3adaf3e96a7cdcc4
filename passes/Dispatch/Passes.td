// The passes of the dispatch phase.
#ifndef WINNOW_PASSES_DISPATCH_TD
#define WINNOW_PASSES_DISPATCH_TD

include "mlir/Pass/PassBase.td"

def OutlineDispatches : Pass<"winnow-outline-dispatches", "::mlir::ModuleOp"> {
  let summary = "outlines fused groups of operations into kernel functions";
  let description = [{
    Goal: every operation that computes on tensors ends up in a kernel, a function in destination-passing
    style with the attribute `winnow.kernel`, which the entry function calls.

    A group grows from its last operation. An element-wise root takes in the reductions, convolutions and
    products that only it reads and that have its shape, so that it becomes their epilogue. Fills, splat
    constants and `tensor.empty` are repeated in each group that needs them.

    ```mlir
    %c = linalg.generic {...reduction...} ins(%x, %w) outs(%zero : tensor<?x64xf32>) -> tensor<?x64xf32>
    %r = linalg.generic {...parallel...} ins(%c) outs(%e : tensor<?x64xf32>) -> tensor<?x64xf32>
    ```
    becomes
    ```mlir
    %r = func.call @main_0(%x, %w, %e) : (...) -> tensor<?x64xf32>
    func.func private @main_0(%x, %w, %out : tensor<?x64xf32>) -> tensor<?x64xf32> attributes {winnow.kernel}
    ```

    It does not look through reshapes, and it does not fuse an element-wise producer into a reduction that
    would read it more than once.
  }];
  let statistics = [
    Statistic<"kernels", "kernels", "number of kernels outlined">,
    Statistic<"epilogues", "epilogues", "number of reductions fused under an element-wise root">
  ];
  let dependentDialects = ["::mlir::func::FuncDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def DeduplicateKernels : Pass<"winnow-deduplicate-kernels", "::mlir::ModuleOp"> {
  let summary = "merges kernels that are equal but for their names and locations";
  let description = [{
    Calls of a merged kernel are redirected to the first of its kind. Constants of different value make
    kernels different only when they are inside; weights are arguments.
  }];
  let statistics = [Statistic<"merged", "merged", "number of kernels removed">];
}

def ConvertToPlan : Pass<"winnow-convert-to-plan", "::mlir::ModuleOp"> {
  let summary = "turns the entry functions into plan programs";
  let description = [{
    Tensors become buffers with known sizes, calls of kernels become `plan.dispatch`, constants become
    `plan.weight`, reshapes disappear, and all shape arithmetic moves to the front. The kernels move into
    the nested module `@kernels`.
  }];
  let dependentDialects = ["::winnow::plan::PlanDialect", "::mlir::arith::ArithDialect",
                           "::mlir::affine::AffineDialect"];
}

def PlanBuffers : Pass<"winnow-plan-buffers", "::winnow::plan::FuncOp"> {
  let summary = "ends the life of every transient buffer after its last use";
  let description = [{
    The runtime places transient buffers by the intervals between `plan.alloc` and `plan.release`. This pass
    moves each allocation to its first use and adds the release after the last one, slices included.
  }];
}

#endif
