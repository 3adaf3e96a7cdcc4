// Matrix product and convolution over selected inputs and for selected outputs.
#ifndef WINNOW_CONTRACTION_OPS_TD
#define WINNOW_CONTRACTION_OPS_TD

include "dialects/Winnow/SelectionOps.td"
include "mlir/Interfaces/InferTypeOpInterface.td"

class Winnow_ContractionOp<string mnemonic, list<Trait> traits = []>
    : Winnow_Op<mnemonic, !listconcat([Pure, Winnow_Reify, AttrSizedOperandSegments], traits)> {
  let hasVerifier = 1;
  let hasCanonicalizer = 1;
}

def Winnow_MatmulOp : Winnow_ContractionOp<"matmul"> {
  let summary = "matrix product of the active inputs, for the active outputs";
  let description = [{
    `result = x * weights`, where `x` holds only the entries that `inputs` selects, if it is given, and the
    result only those that `outputs` selects. The meaning is that of the dense product:
    `gather(scatter(x, inputs) * weights, outputs)`. What is not selected is not computed.

    With float operands, products of f16 and bf16 are accumulated in f32, and the sum is rounded once to the
    result's type; with i8 operands, everything is exact in i32, modulo 2^32.

    - (C1) Dimension 1 of `x` is the capacity of `inputs`, or dimension 0 of `weights` without it.
    - (C2) The universe of `inputs` is dimension 0 of `weights`, that of `outputs` dimension 1.
    - (C3) The rows of a selection are dimension 0 of `x`.
    - (C4) `result` is dimension 0 of `x` by the capacity of `outputs`, or dimension 1 of `weights`.
    - (C5) The element types are all the same float type, or f16 or bf16 with the result f32, or i8 with the
      result i32.

    ```mlir
    %y = winnow.matmul %x, %w inputs(%s : !winnow.selection<?x64, 16>)
        outputs(%t : !winnow.selection<?x32, 8>)
        : tensor<?x16xf32>, tensor<64x32xf32> -> tensor<?x8xf32>
    ```
  }];
  let arguments = (ins TensorRankOf<[F16, BF16, F32, I8], [2]>:$x,
                       TensorRankOf<[F16, BF16, F32, I8], [2]>:$weights,
                       Optional<Winnow_RowSelection>:$inputs, Optional<Winnow_RowSelection>:$outputs);
  let results = (outs TensorRankOf<[F16, BF16, F32, I32], [2]>:$result);
  let assemblyFormat = [{
    $x `,` $weights (`inputs` `(` $inputs^ `:` qualified(type($inputs)) `)`)?
    (`outputs` `(` $outputs^ `:` qualified(type($outputs)) `)`)? attr-dict
    `:` type($x) `,` type($weights) `->` type($result)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$x, "::mlir::Value":$weights,
                                 CArg<"::mlir::Value", "nullptr">:$inputs,
                                 CArg<"::mlir::Value", "nullptr">:$outputs)>];
}

def Winnow_Conv2DOp : Winnow_ContractionOp<"conv2d"> {
  let summary = "2-D convolution of the active input channels, for the active output channels";
  let description = [{
    The convolution of `x`, in the order batch, channel, height, width, with `weights`, in the order output
    channel, input channel, height, width. `x` holds only the channels that `inputs` selects, if it is
    given, and the result only those that `outputs` selects. The meaning is that of the dense convolution:
    `gather(conv2d(scatter(x, inputs), weights), outputs)`. What is not selected is not computed.

    `padding` is zeros at the top, left, bottom and right. With float operands, products of f16 and bf16 are
    accumulated in f32, and the sum is rounded once to the result's type; with i8 operands, everything is exact in
    i32, modulo 2^32.

    - (C1) Dimension 1 of `x` is the capacity of `inputs`, or dimension 1 of `weights` without it.
    - (C2) The universe of `inputs` is dimension 1 of `weights`, that of `outputs` dimension 0.
    - (C3) The rows of a selection are dimension 0 of `x`.
    - (C4) Dimensions 0 and 1 of `result` are dimension 0 of `x` and the capacity of `outputs`, or
      dimension 0 of `weights`.
    - (C5) The element types are all the same float type, or f16 or bf16 with the result f32, or i8 with the
      result i32.
    - (C6) `strides` and `dilations` are two numbers of at least 1, `padding` four of at least 0.
    - (C7) Dimensions 2 and 3 of `result` are
      `floor((size + padding before and after - dilation * (kernel - 1) - 1) / stride) + 1`, which is not
      negative.

    ```mlir
    %y = winnow.conv2d %x, %w inputs(%s : !winnow.selection<?x64, 16>)
        outputs(%t : !winnow.selection<?x32, 8>)
        {padding = array<i64: 1, 1, 1, 1>}
        : tensor<?x16x8x8xf32>, tensor<32x64x3x3xf32> -> tensor<?x8x8x8xf32>
    ```
  }];
  let arguments = (ins TensorRankOf<[F16, BF16, F32, I8], [4]>:$x,
                       TensorRankOf<[F16, BF16, F32, I8], [4]>:$weights,
                       Optional<Winnow_RowSelection>:$inputs, Optional<Winnow_RowSelection>:$outputs,
                       DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$strides,
                       DefaultValuedAttr<DenseI64ArrayAttr, "{1, 1}">:$dilations,
                       DefaultValuedAttr<DenseI64ArrayAttr, "{0, 0, 0, 0}">:$padding);
  let results = (outs TensorRankOf<[F16, BF16, F32, I32], [4]>:$result);
  let assemblyFormat = [{
    $x `,` $weights (`inputs` `(` $inputs^ `:` qualified(type($inputs)) `)`)?
    (`outputs` `(` $outputs^ `:` qualified(type($outputs)) `)`)? attr-dict
    `:` type($x) `,` type($weights) `->` type($result)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$x, "::mlir::Value":$weights, "::mlir::Value":$inputs,
                                 "::mlir::Value":$outputs, "::llvm::ArrayRef<int64_t>":$strides,
                                 "::llvm::ArrayRef<int64_t>":$dilations,
                                 "::llvm::ArrayRef<int64_t>":$padding)>];
}

#endif
