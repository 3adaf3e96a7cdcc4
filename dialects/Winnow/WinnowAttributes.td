// Attributes and enumerations of the winnow dialect.
#ifndef WINNOW_ATTRIBUTES_TD
#define WINNOW_ATTRIBUTES_TD

include "dialects/Winnow/WinnowDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

def Winnow_SelectionForm : I32EnumAttr<"SelectionForm", "how a selection is laid out", [
    I32EnumAttrCase<"Rows", 0, "rows">,
    I32EnumAttrCase<"Columns", 1, "columns">,
    I32EnumAttrCase<"Bitmap", 2, "bitmap">
  ]> {
  let cppNamespace = "::winnow";
  let genSpecializedAttr = 0;
}

def Winnow_Placement : I32EnumAttr<"Placement", "in whose memory a state lies", [
    I32EnumAttrCase<"Device", 0, "device">,
    I32EnumAttrCase<"Host", 1, "host">
  ]> {
  let cppNamespace = "::winnow";
}

def Winnow_ThresholdComparison : I32EnumAttr<"ThresholdComparison", "how scores compare with a threshold", [
    I32EnumAttrCase<"Greater", 0, "gt">,
    I32EnumAttrCase<"GreaterEqual", 1, "ge">
  ]> {
  let cppNamespace = "::winnow";
}

def Winnow_Activation : I32EnumAttr<"Activation", "what is applied to the hidden values of a layer", [
    I32EnumAttrCase<"Relu", 0, "relu">,
    I32EnumAttrCase<"Gelu", 1, "gelu">,
    I32EnumAttrCase<"GeluTanh", 2, "gelu_tanh">,
    I32EnumAttrCase<"Silu", 3, "silu">
  ]> {
  let cppNamespace = "::winnow";
}

def Winnow_Precision : I32EnumAttr<"Precision", "the arithmetic of an operation", [
    I32EnumAttrCase<"F32", 0, "f32">,
    I32EnumAttrCase<"I8", 1, "i8">,
    I32EnumAttrCase<"F16", 2, "f16">,
    I32EnumAttrCase<"BF16", 3, "bf16">
  ]> {
  let cppNamespace = "::winnow";
  let genSpecializedAttr = 0;
}

def Winnow_PrecisionAttr : EnumAttr<Winnow_Dialect, Winnow_Precision, "precision"> {
  let summary = "the precision that an operation's arithmetic is to have";
  let description = [{
    Set by the precision phase on a contraction, as the discardable attribute `winnow.precision`, and
    gone once that phase has realized it: `i8` becomes `winnow.quantize` and an integer contraction, `f16` and
    `bf16` become a contraction of operands rounded to that type.

    ```mlir
    #winnow.precision<i8>
    ```
  }];
  let assemblyFormat = "`<` $value `>`";
}

def Winnow_ModalitiesAttr : AttrDef<Winnow_Dialect, "Modalities"> {
  let mnemonic = "modalities";
  let summary = "the modalities that a program distinguishes, in order";
  let description = [{
    Names for the segments of a token axis, or for what several encoders see. The position of a name is the
    modality's number.

    - (C1) There is at least one name.
    - (C2) The names differ.

    ```mlir
    #winnow.modalities<text, image, audio>
    ```
  }];
  let parameters = (ins ArrayRefParameter<"::mlir::StringAttr">:$names);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

#endif
