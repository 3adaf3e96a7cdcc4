// Operations between dense and compact tensors.
#ifndef WINNOW_GATHER_OPS_TD
#define WINNOW_GATHER_OPS_TD

include "dialects/Winnow/SelectionOps.td"

def Winnow_GatherOp : Winnow_Op<"gather", [Pure, Winnow_Reify, AllElementTypesMatch<["source", "result"]>]> {
  let summary = "the selected entries of each row, compact";
  let description = [{
    `result[r, k, ...] = source[r, indices[r, k], ...]` up to the row's count, and unspecified beyond it.
    With `shared`, the source has no dimension of rows and all rows read the same table:
    `result[r, k, ...] = source[indices[r, k], ...]`.

    - (C1) Dimension 0 of `source` is the selection's rows and dimension 1 its universe; with `shared`,
      dimension 0 is the universe.
    - (C2) `result` has the selection's rows and capacity as its first dimensions, then the remaining
      dimensions of `source`.

    ```mlir
    %compact = winnow.gather %x, %active
        : tensor<?x64x8x8xf32>, !winnow.selection<?x64, 16> -> tensor<?x16x8x8xf32>
    %biases = winnow.gather %bias, %active shared
        : tensor<64xf32>, !winnow.selection<?x64, 16> -> tensor<?x16xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$source, Winnow_RowSelection:$selection, UnitAttr:$shared);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $source `,` $selection (`shared` $shared^)? attr-dict
    `:` type($source) `,` qualified(type($selection)) `->` type($result)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$source, "::mlir::Value":$selection,
                                 CArg<"bool", "false">:$shared)>];
  let extraClassDeclaration = [{
    /// The dimension of the source that the selection indexes.
    int64_t getUniverseDimension() { return getShared() ? 0 : 1; }
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Winnow_ScatterOp : Winnow_Op<"scatter", [Pure, Winnow_Reify,
                                             AllElementTypesMatch<["source", "result"]>]> {
  let summary = "the dense form of a compact tensor, zero where nothing is selected";
  let description = [{
    `result[r, indices[r, k], ...] = source[r, k, ...]` up to the row's count; everything else is zero.

    - (C1) Dimension 0 of `source` is the selection's rows and dimension 1 its capacity.
    - (C2) `result` has the selection's rows and universe as its first dimensions, then the remaining
      dimensions of `source`.

    ```mlir
    %dense = winnow.scatter %compact, %active
        : tensor<?x16x8x8xf32>, !winnow.selection<?x64, 16> -> tensor<?x64x8x8xf32>
    ```
  }];
  let arguments = (ins RankedTensorOf<[AnyFloat, AnySignlessInteger]>:$source,
                       Winnow_RowSelection:$selection);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $source `,` $selection attr-dict `:` type($source) `,` qualified(type($selection)) `->` type($result)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$source, "::mlir::Value":$selection)>];
  let hasVerifier = 1;
  let hasFolder = 1;
}

#endif
