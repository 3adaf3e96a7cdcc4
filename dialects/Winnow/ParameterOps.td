// Parameters: scalars that a session may change without recompiling.
#ifndef WINNOW_PARAMETER_OPS_TD
#define WINNOW_PARAMETER_OPS_TD

include "dialects/Winnow/SelectionOps.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/SymbolInterfaces.td"

// What a session keeps between calls has no value that a definition could compute; the pass
// winnow-thread-session turns it into arguments and results, which every device knows.
class Winnow_SessionOp<string mnemonic, list<Trait> traits = []> : Op<Winnow_Dialect, mnemonic, traits>;

def Winnow_ParameterOp : Winnow_SessionOp<"parameter", [Symbol]> {
  let summary = "declares a scalar that each session may set";
  let description = [{
    A session begins with the default. Setting the parameter takes effect with the next call; nothing is
    compiled again.

    - (C1) The default is a number of type f32, f64 or i64.

    ```mlir
    winnow.parameter @beta = 0.3 : f32
    winnow.parameter @memory.working = 10240 : i64
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypedAttrInterface:$value);
  let assemblyFormat = "$sym_name `=` $value attr-dict";
  let hasVerifier = 1;
}

def Winnow_ParameterGetOp : Winnow_SessionOp<"parameter.get", [
    Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "is the value of a parameter";
  let description = [{
    The value is the same throughout a call.

    - (C1) The symbol names a `winnow.parameter`.
    - (C2) The result is a scalar tensor of the parameter's type, or, of an i64 parameter, an index.

    ```mlir
    %beta = winnow.parameter.get @beta : tensor<f32>
    %rows = winnow.parameter.get @memory.working : index
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$parameter);
  let results = (outs AnyTypeOf<[0DTensorOf<[F32, F64, I64]>, Index]>:$value);
  let assemblyFormat = "$parameter attr-dict `:` type($value)";
}

#endif
