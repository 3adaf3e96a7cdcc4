// Memory: what a model remembers of the tokens of earlier calls.
#ifndef WINNOW_MEMORY_OPS_TD
#define WINNOW_MEMORY_OPS_TD

include "dialects/Winnow/MemoryTypes.td"
include "dialects/Winnow/StateOps.td"

def Winnow_SessionMemory : Resource<"::winnow::SessionMemory">;
def Winnow_MemoryTensor : TensorRankOf<[F16, BF16, F32], [3]>;
def Winnow_Positions : 1DTensorOf<[I64]>;

def Winnow_MemoryOp : Winnow_SessionOp<"memory", [Symbol, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "declares a memory, which each session has for itself";
  let description = [{
    A session begins with an empty one; a call that fails leaves it as it was.

    Every token has a position, its place in the sequence of all tokens that were ever appended; a mass, the
    attention that it has got; and it may be anchored. Tokens age: the most recent ones are in the instant
    tier, those that it has no room for move on to the working tier. Nothing is dropped before the working
    tier is full; then the least useful token is: one that is not anchored if there is any, of those the one
    with the least mass, of those the oldest.

    The pass `winnow-expand-memories` keeps it in states with the name of the memory before them, those of the
    working tier in host memory:

    | state | type | what it holds |
    |---|---|---|
    | `working.keys`, `working.values` | heads x capacity x width | what was appended, the oldest first |
    | `working.position` | capacity, i64 | each token's position, -1 where there is none |
    | `working.mass` | capacity, f32 | the attention that it has got |
    | `working.anchored` | capacity, i1 | whether it is anchored |
    | `working.count` | i64 | how many tokens there are |
    | `instant.keys`, ... | | the same of the other tier |
    | `seen` | i64 | how many tokens were ever appended |

    - (C1) The type names two i64 parameters as capacities.

    ```mlir
    winnow.parameter @memory.instant = 1024 : i64
    winnow.parameter @memory.working = 10240 : i64
    winnow.memory @history : !winnow.memory<8x64xf32, instant @memory.instant, working @memory.working>
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<Winnow_MemoryType>:$type);
  let assemblyFormat = "$sym_name `:` $type attr-dict";
  let extraClassDeclaration = [{
    ::winnow::MemoryType getMemoryType() { return ::llvm::cast<::winnow::MemoryType>(getType()); }
  }];
}

// Operations on the memory that is called `memory`.
class Winnow_OnMemory<string mnemonic, list<Trait> traits = []>
    : Winnow_SessionOp<"memory." # mnemonic,
                       !listconcat(traits, [DeclareOpInterfaceMethods<SymbolUserOpInterface>])>;
class Winnow_MemoryReader<string mnemonic>
    : Winnow_OnMemory<mnemonic, [MemoryEffects<[MemRead<Winnow_SessionMemory>]>]>;
class Winnow_MemoryWriter<string mnemonic, list<Trait> traits = []>
    : Winnow_OnMemory<mnemonic, !listconcat(traits, [
          MemoryEffects<[MemRead<Winnow_SessionMemory>, MemWrite<Winnow_SessionMemory>]>])> {
  let hasVerifier = 1;
}

def Winnow_MemoryAppendOp : Winnow_MemoryWriter<"append"> {
  let summary = "appends tokens to a memory";
  let description = [{
    `keys` and `values` are heads x tokens x width. The tokens have no mass yet, and are anchored where
    `anchored` says so. `first` is the position of the first of them.

    - (C1) The symbol names a `winnow.memory`.
    - (C2) `keys` and `values` have the memory's element type, heads and width, and as many tokens as each other.
    - (C3) `anchored` has an element for each token.
    - (C4) It stands at the top level of a function.

    ```mlir
    %first = winnow.memory.append @history, %keys, %values anchored(%findings : tensor<?xi1>)
        : tensor<8x?x64xf32>, tensor<8x?x64xf32> -> tensor<i64>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$memory, Winnow_MemoryTensor:$keys, Winnow_MemoryTensor:$values,
                       Optional<1DTensorOf<[I1]>>:$anchored);
  let results = (outs 0DTensorOf<[I64]>:$first);
  let assemblyFormat = [{
    $memory `,` $keys `,` $values (`anchored` `(` $anchored^ `:` type($anchored) `)`)? attr-dict
    `:` type($keys) `,` type($values) `->` type($first)
  }];
}

def Winnow_MemoryAnchorOp : Winnow_MemoryWriter<"anchor"> {
  let summary = "anchors tokens of a memory";
  let description = [{
    The tokens at `positions` are dropped only when nothing else is left to drop. Positions of tokens that
    are held no more say nothing.

    - (C1) The symbol names a `winnow.memory`.
    - (C2) It stands at the top level of a function.

    ```mlir
    winnow.memory.anchor @history, %positions : tensor<?xi64>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$memory, Winnow_Positions:$positions);
  let assemblyFormat = "$memory `,` $positions attr-dict `:` type($positions)";
}

def Winnow_MemorySelectOp : Winnow_MemoryReader<"select"> {
  let summary = "selects the pages of a memory that fit each query best";
  let description = [{
    For each row of `query` (query heads x queries x width) the `k` pages with the highest product of the query
    and the mean of the keys of the page's tokens, in f32. Neighbouring query heads share a head of the
    memory, as in `winnow.attention`. Equal products: the lower page wins; pages without a token, and those
    whose product is NaN, come last.

    - (C1) The symbol names a `winnow.memory`.
    - (C2) `query` has the memory's element type and width, and a static multiple of its heads.
    - (C3) `k` is at least 1.
    - (C4) The result's rows are query heads * queries, its universe is dynamic, its capacity is `k`.

    ```mlir
    %pages = winnow.memory.select @history, %query, k = 8 : tensor<8x?x64xf32> -> !winnow.selection<?x?, 8>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$memory, Winnow_MemoryTensor:$query, I64Attr:$k);
  let results = (outs Winnow_RowSelection:$result);
  let assemblyFormat = [{
    $memory `,` $query `,` `k` `=` $k attr-dict `:` type($query) `->` qualified(type($result))
  }];
}

def Winnow_MemoryAttendOp : Winnow_MemoryWriter<"attend", [AllTypesMatch<["query", "result"]>]> {
  let summary = "attends to the tokens of a memory";
  let description = [{
    `winnow.attention` of `query` (query heads x queries x width) to all tokens that the memory holds, or, with
    `active`, to those on the pages that `active` selects for each query. Without a token the result is zero.
    `scale` is `1 / sqrt(width)` unless it is given.

    Each token's mass grows by the sum of its weights over heads and queries; a query whose weights are NaN adds
    nothing.

    - (C1) The symbol names a `winnow.memory`.
    - (C2) `query` has the memory's element type and width, and a static multiple of its heads.
    - (C3) The rows of `active` are query heads * queries; its universe is dynamic.
    - (C4) `scale` is a finite number.
    - (C5) It stands at the top level of a function.

    ```mlir
    %y = winnow.memory.attend @history, %query active(%pages : !winnow.selection<?x?, 8>) : tensor<8x?x64xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$memory, Winnow_MemoryTensor:$query,
                       Optional<Winnow_RowSelection>:$active, OptionalAttr<F32Attr>:$scale);
  let results = (outs Winnow_MemoryTensor:$result);
  let assemblyFormat = [{
    $memory `,` $query (`scale` $scale^)? (`active` `(` $active^ `:` qualified(type($active)) `)`)? attr-dict
    `:` type($query)
  }];
}

def Winnow_MemoryCompactOp : Winnow_MemoryWriter<"compact"> {
  let summary = "drops the least useful tokens of a memory's working tier";
  let description = [{
    At most `target` tokens of the working tier are left, by the rule of `winnow.memory`. A negative `target`
    is as zero. The instant tier stays as it is.

    - (C1) The symbol names a `winnow.memory`.
    - (C2) It stands at the top level of a function.

    ```mlir
    winnow.memory.compact @history to %target : tensor<i64>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$memory, 0DTensorOf<[I64]>:$target);
  let assemblyFormat = "$memory `to` $target attr-dict `:` type($target)";
}

def Winnow_MemoryPositionsOp : Winnow_MemoryReader<"positions"> {
  let summary = "which tokens a memory holds";
  let description = [{
    The position of the token at each place, those of the working tier first, -1 where there is none. Place `p`
    is on page `p / page`.

    - (C1) The symbol names a `winnow.memory`.

    ```mlir
    %held = winnow.memory.positions @history : tensor<?xi64>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$memory);
  let results = (outs Winnow_Positions:$positions);
  let assemblyFormat = "$memory attr-dict `:` type($positions)";
}

#endif
