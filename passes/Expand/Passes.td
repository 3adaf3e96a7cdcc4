// The expansions: operations of the dialect as operations on tensors.
#ifndef WINNOW_PASSES_EXPAND_TD
#define WINNOW_PASSES_EXPAND_TD

include "mlir/Pass/PassBase.td"

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

#endif // WINNOW_PASSES_EXPAND_TD
