// Operations that make selections, take them apart and convert them.
#ifndef WINNOW_SELECTION_OPS_TD
#define WINNOW_SELECTION_OPS_TD

include "dialects/Winnow/WinnowTypes.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

defvar Winnow_Reify = DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>;
def Winnow_Scores : TensorRankOf<[AnyFloat], [2]>;

def Winnow_SelectTopKOp : Winnow_Op<"select.topk", [Pure]> {
  let summary = "selects the k highest scores of each row";
  let description = [{
    For each row of `scores`, the indices of its `k` highest entries, ascending. Equal scores: the lower
    index wins. NaN is lower than every number. A `k` above the universe selects everything.

    - (C1) `scores` has rank 2 and a float element type.
    - (C2) `k` is at least 1.
    - (C3) The result's rows and universe are the dimensions of `scores`.
    - (C4) The result's capacity is the smaller of `k` and the universe; `k` if the universe is dynamic.

    ```mlir
    %active = winnow.select.topk %scores, k = 16 : tensor<?x64xf32> -> !winnow.selection<?x64, 16>
    ```
  }];
  let arguments = (ins Winnow_Scores:$scores, I64Attr:$k);
  let results = (outs Winnow_RowSelection:$result);
  let assemblyFormat = "$scores `,` `k` `=` $k attr-dict `:` type($scores) `->` qualified(type($result))";
  let builders = [OpBuilder<(ins "::mlir::Value":$scores, "int64_t":$k)>];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def Winnow_SelectThresholdOp : Winnow_Op<"select.threshold", [Pure]> {
  let summary = "selects the scores above a threshold";
  let description = [{
    For each row of `scores`, the indices of the entries that are greater (`gt`), or greater or equal
    (`ge`), ascending. The threshold is rounded to the scores' element type. NaN is never selected.

    - (C1) `scores` has rank 2 and a float element type.
    - (C2) `threshold` is a number.
    - (C3) The result's rows and universe are the dimensions of `scores`.
    - (C4) The result's capacity is its universe.

    ```mlir
    %active = winnow.select.threshold %scores, gt 0.5 : tensor<?x64xf32> -> !winnow.selection<?x64, 64>
    ```
  }];
  let arguments = (ins Winnow_Scores:$scores, Winnow_ThresholdComparison:$comparison, F64Attr:$threshold);
  let results = (outs Winnow_RowSelection:$result);
  let assemblyFormat = [{
    $scores `,` $comparison $threshold attr-dict `:` type($scores) `->` qualified(type($result))
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$scores, "::winnow::ThresholdComparison":$comparison,
                                 "double":$threshold)>];
  let hasVerifier = 1;
}

def Winnow_SelectBlocksOp : Winnow_Op<"select.blocks", [Pure]> {
  let summary = "selects the k key blocks of each query block whose summaries fit best";
  let description = [{
    The choice of block-sparse attention, fused with its scores: row `b * QB + i` of the result selects the
    `k` blocks `j` with the highest `sum(queries[b, i, d] * keys[b, j, d])`, accumulated in f32. Equal scores:
    the lower index wins. NaN is lower than every number. A `k` above the universe selects everything.

    - (C1) `queries` and `keys` have rank 3 and the same float element type.
    - (C2) `k` is at least 1.
    - (C3) Dimensions 0 and 2 of `keys` are those of `queries`.
    - (C4) The result's rows are the product of dimensions 0 and 1 of `queries`, its universe is dimension 1
      of `keys`.
    - (C5) The result's capacity is the smaller of `k` and the universe; `k` if the universe is dynamic.

    ```mlir
    %blocks = winnow.select.blocks %queries, %keys, k = 8
        : tensor<4x?x64xf32>, tensor<4x32x64xf32> -> !winnow.selection<?x32, 8>
    ```
  }];
  let arguments = (ins TensorRankOf<[F16, BF16, F32], [3]>:$queries,
                       TensorRankOf<[F16, BF16, F32], [3]>:$keys, I64Attr:$k);
  let results = (outs Winnow_RowSelection:$result);
  let assemblyFormat = [{
    $queries `,` $keys `,` `k` `=` $k attr-dict `:` type($queries) `,` type($keys) `->` qualified(type($result))
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$queries, "::mlir::Value":$keys, "int64_t":$k)>];
  let hasVerifier = 1;
}

def Winnow_SelectionFromMaskOp : Winnow_Op<"selection.from_mask", [Pure]> {
  let summary = "selects the entries that are set in a mask";
  let description = [{
    - (C1) `mask` has rank 2 and the element type i1.
    - (C2) The result's rows and universe are the dimensions of `mask`.
    - (C3) The result's capacity is its universe.

    ```mlir
    %active = winnow.selection.from_mask %mask : tensor<?x64xi1> -> !winnow.selection<?x64, 64>
    ```
  }];
  let arguments = (ins TensorRankOf<[I1], [2]>:$mask);
  let results = (outs Winnow_RowSelection:$result);
  let assemblyFormat = "$mask attr-dict `:` type($mask) `->` qualified(type($result))";
  let builders = [OpBuilder<(ins "::mlir::Value":$mask)>];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Winnow_SelectionToMaskOp : Winnow_Op<"selection.to_mask", [Pure, Winnow_Reify]> {
  let summary = "the mask of a selection: true where an entry is selected";
  let description = [{
    - (C1) The result's dimensions are the selection's rows and universe.

    ```mlir
    %mask = winnow.selection.to_mask %active : !winnow.selection<?x64, 16> -> tensor<?x64xi1>
    ```
  }];
  let arguments = (ins Winnow_SelectionType:$selection);
  let results = (outs TensorRankOf<[I1], [2]>:$result);
  let assemblyFormat = "$selection attr-dict `:` qualified(type($selection)) `->` type($result)";
  let builders = [OpBuilder<(ins "::mlir::Value":$selection)>];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Winnow_SelectionIndicesOp : Winnow_Op<"selection.indices", [Pure, Winnow_Reify]> {
  let summary = "the indices of the selected entries, ascending in each row";
  let description = [{
    What lies beyond a row's count is unspecified.

    - (C1) The result's dimensions are the selection's rows and capacity.

    ```mlir
    %indices = winnow.selection.indices %active : !winnow.selection<?x64, 16> -> tensor<?x16xi32>
    ```
  }];
  let arguments = (ins Winnow_RowSelection:$selection);
  let results = (outs TensorRankOf<[I32], [2]>:$result);
  let assemblyFormat = "$selection attr-dict `:` qualified(type($selection)) `->` type($result)";
  let builders = [OpBuilder<(ins "::mlir::Value":$selection)>];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Winnow_SelectionCountsOp : Winnow_Op<"selection.counts", [Pure, Winnow_Reify]> {
  let summary = "how many entries of each row are selected";
  let description = [{
    - (C1) The result's dimension is the selection's rows.

    ```mlir
    %counts = winnow.selection.counts %active : !winnow.selection<?x64, 16> -> tensor<?xi32>
    ```
  }];
  let arguments = (ins Winnow_SelectionType:$selection);
  let results = (outs TensorRankOf<[I32], [1]>:$result);
  let assemblyFormat = "$selection attr-dict `:` qualified(type($selection)) `->` type($result)";
  let builders = [OpBuilder<(ins "::mlir::Value":$selection)>];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Winnow_SelectionPositionsOp : Winnow_Op<"selection.positions", [Pure, Winnow_Reify]> {
  let summary = "the place of each entry among its row's selected ones, or -1";
  let description = [{
    The inverse of the indices: entry `n` of row `r` is at `positions[r, n]` of the compact row, and -1
    says that it is not selected.

    - (C1) The result's dimensions are the selection's rows and universe.

    ```mlir
    %positions = winnow.selection.positions %active : !winnow.selection<?x64, 16> -> tensor<?x64xi32>
    ```
  }];
  let arguments = (ins Winnow_RowSelection:$selection);
  let results = (outs TensorRankOf<[I32], [2]>:$result);
  let assemblyFormat = "$selection attr-dict `:` qualified(type($selection)) `->` type($result)";
  let builders = [OpBuilder<(ins "::mlir::Value":$selection)>];
  let hasVerifier = 1;
}

def Winnow_SelectionEnumerateOp : Winnow_Op<"selection.enumerate", [Pure, Winnow_Reify]> {
  let summary = "the indices and counts of the entries that are set in a mask";
  let description = [{
    The parts of the selection that `mask` makes, as a kernel computes them: for each row the indices of its
    set entries, ascending, and their number. Beyond the count the indices are 0. A row has at most as many
    set entries as `indices` has columns; further ones are dropped.

    - (C1) The rows of `indices` and `counts` are those of `mask`.
    - (C2) Dimension 1 of `indices` is static, or the operand `capacity`, or dynamic like that of `mask`, whose size
      it then has.
    - (C3) `capacity` is given only when dimension 1 of `indices` is dynamic.

    ```mlir
    %indices, %counts = winnow.selection.enumerate %mask
        : tensor<?x64xi1> -> tensor<?x16xi32>, tensor<?xi32>
    ```
  }];
  let arguments = (ins TensorRankOf<[I1], [2]>:$mask, Optional<Index>:$capacity);
  let results = (outs TensorRankOf<[I32], [2]>:$indices, TensorRankOf<[I32], [1]>:$counts);
  let assemblyFormat = [{
    $mask (`capacity` `(` $capacity^ `)`)? attr-dict `:` type($mask) `->` type($indices) `,` type($counts)
  }];
  let extraClassDeclaration = [{
    /// The size of dimension 1 of the indices.
    ::mlir::OpFoldResult getMixedCapacity(::mlir::OpBuilder &builder);
  }];
  let hasVerifier = 1;
}

def Winnow_SelectionAssembleOp : Winnow_Op<"selection.assemble", [Pure]> {
  let summary = "makes a selection of its parts";
  let description = [{
    The inverse of `winnow.selection.indices` and `winnow.selection.counts`. Up to a row's count, its
    indices are ascending, different and below the universe; a count is at most the capacity. A dynamic
    universe is an operand, since the parts do not tell it.

    - (C1) The dimensions of `indices` are the result's rows and capacity.
    - (C2) The dimension of `counts` is the result's rows.
    - (C3) `universe` is given exactly when the result's universe is dynamic.

    ```mlir
    %active = winnow.selection.assemble %indices, %counts
        : tensor<?x16xi32>, tensor<?xi32> -> !winnow.selection<?x64, 16>
    ```
  }];
  let arguments = (ins TensorRankOf<[I32], [2]>:$indices, TensorRankOf<[I32], [1]>:$counts,
                       Optional<Index>:$universe);
  let results = (outs Winnow_RowSelection:$result);
  let assemblyFormat = [{
    $indices `,` $counts (`universe` `(` $universe^ `)`)? attr-dict
    `:` type($indices) `,` type($counts) `->` qualified(type($result))
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

#endif
