// Static structure: weights of which only a part is stored.
#ifndef WINNOW_PACKED_TYPES_TD
#define WINNOW_PACKED_TYPES_TD

include "dialects/Winnow/WinnowDialect.td"
include "mlir/IR/AttrTypeBase.td"

def Winnow_NMAttr : AttrDef<Winnow_Dialect, "NM"> {
  let mnemonic = "nm";
  let summary = "of each group of entries along dimension 0, a fixed number is stored";
  let description = [{
    The structure that tensor cores have instructions for: of every `group` entries that follow each other
    along dimension 0, the reduction dimension of a product, `kept` are stored.

    - (C1) It is 2:4.

    ```mlir
    #winnow.nm<2:4>
    ```
  }];
  let parameters = (ins "int64_t":$kept, "int64_t":$group);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def Winnow_BlocksAttr : AttrDef<Winnow_Dialect, "Blocks"> {
  let mnemonic = "blocks";
  let summary = "whole blocks are stored";
  let description = [{
    The tensor is divided into blocks of `rows` x `columns` entries, of which at most `capacity` are stored;
    without a capacity there is room for all of them.

    - (C1) `rows` and `columns` are at least 1, and so is `capacity` where it is given.

    ```mlir
    #winnow.blocks<16x16, 7>   // room for 7 blocks
    ```
  }];
  let parameters = (ins "int64_t":$rows, "int64_t":$columns, "std::optional<int64_t>":$capacity);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def Winnow_COOAttr : AttrDef<Winnow_Dialect, "COO"> {
  let mnemonic = "coo";
  let summary = "single entries are stored with their coordinates";
  let description = [{
    At most `capacity` entries are stored, each with its row and column; without a capacity there is room for
    all of them.

    - (C1) `capacity` is at least 1 where it is given.

    ```mlir
    #winnow.coo<40>   // room for 40 entries
    ```
  }];
  let parameters = (ins "std::optional<int64_t>":$capacity);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def Winnow_PackedType : TypeDef<Winnow_Dialect, "Packed"> {
  let mnemonic = "packed";
  let summary = "a matrix of which only a part is stored";
  let description = [{
    A matrix of `rows` x `columns` entries; what is not stored is zero. It is several tensors, its parts:

    | structure | parts |
    |---|---|
    | `#winnow.nm<2:4>` | values `rows/2 x columns`; indices `ceil(rows/32) x columns`, i32: the stored entry `k` of a column stands at place `(word[k / 16] >> 2 * (k % 16)) & 3` of its group, ascending in each |
    | `#winnow.blocks<AxB>` | values `capacity x A x B`; rows `capacity`, i32: each block's row of blocks; offsets `columns/B + 1`, i32: where the blocks of each column of blocks begin, and the number of all |
    | `#winnow.coo` | values `capacity`; rows and columns `capacity`, i32, each entry's coordinates |

    Blocks and entries are in the order of their columns, then of their rows, each at most once. Behind the
    last entry of a `#winnow.coo` the columns are the number of columns; everything else that is not in use
    is unspecified and never read.

    - (C1) The extents are static and at least 1.
    - (C2) The element type is f32, f16, bf16 or i8.
    - (C3) The structure is one of the three above.
    - (C4) With `nm`, `rows` is a multiple of the group.
    - (C5) With `blocks`, the extents are multiples of the block's.
    - (C6) A capacity is at most the number of blocks or entries that there are, and that fits 31 bits.

    ```mlir
    !winnow.packed<64x64xf16, #winnow.nm<2:4>>
    ```
  }];
  let parameters = (ins "int64_t":$rows, "int64_t":$columns, "::mlir::Type":$elementType,
                        "::mlir::Attribute":$structure);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// How many blocks or entries the matrix has at all, zeros included.
    int64_t getPlaces() const;

    /// How many blocks or entries there is room for; the number of stored values with `nm`.
    int64_t getCapacity() const;

    /// Whether there is room for every matrix of these extents.
    bool hasRoomForAll() const { return getCapacity() == getPlaces(); }

    /// The types of the parts, in the order of the description.
    ::llvm::SmallVector<::mlir::Type> getPartTypes() const;

    /// The dense form.
    ::mlir::RankedTensorType getDenseType() const;

    /// The bytes of all parts.
    int64_t getBytes() const;
  }];
}

#endif
