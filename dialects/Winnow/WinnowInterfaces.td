// Interfaces that the winnow dialect's operations implement.
#ifndef WINNOW_INTERFACES_TD
#define WINNOW_INTERFACES_TD

include "mlir/IR/OpBase.td"

def DefinedOpInterface : OpInterface<"DefinedOpInterface"> {
  let cppNamespace = "::winnow";
  let description = [{
    An operation with an executable definition: what it computes, in upstream dialects on tensors. A
    definition only has to be obviously right; the reference device executes nothing else.

    A selection is several values: in the form rows its indices (`rows` x `capacity`, i32), its counts
    (`rows`, i32) and, if its type does not tell the universe, that as an index; in the form columns its
    offsets, its members and, where they are dynamic, rows and capacity; as a bitmap its words and, where
    they are dynamic, universe and capacity. What is unspecified in a part influences nothing.
    A packed matrix is its parts, in the order of its type's description.
  }];
  let methods = [
    InterfaceMethod<
      /*desc=*/[{
        Builds the definition before the operation. `operands` holds the values that stand for each operand,
        and the result those that stand for each result. Their static extents may differ from the
        operation's types, which the caller reconciles by `tensor.cast`.
      }],
      /*retTy=*/"::llvm::SmallVector<::llvm::SmallVector<::mlir::Value>>",
      /*methodName=*/"decompose",
      /*args=*/(ins "::mlir::OpBuilder &":$builder, "::llvm::ArrayRef<::mlir::ValueRange>":$operands)>
  ];
}

#endif
