// Subgraphs that run again and again.
#ifndef WINNOW_LOOP_OPS_TD
#define WINNOW_LOOP_OPS_TD

include "dialects/Winnow/ConditionOps.td"

def Winnow_LoopOp : Winnow_Op<"loop", [Winnow_Reify, RecursiveMemoryEffects, AttrSizedOperandSegments,
                                       SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "runs a subgraph a number of times, or as long as a condition holds";
  let description = [{
    The region runs for each number from 0 to below `count`, which is its first argument. The other arguments are the
    carried tensors: `initial` in the first round, then what the round before yields. The results are what the last
    round yields, or `initial` if there was none.

    With `condition`, a round begins only if it holds; each round yields the condition of the next one, before the
    carried tensors.

    The extents of carried tensors do not change: a call in which a dynamic one would fails.

    - (C1) The region has an index argument, then one of the type of each of `initial`.
    - (C2) The region yields a scalar tensor of i1 if there is a condition, then one tensor of the type of each of
      `initial`.
    - (C3) The results have the types of `initial`.

    ```mlir
    %states = winnow.loop %steps initial(%zero : tensor<?x64xf32>) {
    ^bb0(%step: index, %state: tensor<?x64xf32>):
      %next = ...
      winnow.yield %next : tensor<?x64xf32>
    }
    ```
  }];
  let arguments = (ins Index:$count, Optional<Winnow_Condition>:$condition, Variadic<AnyRankedTensor>:$initial);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $count (`while` `(` $condition^ `)`)? `initial` `(` ($initial^ `:` type($initial))? `)`
    attr-dict-with-keyword (`->` type($results)^)? $body
  }];
  let extraClassDeclaration = [{
    ::mlir::BlockArgument getCounter() { return getBody().front().getArgument(0); }
    ::mlir::Block::BlockArgListType getCarried() { return getBody().front().getArguments().drop_front(); }
    /// The condition of the next round, or null.
    ::mlir::Value getNextCondition();
    /// What the carried tensors become.
    ::mlir::OperandRange getYielded();
  }];
  let hasRegionVerifier = 1;
}

#endif
