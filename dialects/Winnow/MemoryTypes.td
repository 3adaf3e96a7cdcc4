// Memory: the keys and values of tokens that a session keeps across its calls.
#ifndef WINNOW_MEMORY_TYPES_TD
#define WINNOW_MEMORY_TYPES_TD

include "dialects/Winnow/WinnowDialect.td"
include "mlir/IR/AttrTypeBase.td"

def Winnow_MemoryType : TypeDef<Winnow_Dialect, "Memory"> {
  let mnemonic = "memory";
  let summary = "the keys and values of tokens, in tiers";
  let description = [{
    For each token a key and a value of `heads` x `width` elements. The tier *instant*, in the device's memory, has
    room for the most recent tokens and the tier *working*, in the host's, for older ones; how many are the
    values of two parameters. A *page* is `page` places that follow each other, those of the working tier first;
    it is what is selected as a whole.

    - (C1) `heads` and `width` are at least 1.
    - (C2) The element type is f32, f16 or bf16.
    - (C3) `page` is between 1 and 1024; 64 unless it is given.

    ```mlir
    !winnow.memory<8x64xf32, instant @memory.instant, working @memory.working, page 16>
    ```
  }];
  let parameters = (ins "int64_t":$heads, "int64_t":$width, "::mlir::Type":$elementType,
                        "::mlir::FlatSymbolRefAttr":$instant, "::mlir::FlatSymbolRefAttr":$working,
                        "int64_t":$page);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

#endif
