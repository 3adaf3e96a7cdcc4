// Every operation of the plan dialect.
#ifndef PLAN_OPS_TD
#define PLAN_OPS_TD

include "dialects/Plan/PlanDialect.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Plan_FuncOp : Plan_Op<"func", [IsolatedFromAbove, Symbol, SingleBlock, NoTerminator, NoRegionArguments]> {
  let summary = "is the program of one entry point";
  let description = [{
    Runs its body once for each call, from top to bottom.

    ```mlir
    plan.func @main
        inputs [#plan.signature<"x", tensor<?x64xf32>, "batch", "">]
        outputs [#plan.signature<"y", tensor<?x64xf32>, "batch", "">] {
      %n = plan.input_dimension 0, 0
      %x = plan.input 0
      %y = plan.output 0(%n)
      plan.dispatch @main_0 extents(%n) buffers(%x, %y) sizes(%n, %n)
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
                       TypedArrayAttrBase<Plan_SignatureAttr, "signatures">:$inputs,
                       TypedArrayAttrBase<Plan_SignatureAttr, "signatures">:$outputs,
                       OptionalAttr<StrAttr>:$device);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name (`device` $device^)? `inputs` $inputs `outputs` $outputs attr-dict-with-keyword $body
  }];
}

def Plan_WeightOp : Plan_Op<"weight", [Symbol]> {
  let summary = "is constant data";
  let description = [{
    ```mlir
    plan.weight @conv1 dense<1.0> : tensor<32x1x3x3xf32>
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, ElementsAttr:$value);
  let assemblyFormat = "$sym_name $value attr-dict";
}

def Plan_InputDimensionOp : Plan_Op<"input_dimension", [Pure]> {
  let summary = "is the size of a dimension of an input";
  let description = [{
    - (C1) The enclosing function has the input, and the input has the dimension.
  }];
  let arguments = (ins I64Attr:$input, I64Attr:$dimension);
  let results = (outs Index:$size);
  let assemblyFormat = "$input `,` $dimension attr-dict";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Plan_InputOp : Plan_Op<"input", [Pure]> {
  let summary = "is the buffer of an input";
  let description = [{
    - (C1) The enclosing function has the input.
  }];
  let arguments = (ins I64Attr:$input);
  let results = (outs Plan_BufferType:$buffer);
  let assemblyFormat = "$input attr-dict";
  let hasVerifier = 1;
}

def Plan_OutputOp : Plan_Op<"output"> {
  let summary = "is the buffer of an output: the caller's, or a new one of this shape";
  let description = [{
    - (C1) The enclosing function has the output.
    - (C2) There is one size for each dimension of the output.
  }];
  let arguments = (ins I64Attr:$output, Variadic<Index>:$sizes);
  let results = (outs Plan_BufferType:$buffer);
  let assemblyFormat = "$output `(` $sizes `)` attr-dict";
  let hasVerifier = 1;
}

def Plan_LoadOp : Plan_Op<"load", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "is the buffer of a weight";
  let description = [{
    - (C1) The symbol names a `plan.weight`.
  }];
  let arguments = (ins FlatSymbolRefAttr:$weight);
  let results = (outs Plan_BufferType:$buffer);
  let assemblyFormat = "$weight attr-dict";
}

def Plan_ParameterOp : Plan_Op<"parameter", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "is the buffer of a parameter's value";
  let description = [{
    - (C1) The symbol is declared.
  }];
  let arguments = (ins FlatSymbolRefAttr:$parameter);
  let results = (outs Plan_BufferType:$buffer);
  let assemblyFormat = "$parameter attr-dict";
}

def Plan_ParameterValueOp : Plan_Op<"parameter_value", [
    Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "is the value of an integer parameter";
  let description = [{
    - (C1) The symbol is declared.
  }];
  let arguments = (ins FlatSymbolRefAttr:$parameter);
  let results = (outs Index:$value);
  let assemblyFormat = "$parameter attr-dict";
}

def Plan_StateOp : Plan_Op<"state", [Pure, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "is the buffer of what a state holds when the call begins";
  let description = [{
    - (C1) The symbol is declared.
  }];
  let arguments = (ins FlatSymbolRefAttr:$state);
  let results = (outs Plan_BufferType:$buffer);
  let assemblyFormat = "$state attr-dict";
}

def Plan_NextStateOp : Plan_Op<"next_state", [DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "is the buffer of what a state holds when the call has succeeded";
  let description = [{
    - (C1) The symbol is declared.
  }];
  let arguments = (ins FlatSymbolRefAttr:$state);
  let results = (outs Plan_BufferType:$buffer);
  let assemblyFormat = "$state attr-dict";
}

def Plan_AllocOp : Plan_Op<"alloc", [MemoryEffects<[MemAlloc]>]> {
  let summary = "makes a transient buffer";
  let description = [{
    Its contents are unspecified. It lives until its `plan.release`, or the end of the function.
  }];
  let arguments = (ins Index:$bytes);
  let results = (outs Plan_BufferType:$buffer);
  let assemblyFormat = "$bytes attr-dict";
}

