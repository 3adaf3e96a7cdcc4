// What the host must know of the values that a model computes.
#ifndef WINNOW_HOST_OPS_TD
#define WINNOW_HOST_OPS_TD

include "dialects/Winnow/WinnowDialect.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Winnow_HostValueOp : Winnow_Op<"host_value", [Pure,
    TypesMatchWith<"the result is an element of the tensor", "tensor", "result",
                   "::mlir::cast<::mlir::RankedTensorType>($_self).getElementType()">]> {
  let summary = "is an integer of a tensor, on the host";
  let description = [{
    A size that depends on data: the host waits for the tensor and reads the element. `number` counts the operations of
    this name in a function from 0, so that every program that is made of the function reads the same ones.

    Models say `tensor.extract`; the compiler makes this operation of it.

    ```mlir
    %count = winnow.host_value %counts[%c0] number 0 : tensor<1xi64>
    ```
  }];
  let arguments = (ins RankedTensorOf<[I1, I8, I16, I32, I64]>:$tensor, Variadic<Index>:$indices, I64Attr:$number);
  let results = (outs AnySignlessInteger:$result);
  let assemblyFormat = "$tensor `[` $indices `]` `number` $number attr-dict `:` type($tensor)";
}

#endif
