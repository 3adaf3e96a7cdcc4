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
    extent may be dynamic, written `?`. The form says how it is laid out:

    - `rows`, the default: for each row the active entries' indices, `rows` x `capacity`, ascending, and
      their counts. What lies beyond a count is unspecified and never read.
    - `columns`: for each entry the rows that selected it, its members, ascending: one after another in
      `rows * capacity` places, and the `universe + 1` offsets between them. What lies beyond the last
      offset is unspecified and never read.
    - `bitmap`: a bit for each entry, `rows` x `ceil(universe / 32)` words; bit `n % 32` of word `n / 32` is
      entry `n`. Bits beyond the universe are unspecified and never read.

    - (C1) Static extents are not negative.
    - (C2) `capacity` is at most `universe` when both are static.

    ```mlir
    !winnow.selection<?x64, 16>            // at most 16 of 64 entries in each row
    !winnow.selection<?x64, 16, columns>   // the same, entry by entry
    ```
  }];
  let parameters = (ins "int64_t":$rows, "int64_t":$universe, "int64_t":$capacity,
                        "::winnow::SelectionForm":$form);
  let builders = [
    TypeBuilder<(ins "int64_t":$rows, "int64_t":$universe, "int64_t":$capacity), [{
      return $_get($_ctxt, rows, universe, capacity, ::winnow::SelectionForm::Rows);
    }]>
  ];
  let extraClassDeclaration = [{
    /// The same extents in another form.
    SelectionType withForm(::winnow::SelectionForm form) const {
      return get(getContext(), getRows(), getUniverse(), getCapacity(), form);
    }
  }];
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

class Winnow_SelectionInForm<string form, string keyword>
    : Type<And<[Winnow_SelectionType.predicate,
                CPred<"::llvm::cast<::winnow::SelectionType>($_self).getForm() == ::winnow::SelectionForm::" # form>]>,
           "selection in the form " # keyword, "::winnow::SelectionType">;
def Winnow_RowSelection : Winnow_SelectionInForm<"Rows", "rows">;
def Winnow_ColumnSelection : Winnow_SelectionInForm<"Columns", "columns">;
def Winnow_BitmapSelection : Winnow_SelectionInForm<"Bitmap", "bitmap">;

#endif
