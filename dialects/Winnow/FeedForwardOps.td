// Feed-forward layers over selected neurons, and experts over the tokens that are routed to them.
#ifndef WINNOW_FEED_FORWARD_OPS_TD
#define WINNOW_FEED_FORWARD_OPS_TD

include "dialects/Winnow/SelectionOps.td"

defvar Winnow_Floats = [F16, BF16, F32];

def Winnow_FfnOp : Winnow_Op<"ffn", [Pure, Winnow_Reify, AttrSizedOperandSegments]> {
  let summary = "feed-forward layer of the active neurons";
  let description = [{
    `y = hidden * down` with `hidden = activation(x * up)` or, with `gate`,
    `hidden = activation(x * gate) .* (x * up)`, as in SwiGLU. With `neurons`, a row has only the neurons that it
    selects: the hidden values of the others are zero, and neither they nor what they contribute is
    computed. Products are accumulated in f32, activations are computed in f32, and both are rounded to the
    element type.

    Without `neurons`, and with ones that select everything, it canonicalizes to linalg operations.

    - (C1) Dimension 1 of `x` is dimension 0 of `up`, and dimension 0 of `down` is dimension 1 of `up`.
    - (C2) `gate` has the dimensions of `up`.
    - (C3) The rows of `neurons` are dimension 0 of `x`, and its universe is dimension 1 of `up`.
    - (C4) `result` is dimension 0 of `x` by dimension 1 of `down`.
    - (C5) The element types are the same.

    ```mlir
    %y = winnow.ffn %x, %up, %down gate(%gate : tensor<64x256xf32>)
        neurons(%active : !winnow.selection<?x256, 32>) activation(silu)
        : tensor<?x64xf32>, tensor<64x256xf32>, tensor<256x64xf32> -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins TensorRankOf<Winnow_Floats, [2]>:$x, TensorRankOf<Winnow_Floats, [2]>:$up,
                       TensorRankOf<Winnow_Floats, [2]>:$down, Optional<TensorRankOf<Winnow_Floats, [2]>>:$gate,
                       Optional<Winnow_RowSelection>:$neurons, Winnow_Activation:$activation);
  let results = (outs TensorRankOf<Winnow_Floats, [2]>:$result);
  let assemblyFormat = [{
    $x `,` $up `,` $down (`gate` `(` $gate^ `:` type($gate) `)`)?
    (`neurons` `(` $neurons^ `:` qualified(type($neurons)) `)`)? `activation` `(` $activation `)` attr-dict
    `:` type($x) `,` type($up) `,` type($down) `->` type($result)
  }];
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def Winnow_GroupedMatmulOp : Winnow_Op<"grouped_matmul", [Pure, Winnow_Reify]> {
  let summary = "matrix products of groups of rows, each with the weights of its group";
  let description = [{
    The members of the entries of `groups`, one after another, are the rows of the result: row `p`, a member
    of entry `e`, is `x[members[p]] * weights[e]`. With `grouped`, `x` is in that order already, and row `p` is
    `x[p] * weights[e]`. Rows beyond the last offset are unspecified and cost no product. Products are
    accumulated in f32 and rounded to the element type.

    - (C1) Dimension 0 of `x` is the rows of `groups` or, with `grouped`, rows times capacity.
    - (C2) Dimension 0 of `weights` is the universe of `groups`, dimension 1 is dimension 1 of `x`.
    - (C3) `result` is rows times capacity of `groups` by dimension 2 of `weights`.
    - (C4) The element types are the same.

    ```mlir
    %y = winnow.grouped_matmul %x, %w groups(%columns : !winnow.selection<16x8, 2, columns>)
        : tensor<16x64xf32>, tensor<8x64x32xf32> -> tensor<32x32xf32>
    %z = winnow.grouped_matmul %y, %v groups(%columns : !winnow.selection<16x8, 2, columns>) grouped
        : tensor<32x32xf32>, tensor<8x32x64xf32> -> tensor<32x64xf32>
    ```
  }];
  let arguments = (ins TensorRankOf<Winnow_Floats, [2]>:$x, TensorRankOf<Winnow_Floats, [3]>:$weights,
                       Winnow_ColumnSelection:$groups, UnitAttr:$grouped);
  let results = (outs TensorRankOf<Winnow_Floats, [2]>:$result);
  let assemblyFormat = [{
    $x `,` $weights `groups` `(` $groups `:` qualified(type($groups)) `)` (`grouped` $grouped^)? attr-dict
    `:` type($x) `,` type($weights) `->` type($result)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$x, "::mlir::Value":$weights, "::mlir::Value":$groups,
                                 "bool":$grouped)>];
  let hasVerifier = 1;
}

def Winnow_ExpertsOp : Winnow_Op<"experts", [Pure, Winnow_Reify, AttrSizedOperandSegments]> {
  let summary = "mixture of experts: each token through the experts that it is routed to";
  let description = [{
    `y[t] = sum over e in routing(t), ascending, of gates[t, e] * (hidden[t, e] * down[e] + down_bias[e])` with
    `hidden[t, e] = activation(x[t] * up[e] + up_bias[e])` or, with `gate`,
    `hidden[t, e] = activation(x[t] * gate[e] + gate_bias[e]) .* (x[t] * up[e] + up_bias[e])`, as in Mixtral. A
    bias that is not there is zero. No token is dropped: an expert takes as many as come. A token without
    experts is zero. Products and sums are accumulated in f32; products, their sums with biases, the hidden
    values, and each expert's output, are rounded to the element type.

    - (C1) `routing` has the rows of dimension 0 of `x` and the universe of dimension 0 of `up`.
    - (C2) Dimension 1 of `up` is dimension 1 of `x`.
    - (C3) Dimensions 0 and 1 of `down` are dimensions 0 and 2 of `up`.
    - (C4) `gates` has the rows and the universe of `routing`.
    - (C5) `result` is dimension 0 of `x` by dimension 2 of `down`.
    - (C6) The element types are the same.
    - (C7) `gate` has the dimensions of `up`; a `gate_bias` needs a `gate`.
    - (C8) A bias has dimensions 0 and 2 of what it belongs to.

    ```mlir
    %y = winnow.experts %x, %up, %down, %gates routing(%top : !winnow.selection<?x8, 2>) activation(gelu)
        : tensor<?x64xf32>, tensor<8x64x256xf32>, tensor<8x256x64xf32>, tensor<?x8xf32> -> tensor<?x64xf32>
    %z = winnow.experts %x, %up, %down, %gates routing(%top : !winnow.selection<?x8, 2>)
        gate(%gate : tensor<8x64x256xf32>) down_bias(%bias : tensor<8x64xf32>) activation(silu)
        : tensor<?x64xf32>, tensor<8x64x256xf32>, tensor<8x256x64xf32>, tensor<?x8xf32> -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins TensorRankOf<Winnow_Floats, [2]>:$x, TensorRankOf<Winnow_Floats, [3]>:$up,
                       TensorRankOf<Winnow_Floats, [3]>:$down, TensorRankOf<Winnow_Floats, [2]>:$gates,
                       Winnow_SelectionType:$routing, Optional<TensorRankOf<Winnow_Floats, [3]>>:$gate,
                       Optional<TensorRankOf<Winnow_Floats, [2]>>:$up_bias,
                       Optional<TensorRankOf<Winnow_Floats, [2]>>:$gate_bias,
                       Optional<TensorRankOf<Winnow_Floats, [2]>>:$down_bias, Winnow_Activation:$activation);
  let results = (outs TensorRankOf<Winnow_Floats, [2]>:$result);
  let assemblyFormat = [{
    $x `,` $up `,` $down `,` $gates `routing` `(` $routing `:` qualified(type($routing)) `)`
    (`gate` `(` $gate^ `:` type($gate) `)`)? (`up_bias` `(` $up_bias^ `:` type($up_bias) `)`)?
    (`gate_bias` `(` $gate_bias^ `:` type($gate_bias) `)`)? (`down_bias` `(` $down_bias^ `:` type($down_bias) `)`)?
    `activation` `(` $activation `)` attr-dict
    `:` type($x) `,` type($up) `,` type($down) `,` type($gates) `->` type($result)
  }];
  let hasVerifier = 1;
}

#endif
