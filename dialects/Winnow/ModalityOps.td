// Modalities: the segments of a token axis, the shared space of encoders, and their comparison.
#ifndef WINNOW_MODALITY_OPS_TD
#define WINNOW_MODALITY_OPS_TD

include "dialects/Winnow/SelectionOps.td"

def Winnow_SegmentsOp : Winnow_Op<"segments", [Pure, Winnow_Reify]> {
  let summary = "the modality of each token, and where each modality's segment begins";
  let description = [{
    A row's tokens are the segments of all modalities, one after another in the order of `modalities`, and
    then padding. `lengths[b, m]` is the length of modality m's segment, which may be 0; a negative length
    counts as 0.

    ```
    offsets[b, m] = sum of max(lengths[b, i], 0) over i < m
    ids[b, t] = the m with offsets[b, m] <= t < offsets[b, m + 1], or -1 for padding
    ```

    Tokens that do not fit into `ids` are cut off; `offsets` tells of them. The lengths of a row sum to less
    than 2^31.
    `tokens` is the number of tokens, where the type of `ids` does not tell it.

    - (C1) Dimension 1 of `lengths` is the number of modalities, M; dimension 1 of `offsets` is M + 1.
    - (C2) The rows of `ids` and `offsets` are those of `lengths`.
    - (C3) `tokens` is given exactly when dimension 1 of `ids` is dynamic.

    ```mlir
    %ids, %offsets = winnow.segments %lengths of <text, image, audio> tokens(%n)
        : tensor<?x3xi32> -> tensor<?x?xi32>, tensor<?x4xi32>
    ```
  }];
  let arguments = (ins TensorRankOf<[I32], [2]>:$lengths, Winnow_ModalitiesAttr:$modalities,
                       Optional<Index>:$tokens);
  let results = (outs TensorRankOf<[I32], [2]>:$ids, TensorRankOf<[I32], [2]>:$offsets);
  let assemblyFormat = [{
    $lengths `of` $modalities (`tokens` `(` $tokens^ `)`)? attr-dict
    `:` type($lengths) `->` type($ids) `,` type($offsets)
  }];
  let hasVerifier = 1;
}

def Winnow_Encoding : TensorRankOf<[F16, BF16, F32], [2]>;

def Winnow_AlignOp : Winnow_Op<"align", [Pure, Winnow_Reify,
                                         AllElementTypesMatch<["features", "projection", "result"]>]> {
  let summary = "projects an encoder's features to the shared width and normalizes them";
  let description = [{
    ```
    y = features * projection
    result[r, :] = y[r, :] / max(sqrt(sum over d of y[r, d]^2), epsilon)
    ```

    Computed in f32 and rounded once. A row of zeros stays one; a row with a NaN is NaN throughout.
    `modality` names the encoder in messages.

    - (C1) Dimension 1 of `features` is dimension 0 of `projection`.
    - (C2) `result` has dimension 0 of `features` and dimension 1 of `projection`.
    - (C3) `modality` is not empty.
    - (C4) `epsilon` is a positive number.

    ```mlir
    %image = winnow.align %features, %projection of "image"
        : tensor<?x768xf32>, tensor<768x512xf32> -> tensor<?x512xf32>
    ```
  }];
  let arguments = (ins Winnow_Encoding:$features, Winnow_Encoding:$projection, StrAttr:$modality,
                       DefaultValuedAttr<F32Attr, "1e-12f">:$epsilon);
  let results = (outs Winnow_Encoding:$result);
  let assemblyFormat = [{
    $features `,` $projection `of` $modality attr-dict
    `:` type($features) `,` type($projection) `->` type($result)
  }];
  let hasVerifier = 1;
}

def Winnow_ContrastOp : Winnow_Op<"contrast", [Pure, Winnow_Reify,
                                               AllElementTypesMatch<["a", "b", "result"]>]> {
  let summary = "contrastive logits of two modalities";
  let description = [{
    `result[i, j] = exp(temperature) * sum over d of a[i, d] * b[j, d]`, computed in f32 and rounded once.
    `modalities` names what `a` and `b` are aligned encodings of.

    - (C1) Both are aligned to the same width: dimension 1 of `a` is dimension 1 of `b`.
    - (C2) `result` has dimension 0 of `a` and dimension 0 of `b`.
    - (C3) `modalities` has two names.

    ```mlir
    %logits = winnow.contrast %text, %image, %temperature of <text, image>
        : tensor<?x512xf32>, tensor<?x512xf32>, tensor<f32> -> tensor<?x?xf32>
    ```
  }];
  let arguments = (ins Winnow_Encoding:$a, Winnow_Encoding:$b, 0DTensorOf<[F32]>:$temperature,
                       Winnow_ModalitiesAttr:$modalities);
  let results = (outs Winnow_Encoding:$result);
  let assemblyFormat = [{
    $a `,` $b `,` $temperature `of` $modalities attr-dict
    `:` type($a) `,` type($b) `,` type($temperature) `->` type($result)
  }];
  let hasVerifier = 1;
}

#endif
