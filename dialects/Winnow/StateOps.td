// State: tensors that live across the calls of a session.
#ifndef WINNOW_STATE_OPS_TD
#define WINNOW_STATE_OPS_TD

include "dialects/Winnow/ParameterOps.td"

def Winnow_SessionState : Resource<"::winnow::SessionState">;

def Winnow_StateOp : Winnow_SessionOp<"state", [Symbol, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "declares a tensor that lives across the calls of a session";
  let description = [{
    Each session has its own, which begins with `initial` in every element. A call that fails leaves it
    as it was. Its dynamic extents are parameters, in the order of the dimensions. It lies in the device's
    memory, or, placed in `host`, in host memory that the device can address; on a device that works in the
    host's memory that is the same.

    - (C1) The element type of `type` is f64, f32, f16, bf16, i64, i32, i8 or i1.
    - (C2) `sizes` names an i64 parameter for each dynamic dimension of `type`.
    - (C3) `initial` has the element type.

    ```mlir
    winnow.state @history : tensor<?x64xf32> sizes [@memory.working] in host = 0.0 : f32
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<AnyRankedTensor>:$type,
                       OptionalAttr<FlatSymbolRefArrayAttr>:$sizes,
                       DefaultValuedAttr<Winnow_Placement, "::winnow::Placement::Device">:$placement,
                       TypedAttrInterface:$initial);
  let assemblyFormat = "$sym_name `:` $type (`sizes` $sizes^)? (`in` $placement^)? `=` $initial attr-dict";
  let extraClassDeclaration = [{
    ::mlir::RankedTensorType getTensorType() { return ::llvm::cast<::mlir::RankedTensorType>(getType()); }

    /// The parameters that are the dynamic extents, in the order of the dimensions.
    ::llvm::SmallVector<::mlir::FlatSymbolRefAttr> getSizeParameters();
  }];
  let hasVerifier = 1;
}

def Winnow_StateReadOp : Winnow_SessionOp<"state.read", [
    MemoryEffects<[MemRead<Winnow_SessionState>]>, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "is the present value of a state";
  let description = [{
    What was last written before it, in this call or in an earlier one.

    - (C1) The symbol names a `winnow.state` of this type.

    ```mlir
    %history = winnow.state.read @history : tensor<?x64xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$state);
  let results = (outs AnyRankedTensor:$value);
  let assemblyFormat = "$state attr-dict `:` type($value)";
}

def Winnow_StateWriteOp : Winnow_SessionOp<"state.write", [
    MemoryEffects<[MemWrite<Winnow_SessionState>]>, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "sets a state";
  let description = [{
    A tensor whose dynamic extents are not those of the state makes the call fail.

    - (C1) The symbol names a `winnow.state` of this type.

    ```mlir
    winnow.state.write @history, %next : tensor<?x64xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$state, AnyRankedTensor:$value);
  let assemblyFormat = "$state `,` $value attr-dict `:` type($value)";
}

#endif
