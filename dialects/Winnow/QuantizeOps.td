// Dynamic quantization of activations.
#ifndef WINNOW_QUANTIZE_OPS_TD
#define WINNOW_QUANTIZE_OPS_TD

include "dialects/Winnow/SelectionOps.td"

def Winnow_QuantizeOp : Winnow_Op<"quantize", [Pure, Winnow_Reify]> {
  let summary = "quantizes each row to i8 with a scale of its own";
  let description = [{
    For each row, `scale = max |x| / 127`, and `values = x / scale`, rounded to the nearest integer, ties to
    even, and limited to -127..127. NaN does not take part in the maximum, and a quotient that is NaN (of
    NaN itself, of a row of zeros, of an infinity by an infinity) becomes 0.

    With `active`, `x` is compact: what lies beyond a row's count does not take part in the maximum, and its
    values are unspecified.

    - (C1) `x` is f32 and has a rank of at least 2; `values` has its shape.
    - (C2) `scale` has dimension 0 of `x`.
    - (C3) The first dimensions of `x` are the rows and the capacity of `active`.

    ```mlir
    %values, %scale = winnow.quantize %x : tensor<?x64x8x8xf32> -> tensor<?x64x8x8xi8>, tensor<?xf32>
    %compact, %scales = winnow.quantize %y active(%s : !winnow.selection<?x64, 16>)
        : tensor<?x16x8x8xf32> -> tensor<?x16x8x8xi8>, tensor<?xf32>
    ```
  }];
  let arguments = (ins RankedTensorOf<[F32]>:$x, Optional<Winnow_RowSelection>:$active);
  let results = (outs RankedTensorOf<[I8]>:$values, TensorRankOf<[F32], [1]>:$scale);
  let assemblyFormat = [{
    $x (`active` `(` $active^ `:` qualified(type($active)) `)`)? attr-dict
    `:` type($x) `->` type($values) `,` type($scale)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$x, CArg<"::mlir::Value", "nullptr">:$active)>];
  let hasVerifier = 1;
}

#endif
