// Operations on packed weights: conversion from and to dense tensors, parts, and the product.
#ifndef WINNOW_PACKED_OPS_TD
#define WINNOW_PACKED_OPS_TD

include "dialects/Winnow/PackedTypes.td"
include "dialects/Winnow/SelectionOps.td"

def Winnow_CompressOp : Winnow_Op<"compress", [Pure]> {
  let summary = "the packed form of a matrix";
  let description = [{
    - `#winnow.nm<2:4>` keeps the two entries of largest magnitude of each four along dimension 0. Equal
      magnitudes: the lower index wins. NaN is larger than every number. It is exact for a matrix that
      has at most two other than zero in each four.
    - `#winnow.blocks` keeps the blocks that have an entry other than zero, `#winnow.coo` the entries
      other than zero; NaN is other than zero. If they are more than the capacity, the first ones in the order
      of storage are kept.

    A constant is compressed at compile time.

    - (C1) The result has the extents and the element type of `x`.

    ```mlir
    %packed = winnow.compress %w : tensor<64x32xf32> -> !winnow.packed<64x32xf32, #winnow.nm<2:4>>
    ```
  }];
  let arguments = (ins StaticShapeTensorOf<[F32, F16, BF16, I8]>:$x);
  let results = (outs Winnow_PackedType:$result);
  let assemblyFormat = "$x attr-dict `:` type($x) `->` qualified(type($result))";
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Winnow_ExpandOp : Winnow_Op<"expand", [Pure]> {
  let summary = "the dense form of a packed matrix";
  let description = [{
    The stored entries at their places, and zero elsewhere. Of a constant, it is a constant; of a
    `winnow.compress` that leaves nothing out, it is what was compressed, where a zero may change its sign.

    - (C1) The result has the extents and the element type of `packed`.

    ```mlir
    %w = winnow.expand %packed : !winnow.packed<64x32xf32, #winnow.blocks<16x16, 3>> -> tensor<64x32xf32>
    ```
  }];
  let arguments = (ins Winnow_PackedType:$packed);
  let results = (outs StaticShapeTensorOf<[F32, F16, BF16, I8]>:$result);
  let assemblyFormat = "$packed attr-dict `:` qualified(type($packed)) `->` type($result)";
  let builders = [OpBuilder<(ins "::mlir::Value":$packed)>];
  let hasVerifier = 1;
  let hasFolder = 1;
  let hasCanonicalizer = 1;
}

def Winnow_PackedPartsOp : Winnow_Op<"packed.parts", [Pure]> {
  let summary = "the parts of a packed matrix";
  let description = [{
    The tensors that the type lists, in its order.

    - (C1) The results have the types of the parts.

    ```mlir
    %values, %rows, %columns = winnow.packed.parts %packed
        : !winnow.packed<64x32xf32, #winnow.coo<40>> -> tensor<40xf32>, tensor<40xi32>, tensor<40xi32>
    ```
  }];
  let arguments = (ins Winnow_PackedType:$packed);
  let results = (outs Variadic<AnyRankedTensor>:$parts);
  let assemblyFormat = "$packed attr-dict `:` qualified(type($packed)) `->` type($parts)";
  let builders = [OpBuilder<(ins "::mlir::Value":$packed)>];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Winnow_PackedAssembleOp : Winnow_Op<"packed.assemble", [Pure]> {
  let summary = "makes a packed matrix of its parts";
  let description = [{
    The inverse of `winnow.packed.parts`. The parts must be as the type describes them.

    - (C1) The operands have the types of the parts.

    ```mlir
    %packed = winnow.packed.assemble %values, %indices
        : tensor<32x32xf32>, tensor<2x32xi32> -> !winnow.packed<64x32xf32, #winnow.nm<2:4>>
    ```
  }];
  let arguments = (ins Variadic<AnyRankedTensor>:$parts);
  let results = (outs Winnow_PackedType:$result);
  let assemblyFormat = "$parts attr-dict `:` type($parts) `->` qualified(type($result))";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Winnow_PackedMatmulOp : Winnow_Op<"packed.matmul", [Pure, Winnow_Reify]> {
  let summary = "matrix product with packed weights";
  let description = [{
    `result = x * expand(weights)`, where what is not stored is neither read nor computed. What is multiplied
    by a zero that is not stored is taken to be finite. Products of f16 and bf16 are accumulated in f32, and
    the sum is rounded once to the result's type; with i8 operands, everything is exact in i32, modulo 2^32.

    - (C1) Dimension 1 of `x` is the number of rows of `weights`.
    - (C2) `result` is dimension 0 of `x` by the number of columns of `weights`.
    - (C3) The element types are all the same float type, or f16 or bf16 with the result f32, or i8 with the
      result i32.

    ```mlir
    %y = winnow.packed.matmul %x, %packed
        : tensor<?x64xf32>, !winnow.packed<64x32xf32, #winnow.nm<2:4>> -> tensor<?x32xf32>
    ```
  }];
  let arguments = (ins TensorRankOf<[F16, BF16, F32, I8], [2]>:$x, Winnow_PackedType:$weights);
  let results = (outs TensorRankOf<[F16, BF16, F32, I32], [2]>:$result);
  let assemblyFormat = [{
    $x `,` $weights attr-dict `:` type($x) `,` qualified(type($weights)) `->` type($result)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$x, "::mlir::Value":$weights)>];
  let hasVerifier = 1;
}

#endif
