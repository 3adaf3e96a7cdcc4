// The terminator of the dialect's regions.
#ifndef WINNOW_YIELD_OP_TD
#define WINNOW_YIELD_OP_TD

include "dialects/Winnow/WinnowTypes.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Winnow_YieldOp : Op<Winnow_Dialect, "yield", [Pure, Terminator, ReturnLike,
                                                 ParentOneOf<["AttentionOp", "LoopOp", "WhenOp"]>]> {
  let summary = "ends a region and gives its values to the operation around it";
  let description = [{
    ```mlir
    winnow.yield %new : f32
    ```
  }];
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
  let builders = [OpBuilder<(ins), [{ /* nothing to yield */ }]>];
}

#endif
