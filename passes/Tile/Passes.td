// The passes of the tile phase.
#ifndef WINNOW_PASSES_TILE_TD
#define WINNOW_PASSES_TILE_TD

include "mlir/Pass/PassBase.td"

def TileKernels : Pass<"winnow-tile-kernels", "::mlir::ModuleOp"> {
  let summary = "splits every kernel into items, one tile of its result each";
  let description = [{
    The kernel's body becomes one `scf.forall` over tiles of its root's result; what the root reads from
    the same kernel is computed tile by tile beside it. The tile is left on the kernel as `winnow.tile`, one
    size for each dimension of the kernel's domain.

    For `host` an item is large enough to amortize its start and small enough to stay in the first-level
    cache; for `cuda` an item is one element, for one thread. Of a normalization, an item is whole rows, or for
    `cuda` a 32nd of a row: neighbouring threads, which are a warp, share it. The target is the module's
    `winnow.target`.

    ```mlir
    scf.forall (%i, %j) = (0, 0) to (%n, 64) step (8, 64) shared_outs(%o = %out) { ... }
    ```
  }];
  let dependentDialects = ["::mlir::scf::SCFDialect", "::mlir::affine::AffineDialect",
                           "::mlir::tensor::TensorDialect", "::mlir::linalg::LinalgDialect"];
}

def RestoreItems : Pass<"winnow-restore-items", "::mlir::func::FuncOp"> {
  let summary = "gives a kernel of a single item its loop over items back";
  let description = [{
    Canonicalization removes a loop that runs once. Kernels keep theirs, since it is where the lowerings
    find the items: what is left of the body is put into `scf.forall (%i) in (1)`.
  }];
  let dependentDialects = ["::mlir::scf::SCFDialect"];
}

def PlaceTemporaries : Pass<"winnow-place-temporaries", "::mlir::func::FuncOp"> {
  let summary = "puts the temporaries of an item on the stack";
  let description = [{
    A buffer that bufferization allocated inside a kernel holds a part of one tile, so its size has a
    constant bound. It becomes a `memref.alloca` of that size, or an error where there is no bound.
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect"];
}

#endif
