// Gates: what the raising passes recognize and structuring looks at.
#ifndef WINNOW_GATE_OPS_TD
#define WINNOW_GATE_OPS_TD

include "dialects/Winnow/SelectionOps.td"

def Winnow_ChannelGateOp : Winnow_Op<"channel_gate", [Pure, Winnow_Reify, AllTypesMatch<["x", "result"]>,
                                                      AllElementTypesMatch<["x", "gate"]>]> {
  let summary = "multiplies each channel by its gate";
  let description = [{
    `result[b, c, ...] = x[b, c, ...] * gate[b, c]`.

    - (C1) `x` has a rank of at least 2.
    - (C2) `gate` has the first two dimensions of `x`.

    ```mlir
    %y = winnow.channel_gate %x, %gate : tensor<?x64x8x8xf32>, tensor<?x64xf32>
    ```
  }];
  let arguments = (ins RankedTensorOf<[AnyFloat]>:$x, TensorRankOf<[AnyFloat], [2]>:$gate);
  let results = (outs RankedTensorOf<[AnyFloat]>:$result);
  let assemblyFormat = "$x `,` $gate attr-dict `:` type($x) `,` type($gate)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

#endif
