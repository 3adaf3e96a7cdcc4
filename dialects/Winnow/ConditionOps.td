// Subgraphs that run only when they are selected.
#ifndef WINNOW_CONDITION_OPS_TD
#define WINNOW_CONDITION_OPS_TD

include "dialects/Winnow/SelectionOps.td"
include "dialects/Winnow/YieldOp.td"

def Winnow_Condition
    : Type<0DTensorOf<[I1]>.predicate, "scalar tensor of i1", "::mlir::RankedTensorType">,
      BuildableType<"::mlir::RankedTensorType::get({}, $_builder.getI1Type())">;

def Winnow_WhenOp : Winnow_Op<"when", [Winnow_Reify, RecursiveMemoryEffects, NoRegionArguments,
                                       DeclareOpInterfaceMethods<InferTypeOpInterface>,
                                       SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "runs a subgraph only if a condition holds";
  let description = [{
    Where `condition` holds, the results are what the region yields; else they are `otherwise`, and nothing of
    the region is launched: neither its kernels nor its weights are touched.

    The extents of the results are those of `otherwise`, and what the region yields must have them too: a call
    in which a dynamic extent differs fails, whether or not the condition holds.

    - (C1) `condition` is a scalar tensor of i1.
    - (C2) The region yields one tensor for each of `otherwise`, of the same type.

    ```mlir
    %encoded = winnow.when %hears otherwise(%silence : tensor<?x64xf32>) {
      %wide = linalg.matmul ins(%audio, %w : tensor<?x128xf32>, tensor<128x64xf32>)
                            outs(%silence : tensor<?x64xf32>) -> tensor<?x64xf32>
      winnow.yield %wide : tensor<?x64xf32>
    }
    ```
  }];
  let arguments = (ins Winnow_Condition:$condition, Variadic<AnyRankedTensor>:$otherwise);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $condition `otherwise` `(` $otherwise `:` type($otherwise) `)` attr-dict-with-keyword $body
  }];
  let extraClassDeclaration = [{
    /// What the region yields, one value for each result.
    ::mlir::OperandRange getYielded();
  }];
  let hasRegionVerifier = 1;
  let hasCanonicalizer = 1;
}

#endif
