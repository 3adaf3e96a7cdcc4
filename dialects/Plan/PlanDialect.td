// The plan dialect: the host's program.
#ifndef PLAN_DIALECT_TD
#define PLAN_DIALECT_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/OpBase.td"

def Plan_Dialect : Dialect {
  let name = "plan";
  let cppNamespace = "::winnow::plan";
  let summary = "the host's program: shape arithmetic, buffers and kernel launches";
  let description = [{
    What the runtime executes for one call of a module. Scalars are `index` values made by `arith`
    operations, `plan.input_dimension` and `plan.parameter_value`; nothing else is computed on the host. Buffers are byte ranges.
    The module format (`format/Module.h`) has one instruction for each operation.
  }];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
}

class Plan_Op<string mnemonic, list<Trait> traits = []> : Op<Plan_Dialect, mnemonic, traits>;

def Plan_BufferType : TypeDef<Plan_Dialect, "Buffer"> {
  let mnemonic = "buffer";
  let summary = "a range of bytes on the device";
  let description = [{
    Made by `plan.input`, `plan.output`, `plan.load` (a weight), `plan.parameter`, `plan.state`, `plan.next_state`,
    `plan.alloc` and `plan.slice`. It has no shape and no element type: those are in the kernels that a buffer is
    given to.
  }];
}

def Plan_SignatureAttr : AttrDef<Plan_Dialect, "Signature"> {
  let mnemonic = "signature";
  let summary = "an input or output of a function: its name, its tensor type and its dimensions' names";
  let parameters = (ins "::mlir::StringAttr":$name, "::mlir::RankedTensorType":$type,
                        OptionalArrayRefParameter<"::mlir::StringAttr">:$dimensions);
  let description = [{
    `dimensions` has one name for each dimension, empty where it has none. Equal names are equal sizes.

    ```mlir
    #plan.signature<"x", tensor<?x64xf32>, "batch", "">
    ```
  }];
  let assemblyFormat = "`<` $name `,` $type (`,` $dimensions^)? `>`";
  let genVerifyDecl = 1;
}

#endif
