// The order of numbers, without sorting them.
#ifndef WINNOW_ORDER_OPS_TD
#define WINNOW_ORDER_OPS_TD

include "dialects/Winnow/WinnowDialect.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Winnow_Rank : Type<0DTensorOf<[I64]>.predicate, "scalar tensor of i64", "::mlir::RankedTensorType">,
                  BuildableType<"::mlir::RankedTensorType::get({}, $_builder.getI64Type())">;

def Winnow_OrderStatisticOp : Winnow_Op<"order_statistic", [Pure]> {
  let summary = "the key of which a number of others are smaller";
  let description = [{
    The key of which `rank` of `keys` are smaller: the smallest one for 0, or for a negative `rank`. The keys
    must be different and below 2^60; negative ones do not count. If there are no more than `rank` keys, the
    result is 2^60, which is above all.

    ```mlir
    %least = winnow.order_statistic %keys, %rank : tensor<?xi64>
    ```
  }];
  let arguments = (ins 1DTensorOf<[I64]>:$keys, Winnow_Rank:$rank);
  let results = (outs Winnow_Rank:$result);
  let assemblyFormat = "$keys `,` $rank attr-dict `:` type($keys)";
  let extraClassDeclaration = [{
    /// Keys are below 2 to this power.
    static constexpr int64_t kKeyBits = 60;
  }];
}

#endif
