// The passes of the dispatch phase.
#ifndef WINNOW_PASSES_DISPATCH_TD
#define WINNOW_PASSES_DISPATCH_TD

include "mlir/Pass/PassBase.td"

def ThreadSession : Pass<"winnow-thread-session", "::mlir::ModuleOp"> {
  let summary = "turns what a session keeps into arguments and results of the functions that use it";
  let description = [{
    A parameter that a function reads becomes an argument behind its inputs, of the parameter's type, with the
    attribute `winnow.parameter`. A state becomes an argument and, if the function writes it, a result, with
    the attribute `winnow.state`; a read behind a write is what was written. The phases behind this one see
    functions on tensors only.

    ```mlir
    func.func @main(%x: tensor<64xf32>) -> tensor<64xf32> {
      %sum = winnow.state.read @sum : tensor<64xf32>
      %next = ...
      winnow.state.write @sum, %next : tensor<64xf32>
      return %x : tensor<64xf32>
    ```
    becomes
    ```mlir
    func.func @main(%x: tensor<64xf32>, %sum: tensor<64xf32> {winnow.state = @sum})
        -> (tensor<64xf32>, tensor<64xf32> {winnow.state = @sum}) {
      %next = ...
      return %x, %next : tensor<64xf32>, tensor<64xf32>
    ```

    A state that is written inside a region is an error, and so is a function that uses one and is called.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
}

def ExpandMemories : Pass<"winnow-expand-memories", "::mlir::ModuleOp"> {
  let summary = "replaces memories by states, and the operations on them by operations on tensors";
  let description = [{
    A memory becomes the states that `winnow.memory` lists. An update is a kernel for each state in which every
    place looks up the token that it takes; which ones the working tier keeps is decided by a key of each token's
    usefulness and the key that is just good enough, found digit by digit. Attention becomes `winnow.attention`
    over the places of both tiers, and the sums of its weights are added to the masses.

    ```mlir
    winnow.memory @history : !winnow.memory<8x64xf32, instant @recent, working @older>
    ...
    %held = winnow.memory.positions @history : tensor<?xi64>
    ```
    becomes
    ```mlir
    winnow.state @history.working.position : tensor<?xi64> sizes [@older] in host = -1 : i64
    winnow.state @history.instant.position : tensor<?xi64> sizes [@recent] = -1 : i64
    ...
    %w = winnow.state.read @history.working.position : tensor<?xi64>
    %i = winnow.state.read @history.instant.position : tensor<?xi64>
    %held = tensor.concat dim(0) %w, %i : (tensor<?xi64>, tensor<?xi64>) -> tensor<?xi64>
    ```
  }];
  let dependentDialects = ["::winnow::plan::PlanDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect", "::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect", "::mlir::scf::SCFDialect"];
}

def ExpandSelections : Pass<"winnow-expand-selections", "::mlir::func::FuncOp"> {
  let summary = "replaces selections by their parts, and what uses them by operations on tensors";
  let description = [{
    A selection becomes the pair of its indices and counts, which `winnow.selection.enumerate` makes from a
    mask; the mask comes from a comparison, or from the rank of each score. Gather, scatter, gates and
    quantization become `linalg.generic` operations that read by index. Products and convolutions stay, on a
    selection assembled from the parts; a convolution's padding becomes a `tensor.pad` before it.

    Other forms come from the mask too: the offsets and members of `columns` from
    `winnow.selection.accumulate` and `winnow.selection.enumerate_columns`, the words of a `bitmap` from a
    `linalg.generic`. The choice of blocks becomes their scores and a top-k; a feed-forward layer becomes
    products for and of its active neurons; experts become products of rows that are grouped by expert, and a
    weighted sum by token.

    ```mlir
    %s = winnow.select.threshold %x, gt 0.0 : tensor<?x64xf32> -> !winnow.selection<?x64, 64>
    ```
    becomes
    ```mlir
    %m = linalg.generic ... arith.cmpf ogt ... -> tensor<?x64xi1>
    %i, %c = winnow.selection.enumerate %m : tensor<?x64xi1> -> tensor<?x64xi32>, tensor<?xi32>
    %s = winnow.selection.assemble %i, %c : tensor<?x64xi32>, tensor<?xi32> -> !winnow.selection<?x64, 64>
    ```
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect",
                           "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::mlir::scf::SCFDialect"];
}

def ExpandPackedWeights : Pass<"winnow-expand-packed-weights", "::mlir::func::FuncOp"> {
  let summary = "replaces packed weights by their parts, and what uses them by operations on tensors";
  let description = [{
    The parts of a packed matrix are tensors like others. A product with 2:4 weights becomes a reduction over the
    stored entries, which reads `x` at the places that the indices tell; one with blocks or single entries a loop
    over what is stored of the result's column. Conversions become kernels that compute each part.

    ```mlir
    %w = winnow.packed.assemble %v, %i
        : tensor<32x32xf32>, tensor<2x32xi32> -> !winnow.packed<64x32xf32, #winnow.nm<2:4>>
    %y = winnow.packed.matmul %x, %w
        : tensor<?x64xf32>, !winnow.packed<64x32xf32, #winnow.nm<2:4>> -> tensor<?x32xf32>
    ```
    becomes
    ```mlir
    %y = linalg.generic {iterator_types = ["parallel", "parallel", "reduction"]}
        ins(%v : tensor<32x32xf32>) outs(%zero : tensor<?x32xf32>) { ... tensor.extract %x[%r, %k] ... }
    ```

    It does not unpack weights for a product.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect",
                           "::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect"];
}

def GeneralizeOperations : Pass<"winnow-generalize-operations", "::mlir::func::FuncOp"> {
  let summary = "turns named and data-moving operations into linalg.generic";
  let description = [{
    Every linalg operation except `linalg.fill` becomes a `linalg.generic`, and so do `tensor.concat`,
    `tensor.extract_slice`, `tensor.insert_slice` and `tensor.generate`, whose bodies then read the source
    by index, and `tensor.from_elements` and `tensor.splat` of what the host knows, such as sizes. After it, `linalg.fill`, `linalg.generic`, `tensor.pad`, reshapes and the operations of the
    winnow dialect are what is left. A reduction whose type says that it is over nothing is what it starts with.

    ```mlir
    %r = tensor.extract_slice %x[2, 0] [4, 8] [1, 1] : tensor<8x8xf32> to tensor<4x8xf32>
    ```
    becomes
    ```mlir
    %r = linalg.generic {...} outs(%e : tensor<4x8xf32>) { ... tensor.extract %x[%i + 2, %j] ... }
    ```
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect",
                           "::mlir::affine::AffineDialect", "::mlir::scf::SCFDialect"];
}

def ExpandModalities : Pass<"winnow-expand-modalities", "::mlir::func::FuncOp"> {
  let summary = "replaces the operations on modalities by operations on tensors";
  let description = [{
    `winnow.segments` becomes running sums of the lengths and, for each token, a count of the segments that end
    before it; `winnow.align` and `winnow.contrast` become a product in f32 with the normalization or
    scaling after it, rounded once.

    ```mlir
    %l = winnow.contrast %a, %b, %t of <text, image> : tensor<?x512xf32>, tensor<?x512xf32>, tensor<f32> -> tensor<?x?xf32>
    ```
    becomes
    ```mlir
    %p = linalg.generic ... ins(%a, %b) { arith.mulf, arith.addf } -> tensor<?x?xf32>
    %f = linalg.generic ... ins(%t) { math.exp } -> tensor<f32>
    %l = linalg.generic ... ins(%p, %f) { arith.mulf } -> tensor<?x?xf32>
    ```
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect",
                           "::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
}

def ExpandSparseCodes : Pass<"winnow-expand-sparse-codes", "::mlir::func::FuncOp"> {
  let summary = "replaces the operations on sparse codes by operations on tensors";
  let description = [{
    `winnow.sparse_encode` becomes its rounds, as many as it has atoms or, if these are static and fewer, as the
    dictionary has rows or columns. A round is a product of residuals and dictionary with the scores as its
    epilogue, their maximum and its first place in each row, and the step of the least squares solution. The step
    keeps, for each vector, the inverse of the Cholesky factor of the chosen atoms' Gram matrix: the product of
    that and a vector needs no substitution. Rounds are equal, so that deduplication leaves the kernels of one
    or two. `winnow.sparse_decode` becomes a sum over the slots that reads atoms by index.

    ```mlir
    %v = winnow.sparse_decode %i, %c, %d : tensor<?x8xi32>, tensor<?x8xf32>, tensor<256x64xf32> -> tensor<?x64xf32>
    ```
    becomes
    ```mlir
    %v = linalg.generic {iterator_types = ["parallel", "parallel", "reduction"]}
        ins(%i, %c : tensor<?x8xi32>, tensor<?x8xf32>) outs(%zero : tensor<?x64xf32>)
        { ... tensor.extract %d[%index, %place] ... }
    ```

    It does not leave out the rounds of vectors whose code is complete, and it stores the scores of all atoms.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect",
                           "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
                           "::mlir::scf::SCFDialect"];
}

def FuseElementwise : Pass<"winnow-fuse-elementwise", "::mlir::func::FuncOp"> {
  let summary = "fuses element-wise operations into the one operation that reads them";
  let description = [{
    Uses upstream's fusion of `linalg.generic` operations, restricted to reads that visit each element once,
    so that nothing is computed twice: a broadcast or a window of a computed value is not fused.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect"];
}

def CheckExtents : Pass<"winnow-check-extents", "::mlir::func::FuncOp"> {
  let summary = "checks at each call what operations assume of their operands' shapes";
  let description = [{
    The operands of a linalg operation agree in the dimensions that a loop of it runs over. Where their types do not
    say so, a `plan.check` compares the sizes, and so it does where a `tensor.cast` makes a size static and for
    the operands of `winnow.attention`; it disappears when they turn out to be the same value. Windows, whose
    reach is no single dimension, are not checked.

    ```mlir
    %y = linalg.generic ... ins(%a, %b : tensor<?xf32>, tensor<?xf32>)
    ```
    becomes
    ```mlir
    plan.check %size_of_a, %size_of_b, "..."
    %y = linalg.generic ... ins(%a, %b : tensor<?xf32>, tensor<?xf32>)
    ```
  }];
  let dependentDialects = ["::winnow::plan::PlanDialect", "::mlir::tensor::TensorDialect"];
}

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
  let dependentDialects = ["::mlir::func::FuncDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def DeduplicateKernels : Pass<"winnow-deduplicate-kernels", "::mlir::ModuleOp"> {
  let summary = "merges kernels that are equal but for their names and locations";
  let description = [{
    Calls of a merged kernel are redirected to the first of its kind. Constants of different value make
    kernels different only when they are inside; weights are arguments.
  }];
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
