// Normalization of rows by their own moments.
#ifndef WINNOW_NORMALIZATION_OPS_TD
#define WINNOW_NORMALIZATION_OPS_TD

include "dialects/Winnow/SelectionOps.td"

defvar Winnow_NormalizedFloats = [F16, BF16, F32];

def Winnow_NormalizeOp : Winnow_Op<"normalize", [Pure, Winnow_Reify, AttrSizedOperandSegments,
                                                AllTypesMatch<["x", "result"]>]> {
  let summary = "layer norm, or root-mean-square norm, of the last dimension";
  let description = [{
    A row is what lies along the last dimension. With `centered`, as in layer norm,
    `result = (x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon) * scale + bias`; without, as in
    root-mean-square norm, `result = x / sqrt(mean(x^2) + epsilon) * scale + bias`. A `scale` that is not given
    is 1, and a `bias` 0. All is computed in f32, sums in any order, and rounded once to the element type.

    It is one kernel, which reads a row from memory once and keeps nothing but the result.

    - (C1) `x` has a rank of at least 1, and its last dimension is known and at least 1.
    - (C2) `scale` and `bias` have the last dimension of `x`.
    - (C3) The element types are the same.
    - (C4) `epsilon` is a finite number that is not negative.

    ```mlir
    %y = winnow.normalize %x centered scale(%g : tensor<768xf32>) bias(%b : tensor<768xf32>) epsilon 1.0e-05
        : tensor<?x?x768xf32>
    %z = winnow.normalize %x scale(%g : tensor<768xf32>) epsilon 1.0e-06 : tensor<?x?x768xf32>
    ```
  }];
  let arguments = (ins RankedTensorOf<Winnow_NormalizedFloats>:$x,
                       Optional<TensorRankOf<Winnow_NormalizedFloats, [1]>>:$scale,
                       Optional<TensorRankOf<Winnow_NormalizedFloats, [1]>>:$bias, F32Attr:$epsilon,
                       UnitAttr:$centered);
  let results = (outs RankedTensorOf<Winnow_NormalizedFloats>:$result);
  let assemblyFormat = [{
    $x (`centered` $centered^)? (`scale` `(` $scale^ `:` type($scale) `)`)?
    (`bias` `(` $bias^ `:` type($bias) `)`)? `epsilon` $epsilon attr-dict `:` type($x)
  }];
  let extraClassDeclaration = [{
    /// How many elements a row has.
    int64_t getWidth() { return getX().getType().getShape().back(); }
  }];
  let hasVerifier = 1;
}

#endif