def Plan_ReleaseOp : Plan_Op<"release"> {
  let summary = "ends the life of transient buffers";
  let description = [{
    - (C1) Every operand is made by `plan.alloc`.
  }];
  let arguments = (ins Variadic<Plan_BufferType>:$buffers);
  let assemblyFormat = "$buffers attr-dict";
  let hasVerifier = 1;
}

def Plan_SliceOp : Plan_Op<"slice", [Pure]> {
  let summary = "is a part of a buffer";
  let arguments = (ins Plan_BufferType:$buffer, Index:$offset, Index:$bytes);
  let results = (outs Plan_BufferType:$result);
  let description = [{
    `offset` and `bytes` count bytes; the part lies within the buffer.
  }];
  let assemblyFormat = "$buffer `,` $offset `,` $bytes attr-dict";
}

def Plan_CopyOp : Plan_Op<"copy"> {
  let summary = "copies a buffer to another of the same size";
  let description = [{
    The buffers do not overlap.
  }];
  let arguments = (ins Plan_BufferType:$destination, Plan_BufferType:$source);
  let assemblyFormat = "$destination `,` $source attr-dict";
}

def Plan_ReadOp : Plan_Op<"read"> {
  let summary = "is an integer in a buffer, once all that writes it is done";
  let description = [{
    Makes sizes of what the program computes; `element` counts elements of `type`. The host waits for the device.

    - (C1) `type` is i1, i8, i16, i32 or i64.

    ```mlir
    %count = plan.read %counts[%c0] : i64
    ```
  }];
  let arguments = (ins Plan_BufferType:$buffer, Index:$element, TypeAttr:$type);
  let results = (outs Index:$value);
  let assemblyFormat = "$buffer `[` $element `]` `:` $type attr-dict";
  let hasVerifier = 1;
}

def Plan_DispatchOp : Plan_Op<"dispatch", [AttrSizedOperandSegments]> {
  let summary = "launches a kernel";
  let description = [{
    The kernel covers the product over `extents` of ceil(extent / tile) items, with the target's tile.
    `buffers` are its arguments in order, `written` says which of them it writes; `sizes` are the dynamic
    dimensions of the buffers, in order, and then the kernel's index arguments.

    - (C1) There is one element of `written` for each buffer.
  }];
  let arguments = (ins SymbolRefAttr:$kernel, Variadic<Index>:$extents,
                       Variadic<Plan_BufferType>:$buffers, Variadic<Index>:$sizes,
                       DenseBoolArrayAttr:$written);
  let assemblyFormat = [{
    $kernel `extents` `(` $extents `)` `buffers` `(` $buffers `)` `sizes` `(` $sizes `)`
    `written` $written attr-dict
  }];
  let hasVerifier = 1;
}

def Plan_IfOp : Plan_Op<"if", [SingleBlock, NoTerminator, NoRegionArguments]> {
  let summary = "runs one of two branches, by the contents of a buffer";
  let description = [{
    The first branch runs if the first byte of `condition` is not 0, else the second one. Buffers that a branch
    makes end with it.

    - (C1) A branch holds no `plan.output` and no `plan.next_state`, since each is made once, no `plan.read` and no `plan.for`.

    ```mlir
    plan.if %condition {
      plan.dispatch @main_1 extents(%n) buffers(%x, %y) sizes(%n, %n) written [false, true]
    } else {
      plan.copy %y, %silence
    }
    ```
  }];
  let arguments = (ins Plan_BufferType:$condition);
  let regions = (region SizedRegion<1>:$body, MaxSizedRegion<1>:$otherwise);
  let assemblyFormat = "$condition attr-dict-with-keyword $body (`else` $otherwise^)?";
  let hasRegionVerifier = 1;
}

def Plan_ForOp : Plan_Op<"for", [SingleBlock, NoTerminator]> {
  let summary = "runs its body a number of times, or as long as a condition holds";
  let description = [{
    The body runs for each number from 0 to below `count`, which is its argument. With `condition`, a round begins only
    if the buffer's first byte is not 0. Buffers that a round makes end with it.

    - (C1) The body has one argument, of type index, and holds no `plan.output` and no `plan.next_state`.

    ```mlir
    plan.for %steps {
    ^bb0(%step: index):
      plan.dispatch @main_1 extents(%n) buffers(%x, %next) sizes(%n, %n, %step) written [false, true]
      plan.copy %state, %next
    }
    ```
  }];
  let arguments = (ins Index:$count, Optional<Plan_BufferType>:$condition);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$count (`while` $condition^)? attr-dict-with-keyword $body";
  let hasRegionVerifier = 1;
}

def Plan_CheckOp : Plan_Op<"check"> {
  let summary = "fails the call with a message unless two sizes are equal";
  let description = [{
    Serves what a model assumes of its inputs' shapes and their types do not say. Checks are made before
    anything is launched.
  }];
  let arguments = (ins Index:$lhs, Index:$rhs, StrAttr:$message);
  let assemblyFormat = "$lhs `,` $rhs `,` $message attr-dict";
  let hasCanonicalizeMethod = 1;
}

#endif
