// Attention with a score region.
#ifndef WINNOW_ATTENTION_OPS_TD
#define WINNOW_ATTENTION_OPS_TD

include "dialects/Winnow/SelectionOps.td"
include "dialects/Winnow/YieldOp.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"

def Winnow_AttentionTensor : TensorRankOf<[F16, BF16, F32], [4]>;

def Winnow_AttentionOp : Winnow_Op<"attention", [Pure, Winnow_Reify, AttrSizedOperandSegments,
                                                 AllElementTypesMatch<["query", "key", "value", "result"]>]> {
  let summary = "softmax of the scores of queries and keys, times the values";
  let description = [{
    For `query` [B, H, Q, D], `key` [B, G, K, D] and `value` [B, G, K, E], with `g = h * G / H`:

    ```
    s[b, h, q, k] = score(scale * sum over d of query[b, h, q, d] * key[b, g, k, d], b, h, q, k, captures...)
    result[b, h, q, e] = sum over k of softmax over k of s[b, h, q, k] * value[b, g, k, e]
    ```

    H is a multiple of G: `H / G` neighbouring query heads share a head of keys and values. Everything is
    computed in f32 and rounded once to the element type.

    The region `score` gets the scaled score, the coordinates batch, head, query and key, and one element of
    each tensor of `captures`, read through its map of `capture_maps` from (batch, head, query, key); it
    yields the new score. It may also read tensors from above by `tensor.extract`. Without a region, the
    score is the scaled one.

    A score of minus infinity masks the key: its weight is zero. A query whose keys are all masked, or that
    has no keys, gets zeros. Values are multiplied by a weight of zero, so that an infinity or NaN among
    the values of a masked key is a NaN in the result. A score that is NaN or plus infinity makes the whole
    row of its query NaN.

    `active` selects the key blocks of each query block: row `(b * H + h) * ceil(Q / query_block) + q /
    query_block` of the selection holds the blocks of `key_block` keys that take part for those queries.
    Other keys are as good as masked, but are neither computed nor read. `key_block` is also how many keys
    a kernel scores at once.

    - (C1) Dimensions 0 (batch) of `query`, `key` and `value` are equal, and so are dimensions 1 (heads) and
      2 (keys) of `key` and `value`, and dimensions 3 (width) of `query` and `key`.
    - (C2) Dimension 1 of `query` is a multiple of dimension 1 of `key`.
    - (C3) `result` has the first three dimensions of `query` and dimension 3 of `value`.
    - (C4) `scale` is a finite number; `key_block` and `query_block` are between 1 and 1024.
    - (C5) Each of `captures` has one map, of four dimensions and no symbols, whose results are different
      dimensions, one for each of the tensor's own; their extents are equal.
    - (C6) `score` takes an f32, four indices and the element of each of `captures`, and yields an f32;
      captures need a `score`.
    - (C7) Nothing in `score` has effects on memory.
    - (C8) The selection `active` has B * H * ceil(Q / query_block) rows and the universe ceil(K / key_block).

    ```mlir
    %y = winnow.attention %query, %key, %value, scale 0.125
        captures(%slope : tensor<8xf32>) [affine_map<(b, h, q, k) -> (h)>]
        : tensor<?x8x?x64xf32>, tensor<?x2x?x64xf32>, tensor<?x2x?x64xf32> -> tensor<?x8x?x64xf32>
        score {
    ^bb0(%score: f32, %b: index, %h: index, %q: index, %k: index, %s: f32):
      %distance = arith.subi %k, %q : index
      %signed = arith.index_cast %distance : index to i32
      %float = arith.sitofp %signed : i32 to f32
      %bias = arith.mulf %s, %float : f32
      %new = arith.addf %score, %bias : f32
      winnow.yield %new : f32
    }
    ```
  }];
  let arguments = (ins Winnow_AttentionTensor:$query, Winnow_AttentionTensor:$key,
                       Winnow_AttentionTensor:$value, Variadic<AnyRankedTensor>:$captures,
                       Optional<Winnow_SelectionType>:$active, F32Attr:$scale,
                       OptionalAttr<AffineMapArrayAttr>:$capture_maps,
                       DefaultValuedAttr<I64Attr, "64">:$key_block,
                       DefaultValuedAttr<I64Attr, "64">:$query_block);
  let results = (outs Winnow_AttentionTensor:$result);
  let regions = (region MaxSizedRegion<1>:$score);
  let assemblyFormat = [{
    $query `,` $key `,` $value `,` `scale` $scale
    (`active` `(` $active^ `:` qualified(type($active)) `)`)?
    (`captures` `(` $captures^ `:` type($captures) `)` $capture_maps)?
    attr-dict `:` type($query) `,` type($key) `,` type($value) `->` type($result)
    (`score` $score^)?
  }];
  let builders = [
    /// The scale is 1 / sqrt(D) unless it is given, which it must be if D is dynamic.
    OpBuilder<(ins "::mlir::Value":$query, "::mlir::Value":$key, "::mlir::Value":$value,
                   CArg<"::std::optional<float>", "std::nullopt">:$scale)>
  ];
  let extraClassDeclaration = [{
    /// The map of each captured tensor, from (batch, head, query, key).
    ::llvm::SmallVector<::mlir::AffineMap> getMapsOfCaptures();
    /// Copies the score region to where the builder stands and returns what it yields. `coordinates` are
    /// batch, head, query and key.
    ::mlir::Value cloneScore(::mlir::OpBuilder &builder, ::mlir::Value score,
                             ::mlir::ValueRange coordinates, ::mlir::ValueRange captured);
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let hasCanonicalizer = 1;
}

#endif
