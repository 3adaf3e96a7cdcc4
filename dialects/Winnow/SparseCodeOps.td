// The sparse code of long-term memory: vectors as combinations of a few atoms of a dictionary.
#ifndef WINNOW_SPARSE_CODE_OPS_TD
#define WINNOW_SPARSE_CODE_OPS_TD

include "dialects/Winnow/SelectionOps.td"

def Winnow_CodedFloats : TensorRankOf<[F16, BF16, F32], [2]>;

def Winnow_SparseEncodeOp : Winnow_Op<"sparse_encode", [
    Pure, Winnow_Reify, AllElementTypesMatch<["vectors", "dictionary", "coefficients"]>]> {
  let summary = "codes each vector as a combination of a few atoms of a dictionary";
  let description = [{
    Orthogonal matching pursuit of each row x of `vectors`, with the rows of `dictionary` as atoms. The residual r
    is x at first; then, at most `atoms` times:

    1. The score of an atom a is `<r, a>^2 / <a, a>`, by how much the atom alone would shorten `<r, r>`; atoms
       need not have unit norm. An atom whose `<a, a>` is zero or not finite, and one whose score is not finite,
       has the score 0.
    2. The atom with the highest score is chosen; equal scores: the lower index wins. The code is complete if
       that score is not greater than `tolerance^2 * <x, x>`, or as many atoms as x has entries are chosen.
    3. The code is complete, without the new atom, if that depends on the chosen ones: what is left of `<a, a>`
       when a is projected on what is orthogonal to them is at most 2^-16 of it. So no atom is chosen twice.
    4. The coefficients are the least squares solution for x on the chosen atoms, and r is what they leave.

    A row of the results holds the chosen atoms in the order of choice; unused slots have the index -1 and the
    coefficient 0. A vector with a NaN or an infinity, or whose `<x, x>` is beyond f32, has the code without atoms.
    Everything is computed in f32, and the coefficients of the last step are rounded once.

    - (C1) Dimension 1 of `dictionary` is that of `vectors`.
    - (C2) `atoms` is from 1 to 32.
    - (C3) `tolerance` is a number from 0 to below 1.
    - (C4) `indices` and `coefficients` have as many rows as `vectors`, and `atoms` columns.

    ```mlir
    %indices, %coefficients = winnow.sparse_encode %vectors, %dictionary, atoms 8
        : tensor<?x64xf32>, tensor<4096x64xf32> -> tensor<?x8xi32>, tensor<?x8xf32>
    ```
  }];
  let arguments = (ins Winnow_CodedFloats:$vectors, Winnow_CodedFloats:$dictionary, I64Attr:$atoms,
                       DefaultValuedAttr<F32Attr, "1e-4f">:$tolerance);
  let results = (outs TensorRankOf<[I32], [2]>:$indices, Winnow_CodedFloats:$coefficients);
  let assemblyFormat = [{
    $vectors `,` $dictionary `,` `atoms` $atoms attr-dict
    `:` type($vectors) `,` type($dictionary) `->` type($indices) `,` type($coefficients)
  }];
  let extraClassDeclaration = [{
    static constexpr int64_t kMostAtoms = 32;
    /// An atom depends on the chosen ones if at most this part of its squared norm is orthogonal to them.
    static constexpr float kDependentPart = 0x1p-16f;

    /// The part of a vector's squared norm that the score of an atom has to exceed.
    float getLeastScore() {
      float tolerance = getTolerance().convertToFloat();
      return tolerance * tolerance;
    }
  }];
  let hasVerifier = 1;
}

def Winnow_SparseDecodeOp : Winnow_Op<"sparse_decode", [
    Pure, Winnow_Reify, AllElementTypesMatch<["coefficients", "dictionary", "result"]>]> {
  let summary = "the vectors that a sparse code stands for";
  let description = [{
    `result[n, :] = sum over j of coefficients[n, j] * dictionary[indices[n, j], :]`, computed in f32 and rounded
    once. A slot whose index is not that of an atom, as -1, is skipped; its coefficient is not read.

    - (C1) `coefficients` has the shape of `indices`.
    - (C2) `result` has dimension 0 of `indices` and dimension 1 of `dictionary`.

    ```mlir
    %vectors = winnow.sparse_decode %indices, %coefficients, %dictionary
        : tensor<?x8xi32>, tensor<?x8xf32>, tensor<4096x64xf32> -> tensor<?x64xf32>
    ```
  }];
  let arguments = (ins TensorRankOf<[I32], [2]>:$indices, Winnow_CodedFloats:$coefficients,
                       Winnow_CodedFloats:$dictionary);
  let results = (outs Winnow_CodedFloats:$result);
  let assemblyFormat = [{
    $indices `,` $coefficients `,` $dictionary attr-dict
    `:` type($indices) `,` type($coefficients) `,` type($dictionary) `->` type($result)
  }];
  let hasVerifier = 1;
  let hasCanonicalizeMethod = 1;
}

#endif
