// Passes of the structure phase: gates become selections, and selections reach the contractions.
#ifndef WINNOW_PASSES_STRUCTURE_TD
#define WINNOW_PASSES_STRUCTURE_TD

include "mlir/Pass/PassBase.td"

def StructureGates : Pass<"winnow-structure-gates", "::mlir::ModuleOp"> {
  let summary = "turns gates into selections of the channels that they leave open";
  let description = [{
    A hard gate is zero where a mask is not set. Its product becomes a scatter of the selected channels, times
    the gate unless that is 1 wherever it is open. This is exact if what the gate closes is finite.

    ```mlir
    %mask = winnow.selection.to_mask %s : !winnow.selection<?x64, 16> -> tensor<?x64xi1>
    %g = linalg.generic ins(%mask : tensor<?x64xi1>) outs(...) { arith.uitofp ... }
    %y = winnow.channel_gate %x, %g : tensor<?x64x8x8xf32>, tensor<?x64xf32>
    ```

    becomes

    ```mlir
    %0 = winnow.gather %x, %s : tensor<?x64x8x8xf32>, !winnow.selection<?x64, 16> -> tensor<?x16x8x8xf32>
    %y = winnow.scatter %0, %s : tensor<?x16x8x8xf32>, !winnow.selection<?x64, 16> -> tensor<?x64x8x8xf32>
    ```

    A gate stays dense, as a product in linalg and with a remark that says why, when

    - it is soft: not known to be zero anywhere. `soft-gates` makes soft gates hard, keeping the `k` highest
      (`topk:K`) or those above a threshold (`threshold:T`); the remark says that this is an approximation;
    - no contraction could skip anything: neither what makes the gated tensor nor what uses it;
    - a top-k keeps more than `dense-share` of the channels: following indices would cost more than is saved.
  }];
  let options = [
    Option<"softGates", "soft-gates", "std::string", /*default=*/"\"none\"",
           "what becomes of soft gates: none, topk:K or threshold:T">,
    Option<"denseShare", "dense-share", "double", /*default=*/"0.875",
           "a top-k of more than this share of the channels stays dense">
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect",
    "::winnow::WinnowDialect"
  ];
}

def PushSelections : Pass<"winnow-push-selections", "::mlir::ModuleOp"> {
  let summary = "moves gathers and scatters to the contractions, which then skip what is not selected";
  let description = [{
    A gather moves up through channel-wise operations (element-wise ones, where what all rows share is
    gathered for each row; reductions over other dimensions, pooling, padding) into the contraction that
    makes the channels, which then computes only the selected ones. A scatter moves down through those of
    them that give zero for zero into the contractions that read the channels, which then read only the
    selected ones. What lies between stays compact, and a gather of a scatter by the same selection is
    nothing.

    ```mlir
    %0 = linalg.conv_2d_nchw_fchw ins(%x, %w : ...) outs(%zeros : ...) -> tensor<?x64x8x8xf32>
    %1 = linalg.generic ins(%0 : tensor<?x64x8x8xf32>) outs(...) { arith.maximumf %in, %zero ... }
    %2 = winnow.gather %1, %s : tensor<?x64x8x8xf32>, !winnow.selection<?x64, 16> -> tensor<?x16x8x8xf32>
    ```

    becomes

    ```mlir
    %0 = winnow.conv2d %x, %w outputs(%s : !winnow.selection<?x64, 16>) : ... -> tensor<?x16x8x8xf32>
    %1 = linalg.generic ins(%0 : tensor<?x16x8x8xf32>) outs(...) { arith.maximumf %in, %zero ... }
    ```

    A gather does not move above a value that has other uses, since that would compute it twice. Wherever one
    stops before a contraction, a remark says at what and why. What is multiplied by zero is taken to be
    finite; a zero may change its sign.
  }];
  let dependentDialects = [
    "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect", "::winnow::WinnowDialect"
  ];
}

def PruneWeights : Pass<"winnow-prune-weights", "::mlir::ModuleOp"> {
  let summary = "prunes constant weights by magnitude and packs what is left";
  let description = [{
    Goal: products read and multiply only what is left of their weights. The weights of each `linalg.matmul`
    that are constant get the structure that `prune` names; what is kept is the largest:

    - `2:4`: the two largest of each four along the reduction dimension;
    - `blocks:RxC:DENSITY`: that share of the blocks of R x C, those of the largest norm;
    - `coo:DENSITY`: that share of the entries.

    ```mlir
    %y = linalg.matmul ins(%x, %w : tensor<?x64xf32>, tensor<64x32xf32>) outs(%zero : tensor<?x32xf32>)
        -> tensor<?x32xf32>
    ```
    becomes
    ```mlir
    %p = winnow.compress %pruned : tensor<64x32xf32> -> !winnow.packed<64x32xf32, #winnow.nm<2:4>>
    %y = winnow.packed.matmul %x, %p
        : tensor<?x64xf32>, !winnow.packed<64x32xf32, #winnow.nm<2:4>> -> tensor<?x32xf32>
    ```

    Weights stay dense if their extents do not fit the structure, if they are not finite, if something else
    reads them, if they would not be smaller, if a selection comes with them already, or if their relative
    error `||W - pruned W|| / ||W||` (Frobenius norms) would be above `max-error`. With a `max-error` of 0, only
    weights that have the structure already are packed, which changes no result.

    Every choice leaves a remark of the category `structure`, and an entry in the module's attribute
    `winnow.pruning_report`. Convolutions are not pruned, and nothing is trained again.
  }];
  let options = [
    Option<"prune", "prune", "std::string", /*default=*/"\"none\"",
           "the structure: none, 2:4, blocks:RxC:DENSITY or coo:DENSITY">,
    Option<"maxError", "max-error", "double", /*default=*/"1.0",
           "the largest relative weight error that pruning may cause">
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect",
    "::winnow::WinnowDialect"
  ];
}

#endif
