// The forms of a selection: conversion, union, the parts of columns and bitmaps, and what kernels make them of.
#ifndef WINNOW_SELECTION_FORM_OPS_TD
#define WINNOW_SELECTION_FORM_OPS_TD

include "dialects/Winnow/SelectionOps.td"

def Winnow_SelectionConvertOp : Winnow_Op<"selection.convert", [Pure]> {
  let summary = "the same selection in another form";
  let description = [{
    The same entries of the same rows. Since every form lists them in ascending order, a conversion there
    and back is the selection that it began with.

    - (C1) The result has the rows, universe and capacity of `selection`.

    ```mlir
    %columns = winnow.selection.convert %active
        : !winnow.selection<?x64, 16> -> !winnow.selection<?x64, 16, columns>
    ```
  }];
  let arguments = (ins Winnow_SelectionType:$selection);
  let results = (outs Winnow_SelectionType:$result);
  let assemblyFormat = "$selection attr-dict `:` qualified(type($selection)) `->` qualified(type($result))";
  let builders = [OpBuilder<(ins "::mlir::Value":$selection, "::winnow::SelectionForm":$form)>];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Winnow_SelectionUnionOp : Winnow_Op<"selection.union", [Pure]> {
  let summary = "the entries that any row selects, as a selection of one row";
  let description = [{
    What a batch needs loaded: the one row of the result selects an entry if some row of `selection` does.

    - (C1) The result has one row.
    - (C2) The result has the universe of `selection`.
    - (C3) The result's capacity is the smaller of its universe and rows times capacity of `selection`; where
      one of the two is dynamic, the other; `?` where both are.

    ```mlir
    %any = winnow.selection.union %active : !winnow.selection<8x64, 4> -> !winnow.selection<1x64, 32>
    ```
  }];
  let arguments = (ins Winnow_SelectionType:$selection);
  let results = (outs Winnow_RowSelection:$result);
  let assemblyFormat = "$selection attr-dict `:` qualified(type($selection)) `->` qualified(type($result))";
  let builders = [OpBuilder<(ins "::mlir::Value":$selection)>];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Winnow_SelectionEntryCountsOp : Winnow_Op<"selection.entry_counts", [Pure, Winnow_Reify]> {
  let summary = "how many rows select each entry";
  let description = [{
    The load of each expert, neuron or block. `winnow.selection.counts` counts the other way: the entries of
    each row.

    - (C1) The result's dimension is the selection's universe.

    ```mlir
    %load = winnow.selection.entry_counts %active : !winnow.selection<?x64, 16> -> tensor<64xi32>
    ```
  }];
  let arguments = (ins Winnow_SelectionType:$selection);
  let results = (outs TensorRankOf<[I32], [1]>:$result);
  let assemblyFormat = "$selection attr-dict `:` qualified(type($selection)) `->` type($result)";
  let builders = [OpBuilder<(ins "::mlir::Value":$selection)>];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Winnow_SelectionOffsetsOp : Winnow_Op<"selection.offsets", [Pure, Winnow_Reify]> {
  let summary = "where the members of each entry begin, and where the last ones end";
  let description = [{
    Entry `n` was selected by the rows `members[offsets[n]]` up to, and without, `members[offsets[n + 1]]`. The
    first offset is 0 and the last one the number of all members.

    - (C1) The result's dimension is the selection's universe and one more.

    ```mlir
    %offsets = winnow.selection.offsets %columns : !winnow.selection<?x64, 16, columns> -> tensor<65xi32>
    ```
  }];
  let arguments = (ins Winnow_ColumnSelection:$selection);
  let results = (outs TensorRankOf<[I32], [1]>:$result);
  let assemblyFormat = "$selection attr-dict `:` qualified(type($selection)) `->` type($result)";
  let builders = [OpBuilder<(ins "::mlir::Value":$selection)>];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Winnow_SelectionMembersOp : Winnow_Op<"selection.members", [Pure, Winnow_Reify]> {
  let summary = "the rows that selected each entry, entry by entry, ascending within one";
  let description = [{
    What lies beyond the last offset is unspecified.

    - (C1) The result's dimension is the selection's rows times its capacity.

    ```mlir
    %members = winnow.selection.members %columns : !winnow.selection<?x64, 16, columns> -> tensor<?xi32>
    ```
  }];
  let arguments = (ins Winnow_ColumnSelection:$selection);
  let results = (outs TensorRankOf<[I32], [1]>:$result);
  let assemblyFormat = "$selection attr-dict `:` qualified(type($selection)) `->` type($result)";
  let builders = [OpBuilder<(ins "::mlir::Value":$selection)>];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Winnow_SelectionWordsOp : Winnow_Op<"selection.words", [Pure, Winnow_Reify]> {
  let summary = "a bit for each entry, 32 to a word";
  let description = [{
    Entry `n` of row `r` is bit `n % 32`, from the least significant one, of `words[r, n / 32]`. Bits beyond
    the universe are unspecified.

    - (C1) The result's dimensions are the selection's rows and its universe divided by 32, rounded up.

    ```mlir
    %words = winnow.selection.words %bitmap : !winnow.selection<?x72, 16, bitmap> -> tensor<?x3xi32>
    ```
  }];
  let arguments = (ins Winnow_BitmapSelection:$selection);
  let results = (outs TensorRankOf<[I32], [2]>:$result);
  let assemblyFormat = "$selection attr-dict `:` qualified(type($selection)) `->` type($result)";
  let builders = [OpBuilder<(ins "::mlir::Value":$selection)>];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Winnow_SelectionAssembleColumnsOp
    : Winnow_Op<"selection.assemble_columns", [Pure, AttrSizedOperandSegments]> {
  let summary = "makes a selection in the form columns of its parts";
  let description = [{
    The inverse of `winnow.selection.offsets` and `winnow.selection.members`. Offsets begin with 0 and do not
    descend; the members of an entry are ascending, different and below the number of rows; no row is a
    member of more entries than the capacity says. Extents that the parts do not tell are operands.

    - (C1) The dimension of `offsets` is the result's universe and one more.
    - (C2) The dimension of `members` is the result's rows times its capacity.
    - (C3) `rows` is given exactly when the result's rows are dynamic.
    - (C4) `capacity` is given exactly when the result's capacity is dynamic.

    ```mlir
    %columns = winnow.selection.assemble_columns %offsets, %members rows(%r)
        : tensor<65xi32>, tensor<?xi32> -> !winnow.selection<?x64, 16, columns>
    ```
  }];
  let arguments = (ins TensorRankOf<[I32], [1]>:$offsets, TensorRankOf<[I32], [1]>:$members,
                       Optional<Index>:$rows, Optional<Index>:$capacity);
  let results = (outs Winnow_ColumnSelection:$result);
  let assemblyFormat = [{
    $offsets `,` $members (`rows` `(` $rows^ `)`)? (`capacity` `(` $capacity^ `)`)? attr-dict
    `:` type($offsets) `,` type($members) `->` qualified(type($result))
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Winnow_SelectionAssembleBitmapOp
    : Winnow_Op<"selection.assemble_bitmap", [Pure, AttrSizedOperandSegments]> {
  let summary = "makes a selection in the form bitmap of its words";
  let description = [{
    The inverse of `winnow.selection.words`. No row has more bits set within the universe than the capacity
    says. Extents that the words do not tell are operands.

    - (C1) The dimensions of `words` are the result's rows and its universe divided by 32, rounded up.
    - (C2) `universe` is given exactly when the result's universe is dynamic.
    - (C3) `capacity` is given exactly when the result's capacity is dynamic.

    ```mlir
    %bitmap = winnow.selection.assemble_bitmap %words
        : tensor<?x3xi32> -> !winnow.selection<?x72, 16, bitmap>
    ```
  }];
  let arguments = (ins TensorRankOf<[I32], [2]>:$words, Optional<Index>:$universe, Optional<Index>:$capacity);
  let results = (outs Winnow_BitmapSelection:$result);
  let assemblyFormat = [{
    $words (`universe` `(` $universe^ `)`)? (`capacity` `(` $capacity^ `)`)? attr-dict
    `:` type($words) `->` qualified(type($result))
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Winnow_SelectionAccumulateOp : Winnow_Op<"selection.accumulate", [Pure, Winnow_Reify]> {
  let summary = "the offsets of groups that follow each other, from their sizes";
  let description = [{
    `offsets[0] = 0` and `offsets[n + 1] = offsets[n] + counts[n]`: the offsets of a selection in the form
    columns, as a kernel computes them.

    - (C1) The dimension of `offsets` is that of `counts` and one more.

    ```mlir
    %offsets = winnow.selection.accumulate %counts : tensor<64xi32> -> tensor<65xi32>
    ```
  }];
  let arguments = (ins TensorRankOf<[I32], [1]>:$counts);
  let results = (outs TensorRankOf<[I32], [1]>:$offsets);
  let assemblyFormat = "$counts attr-dict `:` type($counts) `->` type($offsets)";
  let builders = [OpBuilder<(ins "::mlir::Value":$counts)>];
  let hasVerifier = 1;
}

def Winnow_SelectionEnumerateColumnsOp : Winnow_Op<"selection.enumerate_columns", [Pure, Winnow_Reify]> {
  let summary = "the rows that are set in each column of a mask, column by column";
  let description = [{
    The members of the selection that `mask` makes, as a kernel computes them: those of column `n`, ascending,
    begin at `offsets[n]`, where `offsets` are the accumulated counts of the mask's columns. What lies beyond the
    last offset is unspecified.

    - (C1) The dimension of `offsets` is dimension 1 of `mask` and one more.
    - (C2) `size` is given exactly when the dimension of `members` is dynamic, and is at least the last offset.

    ```mlir
    %members = winnow.selection.enumerate_columns %mask, %offsets
        : tensor<8x64xi1>, tensor<65xi32> -> tensor<128xi32>
    ```
  }];
  let arguments = (ins TensorRankOf<[I1], [2]>:$mask, TensorRankOf<[I32], [1]>:$offsets, Optional<Index>:$size);
  let results = (outs TensorRankOf<[I32], [1]>:$members);
  let assemblyFormat = [{
    $mask `,` $offsets (`size` `(` $size^ `)`)? attr-dict `:` type($mask) `,` type($offsets) `->` type($members)
  }];
  let hasVerifier = 1;
}

#endif
