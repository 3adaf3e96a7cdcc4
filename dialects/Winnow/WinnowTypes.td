// The types of the winnow dialect.
#ifndef WINNOW_TYPES_TD
#define WINNOW_TYPES_TD

include "dialects/Winnow/WinnowAttributes.td"
include "mlir/IR/AttrTypeBase.td"

def Winnow_SelectionType : TypeDef<Winnow_Dialect, "Selection"> {
  let mnemonic = "selection";
  let summary = "the active entries of each row";
  let description = [{
    For each of `rows` rows, which of `universe` entries are active, at most `capacity` of them. Each
    extent may be dynamic, written `?`. In the form `rows`, the default, a selection is the pair of the
    active entries' indices, `rows` x `capacity`, ascending in each row, and their counts; what lies beyond
    a count is unspecified and never read.

    - (C1) Static extents are not negative.
    - (C2) `capacity` is at most `universe` when both are static.

    ```mlir
    !winnow.selection<?x64, 16>   // at most 16 of 64 entries in each row
    ```
  }];
  let parameters = (ins "int64_t":$rows, "int64_t":$universe, "int64_t":$capacity,
                        "::winnow::SelectionForm":$form);
  let builders = [
    TypeBuilder<(ins "int64_t":$rows, "int64_t":$universe, "int64_t":$capacity), [{
      return $_get($_ctxt, rows, universe, capacity, ::winnow::SelectionForm::Rows);
    }]>
  ];
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

#endif
